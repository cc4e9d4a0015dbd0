/* decisions.h - rows of llm_decisions: what was changed, when, by whom and why.
 *
 * Rows are only ever added. from and to are the champion before and after; both NULL when
 * it stayed. For an archive `from` is the variant that was archived, for the breaker the one whose
 * arm was switched off. A test has at most one verdict.
 *
 * Uses: connection. */
#ifndef LL_STORE_DECISIONS_H
#define LL_STORE_DECISIONS_H

#include "store/connection.h"

typedef enum ll_decision_kind {
    LL_DECISION_START = 1,
    LL_DECISION_VERDICT,
    LL_DECISION_PROMOTION,
    LL_DECISION_ROLLBACK,
    LL_DECISION_STOP,
    LL_DECISION_ARCHIVE,
    LL_DECISION_BREAKER
} ll_decision_kind;

/* "start", ... as in the table. */
const char *ll_decision_kind_name(ll_decision_kind kind);

typedef struct ll_decision_row {
    int64_t at_us;
    int64_t signal;
    ll_decision_kind kind;
    uint64_t test; /* 0: NULL */
    const char *actor, *reason;
    int64_t from, to;    /* llm_variants.id; 0: NULL */
    const char *receipt; /* NULL: NULL */
    const void *inputs;  /* what a verdict was made of; NULL: NULL */
    size_t inputs_bytes;
} ll_decision_row;

llmlearn_err ll_decisions_add(ll_connection *connection, const ll_decision_row *row,
                              uint64_t *out_id);

/* The verdict of a test: its id, and its receipt as a copy to free(). out_id is 0 and
 * out_receipt NULL if there is none. */
llmlearn_err ll_decisions_verdict(ll_connection *connection, uint64_t test, uint64_t *out_id,
                                  char **out_receipt);

/* A decision as it was kept, with copies to free(). */
typedef struct ll_decision_kept {
    ll_decision_kind kind; /* 0: there is no such decision */
    uint64_t test;
    char *receipt, *inputs; /* NULL: none */
    size_t inputs_bytes;
} ll_decision_kept;

llmlearn_err ll_decisions_get(ll_connection *connection, uint64_t id, ll_decision_kept *out_kept);
void ll_decision_kept_free(ll_decision_kept *kept);

/* Was a champion made or a test begun for the signal after a decision? */
llmlearn_err ll_decisions_moved_on(ll_connection *connection, int64_t signal, uint64_t decision,
                                   bool *out_moved);

/* Did this test promote the variant? */
llmlearn_err ll_decisions_promoted(ll_connection *connection, uint64_t test, int64_t variant,
                                   bool *out_promoted);

/* The champion before the present one, with rollbacks already made taken into account, so that
 * rolling back again goes further back; 0: none. */
llmlearn_err ll_decisions_previous_champion(ll_connection *connection, int64_t signal,
                                            int64_t *out_variant);

/* As a list shows it. Texts are valid until the callback returns; NULL is NULL. */
typedef struct ll_decision_listed {
    uint64_t id;
    int64_t at_us;
    const char *signal, *kind, *actor, *reason, *from, *to, *receipt;
    uint64_t test;
} ll_decision_listed;

typedef llmlearn_err (*ll_decision_listed_fn)(void *context, const ll_decision_listed *listed);

/* The newest decisions, of one signal or (0) of all, newest first. */
llmlearn_err ll_decisions_list(ll_connection *connection, int64_t signal, uint32_t limit,
                               ll_decision_listed_fn each, void *context);

#endif
