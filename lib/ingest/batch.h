/* batch.h - journal records become rows: what one transaction stores.
 *
 * Everything counted is counted only for rows that were really inserted.
 *
 * Threads: the ingest thread.
 * Uses:    base, journal, store. */
#ifndef LL_INGEST_BATCH_H
#define LL_INGEST_BATCH_H

#include "ingest/ingest.h"

typedef struct ll_batch ll_batch;

typedef struct ll_batch_tally {
    uint64_t stored, duplicates, rejected;
} ll_batch_tally;

llmlearn_err ll_batch_new(const ll_ingest_options *options, ll_batch **out_batch);
void ll_batch_free(ll_batch *batch);

void ll_batch_begin(ll_batch *batch, ll_connection *connection, int64_t now_us);
/* Stores one record. A record that the tables refuse goes to llm_rejected and is LLMLEARN_OK;
 * an error means that the transaction must be given up. */
llmlearn_err ll_batch_store(ll_batch *batch, const ll_record *record);
/* Asks the breaker about tests in which something failed, writes the sums of all tests and forgets
 * them: before anybody else reads or changes a test. */
llmlearn_err ll_batch_settle_tests(ll_batch *batch);
/* Writes all sums. Then commit. */
llmlearn_err ll_batch_finish(ll_batch *batch);
/* After a rollback: forgets what the transaction had learned. */
void ll_batch_forget(ll_batch *batch);

ll_metrics_changes *ll_batch_metrics(ll_batch *batch);
ll_ab_sums *ll_batch_sums(ll_batch *batch);
/* Since begin: what get_variant serves, by the breaker. */
bool ll_batch_changed_config(const ll_batch *batch);
ll_batch_tally ll_batch_tallied(const ll_batch *batch);

#endif
