/* generate_store.h - what a generation writes: its calls in the ledger, its variants.
 *
 * Each is a job of its own on the ingest thread, with copies of all that it needs: who asked may
 * have left when it runs.
 *
 * Uses: handle; prompt, store. */
#ifndef LL_API_GENERATE_STORE_H
#define LL_API_GENERATE_STORE_H

#include "api/generate.h"
#include "prompt/candidates.h"

typedef struct ll_paid_call {
    ll_ledger_kind kind;
    int64_t signal, parent;
    const char *run, *model;
    const char *comments; /* JSON list; NULL */
    int64_t ceiling_nanousd;
} ll_paid_call;

/* LLMLEARN_EBUDGET; the storing errors. */
llmlearn_err ll_generate_reserve(llmlearn *learner, const ll_paid_call *call, ll_deadline deadline,
                                 int64_t *out_id);
/* After LLMLEARN_EUNKNOWN of the latter: nothing was called, and if it stands it is let go. */
llmlearn_err ll_generate_release(llmlearn *learner, const char *run, ll_deadline deadline);
llmlearn_err ll_generate_settle(llmlearn *learner, int64_t id, const ll_ledger_result *result,
                                ll_deadline deadline);

typedef struct ll_generated {
    int64_t signal, parent, generation;
    size_t first_place; /* of the first version */
    const char *model;
    const ll_candidates *candidates;
    const char *const *reasons; /* of each candidate; NULL: it becomes a draft */
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* of all; -1: unknown */
    const ll_generate_note *note;
} ll_generated;

/* Version i is named by ll_generate_version() for place first_place + i. LLMLEARN_EEXIST: somebody
 * has given one of these names to a version meanwhile. */
llmlearn_err ll_generate_store(llmlearn *learner, const ll_generated *generated,
                               ll_deadline deadline);

#define LL_GENERATED_VERSION_BYTES 32
void ll_generate_version(int64_t generation, size_t place, char out[LL_GENERATED_VERSION_BYTES]);
/* The first place, from 0, behind which `count` names in a row are free: people may have versions
 * that are named like these. */
llmlearn_err ll_generate_find_place(ll_connection *connection, int64_t signal, int64_t generation,
                                    size_t count, size_t *out_place);

#endif
