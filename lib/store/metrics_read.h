/* metrics_read.h - the rollups of a day, row by row.
 *
 * Read in one snapshot, a day's version and its rows belong together: as long as the
 * version stays, so do the rows.
 *
 * Uses: connection, metrics. */
#ifndef LL_STORE_METRICS_READ_H
#define LL_STORE_METRICS_READ_H

#include "store/metrics.h"

typedef struct ll_metrics_reader {
    /* The version of a day that has one. */
    llmlearn_err (*day)(void *user, int64_t day, int64_t version);
    /* First what was counted by variant (ticker 0), by variant; then by ticker (variant 0). */
    llmlearn_err (*counts)(void *user, int64_t ticker, int64_t variant, const ll_counts *counts);
    /* By variant, then bucket. */
    llmlearn_err (*latency)(void *user, int64_t variant, uint32_t bucket, int64_t explanations);
    void *user;
} ll_metrics_reader;

/* Calls reader->day for each day from first to last that was ever written, in order. */
llmlearn_err ll_metrics_read_versions(ll_connection *connection, int64_t first, int64_t last,
                                      const ll_metrics_reader *reader);

/* Calls reader->counts and then reader->latency for every row of the day.
 * LLMLEARN_ECORRUPT: numbers that counting cannot give. */
llmlearn_err ll_metrics_read_day(ll_connection *connection, int64_t day,
                                 const ll_metrics_reader *reader);
/* The same of what was counted by variant alone: together it is the day. */
llmlearn_err ll_metrics_read_variants(ll_connection *connection, int64_t day,
                                      const ll_metrics_reader *reader);

#endif
