#include "store/ab_days.h"

#include "base/err.h"

#include <assert.h>

static const ll_statement add_day = {
    "INSERT INTO llm_ab_days (test, day, arm, units, first_votes, first_positive)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (test, day, arm) DO UPDATE SET units = llm_ab_days.units + excluded.units,"
    " first_votes = llm_ab_days.first_votes + excluded.first_votes,"
    " first_positive = llm_ab_days.first_positive + excluded.first_positive"
};
static const ll_statement sum_days = { "SELECT arm, sum(units), sum(first_votes) FROM llm_ab_days"
                                       " WHERE test = ?1 AND day >= ?2 AND day < ?3 GROUP BY arm" };
static const ll_statement list_days = {
    "SELECT day, arm, units, first_votes, first_positive FROM llm_ab_days WHERE test = ?1"
    " ORDER BY day, arm"
};

llmlearn_err ll_ab_days_add(ll_connection *connection, uint64_t test, int64_t day, uint32_t arm,
                            const ll_ab_day *added)
{
    const ll_value arguments[] = { ll_int((int64_t)test),
                                   ll_int(day),
                                   ll_int(arm),
                                   ll_int(added->units),
                                   ll_int(added->first_votes),
                                   ll_int(added->first_positive) };

    assert(test != 0 && arm < LLMLEARN_ARMS_MAX);
    return ll_connection_run(connection, &add_day, arguments, LL_ARRAY_COUNT(arguments), NULL,
                             NULL);
}

static llmlearn_err take_sums(void *context, const ll_row *row)
{
    ll_ab_days *days = context;
    int64_t arm = ll_row_int(row, 0);

    if (arm >= 0 && arm < LLMLEARN_ARMS_MAX) {
        days->units[arm] = ll_row_int(row, 1);
        days->first_votes[arm] = ll_row_int(row, 2);
    }
    return LLMLEARN_OK;
}

llmlearn_err ll_ab_days_read(ll_connection *connection, uint64_t test, int64_t first_day,
                             uint32_t day_count, ll_ab_days *out_days)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(first_day),
                                   ll_int(first_day + day_count) };

    *out_days = (ll_ab_days){ .first_day = first_day, .day_count = day_count };
    return ll_connection_run(connection, &sum_days, arguments, 3, take_sums, out_days);
}

typedef struct listing {
    ll_ab_day_fn each;
    void *context;
} listing;

static llmlearn_err take_day(void *context, const ll_row *row)
{
    const listing *l = context;
    const ll_ab_day came = { .units = ll_row_int(row, 2),
                             .first_votes = ll_row_int(row, 3),
                             .first_positive = ll_row_int(row, 4) };
    int64_t arm = ll_row_int(row, 1);

    if (arm < 0 || arm >= LLMLEARN_ARMS_MAX || came.units < 0 || came.first_positive < 0 ||
        came.first_votes < came.first_positive)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_days: day %lld, arm %lld cannot be",
                       (long long)ll_row_int(row, 0), (long long)arm);
    return l->each(l->context, ll_row_int(row, 0), (uint32_t)arm, &came);
}

llmlearn_err ll_ab_days_each(ll_connection *connection, uint64_t test, ll_ab_day_fn each,
                             void *context)
{
    const ll_value argument = ll_int((int64_t)test);

    return ll_connection_run(connection, &list_days, &argument, 1, take_day,
                             &(listing){ each, context });
}
