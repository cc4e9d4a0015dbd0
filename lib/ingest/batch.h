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
/* Writes the sums. Then commit. */
llmlearn_err ll_batch_finish(ll_batch *batch);
/* After a rollback: forgets what the transaction had learned. */
void ll_batch_forget(ll_batch *batch);

ll_metrics_changes *ll_batch_metrics(ll_batch *batch);
ll_batch_tally ll_batch_tallied(const ll_batch *batch);

#endif
