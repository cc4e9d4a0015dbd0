#include "api/weekly_step.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* A lease this short is over before anybody else asks. */
#define RELEASED_US 1
#define NOTE_BYTES_MAX 600u

/* ---- the lease and the notes ------------------------------------------- */

llmlearn_err ll_weekly_hold(const ll_weekly_step *step, const ll_write *write)
{
    return ll_schedule_renew(write->connection, LL_WEEKLY_JOB, &step->lease, LL_WEEKLY_LEASE_US,
                             write->now_us);
}

llmlearn_err ll_weekly_note(const ll_weekly_step *step, const ll_write *write, const char *name,
                            const char *note)
{
    const ll_job_step noted = { .signal = step->signal, .step = name, .note = note };

    return ll_schedule_note_step(write->connection, LL_WEEKLY_JOB, &step->lease, &noted,
                                 write->now_us);
}

llmlearn_err ll_weekly_has(const ll_weekly_step *step, const ll_write *write, const char *name,
                           bool *out_has)
{
    const ll_job_step noted = { .signal = step->signal, .step = name };

    return ll_schedule_has_step(write->connection, LL_WEEKLY_JOB, &step->lease, &noted, out_has);
}

llmlearn_err ll_weekly_end(ll_weekly_step *step, const ll_write *write, const char *note)
{
    step->next = LL_WEEKLY_DONE;
    return ll_weekly_note(step, write, "done", note);
}

bool ll_weekly_wants(const ll_weekly_step *step, uint32_t flag)
{
    return (step->plan->flags & flag) != 0;
}

ll_weekly_scene ll_weekly_scene_of(const ll_weekly_step *step, const ll_write *write)
{
    return (ll_weekly_scene){ .connection = write->connection,
                              .now_us = write->now_us,
                              .signal = step->signal };
}

/* ---- the run ----------------------------------------------------------- */

llmlearn_err ll_weekly_take(ll_weekly_step *step, const ll_write *write)
{
    llmlearn_err err =
        ll_schedule_take(write->connection, LL_WEEKLY_JOB, LL_WEEKLY_LEASE_US, &ll_weekly_rule,
                         write->now_us, &step->lease, &step->look_us);

    step->taken = err == LLMLEARN_OK && step->lease.epoch != 0;
    return err;
}

llmlearn_err ll_weekly_finish(ll_weekly_step *step, const ll_write *write)
{
    const char *error = step->failure.err != LLMLEARN_OK ? step->failure.detail : NULL;

    return ll_schedule_finish(write->connection, LL_WEEKLY_JOB, &step->lease, error,
                              &ll_weekly_rule, write->now_us);
}

llmlearn_err ll_weekly_release(ll_weekly_step *step, const ll_write *write)
{
    return ll_schedule_renew(write->connection, LL_WEEKLY_JOB, &step->lease, RELEASED_US,
                             write->now_us);
}

/* ---- what goes wrong --------------------------------------------------- */

llmlearn_err ll_weekly_fail(ll_weekly_step *step, const ll_write *write)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    llmlearn_err err = ll_weekly_hold(step, write);

    if (err == LLMLEARN_OK)
        err = ll_weekly_alert_failed(&scene, step->at, step->failure.detail);
    return err == LLMLEARN_OK ? ll_weekly_end(step, write, step->failure.detail) : err;
}

/* ---- generating -------------------------------------------------------- */

llmlearn_err ll_weekly_note_generated(const void *data, ll_connection *connection, int64_t now_us)
{
    const ll_weekly_generation *g = data;
    const ll_job_step noted = { .signal = g->signal, .step = "generate", .note = "written" };

    return ll_schedule_note_step(connection, LL_WEEKLY_JOB, &g->lease, &noted, now_us);
}

llmlearn_err ll_weekly_note_generation(ll_weekly_step *step, const ll_write *write)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    char note[NOTE_BYTES_MAX];
    llmlearn_err err = ll_weekly_hold(step, write);

    snprintf(note, sizeof note, "%s: %s", llmlearn_error_name(step->failure.err),
             step->failure.detail);
    if (err == LLMLEARN_OK)
        err = ll_weekly_note(step, write, "generate", note);
    if (err == LLMLEARN_OK && step->failure.err == LLMLEARN_EBUDGET)
        err = ll_weekly_alert_budget(&scene, &step->limits, step->failure.detail);
    return err;
}

/* ---- models ------------------------------------------------------------ */

llmlearn_err ll_weekly_note_model(ll_weekly_step *step, const ll_write *write)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    llmlearn_err err = ll_weekly_hold(step, write);

    if (err == LLMLEARN_OK && step->model != NULL)
        err = ll_weekly_alert_model(&scene, step->model, step->retires_day);
    return err;
}
