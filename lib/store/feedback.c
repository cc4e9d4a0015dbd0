#include "store/feedback.h"

#include <assert.h>

static const ll_statement find_vote = {
    "SELECT helpful, rating, created_us, sequence FROM llm_feedback"
    " WHERE explanation = ?1 AND voter = ?2"
};
static const ll_statement any_vote = {
    "SELECT 1 FROM llm_feedback WHERE explanation = ?1 LIMIT 1"
};
static const ll_statement put_vote = {
    "INSERT INTO llm_feedback (explanation, voter, helpful, rating, created_us, sequence, comment)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (explanation, voter) DO UPDATE SET"
    " helpful = excluded.helpful, rating = excluded.rating, created_us = excluded.created_us,"
    " sequence = excluded.sequence, comment = excluded.comment"
};
static const ll_statement delete_vote = {
    "DELETE FROM llm_feedback WHERE explanation = ?1 AND voter = ?2"
};
static const ll_statement forget_old_quota = {
    "DELETE FROM llm_quota WHERE voter = ?1 AND (accepted_us <= ?2 OR accepted_us > ?3)"
};
static const ll_statement latest_in_quota = {
    "SELECT accepted_us FROM llm_quota WHERE voter = ?1 ORDER BY accepted_us DESC"
};
static const ll_statement take_quota = {
    "INSERT INTO llm_quota (voter, accepted_us, sequence) VALUES (?1, ?2, ?3)"
};

typedef struct finding {
    ll_vote_row *vote;
    bool found;
} finding;

static llmlearn_err read_vote(void *context, const ll_row *row)
{
    finding *f = context;

    f->found = true;
    f->vote->helpful = ll_row_int(row, 0) != 0;
    f->vote->rating = (int32_t)ll_row_int(row, 1);
    f->vote->created_us = ll_row_int(row, 2);
    f->vote->sequence = ll_row_int(row, 3);
    return LLMLEARN_OK;
}

llmlearn_err ll_feedback_find(ll_connection *connection, int64_t explanation, int64_t voter,
                              bool *out_found, ll_vote_row *out_vote)
{
    const ll_value arguments[] = { ll_int(explanation), ll_int(voter) };
    finding f = { .vote = out_vote };
    llmlearn_err err;

    *out_vote = (ll_vote_row){ .explanation = explanation, .voter = voter };
    err = ll_connection_run(connection, &find_vote, arguments, 2, read_vote, &f);
    if (err == LLMLEARN_OK)
        *out_found = f.found;
    return err;
}

llmlearn_err ll_feedback_exists(ll_connection *connection, int64_t explanation, bool *out_exists)
{
    const ll_value arguments[] = { ll_int(explanation) };
    int64_t one;

    return ll_connection_int(connection, &any_vote, arguments, 1, out_exists, &one);
}

llmlearn_err ll_feedback_put(ll_connection *connection, const ll_vote_row *vote)
{
    const ll_value arguments[] = { ll_int(vote->explanation),
                                   ll_int(vote->voter),
                                   ll_int(vote->helpful),
                                   vote->rating != 0 ? ll_int(vote->rating) : ll_null(),
                                   ll_int(vote->created_us),
                                   ll_int(vote->sequence),
                                   ll_text(vote->comment, vote->comment_bytes) };

    assert(vote->voter != 0 && vote->rating >= 0 && vote->rating <= 5);
    return ll_connection_run(connection, &put_vote, arguments, LL_ARRAY_COUNT(arguments), NULL,
                             NULL);
}

llmlearn_err ll_feedback_delete(ll_connection *connection, int64_t explanation, int64_t voter)
{
    const ll_value arguments[] = { ll_int(explanation), ll_int(voter) };

    return ll_connection_run(connection, &delete_vote, arguments, 2, NULL, NULL);
}

/* ---- the quota --------------------------------------------------------- */

/* Votes dated a day ahead were accepted by a clock that was wrong. */
static int64_t oldest_us(int64_t now_us)
{
    return now_us - LL_US_PER_HOUR + 1;
}

static int64_t latest_us(int64_t now_us)
{
    return now_us + LL_US_PER_DAY;
}

typedef struct counting {
    int64_t now_us;
    uint32_t limit, taken;
    ll_quota *quota;
} counting;

/* With `limit` votes in the hour, the oldest of the latest `limit` decides when one is free. */
static llmlearn_err count_taken(void *context, const ll_row *row)
{
    counting *c = context;
    int64_t accepted_us = ll_row_int(row, 0);

    if (accepted_us < oldest_us(c->now_us) || accepted_us > latest_us(c->now_us))
        c->quota->outdated = true;
    else if (++c->taken == c->limit)
        c->quota->wait_us = accepted_us + LL_US_PER_HOUR - c->now_us;
    return LLMLEARN_OK;
}

llmlearn_err ll_quota_look(ll_connection *connection, int64_t voter, int64_t now_us, uint32_t limit,
                           ll_quota *out_quota)
{
    const ll_value arguments[] = { ll_int(voter) };
    counting c = { .now_us = now_us, .limit = limit, .quota = out_quota };

    assert(limit > 0);
    *out_quota = (ll_quota){ .wait_us = 0 };
    return ll_connection_run(connection, &latest_in_quota, arguments, 1, count_taken, &c);
}

llmlearn_err ll_quota_take(ll_connection *connection, int64_t voter, int64_t now_us,
                           int64_t sequence, const ll_quota *quota)
{
    const ll_value old[] = { ll_int(voter), ll_int(oldest_us(now_us) - 1),
                             ll_int(latest_us(now_us)) };
    const ll_value taken[] = { ll_int(voter), ll_int(now_us), ll_int(sequence) };
    llmlearn_err err = LLMLEARN_OK;

    assert(quota->wait_us == 0);
    if (quota->outdated)
        err = ll_connection_run(connection, &forget_old_quota, old, 3, NULL, NULL);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &take_quota, taken, 3, NULL, NULL);
    return err;
}
