/* models.h - when will a model be shut down?
 *
 * GET {base_url}/models: services that announce it give each model a shutdown_date, "YYYY-MM-DD"
 * or null.
 *
 * Threads: any.
 * Uses:    endpoint, session, json. */
#ifndef LL_LLM_MODELS_H
#define LL_LLM_MODELS_H

#include "llm/session.h"

#define LL_MODELS_RESPONSE_BYTES_MAX (4u * 1024 * 1024) /* resellers list a thousand models */

typedef struct ll_models_retirement {
    bool announced;
    int64_t day; /* days since 1970-01-01, as in ll_clock_day; the rest only if announced */
    char date[LL_TIME_TEXT_BYTES]; /* "2027-01-14" */
    int64_t days_left;             /* negative once it is over */
} ll_models_retirement;

/* Of endpoint->model. LLMLEARN_ENOTFOUND if the service does not list it; else as ll_chat_ask. */
llmlearn_err ll_models_ask(const ll_llm_endpoint *endpoint, ll_deadline deadline,
                           const atomic_int *cancel, ll_models_retirement *out_retirement);

/* The body of a status 200. */
llmlearn_err ll_models_parse(const char *body, size_t bytes, const char *model, int64_t today,
                             ll_models_retirement *out_retirement);

#endif
