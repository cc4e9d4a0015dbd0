/* jobs.h - writes that callers wait for, from queue to outcome.
 *
 *   QUEUED ──take──▶ RUNNING ──claim──▶ COMMITTING ──settle──▶ SETTLED
 *     ▲  │              │ ▲
 *     │  │ deadline     │ └─ again: back to QUEUED, or to PARKED until a drain is done
 *     │  ▼              ▼ deadline
 *     │ SETTLED      ABANDONED (the transaction is rolled back and run without it)
 *     └─────────────────┘ the others
 *
 * A caller may leave until COMMITTING: from there only the disk decides.
 *
 * Who is told its outcome tells the next: ingest begins some chains and goes back to work.
 *
 * Threads: submit from any; the rest from the ingest thread.
 * Uses:    base. */
#ifndef LL_INGEST_JOBS_H
#define LL_INGEST_JOBS_H

#include "ingest/ingest.h"

#include <pthread.h>

typedef struct ll_job_list {
    ll_job *first, *last; /* both NULL: empty */
} ll_job_list;

/* So many callers are told at once. */
#define LL_JOB_CHAINS 8u

typedef struct ll_jobs {
    pthread_mutex_t mutex;
    pthread_cond_t arrived; /* ingest waits on it */
    ll_job_list queue;      /* in order of arrival */
    ll_job_list parked;     /* wait for a drain */
    bool woken, stopping, pausing, is_paused;
    ll_job_list settled[LL_JOB_CHAINS]; /* to be told once the mutex is free */
    uint32_t settled_count;
    /* For sharing commits; see gather in jobs.c. */
    bool gathering;
    uint32_t enough;        /* wake ingest once no more than these have not come again */
    uint32_t returning;     /* callers of the latest commit who have not come again ... */
    uint32_t returning_all; /* ... of so many */
    uint32_t not_gathering; /* commits to come, after a wait in vain */
    ll_deadline taken;      /* when the running jobs were */
    ll_deadline gather_until;
} ll_jobs;

llmlearn_err ll_jobs_init(ll_jobs *jobs);
void ll_jobs_destroy(ll_jobs *jobs);

/* Queues the job and waits for its outcome. */
llmlearn_err ll_jobs_submit(ll_jobs *jobs, ll_job *job, ll_deadline deadline);

/* Up to `max` queued jobs, now RUNNING, in order; NULL: none. Settles those past their deadline. */
ll_job *ll_jobs_take(ll_jobs *jobs, uint32_t max);
/* The same for a transaction under way: if there are none it may wait a moment for some. */
ll_job *ll_jobs_take_more(ll_jobs *jobs, uint32_t max);
/* COMMITTING from now on; *batch is what is left of it (possibly NULL). False if the caller of
 * a change left: then the transaction must be rolled back and *batch run instead. */
bool ll_jobs_claim(ll_jobs *jobs, ll_job **batch);
/* Puts RUNNING jobs back to the front of the queue. */
void ll_jobs_requeue(ll_jobs *jobs, ll_job *batch);
/* Each job's report is its outcome: settles it, or queues or parks it again as it asked. A parked
 * one waits for the first drain pass after `passes_begun`. */
void ll_jobs_settle(ll_jobs *jobs, ll_job *batch, uint64_t passes_begun);
/* Every job of the batch fails alike; the line is this thread's detail. */
void ll_jobs_fail(ll_jobs *jobs, ll_job *batch, llmlearn_err err);
/* Passes up to `ended` are over: their jobs are queued again, since what they look for may be
 * there even if not everything was found; it was in those up to `complete`. Settles parked
 * jobs past their deadline. */
void ll_jobs_drained(ll_jobs *jobs, uint64_t ended, uint64_t complete);
/* The pass that the longest-parked job waits for; 0: none. */
uint64_t ll_jobs_pass_wanted(ll_jobs *jobs);

#endif
