/* int128.h - the compiler's 128-bit integers under names of ours, for sums that must be exact.
 *
 * Uses: nothing. */
#ifndef LL_BASE_INT128_H
#define LL_BASE_INT128_H

__extension__ typedef __int128 ll_i128;
__extension__ typedef unsigned __int128 ll_u128;

#endif
