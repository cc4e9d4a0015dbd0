/* json.h - the members that receipts, lists and comparisons share.
 *
 * Uses: base, stats. */
#ifndef LL_EXPERIMENT_JSON_H
#define LL_EXPERIMENT_JSON_H

#include "base/json_writer.h"
#include "llmlearn.h"

void ll_json_put_time(ll_json_writer *w, const char *key, int64_t time_us); /* RFC 3339 */
/* What is not known is null. */
void ll_json_put_real(ll_json_writer *w, const char *key, bool known, double value);
void ll_json_put_count(ll_json_writer *w, const char *key, int64_t count); /* -1: not known */
void ll_json_put_pair(ll_json_writer *w, const char *key, double low, double high);
/* Of nothing: null. The interval is Wilson's, 95 %. */
void ll_json_put_ratio(ll_json_writer *w, const char *key, uint64_t part, uint64_t whole);
void ll_json_put_wilson(ll_json_writer *w, const char *key, uint64_t part, uint64_t whole);

/* ["name", ...] of the bits that are set, the lowest first. */
void ll_json_put_names(ll_json_writer *w, const char *key, const char *(*name_of)(uint32_t bit),
                       uint32_t bits);

/* The text, for free(); the writer is empty afterwards. LLMLEARN_ENOMEM. */
llmlearn_err ll_json_take(ll_json_writer *w, char **out_text);

#endif
