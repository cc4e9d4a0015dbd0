/* metrics.h - rollups: what happened per day, by variant and by ticker.
 *
 * A change set collects deltas in memory during a transaction and is written once at
 * its end, in the same transaction as the rows it counts. Deltas add and subtract, so
 * that the rollups equal a recount of the raw rows at every commit, to the last bit.
 *
 *   llm_metrics  (day, 0, variant) and (day, ticker, 0)
 *   llm_latency  (day, variant, bucket): 2 % wide buckets, see ll_latency_bucket
 *   llm_days     the day's version, one more with every commit that changed the day
 *
 * Uses: connection. */
#ifndef LL_STORE_METRICS_H
#define LL_STORE_METRICS_H

#include "store/connection.h"

/* Additive counts, in the order of the columns of llm_metrics. */
typedef struct ll_counts {
    int64_t explanations;
    int64_t cached;
    int64_t fallback;
    int64_t rated;
    int64_t positive;
    int64_t negative;
    int64_t rating[5]; /* 1 to 5 stars */
    int64_t prompt_tokens;
    int64_t completion_tokens;
    int64_t cost_nanousd;
    int64_t cost_known;
} ll_counts;

#define LL_COUNTS_FIELDS 15
_Static_assert(sizeof(ll_counts) == LL_COUNTS_FIELDS * sizeof(int64_t), "an array in disguise");

void ll_counts_add(ll_counts *sum, const ll_counts *delta);

/* Bucket b holds latencies in [0.01 ms x 1.02^b, 0.01 ms x 1.02^(b+1)); bucket 0 also what is
 * below, the last also what is above (about 4e6 ms). */
#define LL_LATENCY_BUCKETS 1000
uint32_t ll_latency_bucket(double latency_ms);
/* The geometric middle of a bucket: within 1 % of everything in it. */
double ll_latency_of_bucket(uint32_t bucket);

typedef struct ll_metrics_changes ll_metrics_changes;

llmlearn_err ll_metrics_changes_new(ll_metrics_changes **out_changes);
void ll_metrics_changes_free(ll_metrics_changes *changes);
void ll_metrics_changes_clear(ll_metrics_changes *changes);

/* Adds a delta to (day, variant) and to (day, ticker). */
llmlearn_err ll_metrics_add(ll_metrics_changes *changes, int64_t day, int64_t variant,
                            int64_t ticker, const ll_counts *delta);
llmlearn_err ll_metrics_add_latency(ll_metrics_changes *changes, int64_t day, int64_t variant,
                                    double latency_ms);
/* Writes everything collected and bumps the days' versions. The set is then empty on success. */
llmlearn_err ll_metrics_write(ll_metrics_changes *changes, ll_connection *connection);

#endif
