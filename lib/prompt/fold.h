/* fold.h - the plain letter that a reader takes a character for.
 *
 * Lower case; without accents; full-width, circled, mathematical and other dressed letters as
 * the plain ones (Unicode's compatibility decompositions); letters of other scripts that look
 * like Latin ones as those; odd dots, slashes, colons, quotes and dashes as the ASCII ones.
 * Invisible characters and combining marks fold to nothing. What has no such plain form stays.
 *
 * What is compared must be folded on both sides: a Russian word becomes half Latin.
 *
 * Threads: pure functions.
 * Uses:    characters. */
#ifndef LL_PROMPT_FOLD_H
#define LL_PROMPT_FOLD_H

#include <stddef.h>
#include <stdint.h>

#define LL_FOLD_BYTES_MAX 4

/* Writes UTF-8 of at most as many bytes as c itself takes, and returns how many; 0: nothing. */
size_t ll_fold(uint32_t c, char out[LL_FOLD_BYTES_MAX]);

#endif
