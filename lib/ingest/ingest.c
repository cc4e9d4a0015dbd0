#include "ingest/ingest.h"

#include "base/point.h"
#include "base/thread.h"
#include "ingest/batch.h"
#include "ingest/drain.h"
#include "ingest/facts.h"
#include "ingest/jobs.h"
#include "ingest/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Jobs that share one commit: enough to spread a disk flush thin, few enough that the first
 * does not wait long for the last. */
#define JOBS_MAX 256u
/* Rows in one transaction while a vote waits: about 15 ms of work. */
#define ROWS_WHILE_WAITED_FOR 2000u
/* How long the thread tries for the write lock before it looks around again. */
#define LOCK_PATIENCE_MS 50u
#define RELOAD_INTERVAL_MS 250u
#define ADOPT_INTERVAL_MS 1000u
/* A pass over everybody's segments rests this many times as long as it took before the next:
 * unknown ids and reports cost a bounded share of the thread, however many come. One that took
 * long had much to store, and rests no longer than its successor's callers can wait. */
#define PASS_REST_FACTOR 4u
#define PASS_REST_MS_MAX 200u
/* After a transaction failed (disk full, say). */
#define RETRY_INTERVAL_MS 200u
/* Between tries while an unfinished record is in the way. */
#define BLOCKED_INTERVAL_MS 1u
#define IDLE_INTERVAL_MS 100u

struct ll_ingest {
    ll_ingest_options options;
    ll_jobs jobs;
    ll_batch *batch;
    ll_drain drain;
    uint64_t unit_key[2];
    bool started;
    pthread_t thread;
    pthread_mutex_t start_mutex;
    pthread_cond_t paused; /* with jobs.mutex */
    atomic_bool hurry;     /* end the transaction at hand: somebody wants the thread to stop */
    ll_deadline next_batch, next_reload, next_adoption, next_pass, pass_began;
    ll_deadline next_try;              /* after a failure */
    bool left_last;                    /* a caller left the latest transaction */
    bool marks_all;                    /* a job failed half-way: the next gives every job a mark */
    atomic_uint_fast64_t caught_up_ns; /* what was logged before then is stored */
    uint64_t goal, goal_ns;            /* the journal's end at a later moment: the next of these */
    atomic_uint_fast64_t drained, duplicates, rejected, votes, batches, store_errors;
};

/* ---- one transaction --------------------------------------------------- */

/* Whoever does not go through the sums of tests finds them in the tables. Before the job's mark:
 * what others counted is not its own to undo. */
static llmlearn_err settle_for(ll_ingest *ingest, const ll_job *job)
{
    if (job->through_sums && !ll_ab_sums_is_full(ll_batch_sums(ingest->batch)))
        return LLMLEARN_OK;
    return ll_batch_settle_tests(ingest->batch);
}

/* Runs the jobs from *end on, and moves it to their end. */
static llmlearn_err run_list(ll_ingest *ingest, ll_job ***end, const ll_write *write, ll_facts *f)
{
    llmlearn_err err = LLMLEARN_OK;

    for (; **end != NULL; *end = &(**end)->next) {
        ll_job *job = **end;

        f->job_count++;
        if (err != LLMLEARN_OK || f->torn)
            continue;
        err = settle_for(ingest, job);
        if (err == LLMLEARN_OK)
            err = ll_run_job(job, write, ingest->marks_all, &f->torn);
        f->changed |= !job->reads_only && job->report.err == LLMLEARN_OK;
        f->config_changed |= job->changes_config && job->report.err == LLMLEARN_OK;
    }
    return err;
}

/* Runs the batch, and who comes meanwhile joins it. */
static llmlearn_err run_jobs(ll_ingest *ingest, ll_connection *connection, ll_job **batch,
                             ll_facts *f)
{
    ll_write write = {
        .connection = connection,
        .metrics = ll_batch_metrics(ingest->batch),
        .sums = ll_batch_sums(ingest->batch),
        .now_us = f->clock_us,
        .vote_sequence = &f->vote_sequence,
        .own_drained = ingest->drain.own_drained,
        .unit_key = ingest->unit_key,
    };
    llmlearn_err err = LLMLEARN_OK;

    while (*batch != NULL && err == LLMLEARN_OK) {
        err = run_list(ingest, &batch, &write, f);
        if (err == LLMLEARN_OK && !f->torn)
            *batch = ll_jobs_take_more(&ingest->jobs, JOBS_MAX - f->job_count);
        write.joining = true;
    }
    return err;
}

/* Does anybody wait for a change of his own? Who waits only for the journal gets there sooner by
 * full transactions. */
static bool any_writes(const ll_job *batch)
{
    while (batch != NULL && batch->reads_only)
        batch = batch->next;
    return batch != NULL;
}

static uint32_t rows_max(const ll_ingest *ingest, const ll_job *batch)
{
    uint32_t rows = ingest->options.batch_rows_max;

    if ((any_writes(batch) || ingest->left_last || ll_store_is_contended(ingest->options.store)) &&
        rows > ROWS_WHILE_WAITED_FOR)
        rows = ROWS_WHILE_WAITED_FOR;
    return rows;
}

/* Everything between begin and commit. */
static llmlearn_err fill_transaction(ll_ingest *ingest, ll_connection *connection, ll_job **batch,
                                     ll_facts *f)
{
    llmlearn_err err;

    *f = (ll_facts){ .config_changed = false };
    err = ll_facts_read(f, connection, ingest->options.clock);
    ll_batch_begin(ingest->batch, connection, f->clock_us);
    if (err == LLMLEARN_OK)
        err = ll_drain_step(&ingest->drain, connection, ingest->batch, rows_max(ingest, *batch));
    LL_POINT("ingest.drained");
    if (err == LLMLEARN_OK && *batch != NULL)
        err = run_jobs(ingest, connection, batch, f);
    if (err == LLMLEARN_OK)
        err = ll_batch_finish(ingest->batch);
    f->config_changed |= ll_batch_changed_config(ingest->batch);
    f->changed |= ll_ab_sums_changed(ll_batch_sums(ingest->batch));
    if (err == LLMLEARN_OK && f->changed)
        err = ll_facts_write(f, connection);
    LL_POINT("ingest.filled");
    return err;
}

/* Even undoing may fail: what is told of is why it had to be. */
static void give_up(ll_ingest *ingest, llmlearn_err err)
{
    ll_err_report why;

    ll_err_capture(err, &why);
    ll_store_rollback(ingest->options.store);
    ll_batch_forget(ingest->batch);
    ll_drain_rolled_back(&ingest->drain);
    ll_err_restore(&why);
}

static void tally(ll_ingest *ingest, const ll_facts *f)
{
    ll_batch_tally counted = ll_batch_tallied(ingest->batch);

    atomic_fetch_add_explicit(&ingest->drained, counted.stored, memory_order_relaxed);
    atomic_fetch_add_explicit(&ingest->duplicates, counted.duplicates, memory_order_relaxed);
    atomic_fetch_add_explicit(&ingest->rejected, counted.rejected, memory_order_relaxed);
    atomic_fetch_add_explicit(&ingest->votes, (uint64_t)(f->vote_sequence - f->votes_before),
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&ingest->batches, 1, memory_order_relaxed);
}

/* A failed commit may stand after all; whoever waits is told so. A full disk surely did not. */
static llmlearn_err commit(ll_ingest *ingest)
{
    llmlearn_err err = ll_store_commit(ingest->options.store);

    LL_POINT("ingest.committed");
    if (err == LLMLEARN_EIO)
        return ll_fail(LLMLEARN_EUNKNOWN, "the commit failed; it may or may not be stored");
    return err;
}

typedef enum outcome {
    COMMITTED = 1,
    FAILED,
    LEFT, /* a caller left: run the others again */
    TORN  /* a job failed half-way: run all again, with marks */
} outcome;

/* With the write lock. */
static outcome transact(ll_ingest *ingest, ll_job **batch, ll_facts *f, llmlearn_err *out_err)
{
    ll_connection *connection = NULL;
    outcome result = FAILED;

    *out_err = ll_store_begin(ingest->options.store, &connection);
    if (*out_err != LLMLEARN_OK)
        return FAILED;
    *out_err = fill_transaction(ingest, connection, batch, f);
    if (*out_err == LLMLEARN_OK && f->torn)
        result = TORN;
    else if (*out_err == LLMLEARN_OK && !ll_jobs_claim(&ingest->jobs, batch))
        result = LEFT;
    else if (*out_err == LLMLEARN_OK)
        *out_err = commit(ingest);
    if (*out_err != LLMLEARN_OK || result != FAILED) {
        give_up(ingest, *out_err);
        return result;
    }
    tally(ingest, f);
    ll_drain_committed(&ingest->drain);
    LL_POINT("ingest.returned");
    return COMMITTED;
}

/* ---- the thread -------------------------------------------------------- */

static void begin_due_pass(ll_ingest *ingest)
{
    uint64_t wanted = ll_jobs_pass_wanted(&ingest->jobs);
    llmlearn_err err = LLMLEARN_OK;

    ingest->drain.just_listed = false;
    if (ingest->drain.active)
        return;
    if (wanted > ingest->drain.complete && ll_deadline_passed(ingest->next_pass)) {
        ingest->pass_began = ll_clock_monotonic_ns();
        err = ll_drain_begin_pass(&ingest->drain, false);
    } else if (ll_deadline_passed(ingest->next_adoption)) {
        err = ll_drain_begin_pass(&ingest->drain, true);
        ingest->next_adoption = ll_deadline_in_ms(ADOPT_INTERVAL_MS);
    }
    if (err == LLMLEARN_OK)
        return;
    ingest->next_pass = ll_deadline_in_ms(RETRY_INTERVAL_MS);
    ll_log_write(ingest->options.log, LLMLEARN_LOG_WARNING, "journal-list-failed", "%s",
                 llmlearn_error_detail());
}

static void report_failure(ll_ingest *ingest, ll_job *batch, llmlearn_err err)
{
    atomic_fetch_add_explicit(&ingest->store_errors, 1, memory_order_relaxed);
    ll_log_write(ingest->options.log, LLMLEARN_LOG_ERROR, "store-failed",
                 "%s: %s; what was logged stays in the journal", llmlearn_error_name(err),
                 llmlearn_error_detail());
    ll_jobs_fail(&ingest->jobs, batch, err);
    ingest->next_try = ll_deadline_in_ms(RETRY_INTERVAL_MS);
}

static void rest_after_pass(ll_ingest *ingest)
{
    uint64_t now = ll_clock_monotonic_ns();
    ll_deadline rested = now + (now - ingest->pass_began) * PASS_REST_FACTOR;

    ingest->next_pass = ll_deadline_within_ms(rested, PASS_REST_MS_MAX);
}

static void wake_parked(ll_ingest *ingest)
{
    ll_jobs_drained(&ingest->jobs, ll_drain_ended(&ingest->drain), ingest->drain.complete);
}

static void after_commit(ll_ingest *ingest, ll_job *batch, const ll_facts *f)
{
    uint32_t pause_ms = ingest->options.batch_interval_ms;

    if (ingest->drain.more || ingest->drain.active)
        pause_ms = 0;
    else if (ingest->drain.own_blocked && pause_ms > BLOCKED_INTERVAL_MS)
        pause_ms = BLOCKED_INTERVAL_MS;
    ingest->next_batch = ll_deadline_in_ms(pause_ms);
    if (!ingest->drain.active && ingest->next_pass < ingest->pass_began)
        rest_after_pass(ingest);
    if (f->config_changed)
        ingest->options.reload_config(ingest->options.user);
    ll_jobs_settle(&ingest->jobs, batch, ingest->drain.begun);
    wake_parked(ingest);
}

/* Jobs for the next transaction. None after one that a caller left, if the journal has records:
 * those who cannot wait for it must not keep it from being stored, again and again. */
static ll_job *take_jobs(ll_ingest *ingest)
{
    if (ingest->left_last && ll_drain_is_due(&ingest->drain))
        return NULL;
    return ll_jobs_take(&ingest->jobs, JOBS_MAX);
}

/* A database that is busy is waited for as long as the callers can. */
static bool runs_again(outcome result, llmlearn_err err)
{
    return result == LEFT || result == TORN || err == LLMLEARN_ETIMEDOUT;
}

/* Takes what waits, and stores it together with what the journal holds. */
static void run_cycle(ll_ingest *ingest)
{
    ll_job *batch = take_jobs(ingest);
    llmlearn_err err = ll_store_lock(ingest->options.store, ll_deadline_in_ms(LOCK_PATIENCE_MS));
    outcome result = FAILED;
    ll_facts f = { .config_changed = false };

    if (err == LLMLEARN_OK) {
        begin_due_pass(ingest);
        result = transact(ingest, &batch, &f, &err);
        ll_store_unlock(ingest->options.store);
    }
    ingest->left_last = result == LEFT;
    ingest->marks_all = result == TORN || (ingest->marks_all && result != COMMITTED);
    if (result == COMMITTED)
        after_commit(ingest, batch, &f);
    else if (runs_again(result, err))
        ll_jobs_requeue(&ingest->jobs, batch);
    else
        report_failure(ingest, batch, err);
}

static ll_deadline earlier(ll_deadline a, ll_deadline b)
{
    return a < b ? a : b;
}

/* Is there a reason for a transaction now? */
static bool is_due(ll_ingest *ingest)
{
    bool parked = ll_jobs_pass_wanted(&ingest->jobs) != 0;

    if (!ll_deadline_passed(ingest->next_try))
        return false;
    if (ingest->drain.active || ll_deadline_passed(ingest->next_adoption))
        return true;
    if (parked && ll_deadline_passed(ingest->next_pass))
        return true;
    return ll_deadline_passed(ingest->next_batch) && ll_drain_is_due(&ingest->drain);
}

/* Waits for a job, a wake-up or the next thing due; false: stop. */
static bool wait_for_work(ll_ingest *ingest)
{
    ll_jobs *jobs = &ingest->jobs;
    ll_deadline soon = ll_deadline_in_ms(IDLE_INTERVAL_MS);
    struct timespec until;
    bool go_on;

    soon = earlier(soon, earlier(ingest->next_reload, ingest->next_adoption));
    if (ingest->drain.active || ll_drain_is_due(&ingest->drain))
        soon = earlier(soon, ingest->next_batch);
    if (ll_jobs_pass_wanted(jobs) != 0)
        soon = earlier(soon, ingest->next_pass);
    if (soon < ingest->next_try)
        soon = ingest->next_try;
    until = ll_deadline_timespec(soon);
    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->stopping && !jobs->pausing && !jobs->woken && jobs->queue.first == NULL &&
           !ll_deadline_passed(soon))
        pthread_cond_timedwait(&jobs->arrived, &jobs->mutex, &until);
    if (jobs->woken)
        ingest->next_batch = 0;
    jobs->woken = false;
    while (jobs->pausing && !jobs->stopping) {
        jobs->is_paused = true;
        pthread_cond_broadcast(&ingest->paused);
        pthread_cond_wait(&jobs->arrived, &jobs->mutex); /* ends with the fork that asked */
    }
    jobs->is_paused = false;
    go_on = !jobs->stopping;
    pthread_mutex_unlock(&jobs->mutex);
    return go_on;
}

static bool has_jobs(ll_ingest *ingest)
{
    bool any;

    pthread_mutex_lock(&ingest->jobs.mutex);
    any = ingest->jobs.queue.first != NULL;
    pthread_mutex_unlock(&ingest->jobs.mutex);
    return any;
}

/* Under load something of ours always waits; but how old can it be? */
static void note_progress(ll_ingest *ingest)
{
    uint64_t now_ns = ll_clock_monotonic_ns();
    ll_journal_state state;

    ll_journal_get_state(ingest->options.journal, &state);
    if (state.drained < ingest->goal)
        return;
    atomic_store_explicit(&ingest->caught_up_ns,
                          state.tail == state.drained ? now_ns : ingest->goal_ns,
                          memory_order_relaxed);
    ingest->goal = state.tail;
    ingest->goal_ns = now_ns;
}

static void *run(void *argument)
{
    ll_ingest *ingest = argument;

    while (wait_for_work(ingest)) {
        note_progress(ingest);
        if (has_jobs(ingest) || is_due(ingest))
            run_cycle(ingest);
        if (ll_deadline_passed(ingest->next_reload)) {
            ingest->options.reload_config(ingest->options.user);
            ingest->next_reload = ll_deadline_in_ms(RELOAD_INTERVAL_MS);
        }
        wake_parked(ingest); /* or time out */
    }
    return NULL;
}

/* ---- life -------------------------------------------------------------- */

llmlearn_err ll_ingest_open(const ll_ingest_options *options, ll_ingest **out_ingest)
{
    ll_ingest *ingest = calloc(1, sizeof *ingest);
    llmlearn_err err;

    if (ingest == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for ingest");
    ingest->options = *options;
    memcpy(ingest->unit_key, ll_store_id(options->store), sizeof ingest->unit_key);
    atomic_init(&ingest->hurry, false);
    ingest->goal_ns = ll_clock_monotonic_ns();
    atomic_init(&ingest->caught_up_ns, ingest->goal_ns);
    ll_drain_init(&ingest->drain, options->journal, options->log, &ingest->hurry);
    err = ll_thread_condition_init(&ingest->paused);
    if (err == LLMLEARN_OK)
        err = ll_batch_new(&ingest->options, &ingest->batch);
    if (err == LLMLEARN_OK)
        err = ll_jobs_init(&ingest->jobs);
    if (err != LLMLEARN_OK) {
        ll_batch_free(ingest->batch);
        free(ingest);
        return err;
    }
    pthread_mutex_init(&ingest->start_mutex, NULL);
    *out_ingest = ingest;
    return LLMLEARN_OK;
}

llmlearn_err ll_ingest_start(ll_ingest *ingest)
{
    llmlearn_err err = LLMLEARN_OK;

    pthread_mutex_lock(&ingest->start_mutex);
    if (!ingest->started) {
        err = ll_thread_start(&ingest->thread, "llmlearn-ingest", run, ingest);
        ingest->started = err == LLMLEARN_OK;
    }
    pthread_mutex_unlock(&ingest->start_mutex);
    return err;
}

void ll_ingest_close(ll_ingest *ingest)
{
    if (ingest == NULL)
        return;
    pthread_mutex_lock(&ingest->jobs.mutex);
    ingest->jobs.stopping = true;
    pthread_cond_broadcast(&ingest->jobs.arrived);
    pthread_mutex_unlock(&ingest->jobs.mutex);
    atomic_store(&ingest->hurry, true);
    if (ingest->started)
        pthread_join(ingest->thread, NULL);
    ll_jobs_fail(&ingest->jobs, ll_jobs_take(&ingest->jobs, UINT32_MAX),
                 ll_fail(LLMLEARN_ETIMEDOUT, "the learner was closed"));
    ll_jobs_drained(&ingest->jobs, UINT64_MAX, 0);
    ll_jobs_fail(&ingest->jobs, ll_jobs_take(&ingest->jobs, UINT32_MAX), LLMLEARN_ETIMEDOUT);
    ll_drain_destroy(&ingest->drain);
    ll_jobs_destroy(&ingest->jobs);
    ll_batch_free(ingest->batch);
    pthread_mutex_destroy(&ingest->start_mutex);
    pthread_cond_destroy(&ingest->paused);
    free(ingest);
}

llmlearn_err ll_ingest_submit(ll_ingest *ingest, ll_job *job, ll_deadline deadline)
{
    return ll_jobs_submit(&ingest->jobs, job, deadline);
}

void ll_ingest_wake(void *argument)
{
    ll_ingest *ingest = argument;

    pthread_mutex_lock(&ingest->jobs.mutex);
    ingest->jobs.woken = true;
    pthread_cond_signal(&ingest->jobs.arrived);
    pthread_mutex_unlock(&ingest->jobs.mutex);
}

void ll_ingest_get_state(ll_ingest *ingest, ll_ingest_state *out_state)
{
    uint64_t caught_up_ns = atomic_load_explicit(&ingest->caught_up_ns, memory_order_relaxed);
    uint64_t lag_ms = (ll_clock_monotonic_ns() - caught_up_ns) / 1000000;

    *out_state = (ll_ingest_state){
        .drained = atomic_load_explicit(&ingest->drained, memory_order_relaxed),
        .duplicates = atomic_load_explicit(&ingest->duplicates, memory_order_relaxed),
        .rejected = atomic_load_explicit(&ingest->rejected, memory_order_relaxed),
        .votes = atomic_load_explicit(&ingest->votes, memory_order_relaxed),
        .batches = atomic_load_explicit(&ingest->batches, memory_order_relaxed),
        .store_errors = atomic_load_explicit(&ingest->store_errors, memory_order_relaxed),
        .lag_ms = lag_ms < UINT32_MAX ? (uint32_t)lag_ms : UINT32_MAX,
    };
}

/* ---- drain as a job ---------------------------------------------------- */

typedef struct drain_job {
    ll_job job;
    bool all;
    uint64_t own_goal;
} drain_job;

static llmlearn_err run_drain_job(ll_job *job, const ll_write *write)
{
    drain_job *wanted = (drain_job *)job;

    if (wanted->all)
        return job->drained ? LLMLEARN_OK : LL_JOB_AGAIN_AFTER_DRAIN;
    return write->own_drained >= wanted->own_goal ? LLMLEARN_OK : LL_JOB_AGAIN;
}

static void destroy_drain_job(ll_job *job)
{
    free(job);
}

llmlearn_err ll_ingest_drain(ll_ingest *ingest, bool all, ll_deadline deadline)
{
    drain_job *wanted = (drain_job *)ll_job_new(sizeof *wanted, run_drain_job, destroy_drain_job);
    ll_journal_state state;
    llmlearn_err err;

    if (wanted == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to wait for the journal");
    ll_journal_get_state(ingest->options.journal, &state);
    wanted->all = all;
    wanted->own_goal = state.tail;
    wanted->job.reads_only = true;
    wanted->job.through_sums = true;
    err = ll_ingest_submit(ingest, &wanted->job, deadline);
    ll_job_release(&wanted->job);
    return err;
}

/* ---- fork -------------------------------------------------------------- */

bool ll_ingest_pause(ll_ingest *ingest, ll_deadline deadline)
{
    struct timespec until = ll_deadline_timespec(deadline);
    bool parked;

    pthread_mutex_lock(&ingest->jobs.mutex);
    ingest->jobs.pausing = true;
    atomic_store(&ingest->hurry, true);
    pthread_cond_broadcast(&ingest->jobs.arrived);
    while (ingest->started && !ingest->jobs.is_paused && !ll_deadline_passed(deadline))
        pthread_cond_timedwait(&ingest->paused, &ingest->jobs.mutex, &until);
    parked = !ingest->started || ingest->jobs.is_paused;
    pthread_mutex_unlock(&ingest->jobs.mutex);
    return parked;
}

void ll_ingest_resume(ll_ingest *ingest)
{
    pthread_mutex_lock(&ingest->jobs.mutex);
    ingest->jobs.pausing = false;
    atomic_store(&ingest->hurry, false);
    pthread_cond_broadcast(&ingest->jobs.arrived);
    pthread_mutex_unlock(&ingest->jobs.mutex);
}
