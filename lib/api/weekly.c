#include "api/weekly.h"

#include "api/generate.h"
#include "api/weekly_step.h"
#include "base/err.h"
#include "llm/models.h"
#include "store/rounds.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One transaction, the wait for the disk and for other processes included. */
#define STEP_MS 60000u
/* The lease is twice as long. With less than the minimum left, nothing is paid for that could not
 * be stored: a later call has more. */
#define GENERATE_MS 300000u
#define GENERATE_MS_MIN 5000u
#define MODELS_MS 10000u
#define RELEASE_MS 1000u
/* How long before a model retires somebody is told. */
#define RETIRES_DAYS 60

typedef struct run {
    llmlearn *learner;
    const ll_weekly_plan *plan;
    ll_deadline deadline;
    const atomic_int *cancel;
    ll_lease lease;
    ll_err_report failure; /* the first signal's that failed */
} run;

/* ---- steps ------------------------------------------------------------- */

static llmlearn_err run_step(ll_job *job, const ll_write *write)
{
    ll_weekly_step *step = (ll_weekly_step *)job;
    int64_t changes = ll_connection_all_changes(write->connection);

    job->changes_config = false;
    llmlearn_err err = step->make(step, write);
    job->reads_only = err == LLMLEARN_OK && ll_connection_all_changes(write->connection) == changes;
    return err;
}

static void destroy_step(ll_job *job)
{
    free(job);
}

/* NULL: no memory. */
static ll_weekly_step *new_step(const run *r, const char *signal, ll_weekly_make_fn make)
{
    ll_weekly_step *step = (ll_weekly_step *)ll_job_new(sizeof *step, run_step, destroy_step);

    if (step == NULL)
        return NULL;
    assert(strlen(signal) <= LL_NAME_BYTES_MAX);
    strcpy(step->signal, signal);
    step->make = make;
    step->plan = r->plan;
    step->settings = ll_handle_settings(r->learner);
    step->lease = r->lease;
    return step;
}

static llmlearn_err submit(const run *r, ll_weekly_step *step)
{
    if (step == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a step of the weekly job");
    if (r->cancel != NULL && atomic_load(r->cancel) != 0)
        return ll_fail(LLMLEARN_ECANCELLED, "the weekly job was told to stop");
    if (ll_deadline_passed(r->deadline))
        return ll_fail(LLMLEARN_ETIMEDOUT, "the weekly job had no time left");
    return ll_handle_submit(r->learner, &step->job, ll_deadline_within_ms(r->deadline, STEP_MS));
}

static void release_step(ll_weekly_step *step)
{
    if (step != NULL)
        ll_job_release(&step->job);
}

/* Is it one signal's trouble, so that the others go on? */
static bool is_of_signal(llmlearn_err err)
{
    switch (err) {
    case LLMLEARN_ENOMEM:
    case LLMLEARN_EIO:
    case LLMLEARN_EFULL:
    case LLMLEARN_ETIMEDOUT:
    case LLMLEARN_EUNKNOWN:
    case LLMLEARN_ECANCELLED:
        return false;
    default:
        return true;
    }
}

static llmlearn_err take(run *r, ll_weekly_outcome *outcome, bool *out_taken)
{
    ll_weekly_step *step = new_step(r, "", ll_weekly_take);
    llmlearn_err err = submit(r, step);

    if (err == LLMLEARN_OK) {
        r->lease = step->lease;
        outcome->look_us = step->look_us;
        *out_taken = step->taken;
    }
    release_step(step);
    return err;
}

static llmlearn_err finish(const run *r)
{
    ll_weekly_step *step = new_step(r, "", ll_weekly_finish);
    llmlearn_err err;

    if (step != NULL)
        step->failure = r->failure;
    err = submit(r, step);
    release_step(step);
    return err;
}

/* So that a later call need not wait for the lease's end. As well as can be. */
static void give_back(const run *r)
{
    ll_weekly_step *step = new_step(r, "", ll_weekly_release);

    if (step != NULL)
        (void)ll_handle_submit(r->learner, &step->job, ll_deadline_in_ms(RELEASE_MS));
    release_step(step);
}

/* ---- a signal ---------------------------------------------------------- */

/* The signal's turn is over; what failed is noted, or, if the lease is lost, is not ours to say. */
static llmlearn_err note_failure(run *r, const char *signal, const char *at, llmlearn_err failed)
{
    ll_weekly_step *step = new_step(r, signal, ll_weekly_fail);
    ll_err_report failure;
    llmlearn_err err;

    ll_err_capture(failed, &failure);
    ll_log_write(&ll_handle_settings(r->learner)->log, LLMLEARN_LOG_WARNING, "weekly-failed",
                 "the weekly job, %s of %s: %s: %s", at, signal, llmlearn_error_name(failed),
                 failure.detail);
    if (r->failure.err == LLMLEARN_OK)
        r->failure = failure;
    if (step != NULL) {
        step->at = at;
        step->failure = failure;
    }
    err = submit(r, step);
    release_step(step);
    return err;
}

static llmlearn_err take_step(run *r, const char *signal, const char *at, ll_weekly_make_fn make,
                              ll_weekly_next *out_next)
{
    ll_weekly_step *step = new_step(r, signal, make);
    llmlearn_err err = submit(r, step);

    *out_next = err == LLMLEARN_OK ? step->next : LL_WEEKLY_DONE;
    release_step(step);
    return err != LLMLEARN_OK && is_of_signal(err) ? note_failure(r, signal, at, err) : err;
}

static llmlearn_err note_generation(const run *r, const char *signal, const ll_err_report *failure)
{
    ll_weekly_step *step = new_step(r, signal, ll_weekly_note_generation);
    llmlearn_err err;

    if (step != NULL) {
        step->failure = *failure;
        step->limits = ll_handle_budget(r->learner);
    }
    err = submit(r, step);
    release_step(step);
    return err;
}

static llmlearn_err ask_model(const run *r, const char *signal)
{
    const llmlearn_generation asked = {
        .struct_size = sizeof asked,
        .flags = r->plan->generate_flags,
        .signal = signal,
        .fields = (const char *const *)r->plan->fields,
        .field_count = r->plan->field_count,
        .count = r->plan->variants,
        .replays = r->plan->replays,
        .cancel = (const int32_t *)r->cancel,
    };
    ll_weekly_generation generated = { .lease = r->lease };
    const ll_generate_note note = { .write = ll_weekly_note_generated,
                                    .data = &generated,
                                    .bytes = sizeof generated };
    char *json = NULL;

    strcpy(generated.signal, signal);
    llmlearn_err err = ll_generate_run(
        r->learner, &asked, ll_deadline_within_ms(r->deadline, GENERATE_MS), &note, &json);
    free(json);
    return err;
}

/* A model that does not do it leaves the signal with what there is. That a model was slow is its
 * failure, too, unless it is this run that has no time left. */
static llmlearn_err generate(const run *r, const char *signal)
{
    ll_err_report failure;
    llmlearn_err err;

    if (ll_deadline_left_ms(r->deadline) < GENERATE_MS_MIN)
        return ll_fail(LLMLEARN_ETIMEDOUT, "the weekly job has no time left to generate");
    err = ask_model(r, signal);
    if (err == LLMLEARN_OK)
        return err;
    ll_err_capture(err, &failure);
    if (!is_of_signal(err) &&
        (err != LLMLEARN_ETIMEDOUT || ll_deadline_left_ms(r->deadline) < GENERATE_MS_MIN))
        return err;
    ll_log_write(&ll_handle_settings(r->learner)->log, LLMLEARN_LOG_WARNING, "generate-failed",
                 "the weekly job, variants of %s: %s: %s", signal, llmlearn_error_name(err),
                 failure.detail);
    return note_generation(r, signal, &failure);
}

static llmlearn_err serve_signal(run *r, const char *signal)
{
    ll_weekly_next next = LL_WEEKLY_DONE;
    llmlearn_err err = take_step(r, signal, "look", ll_weekly_look, &next);

    if (err == LLMLEARN_OK && next == LL_WEEKLY_GENERATE) {
        err = generate(r, signal);
        next = LL_WEEKLY_START;
    }
    if (err == LLMLEARN_OK && next == LL_WEEKLY_START)
        err = take_step(r, signal, "start", ll_weekly_start, &next);
    return err;
}

/* ---- all of them ------------------------------------------------------- */

typedef struct names {
    char (*items)[LL_NAME_BYTES_MAX + 1];
    size_t count, room;
} names;

static llmlearn_err add_name(void *context, const char *name)
{
    names *n = context;

    if (n->count == n->room) {
        size_t room = n->room == 0 ? 16 : 2 * n->room;
        void *items = realloc(n->items, room * sizeof *n->items);
        if (items == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "no memory for the signals");
        n->items = items;
        n->room = room;
    }
    strcpy(n->items[n->count++], name);
    return LLMLEARN_OK;
}

static llmlearn_err read_signals(const run *r, names *out)
{
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(r->learner, r->deadline, &core);

    if (err == LLMLEARN_OK)
        err = ll_store_read_begin(core->store, ll_deadline_within_ms(r->deadline, STEP_MS),
                                  &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_rounds_list_signals(connection, add_name, out);
    ll_store_read_end(core->store);
    return err;
}

static llmlearn_err serve_all(run *r)
{
    names n = { .count = 0 };
    llmlearn_err err = read_signals(r, &n);

    for (size_t i = 0; i < n.count && err == LLMLEARN_OK; i++)
        err = serve_signal(r, n.items[i]);
    free(n.items);
    return err;
}

static llmlearn_err serve_signals(run *r)
{
    llmlearn_err err = LLMLEARN_OK;

    if (r->plan->signals == NULL)
        return serve_all(r);
    for (uint32_t i = 0; i < r->plan->signal_count && err == LLMLEARN_OK; i++)
        err = serve_signal(r, r->plan->signals[i]);
    return err;
}

/* ---- models ------------------------------------------------------------ */

static llmlearn_err tell_of_model(const run *r, const ll_model *model)
{
    const ll_log *log = &ll_handle_settings(r->learner)->log;
    ll_models_retirement retirement = { .announced = false };
    ll_weekly_step *step;
    llmlearn_err err =
        ll_models_ask(ll_model_endpoint(model), ll_deadline_within_ms(r->deadline, MODELS_MS),
                      r->cancel, &retirement);

    if (err != LLMLEARN_OK)
        ll_log_write(log, LLMLEARN_LOG_INFO, "model-unknown", "does %s retire? %s: %s",
                     ll_model_name(model), llmlearn_error_name(err), llmlearn_error_detail());
    if (err != LLMLEARN_OK || !retirement.announced || retirement.days_left > RETIRES_DAYS)
        return LLMLEARN_OK;
    step = new_step(r, "", ll_weekly_note_model);
    if (step != NULL) {
        step->model = ll_model_name(model);
        step->retires_day = retirement.day;
    }
    err = submit(r, step);
    release_step(step);
    return err;
}

static llmlearn_err tell_of_models(const run *r)
{
    const ll_models *models = ll_handle_models(r->learner);
    const ll_model *asked[LL_MODEL_USES];
    uint32_t count = 0;
    llmlearn_err err = LLMLEARN_OK;

    for (int use = 0; use < LL_MODEL_USES && err == LLMLEARN_OK; use++) {
        const ll_model *model = ll_models_get(models, (ll_model_use)use);
        uint32_t i = 0;

        while (i < count && asked[i] != model)
            i++;
        if (model == NULL || ll_model_endpoint(model) == NULL || i < count)
            continue;
        asked[count++] = model;
        err = tell_of_model(r, model);
    }
    return err;
}

/* ---- the run ----------------------------------------------------------- */

static llmlearn_err run_taken(run *r)
{
    llmlearn_err err = serve_signals(r);

    if (err == LLMLEARN_OK)
        err = tell_of_models(r);
    return err == LLMLEARN_OK ? finish(r) : err;
}

llmlearn_err ll_weekly_run(llmlearn *learner, const ll_weekly_plan *plan, ll_deadline deadline,
                           const atomic_int *cancel, ll_weekly_outcome *out_outcome)
{
    run r = { .learner = learner, .plan = plan, .deadline = deadline, .cancel = cancel };
    ll_err_report report;
    bool taken = false;
    llmlearn_err err;

    *out_outcome = (ll_weekly_outcome){ .ran = false };
    err = take(&r, out_outcome, &taken);
    if (err != LLMLEARN_OK || !taken)
        return err;
    out_outcome->look_us = 0;
    err = run_taken(&r);
    out_outcome->ran = err == LLMLEARN_OK;
    if (err == LLMLEARN_ESTATE) /* another has taken it over: it is in good hands */
        return LLMLEARN_OK;
    if (err == LLMLEARN_OK)
        return LLMLEARN_OK;
    ll_err_capture(err, &report);
    give_back(&r);
    return ll_err_restore(&report);
}
