/* The header's section "generate". */
#include "api/arguments.h"
#include "api/change.h"
#include "api/generate.h"
#include "base/err.h"
#include "experiment/json.h"
#include "store/lineage.h"
#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 120000u
#define LIMIT_DEFAULT 100u
#define LIMIT_MAX 1000u

llmlearn_err llmlearn_generate_variants(llmlearn *learner, const llmlearn_generation *generation,
                                        char **out_json)
{
    const ll_generate_note nothing = { .write = NULL };
    llmlearn_generation g;
    llmlearn_err err = ll_arguments_read("generation", generation, sizeof g, &g, sizeof g);

    if (err == LLMLEARN_OK)
        err = ll_generate_check(&g);
    if (err != LLMLEARN_OK)
        return err;
    return ll_generate_run(learner, &g,
                           ll_deadline_in_ms(g.deadline_ms != 0 ? g.deadline_ms : DEADLINE_MS),
                           &nothing, out_json);
}

/* ---- budget ------------------------------------------------------------ */

llmlearn_err llmlearn_set_budget(llmlearn *learner, const llmlearn_budget *budget)
{
    llmlearn_budget b;
    llmlearn_err err = ll_arguments_read("budget", budget, sizeof b, &b, sizeof b);

    if (err != LLMLEARN_OK)
        return err;
    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    if (b.reserved != 0 || b.run_nanousd < -1 || b.month_nanousd < -1)
        return ll_fail(LLMLEARN_EINVAL, "run_nanousd, month_nanousd: must be -1 or more");
    atomic_store(&learner->budget_run_nanousd, b.run_nanousd);
    atomic_store(&learner->budget_month_nanousd, b.month_nanousd);
    return LLMLEARN_OK;
}

/* ---- approve ----------------------------------------------------------- */

static llmlearn_err is_a_models(void *context, const ll_lineage *lineage)
{
    (void)lineage;
    *(bool *)context = true;
    return LLMLEARN_OK;
}

static llmlearn_err approve(const ll_change *change, const ll_change_request *request)
{
    const char *version = request->version;
    ll_variant found = { .id = 0 };
    bool known = false;
    llmlearn_err err =
        ll_variants_find(change->connection, change->signal, version, strlen(version), &found);

    if (err == LLMLEARN_OK && found.id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "version: the signal has no version %s", version);
    if (err == LLMLEARN_OK)
        err = ll_lineage_list(change->connection,
                              &(ll_lineage_filter){ .variant = found.id, .limit = 1 }, is_a_models,
                              &known);
    if (err == LLMLEARN_OK && !known)
        err = ll_fail(LLMLEARN_ESTATE, "version: no model wrote %s, it needs no approval", version);
    if (err == LLMLEARN_OK)
        err = ll_lineage_approve(change->connection, found.id, change->actor, change->now_us);
    return err;
}

llmlearn_err llmlearn_approve_variant(llmlearn *learner, const char *signal, const char *version,
                                      const char *actor, const char *reason, uint32_t deadline_ms)
{
    const ll_change_request request = {
        .signal = signal, .version = version, .actor = actor, .reason = reason
    };

    if (ll_argument_signal("signal", signal) == SIZE_MAX ||
        ll_argument_name("version", version, true) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return ll_change_submit(learner, &request, deadline_ms, approve);
}

/* ---- list -------------------------------------------------------------- */

static void put_time(ll_json_writer *w, const char *key, int64_t time_us)
{
    if (time_us != 0)
        ll_json_put_time(w, key, time_us);
    else
        ll_json_writer_put_null(w, key);
}

static llmlearn_err put_variant(void *context, const ll_lineage *l)
{
    ll_json_writer *w = context;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_string(w, "signal", l->signal);
    ll_json_writer_put_string(w, "version", l->version);
    ll_json_writer_put_string(w, "status", ll_variant_status_name(l->status));
    ll_json_writer_put_string(w, "parent", l->parent);
    ll_json_writer_put_string(w, "text", l->text);
    put_time(w, "created_at", l->created_us);
    ll_json_writer_put_string(w, "model", l->model);
    if (l->generation != 0)
        ll_json_writer_put_int(w, "generation", l->generation);
    else
        ll_json_writer_put_null(w, "generation");
    ll_json_put_count(w, "prompt_tokens", l->prompt_tokens);
    ll_json_put_count(w, "completion_tokens", l->completion_tokens);
    ll_json_put_count(w, "cost_nanousd", l->cost_nanousd);
    ll_json_writer_put_string(w, "reason", l->reason);
    ll_json_writer_put_string(w, "hypothesis", l->hypothesis);
    ll_json_writer_put_string(w, "approved_by", l->approved_by);
    put_time(w, "approved_at", l->approved_us);
    ll_json_writer_close(w, '}');
    return LLMLEARN_OK;
}

static llmlearn_err list(ll_connection *connection, const char *signal, uint32_t limit,
                         char **out_json)
{
    ll_lineage_filter filter = { .anybodys = true, .limit = limit };
    ll_json_writer w = { .comma = false };
    llmlearn_err err = LLMLEARN_OK;

    if (signal != NULL)
        err = ll_names_find(connection, LL_NAME_SIGNAL, signal, strlen(signal), &filter.signal);
    ll_json_writer_open(&w, '{');
    ll_json_writer_key(&w, "variants");
    ll_json_writer_open(&w, '[');
    if (err == LLMLEARN_OK && (signal == NULL || filter.signal != 0))
        err = ll_lineage_list(connection, &filter, put_variant, &w);
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, '}');
    if (err == LLMLEARN_OK)
        return ll_json_take(&w, out_json);
    ll_buffer_free(&w.buffer);
    return err;
}

llmlearn_err llmlearn_variants(llmlearn *learner, const char *signal, uint32_t limit,
                               uint32_t deadline_ms, char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err;

    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    if (signal != NULL && ll_argument_signal("signal", signal) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (limit > LIMIT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "limit: up to %u", LIMIT_MAX);
    err = ll_handle_enter(learner, deadline, &core);
    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = list(connection, signal, limit != 0 ? limit : LIMIT_DEFAULT, out_json);
    ll_store_read_end(core->store);
    return err;
}
