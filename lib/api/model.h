/* model.h - the models that a process may ask, as the caller set them.
 *
 * A model never changes once it is set. Setting another publishes that by one pointer; calls that
 * began before go on with theirs, so all are kept until the handle is closed.
 *
 *   question ──▶ the library's client (llm/chat.h) ──▶ reply: a text, or why there is none
 *           └──▶ the caller's own (llmlearn_ask_fn) ─┘
 *
 * Threads: any; closing comes last.
 * Uses:    base, llm. */
#ifndef LL_API_MODEL_H
#define LL_API_MODEL_H

#include "base/clock.h"
#include "llm/chat.h"

#include <stdatomic.h>

typedef enum ll_model_use {
    LL_MODEL_EXPLAINS,
    LL_MODEL_GENERATES,
    LL_MODEL_MODERATES,
    LL_MODEL_USES
} ll_model_use;

typedef struct ll_model ll_model;

/* All zero: none is set. */
typedef struct ll_models {
    _Atomic(ll_model *) current[LL_MODEL_USES];
    _Atomic(ll_model *) all;
} ll_models;

void ll_models_free(ll_models *models);

/* NULL: none is set for that. */
const ll_model *ll_models_get(const ll_models *models, ll_model_use use);

const char *ll_model_name(const ll_model *model);
const char *ll_model_provider(const ll_model *model);
/* Its name, and which one of that name: another is told from it as long as the handle lives. */
const char *ll_model_identity(const ll_model *model);
/* NULL: the caller asks it himself. */
const ll_llm_endpoint *ll_model_endpoint(const ll_model *model);

typedef struct ll_model_question {
    const char *system; /* NULL: none */
    const char *prompt;
    const char *data;        /* NULL: none */
    const char *schema_name; /* with json_schema */
    const char *json_schema; /* NULL: any text */
    uint32_t max_tokens;     /* unless the model has its own */
    ll_deadline deadline;
    const atomic_int *cancel; /* NULL: nobody does */
} ll_model_question;

typedef struct ll_model_reply {
    const char *reason; /* static: why there is no text; NULL: there is one */
    char *text;
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* -1: unknown */
    uint32_t lost; /* tries that brought no answer, and may be billed beside that cost */
} ll_model_reply;

/* LLMLEARN_OK also if the model failed: then with a reason. Else LLMLEARN_ENOMEM or
 * LLMLEARN_ECANCELLED (the flag is raised); the reply then says what it cost, and has no text. */
llmlearn_err ll_model_ask(const ll_model *model, const ll_model_question *question,
                          ll_model_reply *out_reply);
void ll_model_reply_free(ll_model_reply *reply);

/* What a question can cost at the most, with all its tries; -1: the price is not known. */
int64_t ll_model_ceiling_nanousd(const ll_model *model, const ll_model_question *question);
/* The most tries that it can take. */
int64_t ll_model_tries(const ll_model *model, const ll_model_question *question);

#endif
