/* handle.h - struct llmlearn: the order things start in and, reversed, stop.
 *
 * The handle outlives a fork; its core does not. A word in memory that the kernel
 * wipes in a child says whether the core is this process's: if not, the next call
 * builds a new one and touches nothing of the inherited.
 *
 * Uses: everything below. */
#ifndef LL_API_HANDLE_H
#define LL_API_HANDLE_H

#include "analytics/report.h"
#include "base/clock.h"
#include "base/log.h"
#include "experiment/experiment.h"
#include "ingest/ingest.h"
#include "journal/journal.h"
#include "llmlearn.h"
#include "store/store.h"

/* What belongs to one process. */
typedef struct ll_core {
    ll_store *store; /* NULL in a child forked while a commit hung: it only journals */
    ll_journal *journal;
    ll_ingest *ingest; /* NULL with store */
    ll_experiment *experiment;
    ll_analytics *analytics;
} ll_core;

typedef struct ll_settings {
    char *path;
    char *baseline;
    uint64_t journal_bytes_max, segment_bytes;
    uint32_t batch_interval_ms, batch_rows_max, feedback_per_hour, analytics_ttl_ms;
    ll_log log;
    ll_clock clock;
} ll_settings;

/* This process's core, ready to use; NULL with the detail set. LLMLEARN_EINVAL for a NULL or
 * closed handle. The first call in a process starts the ingest thread. */
llmlearn_err ll_handle_enter(llmlearn *learner, ll_core **out_core);
const ll_settings *ll_handle_settings(const llmlearn *learner);

/* 0 means the default of 1,000 ms. */
ll_deadline ll_handle_deadline(uint32_t deadline_ms);

/* Enters, submits the job to ingest, returns its outcome. The job stays the caller's to release.
 * A NULL job is LLMLEARN_ENOMEM. */
llmlearn_err ll_handle_submit(llmlearn *learner, ll_job *job, uint32_t deadline_ms);

#endif
