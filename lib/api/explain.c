#include "api/explain.h"

#include "base/err.h"
#include "prompt/reply.h"
#include "prompt/values.h"
#include "store/names.h"
#include "store/variants.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOKENS 1024u
/* Reports and the like read the store too, one after another. */
#define BASELINE_PATIENCE_MS 100u

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
    if (*sum >= 0 && (more < 0 || __builtin_add_overflow(*sum, more, sum)))
        *sum = more < 0 ? -1 : INT64_MAX;
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

/* ---- the other prompt -------------------------------------------------- */

/* Another version to ask when the assigned one failed. */
typedef struct other {
    bool looked_for;
    const char *version, *text; /* NULL: there is none */
    char *owned;
} other;

/* The baseline's text, for free(); NULL: none, or it could not be read in time. */
static char *read_baseline(const ll_explain *explain, const char *baseline)
{
    const char *signal = explain->request->signal;
    ll_deadline deadline = ll_deadline_within_ms(explain->deadline, BASELINE_PATIENCE_MS);
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    int64_t id = 0;
    char *text = NULL;

    /* Until it runs another thread may be making the store, or giving it up again. */
    if (!ll_handle_is_running(explain->learner, &core) ||
        ll_store_read_begin(core->store, deadline, &connection) != LLMLEARN_OK)
        return NULL;
    if (ll_names_find(connection, LL_NAME_SIGNAL, signal, strlen(signal), &id) == LLMLEARN_OK &&
        id != 0)
        (void)ll_variants_text(connection, id, baseline, strlen(baseline), &text);
    ll_store_read_end(core->store);
    return text;
}

/* The champion's, or if that is the one assigned the baseline's. Only once a model is to be asked:
 * an answer out of the cache does not wait for the store. */
static void find_other(const ll_explain *explain, other *o)
{
    const char *assigned = explain->assigned->version, *signal = explain->request->signal;

    if (explain->model == NULL || o->looked_for)
        return;
    o->looked_for = true;
    if (ll_experiment_champion(explain->core->experiment, signal, strlen(signal), &o->version,
                               &o->text) &&
        strcmp(o->version, assigned) != 0)
        return;
    o->version = ll_handle_settings(explain->learner)->baseline;
    o->text = NULL;
    if (strcmp(o->version, assigned) != 0)
        o->text = o->owned = read_baseline(explain, o->version);
}

/* The assigned variant leaves half of the time for the other, if there is one. */
static ll_deadline first_deadline(const ll_explain *explain, other *o)
{
    find_other(explain, o);
    return o->text != NULL ? ll_deadline_within_ms(explain->deadline,
                                                   ll_deadline_left_ms(explain->deadline) / 2)
                           : explain->deadline;
}

/* ---- one prompt -------------------------------------------------------- */

/* What was good for one request need not be for another with the same prompt. */
static llmlearn_err find_answer(const ll_explain *explain, const ll_response_key *key,
                                ll_explained *out)
{
    const char *fault = NULL;
    char *text = explain->cache != NULL ? ll_response_cache_get(explain->cache, key) : NULL;
    llmlearn_err err = LLMLEARN_OK;

    if (text != NULL)
        err = check_reply(explain->request, text, &fault);
    if (text != NULL && err == LLMLEARN_OK && fault == NULL) {
        out->text = text;
        out->cached = true;
        return LLMLEARN_OK;
    }
    free(text);
    return err;
}

/* Cache, then model; `o` if another is to be asked after it. */
static llmlearn_err answer(const ll_explain *explain, const char *version, const char *prompt,
                           other *o, ll_explained *out, const char **out_reason)
{
    const ll_response_key key = { .model = ll_model_identity(explain->model),
                                  .version = version,
                                  .prompt = prompt,
                                  .system = explain->request->system };
    llmlearn_err err = find_answer(explain, &key, out);

    if (err != LLMLEARN_OK || out->text != NULL)
        return err;
    err = ask_model(explain, prompt, o != NULL ? first_deadline(explain, o) : explain->deadline,
                    out, out_reason);
    if (err == LLMLEARN_OK && *out_reason == NULL && explain->cache != NULL)
        ll_response_cache_put(explain->cache, &key, out->text);
    return err;
}

/* Has out->text on success; else *out_reason. */
static llmlearn_err try_version(const ll_explain *explain, const ll_values *v, const char *version,
                                const char *text, other *o, ll_explained *out,
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
        err = answer(explain, version, prompt, o, out, out_reason);
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

static llmlearn_err try_other(const ll_explain *explain, const ll_values *v, other *o,
                              ll_explained *out)
{
    const char *reason = NULL;

    find_other(explain, o);
    if (o->text == NULL)
        return LLMLEARN_OK;
    out->source = LLMLEARN_FROM_BASELINE;
    out->answered = o->version;
    return try_version(explain, v, o->version, o->text, NULL, out, &reason);
}

llmlearn_err ll_explain_run(const ll_explain *explain, ll_explained *out)
{
    const llmlearn_assignment *assigned = explain->assigned;
    ll_explained e = { .prompt_tokens = -1, .completion_tokens = -1, .cost_nanousd = -1 };
    ll_values v = { .count = 0 };
    other o = { .looked_for = false };
    llmlearn_err err;

    read_values(explain->request, &v);
    err = try_version(explain, &v, assigned->version, assigned->text, &o, &e, &e.reason);
    e.source = e.cached ? LLMLEARN_FROM_CACHE : LLMLEARN_FROM_MODEL;
    e.answered = assigned->version;
    if (err == LLMLEARN_OK && e.text == NULL)
        err = try_other(explain, &v, &o, &e);
    if (err == LLMLEARN_OK && e.text == NULL) {
        e.answered = NULL;
        err = fall_back_to_template(explain, &v, &e);
    }
    free(o.owned);
    if (err != LLMLEARN_OK) {
        free(e.text);
        return err;
    }
    *out = e;
    return LLMLEARN_OK;
}
