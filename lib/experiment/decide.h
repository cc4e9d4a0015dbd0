/* decide.h - everything that was counted in a test and its rule in, a verdict with its evidence
 * out.
 *
 *   input ──▶ evidence (whatever the rule) ──▶ what makes the test invalid, or blocks
 *                                         └──▶ the test's rule ──▶ verdict, status
 *
 *   status                                               verdict
 *   srm, differential_response                           invalid, under every rule, at any look
 *   switched_off: the breaker has left no variant        no difference, under every rule
 *
 *   running: the minimum duration is not over            keep going
 *   insufficient_sample, insufficient_variants           keep going; classic, at the end: final
 *   between_looks: this day has had its look             keep going
 *   not_yet: looked, and nothing was shown               keep going
 *
 *   no_difference, not_significant, effect_too_small,
 *   tie: classic                                         no difference
 *   planned_votes_reached: group_sequential              no difference
 *   time_is_up: a sequential rule, on the last day       no difference
 *   winner                                               winner
 *
 * Pure: the same input gives the same bits in one build, so that a receipt can be replayed.
 *
 * Threads: pure functions.
 * Uses:    blockers, evidence, outlook, rules. */
#ifndef LL_EXPERIMENT_DECIDE_H
#define LL_EXPERIMENT_DECIDE_H

#include "experiment/blockers.h"

typedef struct ll_decide_outcome {
    llmlearn_verdict verdict;
    const char *status; /* as above; static */
    int32_t winner;     /* -1: none */
    bool promotable;
    bool takes_look;               /* of group_sequential: to be kept among its looks */
    uint32_t looks;                /* of a sequential rule, with this one */
    uint32_t blockers, advisories; /* see blockers.h */
    double ln_e_value;             /* of the winner, else the highest of any variant; 0: none */
    double days_left;   /* with LLMLEARN_KEEP_GOING; -1: unknown, or the verdict is final */
    bool cannot_finish; /* with LLMLEARN_KEEP_GOING */
    ll_evidence evidence;
} ll_decide_outcome;

/* 40 KiB and more: not for a small stack. The input is sound; see experiment/input.h. */
void ll_decide(const ll_decide_input *in, ll_decide_outcome *out);

/* "keep_going", "winner", "no_difference", "invalid". */
const char *ll_decide_verdict_name(llmlearn_verdict verdict);

#endif
