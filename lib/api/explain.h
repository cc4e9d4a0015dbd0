/* explain.h - one explanation: which prompt, which answer, and what is told of it.
 *
 *   assigned variant ──▶ ask ──▶ champion or baseline ──▶ ask ──▶ template
 *                         │ good                            │ good     │
 *                         └────────────────┬────────────────┴──────────┘
 *                                          ▼ explanation, to be logged
 *
 * Uses: model, handle, experiment, llm, prompt, store. */
#ifndef LL_API_EXPLAIN_H
#define LL_API_EXPLAIN_H

#include "api/handle.h"
#include "api/model.h"
#include "llm/response_cache.h"
#include "prompt/values.h"

#define LL_EXPLAIN_VALUES_MAX 64u
#define LL_EXPLAIN_FIELDS_MAX 32u

/* What came of it. */
typedef struct ll_explained {
    llmlearn_source source;
    char *text;                   /* for free() */
    const char *reason;           /* static; NULL: the variant answered */
    const char *answered;         /* the version whose prompt was answered; NULL: none */
    const char *model, *provider; /* that was asked; NULL: none was */
    bool cached;
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* of all that was asked; -1: unknown */
} ll_explained;

typedef struct ll_explain {
    llmlearn *learner;
    ll_core *core;
    const llmlearn_explain_request *request;
    const llmlearn_assignment *assigned;
    const ll_model *model;    /* NULL: none */
    ll_response_cache *cache; /* NULL: not to be used */
    ll_deadline deadline;
} ll_explain;

/* LLMLEARN_ECANCELLED or LLMLEARN_ENOMEM; else there is a text. */
llmlearn_err ll_explain_run(const ll_explain *explain, ll_explained *out);

#endif
