/* The header's section "schedule and alerts", but for what is set. */
#include "api/scheduler.h"

#include "api/deliver.h"
#include "api/handle.h"
#include "api/weekly.h"
#include "base/err.h"

#define DEADLINE_MS 300000u
/* One look of the thread. It is told to stop long before. */
#define LOOK_MS (60u * 60 * 1000)
/* How soon an alert that another thread or process added goes out. */
#define EVERY_MS 30000u
/* A caller's clock may jump. */
#define EVERY_OF_A_CLOCK_MS 200u
#define WAIT_STEP_US 1000u
#define END_STEP_MS 1000u

typedef enum scheduler_state { STOPPED = 0, CHANGING, RUNNING, STOPPING } scheduler_state;

/* ---- calls that can be ended ------------------------------------------- */

enum { NOBODYS = 0, CLAIMED, CALLED };

/* NULL: so many run already that this one cannot be ended. */
static ll_running_jobs *begin_call(ll_scheduler *scheduler)
{
    for (size_t i = 0; i < LL_RUNNING_JOBS_MAX; i++) {
        ll_running_jobs *call = &scheduler->calls[i];
        int nobodys = NOBODYS;

        if (!atomic_compare_exchange_strong(&call->state, &nobodys, CLAIMED))
            continue;
        atomic_store(&call->cancel, 0); /* before anybody may set it */
        atomic_store(&call->state, CALLED);
        return call;
    }
    return NULL;
}

static void end_call(ll_running_jobs *call)
{
    if (call != NULL)
        atomic_store(&call->state, NOBODYS);
}

/* A call that begins just now may be ended with those that are under way. */
static llmlearn_err end_calls(ll_scheduler *scheduler, ll_deadline deadline)
{
    for (size_t i = 0; i < LL_RUNNING_JOBS_MAX; i++)
        if (atomic_load(&scheduler->calls[i].state) == CALLED)
            atomic_store(&scheduler->calls[i].cancel, 1);
    for (size_t i = 0; i < LL_RUNNING_JOBS_MAX; i++) {
        const ll_running_jobs *call = &scheduler->calls[i];

        while (atomic_load(&call->state) == CALLED && atomic_load(&call->cancel) != 0) {
            if (ll_deadline_passed(deadline))
                return ll_fail(LLMLEARN_ETIMEDOUT, "a call of llmlearn_run_due_jobs has been told "
                                                   "to end, and has not yet");
            ll_clock_sleep_us(WAIT_STEP_US);
        }
    }
    return LLMLEARN_OK;
}

/* ---- what is due ------------------------------------------------------- */

llmlearn_err llmlearn_run_due_jobs(llmlearn *learner, uint32_t deadline_ms, uint32_t *out_runs)
{
    ll_deadline deadline = ll_deadline_in_ms(deadline_ms != 0 ? deadline_ms : DEADLINE_MS);
    const ll_weekly_plan *plan;
    const atomic_int *cancel;
    ll_running_jobs *call;
    ll_weekly_outcome outcome;
    ll_err_report report;
    llmlearn_err err, sent;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    plan = ll_weekly_plan_get(&learner->plans);
    if (plan == NULL)
        return ll_fail(LLMLEARN_ESTATE, "no schedule is set: see llmlearn_set_schedule");
    call = begin_call(&learner->scheduler);
    cancel = call != NULL ? &call->cancel : NULL;
    err = ll_weekly_run(learner, plan, deadline, cancel, &outcome);
    ll_err_capture(err, &report);
    sent = ll_deliver(learner, deadline, cancel);
    end_call(call);
    if (err == LLMLEARN_OK && sent == LLMLEARN_OK && out_runs != NULL)
        *out_runs = outcome.ran ? 1 : 0;
    return err != LLMLEARN_OK ? ll_err_restore(&report) : sent;
}

/* ---- the thread -------------------------------------------------------- */

static void say(const llmlearn *learner, const char *what, llmlearn_err err)
{
    if (err != LLMLEARN_OK && err != LLMLEARN_ECANCELLED)
        ll_log_write(&learner->settings.log, LLMLEARN_LOG_WARNING, "scheduler-failed",
                     "%s: %s: %s; it is tried again", what, llmlearn_error_name(err),
                     llmlearn_error_detail());
}

static int64_t every_us(const llmlearn *learner)
{
    return 1000 * (int64_t)(learner->settings.clock.now != NULL ? EVERY_OF_A_CLOCK_MS : EVERY_MS);
}

/* When to look again, by the timer's clock; the job's moment is one of the store's. */
static int64_t next_look(const llmlearn *learner, const ll_weekly_outcome *outcome)
{
    int64_t wait_us = every_us(learner);
    int64_t store_us = ll_clock_now_us(&learner->settings.clock);
    int64_t timer_us = ll_clock_now_us(&(ll_clock){ .now = NULL });

    if (outcome->look_us > store_us && outcome->look_us - store_us < wait_us)
        wait_us = outcome->look_us - store_us;
    return timer_us + wait_us;
}

static int64_t look(void *user, const ll_timer *timer, int64_t now_us)
{
    llmlearn *learner = user;
    const atomic_int *cancel = &learner->scheduler.cancel;
    const ll_weekly_plan *plan = ll_weekly_plan_get(&learner->plans);
    ll_weekly_outcome outcome = { .look_us = 0 };

    (void)timer;
    (void)now_us;
    if (plan != NULL)
        say(learner, "the weekly job",
            ll_weekly_run(learner, plan, ll_deadline_in_ms(LOOK_MS), cancel, &outcome));
    say(learner, "sending alerts", ll_deliver(learner, ll_deadline_in_ms(LOOK_MS), cancel));
    return next_look(learner, &outcome);
}

/* ---- starting and stopping --------------------------------------------- */

static llmlearn_err enter(llmlearn *learner)
{
    ll_core *core = NULL;

    return ll_handle_enter(learner, ll_handle_deadline(0), &core);
}

static llmlearn_err start(llmlearn *learner)
{
    const ll_timer_options options = {
        .name = "llmlearn-weekly",
        .awake_every_ms = EVERY_MS,
        .look = look,
        .user = learner,
    };
    ll_timer *timer = NULL;
    llmlearn_err err;

    atomic_store(&learner->scheduler.cancel, 0);
    err = ll_timer_start(&options, &timer);
    if (err == LLMLEARN_OK)
        atomic_store(&learner->scheduler.timer, timer);
    return err;
}

/* Of the states that are none in between, to CHANGING: which it was, or CHANGING by the deadline.
 */
static scheduler_state begin_change(ll_scheduler *scheduler, ll_deadline deadline)
{
    for (;;) {
        int state = atomic_load(&scheduler->state);
        if (state != CHANGING &&
            atomic_compare_exchange_strong(&scheduler->state, &state, CHANGING))
            return (scheduler_state)state;
        if (ll_deadline_passed(deadline))
            return CHANGING;
        ll_clock_sleep_us(WAIT_STEP_US);
    }
}

llmlearn_err llmlearn_start_scheduler(llmlearn *learner)
{
    llmlearn_err err = enter(learner);
    scheduler_state from;

    if (err != LLMLEARN_OK)
        return err;
    from = begin_change(&learner->scheduler, ll_handle_deadline(0));
    if (from == CHANGING)
        return ll_fail(LLMLEARN_ETIMEDOUT, "another thread starts or stops the scheduler");
    if (from == STOPPED)
        err = start(learner);
    else if (from == STOPPING)
        err = ll_fail(LLMLEARN_ESTATE, "the scheduler has been told to stop, and has not yet");
    atomic_store(&learner->scheduler.state,
                 from == STOPPED && err == LLMLEARN_OK ? RUNNING : (int)from);
    return err;
}

static llmlearn_err stop(ll_scheduler *scheduler, ll_deadline deadline)
{
    scheduler_state from = begin_change(scheduler, deadline);
    llmlearn_err err = LLMLEARN_OK;

    if (from == CHANGING)
        return ll_fail(LLMLEARN_ETIMEDOUT, "another thread starts or stops the scheduler");
    if (from != STOPPED) {
        atomic_store(&scheduler->cancel, 1);
        err = ll_timer_stop(atomic_load(&scheduler->timer), deadline);
    }
    if (err == LLMLEARN_OK)
        atomic_store(&scheduler->timer, NULL);
    atomic_store(&scheduler->state, err == LLMLEARN_OK ? STOPPED : STOPPING);
    return err;
}

llmlearn_err llmlearn_stop_scheduler(llmlearn *learner, uint32_t deadline_ms)
{
    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    llmlearn_err err = stop(&learner->scheduler, deadline);
    llmlearn_err ended = end_calls(&learner->scheduler, deadline);

    return err != LLMLEARN_OK ? err : ended;
}

void ll_scheduler_end(llmlearn *learner)
{
    while (stop(&learner->scheduler, ll_deadline_in_ms(END_STEP_MS)) != LLMLEARN_OK)
        continue;
    while (end_calls(&learner->scheduler, ll_deadline_in_ms(END_STEP_MS)) != LLMLEARN_OK)
        continue;
}

void ll_scheduler_forget(llmlearn *learner)
{
    atomic_store(&learner->scheduler.timer, NULL);
    atomic_store(&learner->scheduler.cancel, 0);
    atomic_store(&learner->scheduler.state, STOPPED);
    for (size_t i = 0; i < LL_RUNNING_JOBS_MAX; i++)
        atomic_store(&learner->scheduler.calls[i].state, NOBODYS);
}
