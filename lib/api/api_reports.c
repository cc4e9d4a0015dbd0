/* The header's section "reports": what is asked of tests and decisions. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "experiment/listing.h"
#include "experiment/series.h"

#define LIMIT_DEFAULT 100u
#define LIMIT_MAX 1000u

/* Begins reading, after the checks that both reports share. */
static llmlearn_err begin(llmlearn *learner, const char *signal, uint32_t limit, char **out_json,
                          ll_core **out_core, ll_connection **out_connection)
{
    ll_deadline deadline = ll_handle_deadline(0);
    llmlearn_err err = ll_handle_enter(learner, deadline, out_core);

    if (err != LLMLEARN_OK)
        return err;
    if (signal != NULL && ll_argument_signal("signal", signal) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (limit > LIMIT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "limit: %u; at most 1,000 is allowed, and 0 for 100",
                       limit);
    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    return ll_store_read_begin((*out_core)->store, deadline, out_connection);
}

llmlearn_err llmlearn_ab_tests(llmlearn *learner, const char *signal, uint32_t limit,
                               char **out_json)
{
    ll_core *core = NULL;
    ll_connection *connection = NULL;
    llmlearn_err err = begin(learner, signal, limit, out_json, &core, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_listing_tests(connection, signal, limit == 0 ? LIMIT_DEFAULT : limit,
                           ll_clock_now_us(&ll_handle_settings(learner)->clock), out_json);
    ll_store_read_end(core->store);
    return err;
}

llmlearn_err llmlearn_decisions(llmlearn *learner, const char *signal, uint32_t limit,
                                char **out_json)
{
    ll_core *core = NULL;
    ll_connection *connection = NULL;
    llmlearn_err err = begin(learner, signal, limit, out_json, &core, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_listing_decisions(connection, signal, limit == 0 ? LIMIT_DEFAULT : limit, out_json);
    ll_store_read_end(core->store);
    return err;
}

llmlearn_err llmlearn_ab_test_series(llmlearn *learner, uint64_t test_id, uint32_t deadline_ms,
                                     char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err;

    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    err = ll_handle_enter(learner, deadline, &core);
    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_series_json(connection, test_id, ll_clock_now_us(&ll_handle_settings(learner)->clock),
                         out_json);
    ll_store_read_end(core->store);
    return err;
}
