/* feedback.h - live votes and the hourly quota.
 *
 * Uses: connection. */
#ifndef LL_STORE_FEEDBACK_H
#define LL_STORE_FEEDBACK_H

#include "store/connection.h"

typedef struct ll_vote_row {
    int64_t explanation; /* llm_explanations.row */
    int64_t voter;       /* llm_users.id, or negative: anonymous */
    bool helpful;
    int32_t rating; /* 0: NULL */
    int64_t created_us;
    int64_t sequence;
    const char *comment; /* NULL: none */
    size_t comment_bytes;
} ll_vote_row;

/* The voter's live vote on the explanation (without its comment); *out_found false: none. */
llmlearn_err ll_feedback_find(ll_connection *connection, int64_t explanation, int64_t voter,
                              bool *out_found, ll_vote_row *out_vote);
/* Has the explanation any live vote? */
llmlearn_err ll_feedback_exists(ll_connection *connection, int64_t explanation, bool *out_exists);
/* Stores a vote in place of the voter's earlier one, if any. */
llmlearn_err ll_feedback_put(ll_connection *connection, const ll_vote_row *vote);
llmlearn_err ll_feedback_delete(ll_connection *connection, int64_t explanation, int64_t voter);

/* Takes one of `limit` votes that a voter has in any hour. *out_wait_us 0: taken; else how long
 * until one is free, and nothing is changed. */
llmlearn_err ll_quota_take(ll_connection *connection, int64_t voter, int64_t now_us,
                           int64_t sequence, uint32_t limit, int64_t *out_wait_us);

#endif
