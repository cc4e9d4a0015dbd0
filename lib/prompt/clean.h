/* clean.h - strangers' text made fit to be shown to a model, and never more than that.
 *
 * Threads: pure functions.
 * Uses:    buffer, characters. */
#ifndef LL_PROMPT_CLEAN_H
#define LL_PROMPT_CLEAN_H

#include "base/buffer.h"

/* Appends the text without bytes that are no UTF-8, without control, invisible and unassigned
 * characters; blanks and line ends become one space. At most bytes_max bytes, cut between two
 * characters. What is appended is valid UTF-8. */
void ll_clean_append(ll_buffer *out, const char *text, size_t bytes, size_t bytes_max);

#endif
