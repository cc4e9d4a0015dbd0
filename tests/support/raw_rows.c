#include "support/raw_rows.h"

#include "store/names.h"
#include "store/variants.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rows_signal_names[ROWS_SIGNALS] = { "SELL", "BUY", "HOLD" };
const char *const rows_version_names[ROWS_VERSIONS] = { "v2.1", "v1.0", "v10", "alpha" };
const char *const rows_ticker_names[ROWS_TICKERS] = { "AAPL", "MSFT", "IBM",  "TSLA", "NVDA",
                                                      "AMD",  "GOOG", "META", "ORCL", "INTC",
                                                      "CSCO", "QCOM", "TXN",  "ADBE" };

static struct {
    int explanation_count, vote_count;
    rows_explanation explanations[ROWS_EXPLANATIONS_MAX];
    rows_vote votes[ROWS_VOTES_MAX];
} rows;

static char folder[FOLDER_PATH_BYTES];
static int64_t ticker_ids[ROWS_TICKERS];
ll_store *rows_store;
ll_metrics_changes *rows_changes;
int64_t rows_variants[ROWS_SIGNALS][ROWS_VERSIONS];

/* ---- the database ---- */

ll_connection *rows_begin(void)
{
    ll_connection *connection = NULL;

    ck_ok(ll_store_lock(rows_store, soon()));
    ck_ok(ll_store_begin(rows_store, &connection));
    return connection;
}

void rows_commit(void)
{
    ck_ok(ll_store_commit(rows_store));
    ll_store_unlock(rows_store);
}

static void add_names(void)
{
    ll_connection *connection = rows_begin();
    int64_t signal_id;

    for (int t = 0; t < ROWS_TICKERS; t++)
        ck_ok(ll_names_intern(connection, LL_NAME_TICKER, rows_ticker_names[t],
                              strlen(rows_ticker_names[t]), &ticker_ids[t]));
    for (int s = 0; s < ROWS_SIGNALS; s++) {
        ck_ok(ll_names_intern(connection, LL_NAME_SIGNAL, rows_signal_names[s],
                              strlen(rows_signal_names[s]), &signal_id));
        for (int v = 0; v < ROWS_VERSIONS; v++)
            ck_ok(ll_variants_intern(connection, signal_id, rows_version_names[v],
                                     strlen(rows_version_names[v]), 1, &rows_variants[s][v]));
    }
    rows_commit();
}

void rows_open(void)
{
    char path[FOLDER_PATH_BYTES + 16];

    memset(&rows, 0, sizeof rows);
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/test.db", folder);
    rows_store = store_open(path);
    ck_ok(ll_metrics_changes_new(&rows_changes));
    add_names();
}

void rows_close(void)
{
    ll_metrics_changes_free(rows_changes);
    ll_store_close(rows_store);
    folder_remove(folder);
}

/* ---- counting rows as ingest does ---- */

static void count(const rows_explanation *e, int64_t time_us, const ll_counts *delta)
{
    ck_ok(ll_metrics_add(rows_changes, ll_clock_day(time_us), rows_variants[e->signal][e->version],
                         ticker_ids[e->ticker], delta));
}

void rows_log(const rows_explanation *e)
{
    const ll_counts delta = { .explanations = 1,
                              .cached = e->cached,
                              .fallback = e->fallback,
                              .prompt_tokens = e->prompt_tokens,
                              .completion_tokens = e->completion_tokens,
                              .cost_nanousd = e->has_cost ? e->cost_nanousd : 0,
                              .cost_known = e->has_cost };

    ck_assert_int_lt(rows.explanation_count, ROWS_EXPLANATIONS_MAX);
    count(e, e->created_us, &delta);
    if (e->has_latency)
        ck_ok(ll_metrics_add_latency(rows_changes, ll_clock_day(e->created_us),
                                     rows_variants[e->signal][e->version], e->latency_ms));
    rows.explanations[rows.explanation_count] = *e;
    rows.explanation_count++;
}

void rows_submit(const rows_vote *v)
{
    rows_explanation *e = &rows.explanations[v->explanation];
    const ll_counts rated = { .rated = 1 };
    ll_counts delta = { .positive = v->helpful, .negative = !v->helpful };

    ck_assert_int_lt(rows.vote_count, ROWS_VOTES_MAX);
    if (v->rating > 0)
        delta.rating[v->rating - 1] = 1;
    count(e, v->created_us, &delta);
    if (e->vote_count++ == 0)
        count(e, e->created_us, &rated);
    rows.votes[rows.vote_count++] = *v;
}

void rows_store_all(void)
{
    ck_ok(ll_metrics_write(rows_changes, rows_begin()));
    rows_commit();
}

/* ---- the slow recount ---- */

static bool matches(const rows_filter *f, const rows_explanation *e, int64_t time_us)
{
    /* By times, not by days: the edges are midnights. */
    return time_us >= f->first * LL_US_PER_DAY && time_us < (f->last + 1) * LL_US_PER_DAY &&
           (f->signal < 0 || f->signal == e->signal) &&
           (f->version < 0 || f->version == e->version) &&
           (f->ticker < 0 || f->ticker == e->ticker);
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

void rows_recount(const rows_filter *f, rows_tally *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < rows.explanation_count; i++) {
        const rows_explanation *e = &rows.explanations[i];

        if (!matches(f, e, e->created_us))
            continue;
        out->explanations++;
        out->cached += e->cached;
        out->fallback += e->fallback;
        out->rated += e->vote_count > 0;
        out->prompt_tokens += e->prompt_tokens;
        out->completion_tokens += e->completion_tokens;
        out->cost_nanousd += e->has_cost ? e->cost_nanousd : 0;
        out->cost_known += e->has_cost;
        if (e->has_latency)
            out->latencies[out->latency_count++] = e->latency_ms;
    }
    for (int i = 0; i < rows.vote_count; i++) {
        const rows_vote *v = &rows.votes[i];

        if (!matches(f, &rows.explanations[v->explanation], v->created_us))
            continue;
        out->positive += v->helpful;
        out->negative += !v->helpful;
        if (v->rating > 0)
            out->rating[v->rating - 1]++;
    }
    qsort(out->latencies, (size_t)out->latency_count, sizeof(double), compare_doubles);
}

/* ---- random rows ---- */

static uint64_t random_state = 4;

static uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

int64_t rows_random_below(int64_t limit)
{
    return (int64_t)(random_u64() % (uint64_t)limit);
}

/* Within the days from `first` on; now and then exactly at a midnight or just before one. */
static int64_t random_time(int64_t first, int64_t days)
{
    int64_t day = first + rows_random_below(days);
    int64_t in_day = rows_random_below(LL_US_PER_DAY);

    if (rows_random_below(20) == 0)
        in_day = rows_random_below(2) == 0 ? 0 : LL_US_PER_DAY - 1;
    return day * LL_US_PER_DAY + in_day;
}

void rows_add_random(int explanations, int votes, int64_t first_day, int64_t days)
{
    for (int i = 0; i < explanations; i++) {
        rows_explanation e = { .created_us = random_time(first_day, days),
                               .signal = (int)rows_random_below(ROWS_SIGNALS),
                               .version = (int)rows_random_below(ROWS_VERSIONS),
                               .ticker = (int)(rows_random_below(ROWS_TICKERS) *
                                               rows_random_below(ROWS_TICKERS) / ROWS_TICKERS),
                               .cached = rows_random_below(7) == 0,
                               .fallback = rows_random_below(9) == 0,
                               .has_latency = rows_random_below(5) > 0,
                               .has_cost = rows_random_below(3) > 0,
                               .latency_ms = exp((double)rows_random_below(1000) / 80) / 10 + 0.011,
                               .prompt_tokens = rows_random_below(2000),
                               .completion_tokens = rows_random_below(300),
                               .cost_nanousd = rows_random_below(100000000) };

        rows_log(&e);
    }
    for (int i = 0; i < votes; i++) {
        rows_vote v = { .explanation = (int)rows_random_below(rows.explanation_count),
                        .helpful = rows_random_below(5) > 1,
                        .rating = (int)rows_random_below(6),
                        .created_us = random_time(first_day, days) };

        rows_submit(&v);
    }
}
