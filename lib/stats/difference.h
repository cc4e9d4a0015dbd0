/* difference.h - how much better a variant is than its control: difference, interval and lift.
 *
 * Uses: stats/interval, stats/limits, stats/score. */
#ifndef LL_STATS_DIFFERENCE_H
#define LL_STATS_DIFFERENCE_H

#include "llmlearn.h"

/* z > 0 is the quantile of the interval's confidence; method is LLMLEARN_INTERVAL_NEWCOMBE or
 * _MIETTINEN_NURMINEN. Fills everything but struct_size. */
void ll_difference(const llmlearn_rate *control, const llmlearn_rate *variant, double z,
                   llmlearn_interval_method method, llmlearn_difference *out);

#endif
