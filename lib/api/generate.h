/* generate.h - variants of a prompt, written by a model from what was learned, and judged.
 *
 *   read the lessons ──▶ reserve ──▶ ask ──▶ settle ──▶ judge ──▶ moderate, replay ──▶ store
 *
 * Reading is a snapshot; reserving, settling and storing are transactions of their own, so that
 * what was paid is booked whatever happens next.
 *
 * Uses: model, handle; prompt, store. */
#ifndef LL_API_GENERATE_H
#define LL_API_GENERATE_H

#include "api/handle.h"
#include "store/ledger.h"

#define LL_GENERATE_COUNT 3u
#define LL_GENERATE_COUNT_MAX 10u
#define LL_GENERATE_REPLAYS_MAX 20u
#define LL_GENERATE_FIELDS_MAX 32u

/* LLMLEARN_EINVAL with the field. */
llmlearn_err ll_generate_check(const llmlearn_generation *generation);

/* In the transaction that stores the variants: an error stores none. The data is a copy of the
 * caller's, who may be gone by then. */
typedef llmlearn_err (*ll_generate_note_fn)(const void *data, ll_connection *connection,
                                            int64_t now_us);

typedef struct ll_generate_note {
    ll_generate_note_fn write; /* NULL: nothing more to do */
    const void *data;
    size_t bytes;
} ll_generate_note;

/* As llmlearn_generate_variants, with the generation checked. */
llmlearn_err ll_generate_run(llmlearn *learner, const llmlearn_generation *generation,
                             ll_deadline deadline, const ll_generate_note *note, char **out_json);

#endif
