/* template.h - prompts with holes: {{name}} and nothing more.
 *
 *   Explain the {{signal}} for {{ticker}} as {"summary": "..."}.
 *               placeholder     placeholder   single braces: plain text
 *
 * A name is [A-Za-z_][A-Za-z0-9_]{0,63}, with no blanks around it. "{{" always begins a
 * placeholder: it cannot be written literally, a template writes "{ {". "}}" outside of one is
 * plain text while two single braces are open before it, as at the end of {"a": {"b": 1}};
 * otherwise it closes nothing and is an error. So {"t": {{ticker}}} works, and "{{{" never does:
 * it could be read in two ways.
 *
 * Values are inserted as they are, and never looked at for placeholders.
 *
 * Threads: pure functions.
 * Uses:    err, buffer. */
#ifndef LL_PROMPT_TEMPLATE_H
#define LL_PROMPT_TEMPLATE_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_TEMPLATE_NAME_BYTES_MAX 64
/* A prompt asks for a dozen facts; far more of them is a mistake, and makes lookups slow. */
#define LL_TEMPLATE_NAMES_MAX 64
#define LL_TEMPLATE_PLACEHOLDERS_MAX 256
/* What an explanation may have (llmlearn.h); more than a model should be sent. */
#define LL_TEMPLATE_OUTPUT_BYTES_MAX (256u * 1024)

/* Some bytes of somebody's; no NUL is needed behind them. */
typedef struct ll_prompt_text {
    const char *text;
    size_t bytes;
} ll_prompt_text;

typedef struct ll_template_name {
    const char *name; /* in the template's own text */
    uint32_t bytes;
    uint32_t count; /* how often it stands there */
} ll_template_name;

/* The multiset of a template's placeholders, in the order of their first appearance. */
typedef struct ll_template {
    ll_template_name names[LL_TEMPLATE_NAMES_MAX];
    size_t name_count;
    size_t placeholder_count;
} ll_template;

/* May a placeholder be named so? NULL may not. */
bool ll_template_is_name(const char *name);

/* Returns LLMLEARN_EINVAL, with line and column (both from 1, the column in characters) in the
 * detail, if a brace or a name is wrong or there are too many. *out points into the text. */
llmlearn_err ll_template_parse(ll_prompt_text text, ll_template *out);

/* The same, and each name must be one of these. */
llmlearn_err ll_template_check(ll_prompt_text text, const char *const *names, size_t name_count);

/* The same placeholders, each as often. If not, *out_name (may be NULL) is one they differ in. */
bool ll_template_same(const ll_template *a, const ll_template *b, ll_template_name *out_name);

typedef struct ll_template_value {
    const char *name;
    ll_prompt_text value; /* an empty one is a value too */
} ll_template_value;

/* Puts each value where its name stands. EINVAL if the template is wrong, a placeholder has no
 * value, a value no placeholder, a name two values, or the output would exceed bytes_max.
 *
 *   out_text  for the caller to free(); a NUL stands behind it
 *
 * Returns LLMLEARN_EINVAL, LLMLEARN_ENOMEM. */
llmlearn_err ll_template_render(ll_prompt_text text, const ll_template_value *values,
                                size_t value_count, size_t bytes_max, char **out_text,
                                size_t *out_bytes);

#endif
