/* handle.h - struct llmlearn: the order things start in and, reversed, stop.
 *
 * The handle outlives a fork; its core does not. A word in memory that the kernel wipes in
 * a child says whether the core is this process's: if not, the next call builds a new one
 * and touches nothing of the inherited.
 *
 *   FORKED ──▶ BUSY ──▶ ATTACHING ──▶ RUNNING      everything works
 *   OPENED ────┘            │ ▲
 *                           ▼ │
 *                        JOURNALING   the store is out of reach: records go to the journal
 *
 * From ATTACHING on there is a journal to append to.
 *
 * Uses: everything below. */
#ifndef LL_API_HANDLE_H
#define LL_API_HANDLE_H

#include "analytics/report.h"
#include "api/channels.h"
#include "api/model.h"
#include "api/scheduler.h"
#include "api/weekly_plan.h"
#include "base/clock.h"
#include "base/log.h"
#include "experiment/experiment.h"
#include "ingest/ingest.h"
#include "journal/journal.h"
#include "llm/response_cache.h"
#include "llmlearn.h"
#include "store/ledger.h"
#include "store/store.h"

/* What belongs to one process. */
typedef struct ll_core {
    ll_journal *journal;
    ll_experiment *experiment;
    ll_store *store; /* NULL, and the two below, while only journaling */
    ll_ingest *ingest;
    ll_analytics *analytics;
    ll_response_cache *answers; /* of models */
    const ll_log *log;
    atomic_bool draining;   /* ingest may be woken */
    pthread_mutex_t waking; /* held while it is, and to forbid it */
    atomic_int lock_fd;     /* of the store, also while that is being attached; -1: none */
} ll_core;

typedef struct ll_settings {
    char *path; /* resolved */
    char *journal_directory;
    char *baseline;
    uint8_t store_id[LL_STORE_ID_BYTES];
    uint64_t journal_bytes_max, segment_bytes;
    uint32_t batch_interval_ms, batch_rows_max, feedback_per_hour, analytics_ttl_ms;
    ll_log log;
    ll_clock clock;
} ll_settings;

typedef enum ll_handle_state {
    LL_HANDLE_FORKED = 0, /* what a wiped word reads */
    LL_HANDLE_OPENED,
    LL_HANDLE_BUSY,
    LL_HANDLE_ATTACHING,
    LL_HANDLE_RUNNING,
    LL_HANDLE_JOURNALING
} ll_handle_state;

struct llmlearn {
    uint32_t magic;
    bool paused;        /* by the fork under way */
    bool store_seen;    /* it has a store that is not just being attached */
    bool all_paused;    /* and that was let go of */
    atomic_uint *state; /* ll_handle_state, alone in a page that a fork wipes */
    _Atomic(ll_core *) core;
    _Atomic ll_deadline next_attach; /* when JOURNALING may try the store again; the turn's own */
    ll_settings settings;
    ll_models models;
    ll_weekly_plans plans;
    ll_channels channels;
    ll_scheduler scheduler;
    atomic_int_fast64_t budget_run_nanousd, budget_month_nanousd; /* 0: the default, -1: none */
    llmlearn *next;                                               /* in the list of open handles */
};

#define LL_HANDLE_MAGIC 0x6c6c6c31u

/* What ll_handle_enter does when the core is not simply running. */
llmlearn_err ll_handle_enter_slowly(llmlearn *learner, bool needs_store, ll_deadline deadline,
                                    ll_core **out_core);

/* The usual case, two loads: an open handle whose core is this process's and running. */
static inline bool ll_handle_is_running(const llmlearn *learner, ll_core **out_core)
{
    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC ||
        atomic_load_explicit(learner->state, memory_order_acquire) != LL_HANDLE_RUNNING)
        return false;
    *out_core = atomic_load_explicit(&learner->core, memory_order_relaxed);
    return true;
}

/* This process's core with its store, ready to use. LLMLEARN_EINVAL for a NULL or closed
 * handle; storing errors when the store cannot be opened after a fork, LLMLEARN_ESTATE when it must
 * not be. */
static inline llmlearn_err ll_handle_enter(llmlearn *learner, ll_deadline deadline,
                                           ll_core **out_core)
{
    if (ll_handle_is_running(learner, out_core))
        return LLMLEARN_OK;
    return ll_handle_enter_slowly(learner, true, deadline, out_core);
}

/* The same, content with a core that only journals: its store is NULL. */
static inline llmlearn_err ll_handle_enter_journal(llmlearn *learner, ll_core **out_core)
{
    if (ll_handle_is_running(learner, out_core))
        return LLMLEARN_OK;
    return ll_handle_enter_slowly(learner, false, 0, out_core);
}

const ll_settings *ll_handle_settings(const llmlearn *learner);
const ll_models *ll_handle_models(const llmlearn *learner);
ll_ledger_limits ll_handle_budget(const llmlearn *learner);

/* 0 means the default of 1,000 ms. */
ll_deadline ll_handle_deadline(uint32_t deadline_ms);

/* Enters, submits the job to ingest, returns its outcome. The job stays the caller's to release.
 * A NULL job is LLMLEARN_ENOMEM. */
llmlearn_err ll_handle_submit(llmlearn *learner, ll_job *job, ll_deadline deadline);

/* Opens what belongs to this process; with the store if it can be had by the deadline.
 * *out_err says why not, when core->store is NULL. */
llmlearn_err ll_core_open(ll_settings *settings, ll_core **out_core);
llmlearn_err ll_core_attach_store(ll_core *core, ll_settings *settings, ll_deadline deadline);
/* Records of this process that are not yet stored. */
uint64_t ll_core_pending_records(const ll_core *core);
/* From its return on nobody wakes ingest any more. */
void ll_core_stop_waking(ll_core *core);
/* In a child that was forked while the store was being attached: closes the store's lock, never
 * unlocks. Async-signal-safe. */
void ll_core_close_lock_in_child(const ll_core *core);
/* In reverse; the ingest thread ends. */
void ll_core_close(ll_core *core);

#endif
