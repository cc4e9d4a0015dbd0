/* json.h - the pieces that receipts and lists share, on top of jansson.
 *
 * For writing alone: where memory runs out, jansson's parser aborts the process (2.14). What we
 * wrote is read by members.h.
 *
 * Builders answer NULL when out of memory, and whatever is built of NULL is NULL: a report is
 * checked once, at its end.
 *
 * Uses: stats. */
#ifndef LL_EXPERIMENT_JSON_H
#define LL_EXPERIMENT_JSON_H

#include "llmlearn.h"

#include <jansson.h>
#include <stdbool.h>

json_t *ll_json_text(const char *text);              /* NULL: null */
json_t *ll_json_real(bool known, double value);      /* unknown: null */
json_t *ll_json_pair(double low, double high);       /* [low, high] */
json_t *ll_json_count(uint64_t count);               /* 0: null */
json_t *ll_json_time(bool known, int64_t time_us);   /* RFC 3339; unknown: null */
json_t *ll_json_ratio(int64_t part, int64_t whole);  /* of nothing: null */
json_t *ll_json_wilson(int64_t part, int64_t whole); /* [low, high], 95 %; of nothing: null */

/* Both take the value. An object or array that could not take it is given back and becomes NULL. */
void ll_json_put(json_t **object, const char *key, json_t *value);
void ll_json_add(json_t **array, json_t *value);

/* The same with the error: LLMLEARN_ENOMEM; the array stays as it was. */
llmlearn_err ll_json_append(json_t *array, json_t *value);

/* Takes the value, which may be NULL: LLMLEARN_ENOMEM. Compact, reals with 17 digits. The text is
 * for free(), whatever allocator the host gave jansson, and the same in every locale. */
llmlearn_err ll_json_write(json_t *value, char **out_text);

#endif
