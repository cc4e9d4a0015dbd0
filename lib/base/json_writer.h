/* json_writer.h - JSON written straight into a buffer.
 *
 * For reports of thousands of numbers: a tenth of the time that a tree of values takes. The
 * caller opens and closes in order; commas come by themselves. Numbers look the same in
 * every locale. Running out of memory is found at the end, as with any buffer.
 *
 * Threads: one at a time per writer.
 * Uses:    buffer, locale. */
#ifndef LL_BASE_JSON_WRITER_H
#define LL_BASE_JSON_WRITER_H

#include "base/buffer.h"

#include <stdint.h>

/* All zero is an empty one. */
typedef struct ll_json_writer {
    ll_buffer buffer;
    bool comma; /* before the next key or value */
} ll_json_writer;

/* bracket: '{' or '[', and its partner. */
void ll_json_writer_open(ll_json_writer *w, char bracket);
void ll_json_writer_close(ll_json_writer *w, char bracket);

/* Plain letters, digits and '_', at most 40. */
void ll_json_writer_key(ll_json_writer *w, const char *key);

void ll_json_writer_null(ll_json_writer *w);
void ll_json_writer_bool(ll_json_writer *w, bool value);
void ll_json_writer_int(ll_json_writer *w, int64_t value);
/* The fewest digits, 15 to 17, that read back as the same finite number. About 0.5 us. */
void ll_json_writer_real(ll_json_writer *w, double value);
/* Nine decimals at most, at least one. From 0 to LL_JSON_WRITER_ROUNDED_MAX. About 20 ns. */
void ll_json_writer_rounded(ll_json_writer *w, double value);
void ll_json_writer_string(ll_json_writer *w, const char *text); /* UTF-8; NULL: null */
/* A whole value, as JSON already. */
void ll_json_writer_json(ll_json_writer *w, const char *json, size_t bytes);

#define LL_JSON_WRITER_ROUNDED_MAX 9e9

/* A member of an object, with its key. */
void ll_json_writer_put_null(ll_json_writer *w, const char *key);
void ll_json_writer_put_bool(ll_json_writer *w, const char *key, bool value);
void ll_json_writer_put_int(ll_json_writer *w, const char *key, int64_t value);
void ll_json_writer_put_real(ll_json_writer *w, const char *key, double value);
void ll_json_writer_put_string(ll_json_writer *w, const char *key, const char *text);

#endif
