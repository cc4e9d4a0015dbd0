/* utf8.h - is this text UTF-8, and how long is it?
 *
 * Strict, as RFC 3629 has it: shortest form only, no surrogates, nothing above U+10FFFF. A NUL byte
 * is invalid too, since texts are NUL-terminated everywhere else.
 *
 * Processors with wide vectors have their file: utf8_x86.c, and utf8_other.c for the rest.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_UTF8_H
#define LL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* text may be NULL if bytes is 0. An empty text is valid. Uses the best instructions the processor
 * has. */
bool ll_utf8_valid(const char *text, size_t bytes);

/* The same answer in plain C. */
bool ll_utf8_valid_portable(const char *text, size_t bytes);

/* The ways to find out that work on this processor, one after another, the portable one last; NULL
 * behind it. For tests: all must agree. */
typedef bool ll_utf8_function(const char *text, size_t bytes);
ll_utf8_function *ll_utf8_way(unsigned index);

/* The length in bytes of a NUL-terminated text. Looks at no more than bytes_max + 1 bytes;
 * SIZE_MAX, with *out_valid untouched, if there is no NUL among them. */
size_t ll_utf8_measure(const char *text, size_t bytes_max, bool *out_valid);

/* How many bytes of a valid text to keep, at most bytes_max, so that no character is cut. */
size_t ll_utf8_cut(const char *text, size_t bytes, size_t bytes_max);

#endif
