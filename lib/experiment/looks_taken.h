/* looks_taken.h - the looks of the group-sequential rule: when the next one is due, and what
 * each variant has to show at it.
 *
 * The information on variant v is n_c n_v / (n_c + n_v) first votes, in which the variance of its
 * difference to the champion is p(1-p) / information, however unequal the weights. Planned are
 * trials_planned first votes for each of two arms: half of that.
 *
 *   week  0   1   2 ...             one look a week at the most, in tests longer than 64 weeks one
 *         |---|---|                 each duration_max / 64, in whole weeks; so there is always
 *         a look, no look           room for the last look, which spends what is left of alpha
 *
 * A look sees what was counted until the end of the last whole week. If weekends please other
 * readers than working days do, a look in the middle of a week finds a difference that the week
 * does not have. Only the last look, on the last day, sees all there is. A test that may end in
 * less than a week has no whole week to wait for: days take the place of weeks.
 *
 * Threads: pure functions.
 * Uses:    evidence's words, stats/looks. */
#ifndef LL_EXPERIMENT_LOOKS_TAKEN_H
#define LL_EXPERIMENT_LOOKS_TAKEN_H

#include "experiment/evidence.h"

/* Is the time that was set for the test over? */
bool ll_looks_is_last(const ll_decide_input *in);

/* Does it go by weeks? */
bool ll_looks_are_weekly(const ll_decide_input *in);

/* Does a look see the last whole week's end, and not now? */
bool ll_looks_see_the_week(const ll_decide_input *in);

/* How old the test was when what a look sees now was counted, and what that is. */
int64_t ll_looks_age_us(const ll_decide_input *in);
llmlearn_rate ll_looks_votes(const ll_decide_input *in, uint32_t arm);

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
