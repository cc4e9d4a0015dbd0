/* looks_taken.h - the looks of the group-sequential rule: when the next one is due, and what
 * each variant has to show at it.
 *
 * The information on variant v is n_c n_v / (n_c + n_v) first votes, in which the variance of its
 * difference to the champion is p(1-p) / information, however unequal the weights. Planned are
 * trials_planned first votes for each of two arms: half of that.
 *
 *   day   0   1   2 ...             one look a day at the most; in tests longer than 64 days one
 *         |---|---|                 each duration_max / 64, in whole days; so there is always room
 *         a look, no look           for the last look, which spends what is left of alpha
 *
 * Threads: pure functions.
 * Uses:    evidence's words, stats/looks. */
#ifndef LL_EXPERIMENT_LOOKS_TAKEN_H
#define LL_EXPERIMENT_LOOKS_TAKEN_H

#include "experiment/evidence.h"

/* Is the time that was set for the test over? */
bool ll_looks_is_last(const ll_decide_input *in);

/* May there be a look now, by the looks before it? */
bool ll_looks_is_due(const ll_decide_input *in);

/* How long until the next may be, if none may be now. */
int64_t ll_looks_next_us(const ll_decide_input *in);

/* Two-sided alpha, shared by the variants that the test began with: one side of it. */
double ll_looks_alpha(const ll_decide_input *in);

double ll_looks_information(uint64_t champion_trials, uint64_t variant_trials);
double ll_looks_information_planned(const ll_decide_input *in);

/* Fills in information, bound, has_bound and is_done of a variant, as if this were a look; its z
 * stands beside them already. In a test of many arms or looks a bound that z cannot have reached is
 * not worked out. */
void ll_looks_judge(const ll_decide_input *in, uint32_t variant, ll_evidence_arm *out);

/* The bounds of all looks that were taken, in->looks, found at one go. is_over: the last of them
 * spends what is left. */
typedef struct ll_looks_bounds_taken {
    double bound[LLMLEARN_LOOKS_MAX];
    bool has_bound[LLMLEARN_LOOKS_MAX]; /* there was something new to look at */
    bool is_done[LLMLEARN_LOOKS_MAX];   /* all was known at an earlier look */
} ll_looks_bounds_taken;

void ll_looks_judge_all(const ll_decide_input *in, uint32_t variant, bool is_over,
                        ll_looks_bounds_taken *out);

#endif
