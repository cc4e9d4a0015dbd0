/* buffer.h - bytes that grow, for building reports and messages.
 *
 * A failed append leaves the buffer failed: later appends do nothing, and ll_buffer_take()
 * returns NULL. So a caller appends freely and checks once, at the end.
 *
 * Threads: one at a time per buffer.
 * Uses:    nothing. */
#ifndef LL_BASE_BUFFER_H
#define LL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty buffer. While data is not NULL, data[length] is a NUL. */
typedef struct ll_buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
    bool secret; /* set before the first append: no byte of it stays in freed memory */
} ll_buffer;

/* data may be NULL if bytes is 0; it must not point into the buffer itself. */
void ll_buffer_append(ll_buffer *b, const void *data, size_t bytes);

__attribute__((format(printf, 2, 3))) void ll_buffer_printf(ll_buffer *b, const char *format, ...);

/* The bytes with a NUL behind them, for the caller to free(); b is empty afterwards and can be
 * used again. NULL if any append failed. A buffer nobody appended to gives "". */
char *ll_buffer_take(ll_buffer *b);

void ll_buffer_free(ll_buffer *b);

#endif
