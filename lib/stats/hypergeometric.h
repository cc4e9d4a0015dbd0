/* hypergeometric.h - how probable a table of arms is, given what its rows and columns add up to.
 *
 *   ln P = ln_margins - sum of ll_hypergeometric_arm() over the arms
 *   ln_margins = sum over the trials of each arm, all successes and all failures of
 *                ll_special_ln_factorial_rest(), less that of all trials
 *
 * Every cell is measured from what the margins expect of it, so that counts of 2^53 lose no more
 * digits than counts of 10. Loader 2000, carried from one arm to several.
 *
 * Uses: stats/special, stats/wide. */
#ifndef LL_STATS_HYPERGEOMETRIC_H
#define LL_STATS_HYPERGEOMETRIC_H

#include <stdint.h>

/* The share of one arm's two cells, at least 0. `excess` is the arm's successes less what is
 * expected of them, trials * all_successes / all, which the caller knows more exactly. */
double ll_hypergeometric_arm(uint64_t successes, uint64_t trials, uint64_t all_successes,
                             uint64_t all_failures, double excess);

#endif
