/* api_explanations.c - explanations read back: one, or a page of them. */
#include "analytics/explanation.h"
#include "analytics/explanation_page.h"
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"

#define USER_BYTES_MAX 256u
#define LIMIT_DEFAULT 20u
#define LIMIT_MAX 100u

/* Of the time that is left, what storing may not take: reading must still fit. */
#define READ_SHARE 4

/* ---- one --------------------------------------------------------------- */

static llmlearn_err read_explanation(ll_core *core, const llmlearn_id *id, ll_deadline deadline,
                                     char **out_json)
{
    ll_connection *connection = NULL;
    llmlearn_err err = ll_store_read_begin(core->store, deadline, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_explanation_json(connection, id, out_json);
    ll_store_read_end(core->store);
    return err;
}

llmlearn_err llmlearn_get_explanation(llmlearn *learner, const llmlearn_id *id,
                                      uint32_t deadline_ms, char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    llmlearn_err err;

    if (id == NULL || out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "id and out_json are required");
    err = ll_handle_enter(learner, deadline, &core);
    if (err != LLMLEARN_OK)
        return err;
    err = read_explanation(core, id, deadline, out_json);
    if (err != LLMLEARN_ENOTFOUND)
        return err;
    err = ll_ingest_drain(core->ingest, true, deadline); /* it may still be in a journal */
    return err == LLMLEARN_OK ? read_explanation(core, id, deadline, out_json) : err;
}

/* ---- a page ------------------------------------------------------------ */

static llmlearn_err check_query(const llmlearn_explanations_query *q)
{
    if (q->limit > LIMIT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "limit: %u; at most %u is allowed, and 0 for %u", q->limit,
                       LIMIT_MAX, LIMIT_DEFAULT);
    if (q->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: must be 0");
    if ((q->signal != NULL && ll_argument_signal("signal", q->signal) == SIZE_MAX) ||
        ll_argument_name("ticker", q->ticker, false) == SIZE_MAX ||
        ll_argument_name("version", q->version, false) == SIZE_MAX ||
        ll_argument_text("user", q->user, false, 1, USER_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return LLMLEARN_OK;
}

/* Stores what this process has logged; what others have is theirs to store, within their interval.
 * A disk that takes nothing more still gives what it has: then some is pending. */
static uint64_t store_own(ll_core *core, ll_deadline deadline)
{
    uint64_t left_ms = ll_deadline_left_ms(deadline);

    if (ll_core_pending_records(core) == 0)
        return 0;
    (void)ll_ingest_drain(core->ingest, false,
                          ll_deadline_within_ms(deadline, left_ms - left_ms / READ_SHARE));
    return ll_core_pending_records(core);
}

static llmlearn_err read_page(ll_core *core, const llmlearn_explanations_query *q,
                              ll_deadline deadline, char **out_json)
{
    const ll_explanation_page page = { .limit = q->limit == 0 ? LIMIT_DEFAULT : q->limit,
                                       .signal = q->signal,
                                       .ticker = q->ticker,
                                       .version = q->version,
                                       .user = q->user,
                                       .before = q->before,
                                       .pending = store_own(core, deadline) };
    ll_connection *connection = NULL;
    llmlearn_err err = ll_store_read_begin(core->store, deadline, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_explanation_page_json(connection, &page, out_json);
    ll_store_read_end(core->store);
    return err;
}

llmlearn_err llmlearn_explanations(llmlearn *learner, const llmlearn_explanations_query *query,
                                   char **out_json)
{
    llmlearn_explanations_query q;
    ll_core *core = NULL;
    ll_deadline deadline;
    llmlearn_err err = ll_arguments_read("query", query, sizeof q, &q, sizeof q);

    if (err == LLMLEARN_OK)
        err = check_query(&q);
    if (err == LLMLEARN_OK && out_json == NULL)
        err = ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the page is required");
    if (err != LLMLEARN_OK)
        return err;
    deadline = ll_handle_deadline(q.deadline_ms);
    err = ll_handle_enter(learner, deadline, &core);
    return err == LLMLEARN_OK ? read_page(core, &q, deadline, out_json) : err;
}
