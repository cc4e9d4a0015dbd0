#include "store/metrics.h"

#include "base/err.h"
#include "store/tally.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* ---- latency buckets ---- */

#define LATENCY_FLOOR_MS 0.01
#define SQRT_GROWTH 1.0099504938362078
#define PER_LN 50.498349791843944 /* 1 / ln 1.02 */

/* 0.01 x 1.02^bucket, by multiplications alone: the same bits on every machine. */
static double border_ms(uint32_t bucket)
{
    /* 1.02^(2^i), each correctly rounded */
    static const double squares[] = { 1.02,
                                      1.0404,
                                      1.08243216,
                                      1.1716593810022655,
                                      1.3727857050906123,
                                      1.8845405921011293,
                                      3.551493243276875,
                                      12.613104257041295,
                                      159.09039899899324,
                                      25309.755053658868 };
    double border = LATENCY_FLOOR_MS;

    assert(bucket < 1u << (sizeof squares / sizeof squares[0]));
    for (uint32_t i = 0; bucket >> i != 0; i++) {
        if ((bucket >> i & 1) != 0)
            border *= squares[i];
    }
    return border;
}

/* The logarithm is good to 1e-11 of a bucket. Only near a border could its last bits matter:
 * there the borders themselves decide. */
#define NEAR_BORDER 1e-9

uint32_t ll_latency_bucket(double latency_ms)
{
    double guess, beyond;
    uint32_t bucket;

    assert(latency_ms >= 0); /* not NaN either */
    if (latency_ms <= LATENCY_FLOOR_MS)
        return 0;
    guess = log(latency_ms * (1 / LATENCY_FLOOR_MS)) * PER_LN;
    if (guess >= LL_LATENCY_BUCKETS)
        return LL_LATENCY_BUCKETS - 1;
    bucket = guess > 0 ? (uint32_t)guess : 0;
    beyond = guess - bucket;
    if (beyond > NEAR_BORDER && beyond < 1 - NEAR_BORDER)
        return bucket;
    if (bucket > 0 && latency_ms < border_ms(bucket))
        return bucket - 1;
    if (bucket < LL_LATENCY_BUCKETS - 1 && latency_ms >= border_ms(bucket + 1))
        return bucket + 1;
    return bucket;
}

double ll_latency_of_bucket(uint32_t bucket)
{
    assert(bucket < LL_LATENCY_BUCKETS);
    return border_ms(bucket) * SQRT_GROWTH;
}

/* ---- change sets ---- */

void ll_counts_add(ll_counts *sum, const ll_counts *delta)
{
    int64_t *to = (int64_t *)sum;
    const int64_t *from = (const int64_t *)delta;

    for (int i = 0; i < LL_COUNTS_FIELDS; i++) {
        if (__builtin_add_overflow(to[i], from[i], &to[i]))
            to[i] = from[i] > 0 ? INT64_MAX : INT64_MIN;
    }
}

static const int64_t one = 1;

/* The keys are those of the tables, so that a row of a tally is the arguments of its upsert. */
struct ll_metrics_changes {
    ll_tally counts;  /* (day, ticker, variant) */
    ll_tally latency; /* (day, variant, bucket) */
    ll_tally days;    /* (day, 0, 0); only while writing */
};

llmlearn_err ll_metrics_changes_new(ll_metrics_changes **out_changes)
{
    ll_metrics_changes *changes = calloc(1, sizeof *changes);
    llmlearn_err err;

    if (changes == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the rollups");
    err = ll_tally_init(&changes->counts, LL_COUNTS_FIELDS);
    if (err == LLMLEARN_OK)
        err = ll_tally_init(&changes->latency, 1);
    if (err == LLMLEARN_OK)
        err = ll_tally_init(&changes->days, 1);
    if (err == LLMLEARN_OK)
        *out_changes = changes;
    else
        ll_metrics_changes_free(changes);
    return err;
}

void ll_metrics_changes_free(ll_metrics_changes *changes)
{
    if (changes == NULL)
        return;
    ll_tally_free(&changes->counts);
    ll_tally_free(&changes->latency);
    ll_tally_free(&changes->days);
    free(changes);
}

void ll_metrics_changes_clear(ll_metrics_changes *changes)
{
    assert(changes != NULL);
    ll_tally_clear(&changes->counts);
    ll_tally_clear(&changes->latency);
    ll_tally_clear(&changes->days);
}

llmlearn_err ll_metrics_add(ll_metrics_changes *changes, int64_t day, int64_t variant,
                            int64_t ticker, const ll_counts *delta)
{
    const int64_t of_variant[] = { day, 0, variant };
    const int64_t of_ticker[] = { day, ticker, 0 };
    llmlearn_err err;

    assert(changes != NULL && delta != NULL);
    assert(variant != 0 && ticker != 0);
    err = ll_tally_reserve(&changes->counts, 2); /* both or none */
    if (err != LLMLEARN_OK)
        return err;
    ll_tally_add(&changes->counts, of_variant, (const int64_t *)delta);
    ll_tally_add(&changes->counts, of_ticker, (const int64_t *)delta);
    return LLMLEARN_OK;
}

llmlearn_err ll_metrics_add_latency(ll_metrics_changes *changes, int64_t day, int64_t variant,
                                    double latency_ms)
{
    const int64_t key[] = { day, variant, ll_latency_bucket(latency_ms) };
    llmlearn_err err;

    assert(changes != NULL && variant != 0);
    err = ll_tally_reserve(&changes->latency, 1);
    if (err == LLMLEARN_OK)
        ll_tally_add(&changes->latency, key, &one);
    return err;
}

/* ---- writing ---- */

/* Sums that a single row can bring near the largest number stop there. */
static const ll_statement add_counts = {
    "INSERT INTO llm_metrics (day, ticker, variant, explanations, cached, fallback, rated,"
    " positive, negative, rating_1, rating_2, rating_3, rating_4, rating_5, prompt_tokens,"
    " completion_tokens, cost_nanousd, cost_known) VALUES"
    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    " ON CONFLICT (day, ticker, variant) DO UPDATE SET"
    " explanations = llm_metrics.explanations + excluded.explanations,"
    " cached = llm_metrics.cached + excluded.cached,"
    " fallback = llm_metrics.fallback + excluded.fallback,"
    " rated = llm_metrics.rated + excluded.rated,"
    " positive = llm_metrics.positive + excluded.positive,"
    " negative = llm_metrics.negative + excluded.negative,"
    " rating_1 = llm_metrics.rating_1 + excluded.rating_1,"
    " rating_2 = llm_metrics.rating_2 + excluded.rating_2,"
    " rating_3 = llm_metrics.rating_3 + excluded.rating_3,"
    " rating_4 = llm_metrics.rating_4 + excluded.rating_4,"
    " rating_5 = llm_metrics.rating_5 + excluded.rating_5,"
    " cost_known = llm_metrics.cost_known + excluded.cost_known,"
    " prompt_tokens = CASE"
    " WHEN llm_metrics.prompt_tokens > 9223372036854775807 - excluded.prompt_tokens"
    " THEN 9223372036854775807"
    " ELSE llm_metrics.prompt_tokens + excluded.prompt_tokens END,"
    " completion_tokens = CASE"
    " WHEN llm_metrics.completion_tokens > 9223372036854775807 - excluded.completion_tokens"
    " THEN 9223372036854775807"
    " ELSE llm_metrics.completion_tokens + excluded.completion_tokens END,"
    " cost_nanousd = CASE"
    " WHEN llm_metrics.cost_nanousd > 9223372036854775807 - excluded.cost_nanousd"
    " THEN 9223372036854775807"
    " ELSE llm_metrics.cost_nanousd + excluded.cost_nanousd END"
};
static const ll_statement drop_empty_counts = {
    "DELETE FROM llm_metrics WHERE day = ?1 AND ticker = ?2 AND variant = ?3"
    " AND explanations = 0 AND cached = 0 AND fallback = 0 AND rated = 0 AND positive = 0"
    " AND negative = 0 AND rating_1 = 0 AND rating_2 = 0 AND rating_3 = 0 AND rating_4 = 0"
    " AND rating_5 = 0 AND prompt_tokens = 0 AND completion_tokens = 0 AND cost_nanousd = 0"
    " AND cost_known = 0"
};
static const ll_statement add_latency = {
    "INSERT INTO llm_latency (day, variant, bucket, explanations) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (day, variant, bucket)"
    " DO UPDATE SET explanations = llm_latency.explanations + excluded.explanations"
};
/* The same for eight rows: a third less time for each. */
#define LATENCY_BLOCK 8
#define LATENCY_CELLS (LL_TALLY_KEY_CELLS + 1)
_Static_assert(LATENCY_BLOCK *LATENCY_CELLS >= LL_TALLY_KEY_CELLS + LL_COUNTS_FIELDS,
               "room for either's arguments");
static const ll_statement add_latency_block = {
    "INSERT INTO llm_latency (day, variant, bucket, explanations) VALUES"
    " (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8), (?9, ?10, ?11, ?12), (?13, ?14, ?15, ?16),"
    " (?17, ?18, ?19, ?20), (?21, ?22, ?23, ?24), (?25, ?26, ?27, ?28), (?29, ?30, ?31, ?32)"
    " ON CONFLICT (day, variant, bucket)"
    " DO UPDATE SET explanations = llm_latency.explanations + excluded.explanations"
};
static const ll_statement bump_day = {
    "INSERT INTO llm_days (day, version) VALUES (?1, 1)"
    " ON CONFLICT (day) DO UPDATE SET version = llm_days.version + 1"
};

typedef enum change_kind { UNCHANGED, GREW, SHRANK } change_kind;

/* SHRANK if any count went down: only then can the row have become empty. */
static change_kind kind_of_change(const int64_t deltas[LL_COUNTS_FIELDS])
{
    change_kind kind = UNCHANGED;

    for (int i = 0; i < LL_COUNTS_FIELDS; i++) {
        if (deltas[i] < 0)
            return SHRANK;
        if (deltas[i] > 0)
            kind = GREW;
    }
    return kind;
}

/* Runs a statement whose arguments are that many cells from `row` on. */
static llmlearn_err run_cells(ll_connection *connection, const ll_statement *statement,
                              const int64_t *row, uint32_t cells)
{
    ll_value arguments[LATENCY_BLOCK * LATENCY_CELLS];

    assert(cells <= LL_ARRAY_COUNT(arguments));
    for (uint32_t i = 0; i < cells; i++)
        arguments[i] = ll_int(row[i]);
    return ll_connection_run(connection, statement, arguments, cells, NULL, NULL);
}

static llmlearn_err note_day(ll_tally *days, int64_t day)
{
    const int64_t key[] = { day, 0, 0 };
    llmlearn_err err = ll_tally_reserve(days, 1);

    if (err == LLMLEARN_OK)
        ll_tally_add(days, key, &one);
    return err;
}

static llmlearn_err write_count(ll_connection *connection, const int64_t *row, ll_tally *days)
{
    change_kind kind = kind_of_change(row + LL_TALLY_KEY_CELLS);
    llmlearn_err err;

    if (kind == UNCHANGED)
        return LLMLEARN_OK;
    err = run_cells(connection, &add_counts, row, LL_TALLY_KEY_CELLS + LL_COUNTS_FIELDS);
    /* What was counted and taken back leaves no trace, as in a recount. */
    if (err == LLMLEARN_OK && kind == SHRANK)
        err = run_cells(connection, &drop_empty_counts, row, LL_TALLY_KEY_CELLS);
    return err == LLMLEARN_OK ? note_day(days, row[0]) : err;
}

/* Rows go in the order of their keys: neighbours then lie on one page, and writers that lock
 * rows take them in one order. */
static llmlearn_err write_counts(ll_connection *connection, ll_tally *counts, ll_tally *days)
{
    llmlearn_err err = LLMLEARN_OK;

    ll_tally_sort(counts);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < counts->count; i++)
        err = write_count(connection, ll_tally_row(counts, i), days);
    return err;
}

static llmlearn_err note_days(ll_tally *days, const ll_tally *sorted)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; err == LLMLEARN_OK && i < sorted->count; i++) {
        int64_t day = ll_tally_row(sorted, i)[0];

        if (i == 0 || day != ll_tally_row(sorted, i - 1)[0])
            err = note_day(days, day);
    }
    return err;
}

/* Latencies are never taken back: every row of the tally changes something. */
static llmlearn_err write_latency(ll_connection *connection, ll_tally *latency, ll_tally *days)
{
    llmlearn_err err;
    uint32_t written = 0;

    ll_tally_sort(latency);
    err = note_days(days, latency);
    while (err == LLMLEARN_OK && written < latency->count) {
        const int64_t *row = ll_tally_row(latency, written);
        bool block = latency->count - written >= LATENCY_BLOCK;

        err = block ? run_cells(connection, &add_latency_block, row, LATENCY_BLOCK * LATENCY_CELLS)
                    : run_cells(connection, &add_latency, row, LATENCY_CELLS);
        written += block ? LATENCY_BLOCK : 1;
    }
    return err;
}

llmlearn_err ll_metrics_write(ll_metrics_changes *changes, ll_connection *connection)
{
    ll_tally *days = &changes->days;
    llmlearn_err err;

    assert(connection != NULL);
    ll_tally_clear(days);
    err = write_counts(connection, &changes->counts, days);
    if (err == LLMLEARN_OK)
        err = write_latency(connection, &changes->latency, days);
    if (err == LLMLEARN_OK)
        ll_tally_sort(days);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < days->count; i++)
        err = run_cells(connection, &bump_day, ll_tally_row(days, i), 1);
    if (err == LLMLEARN_OK)
        ll_metrics_changes_clear(changes);
    return err;
}
