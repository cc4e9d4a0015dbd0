/* ab_latency.h - rows of llm_ab_latency: a histogram of the latencies of each arm's exposures.
 *
 * Buckets as in llm_latency, see ll_latency_bucket; only rows that count in the test.
 *
 * Uses: connection, metrics, tally. */
#ifndef LL_STORE_AB_LATENCY_H
#define LL_STORE_AB_LATENCY_H

#include "store/connection.h"
#include "store/tally.h"

/* Adds the rows of a tally, (test, arm, bucket) and how many, and empties it. */
llmlearn_err ll_ab_latency_add(ll_connection *connection, ll_tally *more);

/* The nearest-rank median and 95th percentile of an arm in ms, within 1 %; -1: no latency is known.
 * Read together, since the histogram is most of what a verdict has to read. */
llmlearn_err ll_ab_latency_read(ll_connection *connection, uint64_t test, uint32_t arm,
                                double *out_p50_ms, double *out_p95_ms);

#endif
