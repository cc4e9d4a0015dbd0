/* prompts.h - the corpora in tests/data/prompts: honest rewrites, and what attackers answer. */
#ifndef SUPPORT_PROMPTS_H
#define SUPPORT_PROMPTS_H

#include "base/buffer.h"
#include "prompt/guard.h"

#include <jansson.h>

#define PROMPT_FIELDS_MAX 8

/* Loads honest.json or hostile.json of the folder LL_TEST_ROOT, or of this one. */
json_t *load_prompts(const char *set);

ll_prompt_text text_of(const char *text);

/* The base prompt of this index as the frame of a check; fields must outlive it. */
ll_guard_input frame_of(json_t *honest, size_t index, const char *fields[PROMPT_FIELDS_MAX]);

/* The text of a case of hostile.json, whole: the carrier with it injected, repeats done. */
void build_case(json_t *hostile, json_t *test_case, ll_buffer *out);

/* The carrier with this in its place. */
void inject(json_t *hostile, const char *text, ll_buffer *out);

/* Some objection has this name. */
bool has_reason(const ll_guard_verdict *verdict, const char *name);

#endif
