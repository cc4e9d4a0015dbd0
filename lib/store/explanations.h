/* explanations.h - rows of llm_explanations: written by ingest, looked up by votes.
 *
 * Uses: connection. */
#ifndef LL_STORE_EXPLANATIONS_H
#define LL_STORE_EXPLANATIONS_H

#include "store/connection.h"

/* A text with its length; data NULL is NULL. */
typedef struct ll_span {
    const char *data;
    size_t bytes;
} ll_span;

typedef struct ll_explanation_row {
    llmlearn_id id;
    int64_t created_us;
    int64_t ticker, variant;
    int64_t model, provider; /* 0: NULL */
    uint32_t flags;          /* LLMLEARN_HAS_* say which numbers are not NULL */
    uint32_t digest;
    double confidence, latency_ms;
    int64_t prompt_tokens, completion_tokens, cost_nanousd;
    uint64_t test; /* 0: NULL, and arm too */
    uint32_t arm;
    bool counted;
    ll_span unit, fallback_reason, metadata, text;
} ll_explanation_row;

typedef enum ll_insertion {
    LL_INSERTED = 1,
    LL_INSERTION_DUPLICATE, /* the same record is there already */
    LL_INSERTION_CLASH      /* the id is there with other content: an alarm */
} ll_insertion;

/* LLMLEARN_EINVAL if the row breaks the schema: then nothing was inserted. */
llmlearn_err ll_explanations_insert(ll_connection *connection, const ll_explanation_row *row,
                                    ll_insertion *out_insertion);

/* What a vote needs to know about its explanation. */
typedef struct ll_explanation_facts {
    int64_t row; /* 0: no such explanation */
    int64_t created_us;
    int64_t ticker, variant;
    uint64_t test;
    uint32_t arm;
    bool counted;
    bool rated; /* has a live vote */
    bool has_unit;
    int64_t unit; /* hashed under the key given, if has_unit */
} ll_explanation_facts;

llmlearn_err ll_explanations_find(ll_connection *connection, const llmlearn_id *id,
                                  const uint64_t unit_key[2], ll_explanation_facts *out_facts);

#endif
