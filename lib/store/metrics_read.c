#include "store/metrics_read.h"

#include "base/err.h"

#include <assert.h>

static const ll_statement select_versions = {
    "SELECT day, version FROM llm_days WHERE day BETWEEN ?1 AND ?2 ORDER BY day"
};
#define COUNTS                                                                                     \
    "SELECT ticker, variant, explanations, cached, fallback, rated, positive, negative,"           \
    " rating_1, rating_2, rating_3, rating_4, rating_5, prompt_tokens, completion_tokens,"         \
    " cost_nanousd, cost_known FROM llm_metrics WHERE day = ?1"
static const ll_statement select_counts = { COUNTS " ORDER BY ticker, variant" };
static const ll_statement select_variants = { COUNTS " AND ticker = 0 ORDER BY variant" };
static const ll_statement select_latency = {
    "SELECT variant, bucket, explanations FROM llm_latency WHERE day = ?1"
    " ORDER BY variant, bucket"
};

/* More than any day can bring; sums of a window then cannot overflow. Tokens and money may be
 * anything up to the largest number, where their sums stop. */
#define COUNT_MAX (INT64_C(1) << 40)

static bool is_count(const ll_counts *counts, const int64_t *cell)
{
    bool unbounded = cell == &counts->prompt_tokens || cell == &counts->completion_tokens ||
                     cell == &counts->cost_nanousd;

    return *cell >= 0 && (unbounded || *cell <= COUNT_MAX);
}

static llmlearn_err damaged(const char *table)
{
    return ll_fail(LLMLEARN_ECORRUPT, "%s holds numbers that counting cannot give", table);
}

static llmlearn_err read_version(void *context, const ll_row *row)
{
    const ll_metrics_reader *reader = context;

    return reader->day(reader->user, ll_row_int(row, 0), ll_row_int(row, 1));
}

static llmlearn_err read_counts(void *context, const ll_row *row)
{
    const ll_metrics_reader *reader = context;
    int64_t ticker = ll_row_int(row, 0), variant = ll_row_int(row, 1);
    ll_counts counts;
    int64_t *cells = (int64_t *)&counts;

    for (int i = 0; i < LL_COUNTS_FIELDS; i++) {
        cells[i] = ll_row_int(row, 2 + i);
        if (!is_count(&counts, &cells[i]))
            return damaged("llm_metrics");
    }
    if ((ticker == 0) == (variant == 0))
        return damaged("llm_metrics");
    return reader->counts(reader->user, ticker, variant, &counts);
}

static llmlearn_err read_latency(void *context, const ll_row *row)
{
    const ll_metrics_reader *reader = context;
    int64_t bucket = ll_row_int(row, 1), explanations = ll_row_int(row, 2);

    if (bucket < 0 || bucket >= LL_LATENCY_BUCKETS || explanations < 0 || explanations > COUNT_MAX)
        return damaged("llm_latency");
    return reader->latency(reader->user, ll_row_int(row, 0), (uint32_t)bucket, explanations);
}

llmlearn_err ll_metrics_read_versions(ll_connection *connection, int64_t first, int64_t last,
                                      const ll_metrics_reader *reader)
{
    const ll_value window[] = { ll_int(first), ll_int(last) };

    assert(first <= last && reader->day != NULL);
    return ll_connection_run(connection, &select_versions, window, 2, read_version, (void *)reader);
}

llmlearn_err ll_metrics_read_day(ll_connection *connection, int64_t day,
                                 const ll_metrics_reader *reader)
{
    const ll_value of_day = ll_int(day);
    llmlearn_err err;

    assert(reader->counts != NULL && reader->latency != NULL);
    err = ll_connection_run(connection, &select_counts, &of_day, 1, read_counts, (void *)reader);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &select_latency, &of_day, 1, read_latency,
                                (void *)reader);
    return err;
}

llmlearn_err ll_metrics_read_variants(ll_connection *connection, int64_t day,
                                      const ll_metrics_reader *reader)
{
    const ll_value of_day = ll_int(day);

    assert(reader->counts != NULL);
    return ll_connection_run(connection, &select_variants, &of_day, 1, read_counts, (void *)reader);
}
