/* scheduler.h - a thread that runs what is due and sends alerts.
 *
 *   STOPPED ──start──▶ CHANGING ──▶ RUNNING ──stop──▶ CHANGING ──▶ STOPPED
 *                                                         └──▶ STOPPING: not ended in time
 *
 * Nothing is locked while it changes: who comes in between waits, so that a fork finds no lock
 * held. In the child there is no such thread, and its scheduler is STOPPED.
 *
 * Threads: any; ending comes before closing.
 * Uses:    deliver, weekly; cron. */
#ifndef LL_API_SCHEDULER_H
#define LL_API_SCHEDULER_H

#include "base/clock.h"
#include "cron/timer.h"
#include "llmlearn.h"

#include <stdatomic.h>

/* All zero: stopped. */
typedef struct ll_scheduler {
    atomic_int state;
    _Atomic(ll_timer *) timer;
    atomic_int cancel; /* of what the thread is doing */
} ll_scheduler;

/* Stops, and waits until the thread has ended: no longer than the deadline unless the disk, or
 * the caller's own client of a model, does not answer. */
void ll_scheduler_end(llmlearn *learner);

/* In the child of a fork. Async-signal-safe. */
void ll_scheduler_forget(llmlearn *learner);

#endif
