#include "store/ab_votes.h"

#include "base/err.h"

#include <stdlib.h>

static const ll_statement count_votes = {
    "SELECT count(first_vote) FROM llm_ab_units WHERE test = ?1"
};
static const ll_statement list_votes = {
    "SELECT voted_us, first_vote FROM llm_ab_units WHERE test = ?1 AND first_vote IS NOT NULL"
    " ORDER BY sequence"
};

typedef struct list {
    ll_ab_vote *votes;
    uint32_t count, room;
} list;

static llmlearn_err add_vote(void *context, const ll_row *row)
{
    list *l = context;

    if (ll_row_is_null(row, 0))
        return ll_fail(LLMLEARN_ESTATE, "test_id: it began before the times of votes were kept");
    if (l->count == l->room)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_units: more votes than were counted");
    l->votes[l->count++] =
        (ll_ab_vote){ .at_us = ll_row_int(row, 0), .positive = ll_row_int(row, 1) != 0 };
    return LLMLEARN_OK;
}

llmlearn_err ll_ab_votes_read(ll_connection *connection, uint64_t test, uint32_t most,
                              ll_ab_vote **out_votes, uint32_t *out_count)
{
    const ll_value argument = ll_int((int64_t)test);
    list l = { .count = 0 };
    int64_t count = 0;
    llmlearn_err err = ll_connection_int(connection, &count_votes, &argument, 1, NULL, &count);

    if (err == LLMLEARN_OK && count > most)
        err = ll_fail(LLMLEARN_ESTATE, "test_id: %lld units have voted; at most %u can be drawn",
                      (long long)count, most);
    if (err == LLMLEARN_OK && count > 0) {
        l.room = (uint32_t)count;
        l.votes = malloc(l.room * sizeof l.votes[0]);
        err = l.votes == NULL
                  ? ll_fail(LLMLEARN_ENOMEM, "out of memory for %u votes", l.room)
                  : ll_connection_run(connection, &list_votes, &argument, 1, add_vote, &l);
    }
    if (err != LLMLEARN_OK) {
        free(l.votes);
        return err;
    }
    *out_votes = l.votes;
    *out_count = l.count;
    return LLMLEARN_OK;
}
