#include "api/generate_base.h"

#include "base/clock.h"
#include "base/err.h"
#include "prompt/candidates.h"
#include "stats/interval.h"
#include "store/lessons.h"
#include "store/lineage.h"
#include "store/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Readers change, and so do prompts: what was thought half a year ago is no lesson. */
#define LESSON_DAYS 90
#define EXAMPLES_OF_A_KIND (LL_META_EXAMPLES_MAX / 2)
#define CONFIDENCE 0.95
/* The guards take so many; the candidates are held against each other, too. */
#define KNOWN_MAX (LL_GUARD_KNOWN_MAX - LL_CANDIDATES_MAX)
/* Most of what a model ever wrote may have been rejected, and is passed over. */
#define KNOWN_READ_MAX (16u * LL_GUARD_KNOWN_MAX)

/* ---- what is kept ------------------------------------------------------ */

/* A copy with a NUL that lives as long as the base; NULL: no memory, or no text. */
static char *keep(ll_generate_base *base, const char *text, size_t bytes)
{
    if (base->owned_count == base->owned_capacity) {
        size_t capacity = base->owned_capacity == 0 ? 64 : 2 * base->owned_capacity;
        void **owned = realloc(base->owned, capacity * sizeof *owned);
        if (owned == NULL)
            return NULL;
        base->owned = owned;
        base->owned_capacity = capacity;
    }
    char *copy = strndup(text, bytes);
    if (copy != NULL)
        base->owned[base->owned_count++] = copy;
    return copy;
}

static llmlearn_err no_memory(void)
{
    return ll_fail(LLMLEARN_ENOMEM, "no memory for what was learned");
}

void ll_generate_base_free(ll_generate_base *base)
{
    for (size_t i = 0; i < base->input_count; i++)
        ll_values_free(&base->inputs[i]);
    for (size_t i = 0; i < base->owned_count; i++)
        free(base->owned[i]);
    free(base->owned);
    free(base->text);
    *base = (ll_generate_base){ .text = NULL };
}

/* ---- which prompt ------------------------------------------------------ */

static llmlearn_err find_version(ll_connection *connection, ll_generate_base *base,
                                 const char *version, const char *baseline, ll_variant *out)
{
    llmlearn_err err;

    if (version == NULL) {
        err = ll_variants_champion(connection, base->signal_id, out);
        if (err != LLMLEARN_OK || out->id != 0)
            return err;
        version = baseline;
    }
    err = ll_variants_find(connection, base->signal_id, version, strlen(version), out);
    if (err == LLMLEARN_OK && out->id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "version: the signal has no version %s", version);
    return err;
}

static llmlearn_err read_prompt(ll_connection *connection, ll_generate_base *base,
                                const char *version, const char *baseline)
{
    ll_variant found = { .id = 0 };
    llmlearn_err err = ll_names_find(connection, LL_NAME_SIGNAL, base->signal, strlen(base->signal),
                                     &base->signal_id);

    if (err == LLMLEARN_OK && base->signal_id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "signal: %s is not known", base->signal);
    if (err == LLMLEARN_OK)
        err = find_version(connection, base, version, baseline, &found);
    if (err == LLMLEARN_OK)
        err = ll_variants_text(connection, base->signal_id, found.version, strlen(found.version),
                               &base->text);
    if (err == LLMLEARN_OK && base->text == NULL)
        err = ll_fail(LLMLEARN_ESTATE, "version: %s has no text to be varied", found.version);
    base->parent = found.id;
    memcpy(base->version, found.version, sizeof base->version);
    return err;
}

/* ---- what readers thought ---------------------------------------------- */

static llmlearn_err read_measured(ll_connection *connection, ll_generate_base *base, int64_t now_us)
{
    int64_t today = ll_clock_day(now_us);
    ll_meta_measured *m = &base->measured;
    ll_lesson_counts c;
    llmlearn_err err = ll_lessons_counts(connection, base->parent, today - LESSON_DAYS, today, &c);

    if (err != LLMLEARN_OK)
        return err;
    ll_interval rate =
        ll_interval_wilson((uint64_t)c.counts.positive, (uint64_t)c.votes, CONFIDENCE);
    /* A database that was tampered with may hold more votes than explanations. */
    double rated =
        c.counts.explanations > 0 ? (double)c.counts.rated / (double)c.counts.explanations : 0;
    *m = (ll_meta_measured){
        .votes = (uint64_t)c.votes,
        .positive_rate = c.positive_ratio,
        .positive_low = rate.low,
        .positive_high = rate.high,
        .ratings = (uint64_t)c.ratings,
        .rating_mean = c.rating_mean,
        .explanations = (uint64_t)c.counts.explanations,
        .failures = (uint64_t)c.counts.fallback,
        .response_rate = rated < 1 ? rated : 1,
    };
    return LLMLEARN_OK;
}

typedef struct examples {
    ll_generate_base *base;
    bool helpful;
} examples;

static llmlearn_err add_example(void *context, const ll_lesson *lesson)
{
    const examples *e = context;
    ll_generate_base *base = e->base;
    const char *text = keep(base, lesson->text, lesson->bytes);

    if (text == NULL)
        return no_memory();
    assert(base->example_count < LL_META_EXAMPLES_MAX);
    base->examples[base->example_count++] =
        (ll_meta_example){ .text = text, .bytes = lesson->bytes, .helpful = e->helpful };
    return LLMLEARN_OK;
}

static llmlearn_err add_comment(void *context, const ll_lesson_comment *comment)
{
    ll_generate_base *base = context;
    const char *text = keep(base, comment->comment, comment->bytes);

    if (text == NULL)
        return no_memory();
    assert(base->comment_count < LL_BASE_COMMENTS_MAX);
    base->commented[base->comment_count] = comment->explanation;
    base->comments[base->comment_count++] =
        (ll_comment){ .text = text, .bytes = comment->bytes, .helpful = comment->helpful };
    return LLMLEARN_OK;
}

static llmlearn_err read_words(ll_connection *connection, ll_generate_base *base, int64_t now_us)
{
    const ll_lesson_query texts = { .variant = base->parent,
                                    .since_us = now_us - LESSON_DAYS * LL_US_PER_DAY,
                                    .limit = EXAMPLES_OF_A_KIND,
                                    .excerpt_bytes = LL_META_EXAMPLE_BYTES_MAX };
    ll_lesson_query comments = texts;
    llmlearn_err err = ll_lessons_best(connection, &texts, add_example, &(examples){ base, true });

    comments.limit = LL_BASE_COMMENTS_MAX;
    comments.excerpt_bytes = LL_COMMENTS_BYTES_READ;
    if (err == LLMLEARN_OK)
        err = ll_lessons_worst(connection, &texts, add_example, &(examples){ base, false });
    if (err == LLMLEARN_OK)
        err = ll_lessons_comments(connection, &comments, add_comment, base);
    return err;
}

/* ---- the others, and inputs -------------------------------------------- */

/* What was rejected may come again, without what was wrong with it. */
static llmlearn_err add_known(void *context, const ll_lineage *lineage)
{
    ll_generate_base *base = context;

    if (lineage->variant == base->parent || lineage->text == NULL ||
        lineage->status == LL_VARIANT_REJECTED || base->known_count == KNOWN_MAX)
        return LLMLEARN_OK;
    size_t bytes = strlen(lineage->text);
    const char *text = keep(base, lineage->text, bytes);
    if (text == NULL)
        return no_memory();
    base->known[base->known_count++] = (ll_prompt_text){ .text = text, .bytes = bytes };
    return LLMLEARN_OK;
}

/* Could the prompt be filled in with that? */
static bool is_usable(const ll_generate_base *base, const ll_values *values)
{
    char *text = NULL;
    bool usable = ll_values_fill_in(values, base->text, &text) == LLMLEARN_OK;

    free(text);
    return usable;
}

typedef struct inputs {
    ll_generate_base *base;
    uint32_t max;
} inputs;

static llmlearn_err add_input(void *context, const ll_lesson_input *input)
{
    const inputs *in = context;
    ll_generate_base *base = in->base;
    const char *ticker = keep(base, input->ticker, strlen(input->ticker));
    llmlearn_err err = LLMLEARN_OK;

    if (ticker == NULL)
        return no_memory();
    if (base->input_count == in->max)
        return LLMLEARN_OK;
    ll_values *kept = &base->inputs[base->input_count]; /* where it stays: it points into itself */
    *kept = (ll_values){ .count = 0 };
    ll_values_add(kept, "ticker", ticker);
    ll_values_add(kept, "signal", base->signal);
    if (input->confidence >= 0)
        ll_values_add_confidence(kept, input->confidence);
    if (input->metadata != NULL)
        err = ll_values_add_json(kept, input->metadata, input->metadata_bytes);
    if (err == LLMLEARN_ENOMEM)
        return err;
    if (is_usable(base, kept))
        base->input_count++;
    else
        ll_values_free(kept);
    return LLMLEARN_OK;
}

llmlearn_err ll_generate_base_read(ll_connection *connection, const char *signal,
                                   const char *version, const char *baseline, uint32_t inputs_max,
                                   int64_t now_us, ll_generate_base *out_base)
{
    ll_generate_base *base = out_base;
    ll_lineage_filter others = { .anybodys = true, .limit = KNOWN_READ_MAX };
    llmlearn_err err;

    assert(inputs_max <= LL_BASE_INPUTS_MAX);
    *base = (ll_generate_base){ .signal = signal };
    err = read_prompt(connection, base, version, baseline);
    others.signal = base->signal_id;
    if (err == LLMLEARN_OK)
        err = read_measured(connection, base, now_us);
    if (err == LLMLEARN_OK)
        err = read_words(connection, base, now_us);
    if (err == LLMLEARN_OK)
        err = ll_lineage_list(connection, &others, add_known, base);
    if (err == LLMLEARN_OK && inputs_max > 0)
        err = ll_lessons_inputs(connection, base->signal_id, 20 * inputs_max, add_input,
                                &(inputs){ base, inputs_max });
    if (err != LLMLEARN_OK)
        ll_generate_base_free(base);
    return err;
}
