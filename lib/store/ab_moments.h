/* ab_moments.h - sums of one number per unit and of its square, to the last bit.
 *
 * A unit's number is the mean of what it met, rounded to a whole microsecond, nano-dollar or
 * millionth. When it changes, the old one is taken out and the new one put in: in integers that
 * loses nothing, so a recount, in whatever order, gives the same sums.
 *
 * Threads: pure functions.
 * Uses:    base. */
#ifndef LL_STORE_AB_MOMENTS_H
#define LL_STORE_AB_MOMENTS_H

#include "base/int128.h"

#include <stdint.h>

/* No single latency or cost counts for more in a unit: a day, or a hundred thousand dollars. The
 * squares of 10^10 such units fit. */
#define LL_AB_VALUE_MAX INT64_C(100000000000000)

typedef struct ll_ab_moments {
    int64_t units;
    ll_i128 sum, squares;
} ll_ab_moments;

/* sum / count, rounded to the nearest, halves up. sum >= 0, count > 0. */
int64_t ll_ab_mean(int64_t sum, int64_t count);

/* Puts in (sign 1) or takes out (-1) a unit whose `count` values have that sum; count 0: none. */
void ll_ab_moments_add(ll_ab_moments *moments, int64_t sum, int64_t count, int sign);

/* units, sum, squares; little-endian. */
#define LL_AB_MOMENTS_BYTES 40
void ll_ab_moments_write(const ll_ab_moments *moments, uint8_t out_bytes[LL_AB_MOMENTS_BYTES]);
void ll_ab_moments_read(const uint8_t bytes[LL_AB_MOMENTS_BYTES], ll_ab_moments *out_moments);

#endif
