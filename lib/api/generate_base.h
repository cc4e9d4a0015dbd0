/* generate_base.h - what is known of a prompt that is to be varied: its text, what readers thought
 * of it, the other variants that there are, and inputs to try new ones on.
 *
 * One snapshot of the store, copied: nothing is held while a model is asked.
 *
 * Threads: one at a time per base.
 * Uses:    prompt, store. */
#ifndef LL_API_GENERATE_BASE_H
#define LL_API_GENERATE_BASE_H

#include "prompt/guard.h"
#include "prompt/meta.h"
#include "prompt/values.h"
#include "store/variants.h"

#define LL_BASE_COMMENTS_MAX 200
#define LL_BASE_INPUTS_MAX 20

typedef struct ll_generate_base {
    const char *signal;
    int64_t signal_id, parent;
    char version[LL_VERSION_BYTES_MAX + 1];
    char *text;
    ll_meta_measured measured;

    ll_meta_example examples[LL_META_EXAMPLES_MAX];
    size_t example_count;
    ll_comment comments[LL_BASE_COMMENTS_MAX];
    llmlearn_id commented[LL_BASE_COMMENTS_MAX]; /* the explanations that they are about */
    size_t comment_count;
    ll_prompt_text known[LL_GUARD_KNOWN_MAX]; /* all but the base */
    size_t known_count;
    ll_values inputs[LL_BASE_INPUTS_MAX];
    size_t input_count;

    void **owned; /* every text above */
    size_t owned_count, owned_capacity;
} ll_generate_base;

/* version NULL: the champion, else the baseline. inputs_max: how many to look for.
 * LLMLEARN_ENOTFOUND: no such signal or version; LLMLEARN_ESTATE: it has no text. */
llmlearn_err ll_generate_base_read(ll_connection *connection, const char *signal,
                                   const char *version, const char *baseline, uint32_t inputs_max,
                                   int64_t now_us, ll_generate_base *out_base);
void ll_generate_base_free(ll_generate_base *base);

#endif
