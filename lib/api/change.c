#include "api/change.h"

#include "api/arguments.h"
#include "base/err.h"

#include <stdlib.h>

#define ACTOR_BYTES_MAX 256u
#define REASON_BYTES_MAX 1000u

typedef struct change_job {
    ll_job job;
    char *signal, *version, *actor, *reason;
    uint64_t test;
    ll_change_fn make;
} change_job;

static void destroy(ll_job *job)
{
    change_job *c = (change_job *)job;

    free(c->signal);
    free(c->version);
    free(c->actor);
    free(c->reason);
    free(c);
}

static llmlearn_err run(ll_job *job, const ll_write *write)
{
    change_job *c = (change_job *)job;
    const ll_change_request request = { .signal = c->signal,
                                        .version = c->version,
                                        .actor = c->actor,
                                        .reason = c->reason,
                                        .test = c->test };
    ll_change change = { .connection = write->connection,
                         .now_us = write->now_us,
                         .actor = c->actor,
                         .reason = c->reason,
                         .vote_sequence = *write->vote_sequence };
    llmlearn_err err = LLMLEARN_OK;

    job->changes_config = true;
    if (c->signal != NULL)
        err = ll_promote_find_signal(write->connection, c->signal, &change.signal);
    return err == LLMLEARN_OK ? c->make(&change, &request) : err;
}

static change_job *copy(const ll_change_request *request, ll_change_fn make)
{
    change_job *c = (change_job *)ll_job_new(sizeof *c, run, destroy);
    bool failed = false;

    if (c == NULL)
        return NULL;
    c->signal = ll_argument_copy(request->signal, &failed);
    c->version = ll_argument_copy(request->version, &failed);
    c->actor = ll_argument_copy(request->actor, &failed);
    c->reason = ll_argument_copy(request->reason, &failed);
    c->test = request->test;
    c->make = make;
    if (!failed)
        return c;
    ll_job_release(&c->job);
    return NULL;
}

llmlearn_err ll_change_submit(llmlearn *learner, const ll_change_request *request,
                              uint32_t deadline_ms, ll_change_fn make)
{
    if (ll_argument_text("actor", request->actor, true, 1, ACTOR_BYTES_MAX) == SIZE_MAX ||
        ll_argument_text("reason", request->reason, true, 1, REASON_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    change_job *c = copy(request, make);
    if (c == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the call");
    llmlearn_err err = ll_handle_submit(learner, &c->job, ll_handle_deadline(deadline_ms));
    ll_job_release(&c->job);
    return err;
}
