/* evidence.h - what the numbers of a test say, computed once, whatever its rule asks of them.
 *
 * Each rule reads its own part; the rest stands beside the verdict for people. p-values and
 * intervals hold for one look at a planned time: under a sequential rule, and before the
 * classic one has looked, they are shown as "if this were the only look".
 *
 * Threads: pure functions.
 * Uses:    input, looks_taken, unit_mean, stats. */
#ifndef LL_EXPERIMENT_EVIDENCE_H
#define LL_EXPERIMENT_EVIDENCE_H

#include "experiment/input.h"
#include "stats/classic.h"

#define LL_CONFIDENCE 0.95

/* In the order of their blockers; see decide.h. */
typedef enum ll_guardrail_kind {
    LL_GUARDRAIL_LATENCY,  /* unit means, 20 % */
    LL_GUARDRAIL_COST,     /* unit means, 20 % */
    LL_GUARDRAIL_FAILURES, /* share of a unit's exposures, 1 point */
    LL_GUARDRAIL_RATING,   /* stars of first votes, 0.1 */
    LL_GUARDRAIL_COUNT
} ll_guardrail_kind;

/* Against the champion; what the champion itself has of these is neutral. */
typedef struct ll_evidence_arm {
    llmlearn_clustered all_votes;
    llmlearn_difference difference;
    llmlearn_ratings ratings;
    llmlearn_noninferiority guardrails[LL_GUARDRAIL_COUNT];
    double z;                  /* pooled, positive where the variant is better */
    double information, bound; /* group_sequential: first votes; what z must reach now */
    bool has_bound;            /* it was found: there are votes, and z may have reached it */
    bool is_done;              /* all was known at an earlier look: nothing is left to spend */
    double ln_e_value, ln_e_week_end; /* now, and at the end of the last whole week; 0 */
} ll_evidence_arm;

typedef struct ll_evidence {
    llmlearn_rate first_votes[LLMLEARN_ARMS_MAX]; /* now */
    llmlearn_rate looked[LLMLEARN_ARMS_MAX];      /* of these, what a look of the rule sees now */
    ll_classic_result classic;                    /* of any number of first votes, at any time */
    double cramers_v_unbiased;
    llmlearn_posterior posterior;
    llmlearn_split srm;      /* units against the weights of the arms that are on */
    double srm_ln_e_max;     /* the highest that its e-value has been, after any unit */
    llmlearn_split response; /* first votes against them */
    double response_apart;   /* how much less the least willing arm's units vote, 0 to 1 */
    double difference_z;     /* for intervals of the variants' differences that hold all at once */
    ll_evidence_arm arms[LLMLEARN_ARMS_MAX];
} ll_evidence;

void ll_evidence_find(const ll_decide_input *in, ll_evidence *out);

/* The same counts as the classic rule is asked about them, at any time and with any number. */
ll_classic_input ll_evidence_classic_input(const ll_decide_input *in, const ll_evidence *evidence);

/* The quantile of the differences' intervals, so that those of all variants hold at once. */
double ll_evidence_difference_z(double alpha, uint32_t arm_count);

/* How far the variant's rate is above the champion's, in standard deviations of the difference
 * between arms that are alike. 0 where nothing varies. */
double ll_evidence_z(const llmlearn_rate *champion, const llmlearn_rate *variant);

/* What srm_ln_e_max is made of: what the e-value of the split gains, as its logarithm, by a unit
 * of an arm that has `units` of all and that share of the weights. */
double ll_evidence_srm_gain(uint64_t units, uint64_t all_units, double share);

#endif
