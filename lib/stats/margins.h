/* margins.h - what a table of arms adds up to, and how far one arm is off what its margins
 * expect. Integers as long as possible, so that nothing cancels.
 *
 * An arm without trials takes no part in anything.
 *
 * Uses: stats/limits, stats/wide. */
#ifndef LL_STATS_MARGINS_H
#define LL_STATS_MARGINS_H

#include "llmlearn.h"

typedef struct ll_margins {
    uint64_t successes, failures, trials;
    uint64_t trials_least; /* of an arm with trials; 0 if there is none */
    uint32_t arms_used;    /* arms with trials */
} ll_margins;

/* arm_count is 0 to LL_STATS_ARMS_MAX. */
ll_margins ll_margins_of(const llmlearn_rate *arms, uint32_t arm_count);

/* The observed less the expected successes, times all trials: s N - n S. Rounded once. */
double ll_margins_excess(const ll_margins *margins, uint64_t successes, uint64_t trials);

/* How many of an arm's two cells have an expected count, n S/N and n F/N, below 5. Exact. */
uint32_t ll_margins_cells_low(const ll_margins *margins, uint64_t trials);

#endif
