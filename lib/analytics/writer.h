/* writer.h - JSON written straight into a buffer.
 *
 * For reports of thousands of numbers: a tenth of the time that a tree of values takes. The
 * caller opens and closes in order; commas come by themselves. Numbers look the same in
 * every locale. Running out of memory is found at the end, as with any buffer.
 *
 * Threads: one at a time per writer.
 * Uses:    buffer. */
#ifndef LL_ANALYTICS_WRITER_H
#define LL_ANALYTICS_WRITER_H

#include "base/buffer.h"

#include <stdint.h>

/* All zero is an empty one. */
typedef struct ll_writer {
    ll_buffer buffer;
    bool comma; /* before the next key or value */
} ll_writer;

/* bracket: '{' or '[', and its partner. */
void ll_writer_open(ll_writer *w, char bracket);
void ll_writer_close(ll_writer *w, char bracket);

/* Plain letters, digits and '_', at most 40. */
void ll_writer_key(ll_writer *w, const char *key);

void ll_writer_null(ll_writer *w);
void ll_writer_int(ll_writer *w, int64_t value);
/* Nine decimals at most, at least one. From 0 to LL_WRITER_REAL_MAX. */
void ll_writer_real(ll_writer *w, double value);
void ll_writer_string(ll_writer *w, const char *text); /* UTF-8 */
/* A whole value, as JSON already. */
void ll_writer_json(ll_writer *w, const char *json, size_t bytes);

#define LL_WRITER_REAL_MAX 9e9

#endif
