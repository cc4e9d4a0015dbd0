#include "store/traffic.h"

/* By day: within one, what was counted by variant stands together. */
static const ll_statement sum_traffic = {
    "SELECT ifnull(min(m.day), 0), ifnull(sum(m.explanations), 0), ifnull(sum(m.rated), 0),"
    " ifnull(sum(iif(m.variant = ?2, m.positive + m.negative, 0)), 0),"
    " ifnull(sum(iif(m.variant = ?2, m.positive, 0)), 0)"
    " FROM llm_days d JOIN llm_metrics m ON m.day = d.day AND m.ticker = 0"
    " JOIN llm_variants v ON v.id = m.variant"
    " WHERE d.day >= ?3 AND d.day < ?4 AND v.signal = ?1"
};

static llmlearn_err read_sums(void *context, const ll_row *row)
{
    ll_traffic *traffic = context;

    *traffic = (ll_traffic){
        .first_day = ll_row_int(row, 0),
        .explanations = ll_row_int(row, 1),
        .rated = ll_row_int(row, 2),
        .votes = ll_row_int(row, 3),
        .positive = ll_row_int(row, 4),
    };
    return LLMLEARN_OK;
}

llmlearn_err ll_traffic_read(ll_connection *connection, int64_t signal, int64_t variant,
                             int64_t first_day, int64_t end_day, ll_traffic *out_traffic)
{
    const ll_value arguments[] = { ll_int(signal), ll_int(variant), ll_int(first_day),
                                   ll_int(end_day) };

    return ll_connection_run(connection, &sum_traffic, arguments, LL_ARRAY_COUNT(arguments),
                             read_sums, out_traffic);
}
