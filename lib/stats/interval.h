/* interval.h - confidence intervals of a rate and of a difference of rates.
 *
 * Score intervals: never degenerate, never outside the possible range. The
 * normal quantile is exact, not 1.96. confidence is between 0 and 1, such as
 * 0.95. successes > trials is a bug of the caller.
 *
 * Uses: stats/limits, stats/normal, stats/wide. */
#ifndef LL_STATS_INTERVAL_H
#define LL_STATS_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ll_interval {
    double low, high;
    bool no_data; /* an arm had no trials: the interval is all that is possible */
} ll_interval;

/* Of one rate. low is exactly 0 without successes, high exactly 1 without
 * failures. Wilson 1927, J. Amer. Stat. Assoc. 22:209. */
ll_interval ll_interval_wilson(uint64_t successes, uint64_t trials, double confidence);

/* p2 - p1, both with trials: the difference of the cross products, exact, over their scale. */
double ll_interval_difference(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                              uint64_t trials_2);

/* Of p2 - p1, by the square-and-add of two Wilson intervals; with the confidence, or with its
 * quantile z > 0. Newcombe 1998, Statistics in Medicine 17:873, method 10. */
ll_interval ll_interval_newcombe(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                 uint64_t trials_2, double confidence);
ll_interval ll_interval_newcombe_z(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                   uint64_t trials_2, double z);

#endif
