/* change.h - calls by which a person changes who is served: each with an actor and a reason.
 *
 * Uses: experiment, ingest. */
#ifndef LL_API_CHANGE_H
#define LL_API_CHANGE_H

#include "api/handle.h"
#include "experiment/promote.h"

/* What was asked; NULL and 0 where the call has no such argument. */
typedef struct ll_change_request {
    const char *signal, *version, *actor, *reason;
    uint64_t test;
} ll_change_request;

/* On the ingest thread, in its transaction; change->signal is set if the request has a signal. */
typedef llmlearn_err (*ll_change_fn)(const ll_change *change, const ll_change_request *request);

/* Checks actor and reason, copies the request into a job, and waits for `make`. */
llmlearn_err ll_change_submit(llmlearn *learner, const ll_change_request *request,
                              uint32_t deadline_ms, ll_change_fn make);

#endif
