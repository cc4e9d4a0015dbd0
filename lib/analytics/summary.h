/* summary.h - the days of a window added up: in all, by day, by variant, by ticker.
 *
 *   begin, add each day, finish (names, order), read, free
 *
 * Threads: one at a time per summary.
 * Uses:    rollup, labels, store/tally. */
#ifndef LL_ANALYTICS_SUMMARY_H
#define LL_ANALYTICS_SUMMARY_H

#include "analytics/labels.h"
#include "analytics/rollup.h"
#include "store/tally.h"

#define LL_SUMMARY_TICKERS_MAX 10

/* Explanations per latency bucket, from the first bucket that has any to the last. */
typedef struct ll_spread {
    uint32_t first;
    uint32_t count;
    int64_t *explanations;
} ll_spread;

typedef struct ll_summary_variant {
    const ll_label *label;
    ll_counts counts;
    const ll_spread *latency;
} ll_summary_variant;

typedef struct ll_summary_ticker {
    const ll_label *label;
    int64_t explanations;
    int64_t positive;
    int64_t negative;
    int64_t rating_count;
    int64_t rating_sum;
} ll_summary_ticker;

typedef struct ll_summary {
    int64_t first; /* days */
    int64_t last;
    ll_counts total;
    ll_counts series[LL_ROLLUP_DAYS_MAX]; /* [0] is the first day */
    ll_counts previous; /* of as many days before the first; the caller's to fill */
    /* After finish. */
    ll_spread latency;            /* of the whole window */
    ll_summary_variant *variants; /* by signal, then version */
    uint32_t variant_count;
    uint32_t ticker_count;
    ll_summary_ticker tickers[LL_SUMMARY_TICKERS_MAX]; /* most votes first */
    /* The sums while adding; their rows are (id, 0, 0) and counts. */
    ll_tally by_variant;
    ll_tally by_ticker;
    ll_spread *spreads; /* one for each row of by_variant */
    uint32_t spread_capacity;
} ll_summary;

llmlearn_err ll_summary_begin(ll_summary *s, int64_t first, int64_t last);
/* An ll_rollup_fn. */
llmlearn_err ll_summary_add(void *summary, const ll_rollup_day *day);
/* The labels must outlive the summary. */
llmlearn_err ll_summary_finish(ll_summary *s, ll_labels *labels, ll_connection *connection);
/* Also fine after a failed begin. */
void ll_summary_free(ll_summary *s);

/* The nearest-rank percentile in ms, within 1 %; false if there is nothing. */
bool ll_spread_percentile(const ll_spread *spread, int percent, double *out_ms);

#endif
