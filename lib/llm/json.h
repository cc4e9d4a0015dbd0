/* json.h - what a service or a file says, as a tree.
 *
 * Threads: any. The tree is one thread's.
 * Uses:    err, json_text, locale; jansson. */
#ifndef LL_LLM_JSON_H
#define LL_LLM_JSON_H

#include "llmlearn.h"

#include <jansson.h>
#include <stddef.h>

/* An object by RFC 8259, not deeper than LL_JSON_DEPTH_MAX, without equal keys and without
 * numbers too large for their type; json_decref() it. LLMLEARN_ELLM if it is anything else, with
 * no word of it in the line; LLMLEARN_ENOMEM. `what` begins the line. */
llmlearn_err ll_llm_json_parse(const char *what, const char *text, size_t bytes,
                               json_t **out_object);

/* A member that is text; NULL if it is not there or not text. */
const char *ll_llm_json_text(const json_t *object, const char *key);

/* A member that is a whole number, 0 or more; -1 if it is not. */
int64_t ll_llm_json_count(const json_t *object, const char *key);

/* A short word such as services use for codes: letters, digits and  _ . - : /  */
#define LL_LLM_WORD_BYTES 128
/* "" if it is anything else: out is safe to show and to store. text may be NULL. */
void ll_llm_json_word(const char *text, char out[LL_LLM_WORD_BYTES]);

#endif
