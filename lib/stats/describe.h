/* describe.h - count, mean, spread and quantiles of a sample.
 *
 * The mean is good to about one unit in the last place and the variance to a
 * few, however large the values' common offset or their size: sums keep what
 * they round away, the second pass is about the mean with all its digits, and
 * very large or small values are scaled by a power of two. Quantiles
 * interpolate linearly between neighbours: type 7 of Hyndman & Fan 1996, the
 * default of R and NumPy; their places are found in integers.
 *
 * Sorting is by the bits of the values, byte after byte, of many values only of
 * those whose first bits are a quantile's: time grows with the count alone, in
 * whatever order they come.
 *
 * Uses: stats/sum. */
#ifndef LL_STATS_DESCRIBE_H
#define LL_STATS_DESCRIBE_H

#include "llmlearn.h"

#define LL_DESCRIBE_COUNT_MAX (UINT64_C(1) << 32)

/* What ll_describe needs to work in, for each value. */
#define LL_DESCRIBE_BYTES_PER_VALUE (2 * sizeof(uint64_t))

/* Fills everything in out but struct_size. values are finite and not changed;
 * they and workspace may be NULL when count is 0. A negative zero is a zero. */
void ll_describe(const double *values, uint64_t count, uint64_t *workspace, llmlearn_summary *out);

#endif
