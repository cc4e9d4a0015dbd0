#include "store/schedule.h"

#include "base/err.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

static const ll_statement get_job = {
    "SELECT due_us, epoch, lease_until_us, started_us, finished_us, finished_due_us, error"
    " FROM llm_jobs WHERE name = ?1"
};
static const ll_statement has_schedule = {
    "SELECT 1 FROM llm_jobs WHERE name = ?1 AND schedule = ?2"
};
static const ll_statement get_schedule = { "SELECT schedule FROM llm_jobs WHERE name = ?1" };
static const ll_statement add_job = {
    "INSERT INTO llm_jobs (name, schedule, due_us) VALUES (?1, ?2, ?3)"
};
static const ll_statement set_schedule = { "UPDATE llm_jobs SET schedule = ?2 WHERE name = ?1" };
static const ll_statement set_due = { "UPDATE llm_jobs SET due_us = ?2 WHERE name = ?1" };
static const ll_statement take_job = {
    "UPDATE llm_jobs SET epoch = ?2, lease_until_us = ?3, started_us = ?4 WHERE name = ?1"
};
static const ll_statement holds = {
    "SELECT 1 FROM llm_jobs WHERE name = ?1 AND epoch = ?2 AND lease_until_us IS NOT NULL"
};
static const ll_statement renew_lease = {
    "UPDATE llm_jobs SET lease_until_us = ?2 WHERE name = ?1"
};
static const ll_statement finish_run = {
    "UPDATE llm_jobs SET due_us = ?2, lease_until_us = NULL, finished_us = ?3,"
    " finished_due_us = ?4, error = ?5 WHERE name = ?1"
};
static const ll_statement add_step = {
    "INSERT INTO llm_job_steps (job, due_us, signal, step, at_us, note)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (job, due_us, signal, step) DO NOTHING"
};
static const ll_statement find_step = {
    "SELECT 1 FROM llm_job_steps WHERE job = ?1 AND due_us = ?2 AND signal = ?3 AND step = ?4"
};
static const ll_statement forget_steps = {
    "DELETE FROM llm_job_steps WHERE job = ?1 AND due_us < ?2"
};

/* ---- the row ----------------------------------------------------------- */

/* Longer only in a database that somebody else wrote to. */
static void copy_error(const char *text, size_t bytes, char out[LL_SCHEDULE_ERROR_BYTES_MAX + 1])
{
    if (bytes > LL_SCHEDULE_ERROR_BYTES_MAX)
        bytes = LL_SCHEDULE_ERROR_BYTES_MAX;
    memcpy(out, text, bytes);
    out[bytes] = '\0';
}

static llmlearn_err read_job(void *context, const ll_row *row)
{
    ll_schedule_state *job = context;
    size_t bytes = 0;
    const char *error = ll_row_text(row, 6, &bytes);

    *job = (ll_schedule_state){ .found = true,
                                .due_us = ll_row_int(row, 0),
                                .epoch = ll_row_int(row, 1),
                                .held = !ll_row_is_null(row, 2),
                                .lease_until_us = ll_row_int(row, 2),
                                .started_us = ll_row_int(row, 3),
                                .finished_us = ll_row_int(row, 4),
                                .finished_due_us = ll_row_int(row, 5) };
    if (error != NULL)
        copy_error(error, bytes, job->error);
    return LLMLEARN_OK;
}

llmlearn_err ll_schedule_read(ll_connection *connection, const char *job,
                              ll_schedule_state *out_job)
{
    *out_job = (ll_schedule_state){ .found = false };
    return ll_connection_run(connection, &get_job, (ll_value[]){ ll_string(job) }, 1, read_job,
                             out_job);
}

/* ---- moments ----------------------------------------------------------- */

/* The next moment of the schedule in the row; its text is asked for within the row's callback. */
typedef struct asking {
    const ll_schedule_rule *rule;
    int64_t after_us, next_us;
} asking;

static llmlearn_err ask_rule(void *context, const ll_row *row)
{
    asking *a = context;
    size_t bytes = 0;
    const char *schedule = ll_row_text(row, 0, &bytes);

    return a->rule->next(a->rule->user, schedule, bytes, a->after_us, &a->next_us);
}

static llmlearn_err next_moment(ll_connection *connection, const char *job,
                                const ll_schedule_rule *rule, int64_t after_us, int64_t *out_us)
{
    asking a = { .rule = rule, .after_us = after_us };
    llmlearn_err err = ll_connection_run(connection, &get_schedule, (ll_value[]){ ll_string(job) },
                                         1, ask_rule, &a);

    if (err == LLMLEARN_OK)
        *out_us = a.next_us;
    return err;
}

/* The latest moment that is done with: now, or one that was run and that a clock which was set
 * back has before it again. */
static int64_t done_until(int64_t finished_due_us, int64_t now_us)
{
    bool believed = finished_due_us > now_us && finished_due_us - now_us <= LL_SCHEDULE_AHEAD_US;

    return believed ? finished_due_us : now_us;
}

/* Is somebody at work? A lease that reaches further than any may was taken by another clock. */
static bool is_leased(const ll_schedule_state *row, int64_t now_us)
{
    return row->held && row->lease_until_us > now_us &&
           row->lease_until_us - now_us <= LL_LEASE_US_MAX;
}

/* Nobody runs it: it is due no later than a clock that was never wrong would have it. */
static llmlearn_err correct_due(ll_connection *connection, const char *job, ll_schedule_state *row,
                                const ll_schedule_rule *rule, int64_t now_us)
{
    int64_t next_us = 0;
    llmlearn_err err;

    if (row->due_us <= now_us)
        return LLMLEARN_OK;
    err = next_moment(connection, job, rule, done_until(row->finished_due_us, now_us), &next_us);
    if (err != LLMLEARN_OK || row->due_us <= next_us)
        return err;
    row->due_us = next_us;
    return ll_connection_run(connection, &set_due, (ll_value[]){ ll_string(job), ll_int(next_us) },
                             2, NULL, NULL);
}

/* ---- registering ------------------------------------------------------- */

static llmlearn_err change_schedule(ll_connection *connection, const char *job,
                                    const char *schedule, const ll_schedule_state *row,
                                    int64_t next_us)
{
    const ll_value text[] = { ll_string(job), ll_string(schedule) };
    const ll_value due[] = { ll_string(job), ll_int(next_us) };
    llmlearn_err err = ll_connection_run(connection, &set_schedule, text, 2, NULL, NULL);

    if (err == LLMLEARN_OK && !row->held)
        err = ll_connection_run(connection, &set_due, due, 2, NULL, NULL);
    return err;
}

llmlearn_err ll_schedule_register(ll_connection *connection, const char *job, const char *schedule,
                                  const ll_schedule_rule *rule, int64_t now_us)
{
    const ll_value key[] = { ll_string(job), ll_string(schedule) };
    ll_schedule_state row;
    bool same = false;
    int64_t next_us = 0, one;
    llmlearn_err err = ll_schedule_read(connection, job, &row);

    if (err == LLMLEARN_OK)
        err = ll_connection_int(connection, &has_schedule, key, 2, &same, &one);
    if (err != LLMLEARN_OK || same)
        return err;
    err = rule->next(rule->user, schedule, strlen(schedule),
                     done_until(row.finished_due_us, now_us), &next_us);
    if (err != LLMLEARN_OK)
        return err;
    if (row.found)
        return change_schedule(connection, job, schedule, &row, next_us);
    return ll_connection_run(connection, &add_job, (ll_value[]){ key[0], key[1], ll_int(next_us) },
                             3, NULL, NULL);
}

/* ---- the lease --------------------------------------------------------- */

static llmlearn_err take_over(ll_connection *connection, const char *job,
                              const ll_schedule_state *row, int64_t lease_us, int64_t now_us)
{
    const ll_value taken[] = { ll_string(job), ll_int(row->epoch + 1), ll_int(now_us + lease_us),
                               ll_int(now_us) };

    return ll_connection_run(connection, &take_job, taken, 4, NULL, NULL);
}

llmlearn_err ll_schedule_take(ll_connection *connection, const char *job, int64_t lease_us,
                              const ll_schedule_rule *rule, int64_t now_us, ll_lease *out_lease,
                              int64_t *out_look_us)
{
    ll_schedule_state row;
    llmlearn_err err = ll_schedule_read(connection, job, &row);

    assert(lease_us > 0 && lease_us <= LL_LEASE_US_MAX);
    if (err == LLMLEARN_OK && !row.found)
        err = ll_fail(LLMLEARN_ENOTFOUND, "job %s: it was never registered", job);
    if (err != LLMLEARN_OK)
        return err;
    if (is_leased(&row, now_us)) {
        *out_lease = (ll_lease){ .epoch = 0 };
        *out_look_us = row.lease_until_us;
        return LLMLEARN_OK;
    }
    if (!row.held)
        err = correct_due(connection, job, &row, rule, now_us);
    /* A run that was begun is due whatever the clock says now. */
    bool due = row.held || row.due_us <= now_us;
    if (err == LLMLEARN_OK && due)
        err = take_over(connection, job, &row, lease_us, now_us);
    if (err != LLMLEARN_OK)
        return err;
    *out_lease = (ll_lease){ .epoch = due ? row.epoch + 1 : 0, .due_us = row.due_us };
    *out_look_us = due ? now_us + lease_us : row.due_us;
    return LLMLEARN_OK;
}

llmlearn_err ll_schedule_check(ll_connection *connection, const char *job, const ll_lease *lease)
{
    const ll_value arguments[] = { ll_string(job), ll_int(lease->epoch) };
    bool held = false;
    int64_t one;
    llmlearn_err err = ll_connection_int(connection, &holds, arguments, 2, &held, &one);

    if (err == LLMLEARN_OK && !held)
        err = ll_fail(LLMLEARN_ESTATE,
                      "job %s: epoch %lld is over: it was finished, or another took it over", job,
                      (long long)lease->epoch);
    return err;
}

llmlearn_err ll_schedule_renew(ll_connection *connection, const char *job, const ll_lease *lease,
                               int64_t lease_us, int64_t now_us)
{
    const ll_value until[] = { ll_string(job), ll_int(now_us + lease_us) };
    llmlearn_err err = ll_schedule_check(connection, job, lease);

    assert(lease_us > 0 && lease_us <= LL_LEASE_US_MAX);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &renew_lease, until, 2, NULL, NULL);
    return err;
}

/* The row's own error is cut to what a reader has room for. */
static ll_value error_value(const char *error)
{
    return error == NULL
               ? ll_null()
               : ll_text(error, ll_utf8_cut(error, strlen(error), LL_SCHEDULE_ERROR_BYTES_MAX));
}

/* What was missed until the run began, it has caught up; what came since is due next. */
static llmlearn_err end_run(ll_connection *connection, const char *job, const ll_lease *lease,
                            const char *error, const ll_schedule_rule *rule, int64_t now_us)
{
    ll_schedule_state row;
    int64_t next_us = 0;
    llmlearn_err err = ll_schedule_read(connection, job, &row);

    if (err == LLMLEARN_OK)
        err =
            next_moment(connection, job, rule, done_until(lease->due_us, row.started_us), &next_us);
    if (err != LLMLEARN_OK)
        return err;
    const ll_value done[] = { ll_string(job), ll_int(next_us), ll_int(now_us),
                              ll_int(lease->due_us), error_value(error) };
    return ll_connection_run(connection, &finish_run, done, 5, NULL, NULL);
}

llmlearn_err ll_schedule_finish(ll_connection *connection, const char *job, const ll_lease *lease,
                                const char *error, const ll_schedule_rule *rule, int64_t now_us)
{
    const ll_value old[] = { ll_string(job), ll_int(lease->due_us - LL_SCHEDULE_STEPS_US) };
    llmlearn_err err = ll_schedule_check(connection, job, lease);

    if (err == LLMLEARN_OK)
        err = end_run(connection, job, lease, error, rule, now_us);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &forget_steps, old, 2, NULL, NULL);
    return err;
}

/* ---- steps ------------------------------------------------------------- */

llmlearn_err ll_schedule_note_step(ll_connection *connection, const char *job,
                                   const ll_lease *lease, const ll_job_step *step, int64_t now_us)
{
    const ll_value row[] = { ll_string(job),        ll_int(lease->due_us), ll_string(step->signal),
                             ll_string(step->step), ll_int(now_us),        ll_string(step->note) };
    llmlearn_err err = ll_schedule_check(connection, job, lease);

    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &add_step, row, 6, NULL, NULL);
    return err;
}

llmlearn_err ll_schedule_has_step(ll_connection *connection, const char *job, const ll_lease *lease,
                                  const ll_job_step *step, bool *out_done)
{
    const ll_value key[] = { ll_string(job), ll_int(lease->due_us), ll_string(step->signal),
                             ll_string(step->step) };
    int64_t one;
    llmlearn_err err = ll_schedule_check(connection, job, lease);

    if (err == LLMLEARN_OK)
        err = ll_connection_int(connection, &find_step, key, 4, out_done, &one);
    return err;
}
