/* api_explain.c - llmlearn_explain: arguments, the variant, the log. */
#include "api/arguments.h"
#include "api/explain.h"
#include "base/err.h"
#include "experiment/experiment.h"
#include "store/names.h"
#include "store/variants.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 10000u
#define VALUE_BYTES_MAX (64u * 1024)
#define TEMPLATE_BYTES_MAX (64u * 1024)
#define SYSTEM_BYTES_MAX (64u * 1024)
#define UNIT_BYTES_MAX 256u
#define METADATA_BYTES_MAX (16u * 1024)

/* The struct as it was first released, without version. */
#define REQUEST_BYTES_MIN offsetof(llmlearn_explain_request, version)

#define KNOWN_FLAGS (LLMLEARN_EXPLAIN_JSON | LLMLEARN_EXPLAIN_UNCACHED | LLMLEARN_HAS_CONFIDENCE)

_Static_assert((LLMLEARN_HAS_CONFIDENCE & (LLMLEARN_EXPLAIN_JSON | LLMLEARN_EXPLAIN_UNCACHED)) == 0,
               "flags of two kinds in one word");

/* ---- arguments --------------------------------------------------------- */

static bool check_texts(const llmlearn_explain_request *r)
{
    return ll_argument_name("ticker", r->ticker, true) != SIZE_MAX &&
           ll_argument_signal("signal", r->signal) != SIZE_MAX &&
           ll_argument_text("unit", r->unit, false, 1, UNIT_BYTES_MAX) != SIZE_MAX &&
           ll_argument_text("metadata_json", r->metadata_json, false, 2, METADATA_BYTES_MAX) !=
               SIZE_MAX &&
           ll_argument_text("fallback", r->fallback, false, 1, TEMPLATE_BYTES_MAX) != SIZE_MAX &&
           ll_argument_text("system", r->system, false, 1, SYSTEM_BYTES_MAX) != SIZE_MAX &&
           ll_argument_name("version", r->version, false) != SIZE_MAX;
}

static bool is_given_already(const llmlearn_explain_request *r, uint32_t i)
{
    static const char *const own[] = { "ticker", "signal", "confidence" };
    const char *name = r->values[i].name;

    for (size_t j = 0; j < sizeof own / sizeof own[0]; j++) {
        if (strcmp(name, own[j]) == 0)
            return true;
    }
    for (uint32_t j = 0; j < i; j++) {
        if (strcmp(name, r->values[j].name) == 0)
            return true;
    }
    return false;
}

static llmlearn_err check_values(const llmlearn_explain_request *r)
{
    if (r->value_count > LL_EXPLAIN_VALUES_MAX || (r->value_count > 0 && r->values == NULL))
        return ll_fail(LLMLEARN_EINVAL, "values: value_count of them, up to %u",
                       LL_EXPLAIN_VALUES_MAX);
    for (uint32_t i = 0; i < r->value_count; i++) {
        if (!ll_template_is_name(r->values[i].name))
            return ll_fail(LLMLEARN_EINVAL,
                           "values: %u has no name of letters, digits and _, of at "
                           "most %u, no digit first",
                           i, LL_TEMPLATE_NAME_BYTES_MAX);
        if (is_given_already(r, i))
            return ll_fail(LLMLEARN_EINVAL, "values: %s has a value already", r->values[i].name);
        if (ll_argument_text(r->values[i].name, r->values[i].text, true, 0, VALUE_BYTES_MAX) ==
            SIZE_MAX)
            return LLMLEARN_EINVAL;
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_fields(const llmlearn_explain_request *r)
{
    if (r->field_count > LL_EXPLAIN_FIELDS_MAX || (r->field_count > 0 && r->fields == NULL))
        return ll_fail(LLMLEARN_EINVAL, "fields: field_count of them, up to %u",
                       LL_EXPLAIN_FIELDS_MAX);
    for (uint32_t i = 0; i < r->field_count; i++) {
        if (ll_argument_text("fields", r->fields[i], true, 1, LL_TEMPLATE_NAME_BYTES_MAX) ==
            SIZE_MAX)
            return LLMLEARN_EINVAL;
    }
    return LLMLEARN_OK;
}

static llmlearn_err check(const llmlearn_explain_request *r)
{
    bool confident = (r->flags & LLMLEARN_HAS_CONFIDENCE) != 0;
    llmlearn_err err;

    if ((r->flags & ~KNOWN_FLAGS) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: unknown bits 0x%x", r->flags & ~KNOWN_FLAGS);
    if (r->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: must be 0");
    if (!(confident ? r->confidence >= 0 && r->confidence <= 1 : r->confidence == 0))
        return ll_fail(LLMLEARN_EINVAL, "confidence: must be 0 to 1, with LLMLEARN_HAS_CONFIDENCE "
                                        "in flags");
    if (!check_texts(r))
        return LLMLEARN_EINVAL;
    err = check_values(r);
    return err == LLMLEARN_OK ? check_fields(r) : err;
}

/* ---- a version that was asked for --------------------------------------- */

static llmlearn_err read_version(ll_connection *connection, const llmlearn_explain_request *r,
                                 char **out_text)
{
    ll_variant found = { .id = 0 };
    int64_t signal = 0;
    llmlearn_err err =
        ll_names_find(connection, LL_NAME_SIGNAL, r->signal, strlen(r->signal), &signal);

    if (err == LLMLEARN_OK && signal != 0)
        err = ll_variants_find(connection, signal, r->version, strlen(r->version), &found);
    if (err != LLMLEARN_OK)
        return err;
    if (found.id == 0)
        return ll_fail(LLMLEARN_ENOTFOUND, "version: %s has no version %s", r->signal, r->version);
    if (found.status == LL_VARIANT_REJECTED)
        return ll_fail(LLMLEARN_ESTATE, "version: %s was rejected; llmlearn_variants says why",
                       r->version);
    return ll_variants_text(connection, signal, r->version, strlen(r->version), out_text);
}

/* *out_text: for free(); it must outlive the assignment. */
static llmlearn_err take_version(llmlearn *learner, const llmlearn_explain_request *r,
                                 ll_deadline deadline, llmlearn_assignment *out, char **out_text)
{
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(learner, deadline, &core);

    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = read_version(connection, r, out_text);
    ll_store_read_end(core->store);
    if (err == LLMLEARN_OK)
        err = ll_experiment_intern(core->experiment, r->version, strlen(r->version), &out->version);
    out->text = *out_text;
    return err;
}

/* ---- log and tell ------------------------------------------------------ */

static uint32_t known_flags(const ll_explained *e)
{
    return (e->prompt_tokens >= 0 ? LLMLEARN_HAS_PROMPT_TOKENS : 0) |
           (e->completion_tokens >= 0 ? LLMLEARN_HAS_COMPLETION_TOKENS : 0) |
           (e->cost_nanousd >= 0 ? LLMLEARN_HAS_COST : 0) | (e->cached ? LLMLEARN_CACHED : 0) |
           (e->reason != NULL ? LLMLEARN_FALLBACK : 0);
}

static int64_t or_0(int64_t known)
{
    return known >= 0 ? known : 0;
}

/* A template that nobody was asked before takes microseconds: as a latency they would say that one
 * template has more to fill in than another, and a test's guardrail would hold it against it. */
static uint32_t latency_flag(const ll_explained *e)
{
    return e->source == LLMLEARN_FROM_TEMPLATE && e->model == NULL ? 0 : LLMLEARN_HAS_LATENCY;
}

/* A failed variant is logged as itself: leaving its failures out would make it look better than it
 * is. */
static llmlearn_err log_it(llmlearn *learner, const llmlearn_explain_request *r,
                           const llmlearn_assignment *a, const ll_explained *e, double latency_ms,
                           llmlearn_id *out_id)
{
    char reason[LL_VERSION_BYTES_MAX + 64];
    const llmlearn_explanation explanation = {
        .struct_size = sizeof explanation,
        .flags = known_flags(e) | (r->flags & LLMLEARN_HAS_CONFIDENCE) | latency_flag(e) | a->flags,
        .ticker = r->ticker,
        .signal = r->signal,
        .text = e->text,
        .version = a->version,
        .model = e->cached || e->source == LLMLEARN_FROM_TEMPLATE ? NULL : e->model,
        .provider = e->cached || e->source == LLMLEARN_FROM_TEMPLATE ? NULL : e->provider,
        .unit = r->unit,
        .fallback_reason = e->reason != NULL ? reason : NULL,
        .metadata_json = r->metadata_json,
        .confidence = r->confidence,
        .latency_ms = latency_flag(e) != 0 ? latency_ms : 0,
        .prompt_tokens = or_0(e->prompt_tokens),
        .completion_tokens = or_0(e->completion_tokens),
        .cost_nanousd = or_0(e->cost_nanousd),
        .test_id = a->test_id,
        .arm = a->arm,
    };

    if (e->reason != NULL && e->answered != NULL)
        snprintf(reason, sizeof reason, "%s; %s answered", e->reason, e->answered);
    else if (e->reason != NULL)
        snprintf(reason, sizeof reason, "%s; a template answered", e->reason);
    return llmlearn_log_explanation(learner, &explanation, out_id);
}

static void tell(const llmlearn_assignment *assigned, const ll_explained *e, double latency_ms,
                 llmlearn_explained *out)
{
    *out = (llmlearn_explained){ .source = e->source,
                                 .text = e->text,
                                 .version = assigned->version,
                                 .reason = e->reason != NULL ? e->reason : "",
                                 .test_id = assigned->test_id,
                                 .arm = assigned->arm,
                                 .flags = known_flags(e) | assigned->flags,
                                 .latency_ms = latency_ms,
                                 .prompt_tokens = or_0(e->prompt_tokens),
                                 .completion_tokens = or_0(e->completion_tokens),
                                 .cost_nanousd = or_0(e->cost_nanousd) };
}

static llmlearn_err explain(llmlearn *learner, const llmlearn_explain_request *r,
                            llmlearn_explained *out)
{
    uint64_t begun_ns = ll_clock_monotonic_ns();
    llmlearn_assignment assigned = { .struct_size = sizeof assigned };
    ll_explain ask = { .learner = learner,
                       .request = r,
                       .assigned = &assigned,
                       .deadline =
                           ll_deadline_in_ms(r->deadline_ms != 0 ? r->deadline_ms : DEADLINE_MS) };
    ll_explained e = { .text = NULL };
    char *owned = NULL;
    llmlearn_err err = ll_handle_enter_journal(learner, &ask.core);

    if (err == LLMLEARN_OK)
        err = r->version != NULL ? take_version(learner, r, ask.deadline, &assigned, &owned)
                                 : llmlearn_get_variant(learner, r->signal, r->unit, &assigned);
    if (err == LLMLEARN_OK) {
        bool cached = assigned.test_id == 0 && (r->flags & LLMLEARN_EXPLAIN_UNCACHED) == 0;

        ask.model = ll_models_get(ll_handle_models(learner), LL_MODEL_EXPLAINS);
        ask.cache = cached ? ask.core->answers : NULL;
        err = ll_explain_run(&ask, &e);
    }
    if (err == LLMLEARN_OK) {
        double latency_ms = (double)(ll_clock_monotonic_ns() - begun_ns) / 1e6;

        tell(&assigned, &e, latency_ms, out);
        /* A text that is not logged is better than none: who asked gets it. */
        if (log_it(learner, r, &assigned, &e, latency_ms, &out->id) != LLMLEARN_OK)
            out->flags |= LLMLEARN_UNLOGGED;
    }
    free(owned);
    return err;
}

llmlearn_err llmlearn_explain(llmlearn *learner, const llmlearn_explain_request *request,
                              llmlearn_explained *out_explained)
{
    llmlearn_explain_request r;
    llmlearn_explained out = { .struct_size = 0 };
    llmlearn_err err = ll_arguments_read("request", request, REQUEST_BYTES_MIN, &r, sizeof r);

    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_explained", out_explained, sizeof *out_explained);
    if (err == LLMLEARN_OK)
        err = check(&r);
    if (err == LLMLEARN_OK)
        err = explain(learner, &r, &out);
    if (err == LLMLEARN_OK)
        ll_arguments_write(out_explained, &out, sizeof out);
    return err;
}
