/* decide.h - counts and a rule in, a verdict with its evidence out.
 *
 * Pure: the same counts and times give the same verdict, bit for bit in one build, so that
 * a receipt can be replayed.
 *
 *   rule's status                                        verdict
 *   running                                              keep going
 *   insufficient_sample, insufficient_variants           keep going; after duration_max: final
 *   no_difference, not_significant,
 *   effect_too_small, tie                                no difference, final
 *   winner                                               winner, final
 *
 * Threads: pure functions.
 * Uses:    stats, store (the arms' sums). */
#ifndef LL_EXPERIMENT_DECIDE_H
#define LL_EXPERIMENT_DECIDE_H

#include "llmlearn.h"
#include "stats/advisory.h"
#include "store/ab_tests.h"

typedef struct ll_decide_input {
    const ll_ab_test *test;
    const ll_ab_arm *arms;
    const char *const *versions; /* of the arms */
    uint32_t arm_count;
    uint32_t champion; /* its index among the arms */
    int64_t now_us;
    int64_t vote_sequence; /* the last one given */
} ll_decide_input;

/* What forbids promotion without a person. Bits. */
#define LL_BLOCKER_CACHED_SHARE 0x01u  /* over 5 % of an arm's explanations came from a cache */
#define LL_BLOCKER_CONTAMINATION 0x02u /* at least 10 units, and 1 % of all, met two arms */

typedef struct ll_decide_outcome {
    llmlearn_verdict verdict;
    ll_classic_result evidence;
    uint32_t blockers, advisories; /* LL_BLOCKER_..., LL_ADVISORY_... */
    bool promotable;
} ll_decide_outcome;

void ll_decide(const ll_decide_input *in, ll_decide_outcome *out);

/* What the rule is asked: about first votes, which go to out_votes, as many as there are arms. */
ll_classic_input ll_decide_question(const ll_decide_input *in, llmlearn_rate *out_votes);

/* "keep_going", "winner", "no_difference", "invalid". */
const char *ll_decide_verdict_name(llmlearn_verdict verdict);

/* "cached_share" ... of one bit. */
const char *ll_decide_blocker_name(uint32_t blocker);

#endif
