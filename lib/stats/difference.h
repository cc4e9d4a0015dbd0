/* difference.h - how much better a variant is than its control: difference, interval and lift.
 *
 * Uses: stats/interval, stats/limits, stats/score. */
#ifndef LL_STATS_DIFFERENCE_H
#define LL_STATS_DIFFERENCE_H

#include "llmlearn.h"

/* method: LLMLEARN_INTERVAL_NEWCOMBE or _MIETTINEN_NURMINEN. Fills everything but struct_size. */
void ll_difference(const llmlearn_rate *control, const llmlearn_rate *variant, double confidence,
                   llmlearn_interval_method method, llmlearn_difference *out);

#endif
