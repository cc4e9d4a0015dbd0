/* association.h - do k arms share one success rate?
 *
 *   no expected count below 5         Pearson's chi-square
 *   otherwise, two arms with trials   Fisher's exact test
 *   otherwise                         Freeman & Halton's, or Pearson's with a warning if there
 *                                     are too many tables
 *
 * Uses: stats/cramer, stats/fisher, stats/freeman_halton, stats/pearson. */
#ifndef LL_STATS_ASSOCIATION_H
#define LL_STATS_ASSOCIATION_H

#include "llmlearn.h"

/* arm_count is 0 to LL_STATS_ARMS_MAX. Fills everything but struct_size. */
void ll_association_test(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out);

#endif
