/* report.h - the report behind llmlearn_analytics.
 *
 *   cache ──miss──▶ drain ─▶ one snapshot: versions, changed days, names ─▶ sums ─▶ JSON
 *
 * Threads: reports from any; open and close before and after.
 * Uses:    cache, day_totals, labels, report_json, rollup, store, summary. */
#ifndef LL_ANALYTICS_REPORT_H
#define LL_ANALYTICS_REPORT_H

#include "base/clock.h"
#include "store/store.h"

#define LL_ANALYTICS_DAYS_MAX 90

typedef struct ll_analytics ll_analytics;

typedef struct ll_analytics_options {
    ll_store *store;
    const ll_clock *clock; /* must outlive the analytics, as the store */
    uint32_t ttl_ms;
    /* Stores what waits in the journal before a computation; sets what it left. Its failure
     * does not fail the report, which then says that something is pending. */
    llmlearn_err (*drain)(void *user, ll_deadline deadline, uint64_t *out_pending);
    void *user;
} ll_analytics_options;

llmlearn_err ll_analytics_open(const ll_analytics_options *options, ll_analytics **out_analytics);
/* NULL is fine. */
void ll_analytics_close(ll_analytics *a);

/* The report of the last 1 to LL_ANALYTICS_DAYS_MAX days, as llmlearn.h has it, for free().
 * `refresh`: not from the cache. Errors as there, and LLMLEARN_ECORRUPT. */
llmlearn_err ll_analytics_report(ll_analytics *a, uint32_t days, bool refresh, ll_deadline deadline,
                                 char **out_json);
/* The same if the cache has it fresh, at once; else LLMLEARN_ENOTFOUND. */
llmlearn_err ll_analytics_cached(ll_analytics *a, uint32_t days, char **out_json);

#endif
