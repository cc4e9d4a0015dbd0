#include "store/ab_days.h"

#include <assert.h>

static const ll_statement add_day = {
    "INSERT INTO llm_ab_days (test, day, arm, units, first_votes) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (test, day, arm) DO UPDATE SET units = llm_ab_days.units + excluded.units,"
    " first_votes = llm_ab_days.first_votes + excluded.first_votes"
};
static const ll_statement sum_days = { "SELECT arm, sum(units), sum(first_votes) FROM llm_ab_days"
                                       " WHERE test = ?1 AND day >= ?2 AND day < ?3 GROUP BY arm" };

llmlearn_err ll_ab_days_add(ll_connection *connection, uint64_t test, int64_t day, uint32_t arm,
                            int64_t units, int64_t first_votes)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(day), ll_int(arm), ll_int(units),
                                   ll_int(first_votes) };

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
