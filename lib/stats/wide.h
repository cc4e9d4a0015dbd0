/* wide.h - integers wider than the machine's, for comparisons that must be
 * exact: 128 bits from the compiler, and LL_WIDE_WORDS words of our own.
 *
 * A wide number is unsigned, least significant word first, of fixed size. The
 * size covers the longest product that stats forms: the trials of every arm
 * (64 x 53 bits), times two sums of counts (2 x 59) and 128 bits of scale. A
 * result that does not fit is a bug and is asserted.
 *
 * Uses: stats/limits. */
#ifndef LL_STATS_WIDE_H
#define LL_STATS_WIDE_H

#include <stdint.h>

__extension__ typedef unsigned __int128 ll_wide_u128;
__extension__ typedef __int128 ll_wide_i128;

#define LL_WIDE_WORDS 58

typedef struct ll_wide {
    uint64_t words[LL_WIDE_WORDS];
} ll_wide;

void ll_wide_set(ll_wide *number, uint64_t value);
void ll_wide_multiply(ll_wide *number, uint64_t factor);
void ll_wide_add(ll_wide *number, const ll_wide *other);
void ll_wide_subtract(ll_wide *number, const ll_wide *other); /* other is not the larger */

/* Negative, zero or positive as a is below, equal to or above b. */
int ll_wide_compare(const ll_wide *a, const ll_wide *b);

/* a/b as a double, within 4 units of its last place; b is not 0. */
double ll_wide_ratio(const ll_wide *a, const ll_wide *b);

#endif
