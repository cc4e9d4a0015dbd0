/* lineage.h - variants that a model wrote: from what, by whom, for how much, and what became of
 * them.
 *
 *     a generation ──▶ draft ──(approved by a person, where one has to)──▶ as any other draft
 *                 └──▶ rejected, with the reason
 *
 * The rows are those of llm_variants; a row has a lineage if it has a generation. The cost is the
 * candidate's part of what its generation cost, which llm_generations counts against the budget.
 *
 * Uses: variants. */
#ifndef LL_STORE_LINEAGE_H
#define LL_STORE_LINEAGE_H

#include "store/variants.h"

#define LL_LINEAGE_UNKNOWN (-1)

typedef struct ll_lineage_candidate {
    ll_variant_text variant; /* with a text, also if it is rejected */
    int64_t generation;      /* of llm_generations */
    int64_t model;           /* of llm_names; 0: unknown */
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* or LL_LINEAGE_UNKNOWN */
    const char *reason;     /* why it is rejected; NULL: it is not, it becomes a draft */
    const char *hypothesis; /* what the model expects of it; NULL: it did not say */
} ll_lineage_candidate;

/* Adds it, or gives text and lineage to a version that has no text yet. The same candidate again
 * changes nothing. LLMLEARN_EEXIST: the version has a text of another origin. */
llmlearn_err ll_lineage_add(ll_connection *connection, const ll_lineage_candidate *candidate,
                            int64_t now_us, int64_t *out_variant);

/* Notes who approved a draft, and when. LLMLEARN_ESTATE: it is no draft with a text, or it is
 * approved already. */
llmlearn_err ll_lineage_approve(ll_connection *connection, int64_t variant, const char *who,
                                int64_t now_us);

/* Texts are valid until the callback returns. */
typedef struct ll_lineage {
    int64_t variant, generation;
    const char *signal, *version, *text;
    ll_variant_status status;
    const char *parent;                                     /* its version; NULL: none */
    const char *model;                                      /* NULL: unknown */
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* or LL_LINEAGE_UNKNOWN */
    const char *reason;                                     /* NULL: not rejected when it came */
    const char *approved_by;                                /* NULL: by nobody yet */
    int64_t approved_us, created_us;
    const char *hypothesis; /* NULL: none */
} ll_lineage;

typedef llmlearn_err (*ll_lineage_fn)(void *context, const ll_lineage *lineage);

typedef struct ll_lineage_filter {
    int64_t variant; /* 0: any */
    int64_t signal;  /* 0: any */
    bool waiting;    /* drafts that nobody has approved */
    bool anybodys;   /* also those that no model wrote: their generation is 0 */
    uint32_t limit;
} ll_lineage_filter;

/* The newest first. */
llmlearn_err ll_lineage_list(ll_connection *connection, const ll_lineage_filter *filter,
                             ll_lineage_fn each, void *context);

#endif
