/* scheduler.h - a thread that runs what is due and sends alerts.
 *
 *   STOPPED ──start──▶ CHANGING ──▶ RUNNING ──stop──▶ CHANGING ──▶ STOPPED
 *                                                         └──▶ STOPPING: not ended in time
 *
 * Nothing is locked while it changes: who comes in between waits, so that a fork finds no lock
 * held. In the child there is no such thread, and its scheduler is STOPPED.
 *
 * Calls of llmlearn_run_due_jobs are told to end with it, by a flag of their own each.
 *
 * Threads: any; ending comes before closing.
 * Uses:    deliver, weekly; cron. */
#ifndef LL_API_SCHEDULER_H
#define LL_API_SCHEDULER_H

#include "base/clock.h"
#include "cron/timer.h"
#include "llmlearn.h"

#include <stdatomic.h>

/* A call of llmlearn_run_due_jobs that can be ended. All zero: nobody's. */
typedef struct ll_running_jobs {
    atomic_int state;
    atomic_int cancel;
} ll_running_jobs;

/* One of all processes runs what is due; the others find that out and leave. */
#define LL_RUNNING_JOBS_MAX 8

/* All zero: stopped. */
typedef struct ll_scheduler {
    atomic_int state;
    _Atomic(ll_timer *) timer;
    atomic_int cancel; /* of what the thread is doing */
    ll_running_jobs calls[LL_RUNNING_JOBS_MAX];
} ll_scheduler;

/* Stops, and waits until the thread has ended: no longer than the deadline unless the disk, or
 * the caller's own client of a model, does not answer. */
void ll_scheduler_end(llmlearn *learner);

/* In the child of a fork. Async-signal-safe. */
void ll_scheduler_forget(llmlearn *learner);

#endif
