/* utf8.h - is this text UTF-8, and how long is it?
 *
 * Strict, as RFC 3629 has it: shortest form only, no surrogates, nothing above U+10FFFF.
 * A NUL byte is invalid too, since texts are NUL-terminated everywhere else.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_UTF8_H
#define LL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* text may be NULL if bytes is 0. An empty text is valid. */
bool ll_utf8_valid(const char *text, size_t bytes);

/* The same answer without vector instructions. */
bool ll_utf8_valid_portable(const char *text, size_t bytes);

/* The length in bytes of a NUL-terminated text. Looks at no more than bytes_max + 1 bytes;
 * SIZE_MAX, with *out_valid untouched, if there is no NUL among them. */
size_t ll_utf8_measure(const char *text, size_t bytes_max, bool *out_valid);

#endif
