/* meta.h - the prompt that asks a model for better prompts.
 *
 *   system   what a good prompt is, what must stay, what must not come in: fixed text
 *   user     {"signal", "count", "required_json_fields", "placeholders", "measured",
 *             "base_prompt"}: ours and the operator's
 *   user     {"untrusted": true, "comments", "examples"}: strangers' and models' text, as JSON
 *            data in a message of its own; left out if there is none
 *
 * What strangers wrote is cleaned (clean.h), cut and counted; JSON marks where it begins and
 * ends. That makes an attack harder, not impossible: what comes back goes through guard.h.
 *
 * Threads: pure functions.
 * Uses:    err, json_writer, comments, template. */
#ifndef LL_PROMPT_META_H
#define LL_PROMPT_META_H

#include "prompt/comments.h"
#include "prompt/template.h"

#define LL_META_COUNT_MAX 10
#define LL_META_EXAMPLES_MAX 6
/* An excerpt shows how an explanation reads; a whole one costs tokens. */
#define LL_META_EXAMPLE_BYTES_MAX 700
#define LL_META_COMMENT_BYTES_MAX 400

/* What was measured of the base prompt. Zeros: nothing is known, and nothing is said. */
typedef struct ll_meta_measured {
    uint64_t votes; /* the three rates below are of these */
    double positive_rate, positive_low, positive_high;
    uint64_t ratings;
    double rating_mean;    /* 1 to 5 */
    uint64_t explanations; /* the rest are of these */
    uint64_t failures;
    double response_rate; /* how many got a vote at all */
    double latency_p50_ms, latency_p95_ms;
    double bytes_mean; /* length of an explanation */
} ll_meta_measured;

typedef struct ll_meta_example {
    const char *text; /* any bytes */
    size_t bytes;
    bool helpful; /* what people said of it */
} ll_meta_example;

typedef struct ll_meta_input {
    const char *signal;  /* valid UTF-8 */
    ll_prompt_text base; /* a valid template in valid UTF-8 */
    uint32_t count;      /* of variants wanted, 1 to LL_META_COUNT_MAX */
    const char *const *json_fields;
    size_t json_field_count;
    ll_meta_measured measured;
    const ll_meta_example *examples; /* the first LL_META_EXAMPLES_MAX are taken */
    size_t example_count;
    const ll_comment *comments; /* any number: comments.h chooses */
    size_t comment_count;
    size_t comments_max; /* 0: 12 */
} ll_meta_input;

typedef struct ll_meta_message {
    const char *role; /* "system" or "user"; static */
    char *text;
    size_t bytes;
} ll_meta_message;

typedef struct ll_meta {
    ll_meta_message messages[3];
    size_t message_count;
    /* For the record of which comments had a say in a variant. */
    size_t comment_indexes[LL_COMMENTS_CHOSEN_MAX];
    size_t comment_count;
} ll_meta;

/* Returns LLMLEARN_EINVAL (the base or a count), LLMLEARN_ENOMEM. */
llmlearn_err ll_meta_make(const ll_meta_input *in, ll_meta *out);
void ll_meta_free(ll_meta *meta);

/* For structured output, strict: every key required and no other allowed. Static. */
extern const char ll_meta_schema[];
#define LL_META_SCHEMA_NAME "prompt_variants"

#endif
