/* limits.h - the bounds every function of stats relies on.
 *
 * All of stats is pure: numbers in, numbers out, the same bits for the same
 * input. Nothing here reads a clock, a file or a random number, keeps state
 * or allocates, and no result is ever NaN or infinite. Arguments outside the
 * stated bounds are bugs of the caller and are asserted.
 *
 * Threads: any. Uses: nothing of ours outside stats. */
#ifndef LL_STATS_LIMITS_H
#define LL_STATS_LIMITS_H

#include <stdint.h>

/* Arms in one test. Small enough for results to be plain structs. */
#define LL_STATS_ARMS_MAX 64

/* The largest count of one arm: every count is then exact as a double, and a
 * product of a count and a sum of counts over all arms fits 128 bits. */
#define LL_STATS_COUNT_MAX (UINT64_C(1) << 53)

#endif
