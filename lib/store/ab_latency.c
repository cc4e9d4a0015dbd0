#include "store/ab_latency.h"

#include "store/metrics.h"

#include <string.h>

static const ll_statement add_bucket = {
    "INSERT INTO llm_ab_latency (test, arm, bucket, explanations) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (test, arm, bucket)"
    " DO UPDATE SET explanations = llm_ab_latency.explanations + excluded.explanations"
};
static const ll_statement read_buckets = {
    "SELECT bucket, explanations FROM llm_ab_latency WHERE test = ?1 AND arm = ?2"
};

llmlearn_err ll_ab_latency_add(ll_connection *connection, ll_tally *more)
{
    llmlearn_err err = LLMLEARN_OK;

    ll_tally_sort(more);
    for (uint32_t i = 0; i < more->count && err == LLMLEARN_OK; i++) {
        const int64_t *row = ll_tally_row(more, i);
        const ll_value arguments[] = { ll_int(row[0]), ll_int(row[1]), ll_int(row[2]),
                                       ll_int(row[3]) };
        err = ll_connection_run(connection, &add_bucket, arguments, 4, NULL, NULL);
    }
    if (err == LLMLEARN_OK)
        ll_tally_clear(more);
    return err;
}

typedef struct histogram {
    int64_t explanations[LL_LATENCY_BUCKETS];
    int64_t all;
} histogram;

static llmlearn_err take_bucket(void *context, const ll_row *row)
{
    histogram *h = context;
    int64_t bucket = ll_row_int(row, 0);

    if (bucket >= 0 && bucket < LL_LATENCY_BUCKETS) {
        h->explanations[bucket] = ll_row_int(row, 1);
        h->all += h->explanations[bucket];
    }
    return LLMLEARN_OK;
}

/* The smallest value that at least so many percent of all do not exceed. */
static double percentile(const histogram *h, int percent)
{
    int64_t rank = (h->all * percent + 99) / 100; /* the first is 1 */
    int64_t below = 0;

    for (uint32_t i = 0; i < LL_LATENCY_BUCKETS; i++) {
        below += h->explanations[i];
        if (below > 0 && below >= rank)
            return ll_latency_of_bucket(i);
    }
    return -1;
}

llmlearn_err ll_ab_latency_read(ll_connection *connection, uint64_t test, uint32_t arm,
                                double *out_p50_ms, double *out_p95_ms)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(arm) };
    histogram h;
    llmlearn_err err;

    memset(&h, 0, sizeof h);
    err = ll_connection_run(connection, &read_buckets, arguments, 2, take_bucket, &h);
    if (err != LLMLEARN_OK)
        return err;
    *out_p50_ms = percentile(&h, 50);
    *out_p95_ms = percentile(&h, 95);
    return LLMLEARN_OK;
}
