/* weekly_step.h - the steps of the weekly job: each a transaction that first asks whether the
 * lease still is this run's, and notes in itself that it is done.
 *
 *   look ──▶ keep going, invalid, only deciding ──▶ done
 *       └──▶ decided, none, stopped ──▶ (generating is needed?) ──▶ generate ──▶ start ──▶ done
 *
 * What a step adds to the outbox, it adds in the same transaction. So a run that dies at any
 * moment is gone on with where it was, by whoever takes the lease next: nothing is done or told
 * twice, and nothing is left out.
 *
 * Threads: run on the ingest thread, with copies of all that they need: who asked may have left.
 * Uses:    handle, weekly_plan; experiment, mail, store. */
#ifndef LL_API_WEEKLY_STEP_H
#define LL_API_WEEKLY_STEP_H

#include "api/handle.h"
#include "api/weekly_alerts.h"
#include "api/weekly_plan.h"
#include "store/names.h"

/* In what the job writes of itself. */
#define LL_WEEKLY_ACTOR "llmlearn"
/* Generating, the longest that happens between two transactions, takes half as long at the most. */
#define LL_WEEKLY_LEASE_US (10 * 60 * LL_US_PER_S)

typedef enum ll_weekly_next {
    LL_WEEKLY_DONE = 1, /* with the signal, in this run */
    LL_WEEKLY_GENERATE,
    LL_WEEKLY_START
} ll_weekly_next;

typedef struct ll_weekly_step ll_weekly_step;

/* On the ingest thread. Sets its results afresh each time: it may be run again. */
typedef llmlearn_err (*ll_weekly_make_fn)(ll_weekly_step *step, const ll_write *write);

struct ll_weekly_step {
    ll_job job;
    ll_weekly_make_fn make;
    const ll_weekly_plan *plan; /* good until the handle is closed, as the settings are */
    const ll_settings *settings;
    ll_lease lease;
    char signal[LL_NAME_BYTES_MAX + 1]; /* "": the run as a whole */
    const char *at;                     /* static: the step that failed */
    ll_err_report failure;              /* what fails, or the generation's outcome */
    ll_ledger_limits limits;            /* that it had */
    const char *model;                  /* that retires; static for the handle */
    int64_t retires_day;

    ll_weekly_next next; /* a result */
    bool taken;
    int64_t look_us;
};

/* Without a lease: takes it if the job is due. step->taken, lease, look_us. */
llmlearn_err ll_weekly_take(ll_weekly_step *step, const ll_write *write);

/* Looks at the signal's test and sees what comes next. */
llmlearn_err ll_weekly_look(ll_weekly_step *step, const ll_write *write);
/* The generation failed as `failure` says: that is noted, and told if it was for the money. */
llmlearn_err ll_weekly_note_generation(ll_weekly_step *step, const ll_write *write);
/* Starts the next test, if there is what it needs. */
llmlearn_err ll_weekly_start(ll_weekly_step *step, const ll_write *write);
/* The signal's run is over by `failure` in the step `at`. */
llmlearn_err ll_weekly_fail(ll_weekly_step *step, const ll_write *write);

/* A model retires, told if that is soon. */
llmlearn_err ll_weekly_note_model(ll_weekly_step *step, const ll_write *write);

/* The run has ended, with `failure` as how its first signal failed; or, by release, is left to
 * whoever comes next. */
llmlearn_err ll_weekly_finish(ll_weekly_step *step, const ll_write *write);
llmlearn_err ll_weekly_release(ll_weekly_step *step, const ll_write *write);

/* For ll_generate_run: notes in the transaction that stores the variants that they are there. */
typedef struct ll_weekly_generation {
    ll_lease lease;
    char signal[LL_NAME_BYTES_MAX + 1];
} ll_weekly_generation;
llmlearn_err ll_weekly_note_generated(const void *data, ll_connection *connection, int64_t now_us);

/* ---- shared by the files that make them -------------------------------- */

/* The lease is this run's, and from now on for its whole length again. */
llmlearn_err ll_weekly_hold(const ll_weekly_step *step, const ll_write *write);
llmlearn_err ll_weekly_note(const ll_weekly_step *step, const ll_write *write, const char *name,
                            const char *note);
llmlearn_err ll_weekly_has(const ll_weekly_step *step, const ll_write *write, const char *name,
                           bool *out_has);
bool ll_weekly_wants(const ll_weekly_step *step, uint32_t flag); /* LLMLEARN_SCHEDULE_* */
ll_weekly_scene ll_weekly_scene_of(const ll_weekly_step *step, const ll_write *write);
/* Notes that the signal is done with; next is LL_WEEKLY_DONE. */
llmlearn_err ll_weekly_end(ll_weekly_step *step, const ll_write *write, const char *note);

#endif
