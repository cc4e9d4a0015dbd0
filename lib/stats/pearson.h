/* pearson.h - Pearson's test of a k x 2 table: do k arms share one success rate?
 *
 * No Yates correction (it makes a nominal 5 % test a 1 % one in small samples).
 * Arms without trials are left out. Whether an expected count is below 5 is
 * decided in integers.
 *
 * Uses: stats/chi_square, stats/margins. */
#ifndef LL_STATS_PEARSON_H
#define LL_STATS_PEARSON_H

#include "llmlearn.h"
#include "stats/margins.h"

/* X2 = sum over arms of (s N - n S)^2 / (n S F), numerators exact; V = sqrt(X2 / N).
 * Pearson 1900; V: Cramer 1946. Everything but cramers_v_unbiased, which is 0. */
void ll_pearson_test(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out);

/* X2 alone, of a table with two arms or more, successes and failures. */
double ll_pearson_chi_square(const ll_margins *margins, const llmlearn_rate *arms,
                             uint32_t arm_count);

#endif
