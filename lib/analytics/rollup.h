/* rollup.h - the latest days' rollups, kept in memory while they do not change.
 *
 * Every day has a version in the database that grows with each change; one statement
 * reads the versions of a window, and only days with another version are read again.
 *
 *   day ──▶ one block: totals | by variant | latency buckets of each variant | by ticker
 *
 * A day with 500 tickers and 12 variants takes about 30 KB. What is kept is bounded: the
 * oldest days go first and are then read every time, so that a flood of different tickers
 * costs time and not memory.
 *
 * Threads: one at a time per rollup.
 * Uses:    store/metrics_read. */
#ifndef LL_ANALYTICS_ROLLUP_H
#define LL_ANALYTICS_ROLLUP_H

#include "store/metrics.h"

#define LL_ROLLUP_DAYS_MAX 90
/* 90 days of 500 tickers and 12 variants are 2.7 MB. */
#define LL_ROLLUP_BYTES_MAX ((size_t)3 << 20)

/* Counts of one day in 32 bits: at 40,000 a second a day gives 3.5e9. They stop at the largest. */
typedef struct ll_rollup_bucket {
    uint32_t bucket;
    uint32_t explanations;
} ll_rollup_bucket;

typedef struct ll_rollup_variant {
    int64_t variant;
    ll_counts counts;
    uint32_t bucket_index; /* of its first latency bucket in the day's */
    uint32_t bucket_count;
} ll_rollup_variant;

typedef struct ll_rollup_ticker {
    int64_t ticker;
    int64_t explanations;
    uint32_t positive;
    uint32_t negative;
    uint32_t rating_count;
    uint32_t reserved;
    int64_t rating_sum;
} ll_rollup_ticker;

typedef struct ll_rollup_day {
    int64_t day;
    int64_t version;
    size_t bytes; /* of the block */
    ll_counts total;
    const ll_rollup_variant *variants; /* by id, as the tickers are */
    const ll_rollup_bucket *buckets;
    const ll_rollup_ticker *tickers;
    uint32_t variant_count;
    uint32_t bucket_count;
    uint32_t ticker_count;
} ll_rollup_day;

/* All zero is an empty one. */
typedef struct ll_rollup {
    ll_rollup_day *days[LL_ROLLUP_DAYS_MAX]; /* a ring, by day */
    size_t bytes;
    uint64_t days_read; /* from the database, ever */
} ll_rollup;

typedef llmlearn_err (*ll_rollup_fn)(void *user, const ll_rollup_day *day);

/* Calls each for every day of the window that has something, newest first; `last` is today.
 * The connection must hold a snapshot. On an error what was read so far stays good.
 * LLMLEARN_ECORRUPT, LLMLEARN_ETIMEDOUT, LLMLEARN_EIO, or what `each` returned. */
llmlearn_err ll_rollup_each(ll_rollup *r, ll_connection *connection, int64_t first, int64_t last,
                            ll_rollup_fn each, void *user);

void ll_rollup_clear(ll_rollup *r);

#endif
