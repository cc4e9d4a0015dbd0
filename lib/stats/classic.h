/* classic.h - the classic decision rule: one chi-square look at all arms.
 *
 * A winner needs p < alpha and Cramer's V > effect_min; it is then the arm of
 * strictly highest rate. The checks come in this order, and the first that
 * applies gives the status:
 *
 *   the test has not run its time              running
 *   fewer than two arms have trials            insufficient_variants
 *   an arm has fewer than trials_min           insufficient_sample
 *   all outcomes alike                         no_difference
 *   p >= alpha                                 not_significant
 *   V <= effect_min (exact)                    effect_too_small
 *   two arms share the highest rate (exact)    tie
 *   otherwise                                  winner
 *
 * The p-value is Pearson's; with an expected count below 5 it is Fisher's for
 * two arms with trials, and Pearson's with a warning for more. The rule must be
 * looked at once: the caller keeps the first verdict.
 *
 * A small p only says that not all arms are alike. Whether the winner beats the
 * champion is a question of its own, answered beside it: each arm against the
 * champion, adjusted by Holm over all other arms.
 *
 * Uses: stats/limits, stats/association, stats/cramer, stats/holm, stats/pearson,
 *       stats/wide. */
#ifndef LL_STATS_CLASSIC_H
#define LL_STATS_CLASSIC_H

#include "llmlearn.h"
#include "stats/limits.h"

#include <stdbool.h>

/* Stored in receipts: never renumbered. */
typedef enum ll_classic_status {
    LL_CLASSIC_RUNNING = 1,
    LL_CLASSIC_INSUFFICIENT_VARIANTS = 2,
    LL_CLASSIC_INSUFFICIENT_SAMPLE = 3,
    LL_CLASSIC_NO_DIFFERENCE = 4,
    LL_CLASSIC_NOT_SIGNIFICANT = 5,
    LL_CLASSIC_EFFECT_TOO_SMALL = 6,
    LL_CLASSIC_TIE = 7,
    LL_CLASSIC_WINNER = 8
} ll_classic_status;

/* "running", "insufficient_variants" ... as in the table above. */
const char *ll_classic_status_name(ll_classic_status status);

#define LL_CLASSIC_NO_CHAMPION UINT32_MAX

typedef struct ll_classic_input {
    const llmlearn_rate *arms;
    uint32_t arm_count; /* 1 to LL_STATS_ARMS_MAX */
    uint32_t champion;  /* its index, or LL_CLASSIC_NO_CHAMPION */
    uint64_t trials_min;
    double alpha;      /* between 0 and 1: 0.05 */
    double effect_min; /* at least 0: 0.1. Read to nine decimals */
    bool duration_reached;
} ll_classic_input;

typedef struct ll_classic_result {
    ll_classic_status status;
    int32_t winner; /* index of the arm, -1 unless the status is LL_CLASSIC_WINNER */
    bool computed;  /* from LL_CLASSIC_NO_DIFFERENCE on. Otherwise p = 1, V = 0 and so below */
    double p_value, ln_p_value;
    double chi_square, cramers_v; /* Pearson's, whatever the method */
    uint32_t degrees;
    const char *method; /* "pearson", "fisher", "pearson_low_expected"; NULL: no test was needed */
    bool low_expected;

    /* Each arm against the champion: Pearson, or Fisher when an expected count
     * is below 5. 1 for the champion, for arms without trials, and for all when
     * there is no champion. */
    double champion_p[LL_STATS_ARMS_MAX];
    double champion_holm_p[LL_STATS_ARMS_MAX];

    /* The winner is not the champion, has the higher rate, and its Holm p is
     * below alpha. */
    bool winner_beats_champion;
} ll_classic_result;

void ll_classic_decide(const ll_classic_input *in, ll_classic_result *out);

#endif
