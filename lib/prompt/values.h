/* values.h - what a prompt is filled in with: names and texts, the caller's or out of JSON.
 *
 * Threads: one at a time per list.
 * Uses:    err, template; jansson. */
#ifndef LL_PROMPT_VALUES_H
#define LL_PROMPT_VALUES_H

#include "prompt/template.h"

/* Those of a request, and ticker, signal, confidence. */
#define LL_VALUES_MAX 67

/* All zero is an empty list. */
typedef struct ll_values {
    size_t count;
    ll_template_value all[LL_VALUES_MAX];
    char confidence[8];
    void *owner; /* of names and texts that came out of JSON */
} ll_values;

void ll_values_free(ll_values *values);

/* Borrowed until the list is freed. False: there are LL_VALUES_MAX already. */
bool ll_values_add(ll_values *values, const char *name, const char *text);

/* {{confidence}} as "0.87". */
void ll_values_add_confidence(ll_values *values, double confidence);

/* The texts, numbers and truths of an object, as they stand there, but for names that no template
 * can have or that have a value already; once per list. LLMLEARN_EINVAL: it is no object;
 * LLMLEARN_ENOMEM. */
llmlearn_err ll_values_add_json(ll_values *values, const char *json, size_t bytes);

/* Fills in a template with those of the values that it names: see ll_template_render. */
llmlearn_err ll_values_fill_in(const ll_values *values, const char *template, char **out_text);

#endif
