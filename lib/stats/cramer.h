/* cramer.h - how strongly the arms differ: Cramer's V against a threshold, and without the
 * part of it that chance alone makes.
 *
 * V^2 = X2 / N is a fraction of integers as long as all arms' trials in a row (see wide.h).
 * Where doubles are too coarse, that fraction is used.
 *
 * Uses: stats/limits, stats/margins, stats/pearson, stats/wide. */
#ifndef LL_STATS_CRAMER_H
#define LL_STATS_CRAMER_H

#include "llmlearn.h"

#include <stdbool.h>

/* Is Cramer's V greater than effect_min >= 0? Exact: equality is "no" whatever
 * the rounding of doubles says. effect_min means the decimal fraction of at
 * most nine places nearest to it, so 0.1 is one tenth. */
bool ll_cramer_exceeds(const llmlearn_rate *arms, uint32_t arm_count, double effect_min);

/* V less its bias, of a table that has been found to have this X2:
 *
 *   phi^2 = max(0, X2/N - (k-1)/(N-1))     what chance makes of X2/N is taken off
 *   V     = sqrt(phi^2 / min(k'-1, r'-1)), k' = k - (k-1)^2/(N-1), r' = 2 - 1/(N-1)
 *
 * Exactly 0 where X2/N is exactly what chance makes. Bergsma 2013, J. Korean Stat. Soc. 42:323. */
double ll_cramer_unbiased(const llmlearn_rate *arms, uint32_t arm_count, double chi_square);

#endif
