/* schedule.h - jobs that run at their moments: once, whoever runs them, across processes.
 *
 * A row of llm_jobs says which moment is to be run next, `due`. Who takes it gets a lease, which
 * is a time and an epoch. Whoever takes over from a holder that is late or dead counts the epoch
 * up, and from then on every write of the old holder is refused with LLMLEARN_ESTATE, however
 * alive it is: what it does in the store it does in the transaction that asked.
 *
 *     waiting ──take, once due──▶ held ──finish──▶ waiting, for the next moment
 *                                 │  ▲ renew
 *                 lease is over   └──┘ take: the same moment, epoch + 1
 *
 * Moments that were missed are caught up once: the run is for the oldest of them, and when it ends
 * the next moment after its start is due, at once if that has come meanwhile.
 *
 * The clock may be wrong. `now_us` is the store's clock, which does not go back by less than a
 * day, but nothing here needs that:
 *   - no lease is believed for longer than LL_LEASE_US_MAX from now;
 *   - a moment that was run is not due again when the clock comes back to it, but for one that
 *     lies over LL_SCHEDULE_AHEAD_US ahead: then the clock was wrong before, not now;
 *   - `due` is never later than the moment that follows now, or follows the one run last.
 *
 * What a line means is for the caller to say: see ll_schedule_rule.
 *
 * All calls but ll_schedule_read need a write transaction of the caller's.
 * Uses: connection. */
#ifndef LL_STORE_SCHEDULE_H
#define LL_STORE_SCHEDULE_H

#include "store/connection.h"

/* A holder that lives renews long before. */
#define LL_LEASE_US_MAX (LL_US_PER_HOUR)
#define LL_SCHEDULE_AHEAD_US LL_US_PER_DAY
/* How long steps of past runs are kept for a person to see. */
#define LL_SCHEDULE_STEPS_US (90 * LL_US_PER_DAY)
#define LL_SCHEDULE_ERROR_BYTES_MAX 500

/* The first moment of a schedule strictly after a time. */
typedef struct ll_schedule_rule {
    llmlearn_err (*next)(void *user, const char *schedule, size_t bytes, int64_t after_us,
                         int64_t *out_us);
    void *user;
} ll_schedule_rule;

/* Makes the job if there is none, due at the next moment. Another schedule than the row's makes
 * the next moment due that it means; not while a run is under way: after that. */
llmlearn_err ll_schedule_register(ll_connection *connection, const char *job, const char *schedule,
                                  const ll_schedule_rule *rule, int64_t now_us);

/* What a holder holds. */
typedef struct ll_lease {
    int64_t epoch; /* 0: nothing */
    int64_t due_us;
} ll_lease;

/* Takes the job if it is due and nobody holds it. If so, out_lease->epoch is not 0; if not,
 * *out_look_us is when to try again. LLMLEARN_ENOTFOUND: it was never registered. */
llmlearn_err ll_schedule_take(ll_connection *connection, const char *job, int64_t lease_us,
                              const ll_schedule_rule *rule, int64_t now_us, ll_lease *out_lease,
                              int64_t *out_look_us);

/* LLMLEARN_ESTATE, from these four: the lease is not this holder's any more. */
llmlearn_err ll_schedule_check(ll_connection *connection, const char *job, const ll_lease *lease);
llmlearn_err ll_schedule_renew(ll_connection *connection, const char *job, const ll_lease *lease,
                               int64_t lease_us, int64_t now_us);
/* error: NULL, or how the run failed, which ends it all the same. A holder that wants another try
 * at the same moment lets its lease run out. */
llmlearn_err ll_schedule_finish(ll_connection *connection, const char *job, const ll_lease *lease,
                                const char *error, const ll_schedule_rule *rule, int64_t now_us);

typedef struct ll_job_step {
    const char *signal;
    const char *step;
    const char *note; /* or NULL */
} ll_job_step;

/* Notes that a step of this run is done; one that is noted already stays as it is. */
llmlearn_err ll_schedule_note_step(ll_connection *connection, const char *job,
                                   const ll_lease *lease, const ll_job_step *step, int64_t now_us);
llmlearn_err ll_schedule_has_step(ll_connection *connection, const char *job, const ll_lease *lease,
                                  const ll_job_step *step, bool *out_done);

typedef struct ll_schedule_state {
    bool found;
    int64_t due_us; /* the moment that is to be run, or runs */
    int64_t epoch;
    bool held;
    int64_t lease_until_us;                      /* if held */
    int64_t started_us;                          /* of the latest run; 0: none */
    int64_t finished_us;                         /* of the latest that ended; 0: none */
    int64_t finished_due_us;                     /* the moment that it was for */
    char error[LL_SCHEDULE_ERROR_BYTES_MAX + 1]; /* "": it went well */
} ll_schedule_state;

llmlearn_err ll_schedule_read(ll_connection *connection, const char *job,
                              ll_schedule_state *out_job);

#endif
