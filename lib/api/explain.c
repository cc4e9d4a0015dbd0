#include "api/explain.h"

#include "base/err.h"
#include "prompt/reply.h"
#include "prompt/values.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOKENS 1024u

static const char built_in[] = "{{signal}} for {{ticker}}. The explanation could not be written "
                               "this time.";

_Static_assert(LL_EXPLAIN_VALUES_MAX + 3 <= LL_VALUES_MAX, "ticker, signal, confidence, and all");

static void read_values(const llmlearn_explain_request *request, ll_values *v)
{
    ll_values_add(v, "ticker", request->ticker);
    ll_values_add(v, "signal", request->signal);
    if ((request->flags & LLMLEARN_HAS_CONFIDENCE) != 0)
        ll_values_add_confidence(v, request->confidence);
    for (uint32_t i = 0; i < request->value_count; i++)
        ll_values_add(v, request->values[i].name, request->values[i].text);
}

/* ---- asking ------------------------------------------------------------ */

/* Unknown once it is unknown of one answer. */
static void add_known(int64_t *sum, int64_t more)
{
    if (*sum >= 0)
        *sum = more >= 0 ? *sum + more : -1;
}

static void count_reply(const ll_explain *explain, const ll_model_reply *reply, ll_explained *out)
{
    if (out->model == NULL) {
        out->model = ll_model_name(explain->model);
        out->provider = ll_model_provider(explain->model);
        out->prompt_tokens = out->completion_tokens = out->cost_nanousd = 0;
    }
    add_known(&out->prompt_tokens, reply->prompt_tokens);
    add_known(&out->completion_tokens, reply->completion_tokens);
    add_known(&out->cost_nanousd, reply->cost_nanousd);
}

static llmlearn_err check_reply(const llmlearn_explain_request *request, const char *text,
                                const char **out_reason)
{
    const ll_reply_rules rules = {
        .signal = request->signal,
        .json = (request->flags & LLMLEARN_EXPLAIN_JSON) != 0,
        .json_fields = request->fields,
        .json_field_count = request->field_count,
        .bytes_max = LL_REPLY_BYTES_MAX,
    };

    return ll_reply_check(&rules, text, strlen(text), out_reason);
}

/* Takes over the reply's text if it is good; *out_reason says why not. */
static llmlearn_err ask_model(const ll_explain *explain, const char *prompt, ll_deadline deadline,
                              ll_explained *out, const char **out_reason)
{
    const ll_model_question question = {
        .system = explain->request->system,
        .prompt = prompt,
        .max_tokens = MAX_TOKENS,
        .deadline = deadline,
        .cancel = (const atomic_int *)explain->request->cancel,
    };
    ll_model_reply reply = { .reason = NULL };
    llmlearn_err err = ll_model_ask(explain->model, &question, &reply);

    if (err != LLMLEARN_OK)
        return err;
    count_reply(explain, &reply, out);
    *out_reason = reply.reason;
    if (reply.reason == NULL)
        err = check_reply(explain->request, reply.text, out_reason);
    if (err == LLMLEARN_OK && *out_reason == NULL) {
        out->text = reply.text;
        reply.text = NULL;
    }
    ll_model_reply_free(&reply);
    return err;
}

/* Cache, then model. */
static llmlearn_err answer(const ll_explain *explain, const char *version, const char *prompt,
                           ll_deadline deadline, ll_explained *out, const char **out_reason)
{
    const ll_response_key key = { ll_model_name(explain->model), version, prompt };
    llmlearn_err err;

    if (explain->cache != NULL)
        out->text = ll_response_cache_get(explain->cache, &key);
    out->cached = out->text != NULL;
    if (out->cached)
        return LLMLEARN_OK;
    err = ask_model(explain, prompt, deadline, out, out_reason);
    if (err == LLMLEARN_OK && *out_reason == NULL && explain->cache != NULL)
        ll_response_cache_put(explain->cache, &key, out->text);
    return err;
}

/* Has out->text on success; else *out_reason. */
static llmlearn_err try_version(const ll_explain *explain, const ll_values *v, const char *version,
                                const char *text, ll_deadline deadline, ll_explained *out,
                                const char **out_reason)
{
    char *prompt = NULL;
    llmlearn_err err;

    *out_reason = explain->model == NULL ? "no_model" : text == NULL ? "no_text" : NULL;
    if (*out_reason != NULL)
        return LLMLEARN_OK;
    err = ll_values_fill_in(v, text, &prompt);
    if (err == LLMLEARN_EINVAL) {
        *out_reason = "prompt";
        return LLMLEARN_OK;
    }
    if (err == LLMLEARN_OK)
        err = answer(explain, version, prompt, deadline, out, out_reason);
    free(prompt);
    return err;
}

/* ---- all of it --------------------------------------------------------- */

static llmlearn_err fall_back_to_template(const ll_explain *explain, const ll_values *v,
                                          ll_explained *out)
{
    const char *own = explain->request->fallback;
    llmlearn_err err = LLMLEARN_EINVAL;

    if (own != NULL)
        err = ll_values_fill_in(v, own, &out->text);
    if (err == LLMLEARN_EINVAL) /* one that cannot be filled in must not leave a reader without */
        err = ll_values_fill_in(v, built_in, &out->text);
    out->source = LLMLEARN_FROM_TEMPLATE;
    return err;
}

/* The assigned variant leaves half of the time for the other, if there is one. */
static ll_deadline first_deadline(const ll_explain *explain)
{
    uint64_t left = ll_deadline_left_ms(explain->deadline);

    return explain->other_text != NULL ? ll_deadline_within_ms(explain->deadline, left / 2)
                                       : explain->deadline;
}

llmlearn_err ll_explain_run(const ll_explain *explain, ll_explained *out)
{
    const llmlearn_assignment *assigned = explain->assigned;
    ll_explained e = { .prompt_tokens = -1, .completion_tokens = -1, .cost_nanousd = -1 };
    const char *other_reason = NULL;
    ll_values v = { .count = 0 };
    llmlearn_err err;

    read_values(explain->request, &v);
    err = try_version(explain, &v, assigned->version, assigned->text, first_deadline(explain), &e,
                      &e.reason);
    e.source = e.cached ? LLMLEARN_FROM_CACHE : LLMLEARN_FROM_MODEL;
    e.answered = assigned->version;
    if (err == LLMLEARN_OK && e.text == NULL && explain->other_text != NULL) {
        err = try_version(explain, &v, explain->other_version, explain->other_text,
                          explain->deadline, &e, &other_reason);
        e.source = LLMLEARN_FROM_BASELINE;
        e.answered = explain->other_version;
    }
    if (err == LLMLEARN_OK && e.text == NULL) {
        e.answered = NULL;
        err = fall_back_to_template(explain, &v, &e);
    }
    if (err != LLMLEARN_OK) {
        free(e.text);
        return err;
    }
    *out = e;
    return LLMLEARN_OK;
}
