/* day_totals.h - what happened on each day, all in all, kept in memory while it does not change.
 *
 * For the window before the one that a report shows: of its days nothing else is asked, so that
 * they need not be kept as rollups. One statement reads their versions; a day with
 * another version than it had is added up again, of one row per variant.
 *
 * Threads: one at a time.
 * Uses:    store/metrics_read. */
#ifndef LL_ANALYTICS_DAY_TOTALS_H
#define LL_ANALYTICS_DAY_TOTALS_H

#include "store/metrics.h"

#define LL_DAY_TOTALS_MAX 180 /* two windows of the longest kind, so that none takes another's */

typedef struct ll_day_total {
    int64_t day, version; /* version 0: empty */
    ll_counts counts;
} ll_day_total;

/* All zero is an empty one; nothing is to be freed. */
typedef struct ll_day_totals {
    ll_day_total days[LL_DAY_TOTALS_MAX]; /* a ring, by day */
    uint64_t days_read;                   /* from the database, ever */
} ll_day_totals;

/* Sums the days from first to last, at most LL_DAY_TOTALS_MAX. The connection must hold a snapshot.
 * LLMLEARN_ECORRUPT, LLMLEARN_ETIMEDOUT, LLMLEARN_EIO; what was read so far stays good. */
llmlearn_err ll_day_totals_sum(ll_day_totals *totals, ll_connection *connection, int64_t first,
                               int64_t last, ll_counts *out_sum);

#endif
