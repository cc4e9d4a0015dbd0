/* reply.h - is what a model gave as an explanation fit to be shown?
 *
 * Contradiction is a matter of words, and judged only where it is plain: a sentence of a BUY
 * explanation that recommends selling, without "if", "not", "before" or their like in it. An
 * explanation that weighs both sides passes; so does a subtle one. English and German; signals
 * other than BUY, SELL and HOLD (in any case) are not judged.
 *
 * Threads: pure functions.
 * Uses:    err, json_text, utf8, guard_text; jansson. */
#ifndef LL_PROMPT_REPLY_H
#define LL_PROMPT_REPLY_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stddef.h>

#define LL_REPLY_BYTES_DEFAULT (16u * 1024)
#define LL_REPLY_BYTES_MAX (256u * 1024)

typedef struct ll_reply_rules {
    const char *signal; /* NULL: not judged by it */
    bool json;          /* must be a JSON object; implied by fields */
    const char *const *json_fields;
    size_t json_field_count; /* each there, not null, not an empty text or list */
    size_t bytes_max;        /* 0: 16 KiB */
} ll_reply_rules;

/* *out_reason: NULL if all is well, else "empty", "too_long", "not_utf8", "control_characters",
 * "invisible_characters", "not_json", "json_fields" or "contradicts_signal"; static. Texts inside
 * of JSON are looked at as they will be shown, without their escapes. Returns LLMLEARN_ENOMEM. */
llmlearn_err ll_reply_check(const ll_reply_rules *rules, const char *text, size_t bytes,
                            const char **out_reason);

#endif
