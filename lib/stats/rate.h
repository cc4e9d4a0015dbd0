/* rate.h - the interval of one rate, by the method asked for.
 *
 * Uses: stats/beta, stats/interval, stats/logit, stats/special. */
#ifndef LL_STATS_RATE_H
#define LL_STATS_RATE_H

#include "llmlearn.h"

/* Fills all but struct_size. The method is one of the three for a rate in llmlearn.h. */
void ll_rate_interval(const llmlearn_rate *arm, double confidence, llmlearn_interval_method method,
                      llmlearn_interval *out);

#endif
