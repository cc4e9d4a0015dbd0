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

/* How a voter stands who has `limit` votes in any hour. */
typedef struct ll_quota {
    int64_t wait_us; /* until one is free; 0: now */
    bool outdated;   /* has rows that no longer count */
} ll_quota;

llmlearn_err ll_quota_look(ll_connection *connection, int64_t voter, int64_t now_us, uint32_t limit,
                           ll_quota *out_quota);
/* Takes the free one that was just seen. */
llmlearn_err ll_quota_take(ll_connection *connection, int64_t voter, int64_t now_us,
                           int64_t sequence, const ll_quota *quota);

#endif
