/* run.h - runs one job of a transaction so that its failure is its own.
 *
 * A mark costs more than the vote it is for: SQLite copies every page that is changed under it.
 * So one that checks all before its first change goes without.
 *
 * Threads: the ingest thread, inside a write transaction.
 * Uses:    base, store, jobs. */
#ifndef LL_INGEST_RUN_H
#define LL_INGEST_RUN_H

#include "ingest/ingest.h"

/* The job's report is its outcome; what it changed stays only if that is LLMLEARN_OK. Returns an
 * error of the disk, or of memory: the transaction as a whole must be given up. *out_torn: so it
 * must, and be run again with_mark: the job failed with a change made and had no mark. */
llmlearn_err ll_run_job(ll_job *job, const ll_write *write, bool with_mark, bool *out_torn);

#endif
