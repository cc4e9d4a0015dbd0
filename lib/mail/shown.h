/* shown.h - a text of somebody else's as it may stand among ours.
 *
 * Line ends, controls, the characters that separate lines, hide or turn the direction of writing,
 * and what is not UTF-8 are written out as \n, \t, \u0085, \u202e, \xff. What is too long is cut
 * between two characters and ends in "...".
 *
 * Threads: pure functions.
 * Uses:    utf8. */
#ifndef LL_MAIL_SHOWN_H
#define LL_MAIL_SHOWN_H

#include <stddef.h>

/* Valid UTF-8 with a NUL, in at most out_bytes, which is 16 or more. NULL is "". */
void ll_shown_write(const char *text, char *out, size_t out_bytes);

#endif
