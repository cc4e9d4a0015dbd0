#include "store/ab_looks.h"

#include "base/err.h"

#include <assert.h>

static const ll_statement count_looks = {
    "SELECT ifnull(max(look) + 1, 0) FROM llm_ab_looks WHERE test = ?1"
};
static const ll_statement add_arm = {
    "INSERT INTO llm_ab_looks (test, look, arm, at_us, vote_sequence, first_votes,"
    " first_positive) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
};
static const ll_statement read_looks = {
    "SELECT look, arm, at_us, vote_sequence, first_votes, first_positive FROM llm_ab_looks"
    " WHERE test = ?1 ORDER BY look, arm"
};

llmlearn_err ll_ab_looks_add(ll_connection *connection, uint64_t test, const ll_ab_look *look,
                             uint32_t arm_count)
{
    const ll_value key[] = { ll_int((int64_t)test) };
    int64_t number = 0;
    llmlearn_err err = ll_connection_int(connection, &count_looks, key, 1, NULL, &number);

    assert(arm_count > 0 && arm_count <= LLMLEARN_ARMS_MAX);
    if (err == LLMLEARN_OK && number >= LLMLEARN_LOOKS_MAX)
        err = ll_fail(LLMLEARN_EINVAL, "test %llu was looked at %d times: no more are planned",
                      (unsigned long long)test, LLMLEARN_LOOKS_MAX);
    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++) {
        const ll_value row[] = { key[0],
                                 ll_int(number),
                                 ll_int(i),
                                 ll_int(look->at_us),
                                 ll_int(look->vote_sequence),
                                 ll_int(look->first_votes[i]),
                                 ll_int(look->first_positive[i]) };
        err = ll_connection_run(connection, &add_arm, row, LL_ARRAY_COUNT(row), NULL, NULL);
    }
    return err;
}

typedef struct look_list {
    ll_ab_look *looks;
    uint32_t count;
} look_list;

static llmlearn_err take_arm(void *context, const ll_row *row)
{
    look_list *list = context;
    int64_t number = ll_row_int(row, 0), arm = ll_row_int(row, 1);

    if (number == list->count && number < LLMLEARN_LOOKS_MAX)
        list->looks[list->count++] =
            (ll_ab_look){ .at_us = ll_row_int(row, 2), .vote_sequence = ll_row_int(row, 3) };
    if (number + 1 != list->count || arm < 0 || arm >= LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_looks: look %lld, arm %lld stands at place %u",
                       (long long)number, (long long)arm, list->count);
    list->looks[number].first_votes[arm] = ll_row_int(row, 4);
    list->looks[number].first_positive[arm] = ll_row_int(row, 5);
    return LLMLEARN_OK;
}

llmlearn_err ll_ab_looks_read(ll_connection *connection, uint64_t test,
                              ll_ab_look out_looks[LLMLEARN_LOOKS_MAX], uint32_t *out_count)
{
    look_list list = { .looks = out_looks };
    llmlearn_err err = ll_connection_run(connection, &read_looks,
                                         (ll_value[]){ ll_int((int64_t)test) }, 1, take_arm, &list);

    if (err == LLMLEARN_OK)
        *out_count = list.count;
    return err;
}
