#include "prompt/candidates.h"

#include "base/err.h"
#include "base/json_text.h"
#include "prompt/clean.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static ll_prompt_text trimmed(ll_prompt_text t)
{
    while (t.bytes > 0 && is_blank(t.text[0])) {
        t.text++;
        t.bytes--;
    }
    while (t.bytes > 0 && is_blank(t.text[t.bytes - 1]))
        t.bytes--;
    return t;
}

static const char *last_fence(ll_prompt_text t)
{
    for (size_t at = t.bytes; at >= 3; at--)
        if (memcmp(t.text + at - 3, "```", 3) == 0)
            return t.text + at - 3;
    return NULL;
}

/* What is inside the first and the last ```; a prompt in between may have some of its own. */
static ll_prompt_text without_fence(ll_prompt_text t)
{
    const char *first, *last;

    t = trimmed(t);
    if (t.bytes == 0 || t.text[0] == '{')
        return t;
    first = memmem(t.text, t.bytes, "```", 3);
    last = last_fence(t);
    if (first == NULL || last == first)
        return t;
    first += 3;
    if (last - first >= 4 && memcmp(first, "json", 4) == 0)
        first += 4;
    return trimmed((ll_prompt_text){ first, last > first ? (size_t)(last - first) : 0 });
}

/* *out: an array of the root, which is to be released. */
static llmlearn_err parse(ll_prompt_text answer, json_t **out_root, json_t **out)
{
    if (answer.bytes > LL_CANDIDATES_BYTES_MAX)
        return ll_fail(LLMLEARN_ELLM, "an answer of %zu bytes, at most %u", answer.bytes,
                       LL_CANDIDATES_BYTES_MAX);
    answer = without_fence(answer);
    if (!ll_json_is_object(answer.text, answer.bytes))
        return ll_fail(LLMLEARN_ELLM, "the answer is no JSON object, or too deep");
    json_error_t error = { 0 };
    json_t *root = json_loadb(answer.text, answer.bytes, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && (json_error_code(&error) == json_error_duplicate_key ||
                         json_error_code(&error) == json_error_numeric_overflow))
        return ll_fail(LLMLEARN_ELLM, "the answer names a key twice, or has a number too large");
    if (root == NULL) /* nothing else is left that could be wrong; jansson does not always say */
        return ll_fail(LLMLEARN_ENOMEM, "no memory for an answer of %zu bytes", answer.bytes);
    json_t *variants = json_object_get(root, "variants");
    if (!json_is_array(variants) || json_array_size(variants) == 0) {
        json_decref(root);
        return ll_fail(LLMLEARN_ELLM, "the answer has no list of \"variants\", or an empty one");
    }
    *out_root = root;
    *out = variants;
    return LLMLEARN_OK;
}

static llmlearn_err take(const json_t *prompt, const json_t *hypothesis, ll_candidate *out)
{
    ll_buffer text = { 0 }, clean = { 0 };

    ll_buffer_append(&text, json_string_value(prompt), json_string_length(prompt));
    if (json_is_string(hypothesis))
        ll_clean_append(&clean, json_string_value(hypothesis), json_string_length(hypothesis),
                        LL_CANDIDATES_HYPOTHESIS_BYTES_MAX);
    out->bytes = text.length;
    out->prompt = ll_buffer_take(&text);
    out->hypothesis = ll_buffer_take(&clean);
    if (out->prompt == NULL || out->hypothesis == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a candidate");
    return LLMLEARN_OK;
}

static llmlearn_err take_all(const json_t *variants, ll_candidates *c, size_t wanted)
{
    for (size_t i = 0; i < wanted; i++) {
        const json_t *item = json_array_get(variants, i);
        const json_t *prompt = json_is_string(item) ? item : json_object_get(item, "prompt");

        if (!json_is_string(prompt))
            return ll_fail(LLMLEARN_ELLM, "variant %zu of the answer has no text", i + 1);
        c->count++; /* so that what it has so far is released on failure */
        llmlearn_err err = take(prompt, json_object_get(item, "hypothesis"), &c->items[i]);
        if (err != LLMLEARN_OK)
            return err;
    }
    return LLMLEARN_OK;
}

llmlearn_err ll_candidates_read(const char *answer, size_t bytes, size_t count_max,
                                ll_candidates *out)
{
    ll_candidates c = { .count = 0 };
    json_t *root = NULL, *variants = NULL;
    llmlearn_err err;

    assert(answer != NULL && out != NULL && count_max > 0);
    err = parse((ll_prompt_text){ answer, bytes }, &root, &variants);
    if (err != LLMLEARN_OK)
        return err;
    size_t wanted = count_max < LL_CANDIDATES_MAX ? count_max : LL_CANDIDATES_MAX;
    size_t given = json_array_size(variants);
    wanted = given < wanted ? given : wanted;
    c.left_out = given - wanted;
    c.items = calloc(wanted, sizeof c.items[0]);
    err = c.items == NULL ? ll_fail(LLMLEARN_ENOMEM, "no memory for candidates")
                          : take_all(variants, &c, wanted);
    json_decref(root);
    if (err == LLMLEARN_OK)
        *out = c;
    else
        ll_candidates_free(&c);
    return err;
}

/* People read it beside the prompt, so it brings no more than words. */
static llmlearn_err judge_hypothesis(ll_candidate *candidate)
{
    const ll_prompt_text remark = { candidate->hypothesis, strlen(candidate->hypothesis) };
    bool fit = true;
    llmlearn_err err = ll_guard_remark(remark, &fit);

    if (err == LLMLEARN_OK && !fit)
        candidate->hypothesis[0] = '\0';
    return err;
}

llmlearn_err ll_candidates_judge(ll_candidates *candidates, const ll_guard_input *frame)
{
    size_t most = frame->known_count + candidates->count;
    ll_prompt_text *known = malloc((most + 1) * sizeof known[0]);
    ll_guard_input in = *frame;
    llmlearn_err err = LLMLEARN_OK;

    if (known == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to judge candidates");
    if (frame->known_count > 0)
        memcpy(known, frame->known, frame->known_count * sizeof known[0]);
    in.known = known;
    for (size_t i = 0; err == LLMLEARN_OK && i < candidates->count; i++) {
        ll_candidate *candidate = &candidates->items[i];

        in.candidate = (ll_prompt_text){ candidate->prompt, candidate->bytes };
        err = ll_guard_check(&in, &candidate->verdict);
        if (err == LLMLEARN_OK)
            err = judge_hypothesis(candidate);
        if (candidate->bytes <= LL_GUARD_BYTES_MAX && in.known_count < LL_GUARD_KNOWN_MAX)
            known[in.known_count++] = in.candidate;
    }
    free(known);
    return err;
}

void ll_candidates_free(ll_candidates *candidates)
{
    if (candidates == NULL)
        return;
    for (size_t i = 0; i < candidates->count; i++) {
        free(candidates->items[i].prompt);
        free(candidates->items[i].hypothesis);
    }
    free(candidates->items);
    *candidates = (ll_candidates){ .count = 0 };
}
