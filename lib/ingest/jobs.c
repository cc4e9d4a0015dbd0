#include "ingest/jobs.h"

#include "base/err.h"
#include "base/thread.h"

#include <assert.h>
#include <stdlib.h>

/* How long a caller waits for the disk once its commit has begun. */
#define COMMIT_PATIENCE_NS UINT64_C(5000000000)
/* How often a caller sees for itself. */
#define LOOK_INTERVAL_MS 10u
/* Callers who come again are waited for half as long as their commit took, but no longer. */
#define GATHER_NS_MAX UINT64_C(1000000)
/* Ingest is woken for so many at a time: what they bring keeps it busy until the next come. */
#define GATHER_STEP 4u
/* Commits without waiting after one in vain: then it costs a hundredth part of the time. */
#define NOT_GATHERING_COMMITS 32u

enum { QUEUED = 1, RUNNING, COMMITTING, ABANDONED, PARKED, SETTLED };

ll_job *ll_job_new(size_t bytes, llmlearn_err (*run)(ll_job *job, const ll_write *write),
                   void (*destroy)(ll_job *job))
{
    ll_job *job;

    assert(bytes >= sizeof *job && run != NULL && destroy != NULL);
    job = calloc(1, bytes);
    if (job == NULL)
        return NULL;
    job->run = run;
    job->destroy = destroy;
    atomic_init(&job->references, 1);
    return job;
}

void ll_job_release(ll_job *job)
{
    if (job != NULL && atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) == 1)
        job->destroy(job);
}

llmlearn_err ll_jobs_init(ll_jobs *jobs)
{
    llmlearn_err err;

    *jobs = (ll_jobs){ .woken = false };
    err = ll_thread_condition_init(&jobs->arrived);
    if (err != LLMLEARN_OK)
        return err;
    pthread_mutex_init(&jobs->mutex, NULL); /* cannot fail with default attributes on Linux */
    return LLMLEARN_OK;
}

void ll_jobs_destroy(ll_jobs *jobs)
{
    assert(jobs->queue.first == NULL && jobs->parked.first == NULL);
    pthread_mutex_destroy(&jobs->mutex);
    pthread_cond_destroy(&jobs->arrived);
}

/* ---- lists; all under the mutex ---------------------------------------- */

static void append(ll_job_list *list, ll_job *job)
{
    job->next = NULL;
    if (list->last != NULL)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

/* Takes out the job that follows `before`, which is NULL for the first. */
static ll_job *take_next(ll_job_list *list, ll_job *before)
{
    ll_job *job = before != NULL ? before->next : list->first;

    if (before != NULL)
        before->next = job->next;
    else
        list->first = job->next;
    if (list->last == job)
        list->last = before;
    job->next = NULL;
    return job;
}

static void take_out(ll_job_list *list, const ll_job *job)
{
    ll_job *before = NULL;

    for (ll_job *at = list->first; at != job; at = at->next) {
        assert(at != NULL);
        before = at;
    }
    take_next(list, before);
}

/* Ingest's reference goes to whoever tells the job's caller. */
static void settle_one(ll_jobs *jobs, ll_job *job)
{
    job->state = SETTLED;
    append(&jobs->settled[jobs->settled_count++ % LL_JOB_CHAINS], job);
}

/* Tells the first of a chain who still waits; that one tells the others. */
static void tell(ll_job *chain)
{
    bool told = false;

    while (chain != NULL && !told) {
        ll_job *job = chain;

        chain = job->next;
        told = ll_event_tell(&job->told);
        ll_job_release(job);
    }
}

/* Ends what took the mutex. */
static void unlock(ll_jobs *jobs)
{
    ll_job *chains[LL_JOB_CHAINS];

    for (uint32_t i = 0; i < LL_JOB_CHAINS; i++) {
        chains[i] = jobs->settled[i].first;
        jobs->settled[i] = (ll_job_list){ .first = NULL };
    }
    jobs->settled_count = 0;
    pthread_mutex_unlock(&jobs->mutex);
    for (uint32_t i = 0; i < LL_JOB_CHAINS; i++)
        tell(chains[i]);
}

static void time_out(ll_jobs *jobs, ll_job *job)
{
    ll_fail(LLMLEARN_ETIMEDOUT, "the deadline passed before the store could take it");
    ll_err_capture(LLMLEARN_ETIMEDOUT, &job->report);
    settle_one(jobs, job);
}

/* ---- callers ----------------------------------------------------------- */

/* The deadline has passed: leave if that is still possible. Under the mutex. */
static bool leave(ll_jobs *jobs, ll_job *job)
{
    if (job->state == QUEUED || job->state == PARKED) {
        take_out(job->state == QUEUED ? &jobs->queue : &jobs->parked, job);
        time_out(jobs, job);
        return true;
    }
    if (job->state == RUNNING) {
        job->state = ABANDONED;
        return true;
    }
    return false;
}

/* A caller who has not been told for a while: true if it need not wait any longer. Who should
 * have told it may be a thread that gets no processor. */
static bool look(ll_jobs *jobs, ll_job *job, ll_deadline deadline, llmlearn_err *out_err)
{
    bool settled, left;

    pthread_mutex_lock(&jobs->mutex);
    settled = job->state == SETTLED;
    left = !settled && ll_deadline_passed(deadline) && leave(jobs, job);
    unlock(jobs);
    if (settled)
        *out_err = ll_err_restore(&job->report);
    else if (left)
        *out_err = ll_fail(LLMLEARN_ETIMEDOUT, "the deadline passed before the store could take "
                                               "it; nothing was stored");
    else if (ll_deadline_passed(deadline + COMMIT_PATIENCE_NS))
        *out_err = ll_fail(LLMLEARN_EUNKNOWN, "the disk has not answered the commit; "
                                              "it may or may not be stored");
    else
        return false;
    return true;
}

static llmlearn_err wait_for_outcome(ll_jobs *jobs, ll_job *job, ll_deadline deadline)
{
    llmlearn_err err = LLMLEARN_OK;
    bool told = false;

    while (!told) {
        ll_deadline next_look = ll_deadline_in_ms(LOOK_INTERVAL_MS);

        if (next_look > deadline && !ll_deadline_passed(deadline))
            next_look = deadline;
        told = ll_event_wait(&job->told, next_look);
        if (told)
            err = ll_err_restore(&job->report);
        else if (look(jobs, job, deadline, &err))
            break;
    }
    if (told || ll_event_leave(&job->told))
        tell(job->next);
    return err;
}

llmlearn_err ll_jobs_submit(ll_jobs *jobs, ll_job *job, ll_deadline deadline)
{
    assert(job->state != QUEUED && job->state != RUNNING);
    atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
    pthread_mutex_lock(&jobs->mutex);
    job->state = QUEUED;
    job->drained = false;
    job->deadline = deadline;
    ll_event_init(&job->told);
    append(&jobs->queue, job);
    if (jobs->returning > 0)
        jobs->returning--;
    if (!jobs->gathering || jobs->returning <= jobs->enough)
        pthread_cond_signal(&jobs->arrived);
    pthread_mutex_unlock(&jobs->mutex);
    return wait_for_outcome(jobs, job, deadline);
}

/* ---- ingest ------------------------------------------------------------ */

static ll_job *take(ll_jobs *jobs, uint32_t max, uint64_t now_ns)
{
    ll_job_list taken = { .first = NULL };

    for (uint32_t i = 0; i < max && jobs->queue.first != NULL;) {
        ll_job *job = take_next(&jobs->queue, NULL);

        if (now_ns >= job->deadline) {
            time_out(jobs, job);
            continue;
        }
        job->state = RUNNING;
        append(&taken, job);
        i++;
    }
    return taken.first;
}

ll_job *ll_jobs_take(ll_jobs *jobs, uint32_t max)
{
    uint64_t now_ns = ll_clock_monotonic_ns();
    ll_job *taken;

    pthread_mutex_lock(&jobs->mutex);
    jobs->taken = now_ns;
    taken = take(jobs, max, now_ns);
    unlock(jobs);
    return taken;
}

/* Callers whose change was just stored often come again at once. Those who came sooner wait a
 * little for them, lest two halves take turns, with a commit for each. */
static void gather(ll_jobs *jobs, uint32_t max)
{
    struct timespec until = ll_deadline_timespec(jobs->gather_until);
    uint64_t start_ns = ll_clock_monotonic_ns();
    bool in_vain;

    if (max == 0 || jobs->queue.first != NULL || jobs->returning == 0 || jobs->not_gathering > 0 ||
        start_ns >= jobs->gather_until)
        return;
    jobs->gathering = true;
    jobs->enough = jobs->returning > GATHER_STEP ? jobs->returning - GATHER_STEP : 0;
    while (jobs->returning > jobs->enough && !jobs->stopping && !jobs->pausing &&
           !ll_deadline_passed(jobs->gather_until))
        pthread_cond_timedwait(&jobs->arrived, &jobs->mutex, &until);
    in_vain = jobs->returning > jobs->enough && jobs->returning > jobs->returning_all / 2;
    jobs->gathering = false;
    if (in_vain)
        jobs->not_gathering = NOT_GATHERING_COMMITS;
    jobs->taken += ll_clock_monotonic_ns() - start_ns; /* it was no part of the work */
}

ll_job *ll_jobs_take_more(ll_jobs *jobs, uint32_t max)
{
    ll_job *taken;

    pthread_mutex_lock(&jobs->mutex);
    gather(jobs, max);
    taken = take(jobs, max, ll_clock_monotonic_ns());
    unlock(jobs);
    return taken;
}

bool ll_jobs_claim(ll_jobs *jobs, ll_job **batch)
{
    bool all_here = true;

    pthread_mutex_lock(&jobs->mutex);
    for (ll_job **at = batch; *at != NULL;) {
        ll_job *job = *at;

        if (job->state != ABANDONED) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        all_here &= job->reads_only; /* one that changed nothing leaves nothing to undo */
        ll_job_release(job);
    }
    for (ll_job *job = *batch; job != NULL && all_here; job = job->next)
        job->state = COMMITTING;
    pthread_mutex_unlock(&jobs->mutex);
    return all_here;
}

/* Puts one job that was not stored back on a list; one that was abandoned is let go. */
static void put_back(ll_jobs *jobs, ll_job_list *list, ll_job *job, int state)
{
    if (job->state == ABANDONED) {
        ll_job_release(job);
        return;
    }
    if (ll_deadline_passed(job->deadline)) {
        time_out(jobs, job);
        return;
    }
    job->state = state;
    append(list, job);
}

void ll_jobs_requeue(ll_jobs *jobs, ll_job *batch)
{
    ll_job *rest;

    pthread_mutex_lock(&jobs->mutex);
    rest = jobs->queue.first;
    jobs->queue = (ll_job_list){ .first = NULL };
    while (batch != NULL) {
        ll_job *job = batch;

        batch = job->next;
        put_back(jobs, &jobs->queue, job, QUEUED);
    }
    while (rest != NULL) {
        ll_job *job = rest;

        rest = job->next;
        append(&jobs->queue, job);
    }
    unlock(jobs);
}

/* How many of the callers may come again, and until when to expect them. */
static void expect(ll_jobs *jobs, uint32_t returning)
{
    uint64_t now = ll_clock_monotonic_ns();
    uint64_t patience = (now - jobs->taken) / 2;

    jobs->returning = returning;
    jobs->returning_all = returning;
    jobs->not_gathering -= jobs->not_gathering > 0;
    jobs->gather_until = now + (patience < GATHER_NS_MAX ? patience : GATHER_NS_MAX);
}

void ll_jobs_settle(ll_jobs *jobs, ll_job *batch, uint64_t passes_begun)
{
    uint32_t returning = 0;

    pthread_mutex_lock(&jobs->mutex);
    while (batch != NULL) {
        ll_job *job = batch;

        batch = job->next;
        job->next = NULL;
        if (job->report.err == LL_JOB_AGAIN) {
            put_back(jobs, &jobs->queue, job, QUEUED);
        } else if (job->report.err == LL_JOB_AGAIN_AFTER_DRAIN) {
            job->pass = passes_begun + 1;
            put_back(jobs, &jobs->parked, job, PARKED);
        } else {
            returning += !job->reads_only;
            settle_one(jobs, job);
        }
    }
    expect(jobs, returning);
    unlock(jobs);
}

void ll_jobs_fail(ll_jobs *jobs, ll_job *batch, llmlearn_err err)
{
    pthread_mutex_lock(&jobs->mutex);
    while (batch != NULL) {
        ll_job *job = batch;

        batch = job->next;
        job->next = NULL;
        ll_err_capture(err, &job->report);
        settle_one(jobs, job);
    }
    unlock(jobs);
}

void ll_jobs_drained(ll_jobs *jobs, uint64_t ended, uint64_t complete)
{
    ll_job *before = NULL;

    pthread_mutex_lock(&jobs->mutex);
    for (ll_job *job = jobs->parked.first, *next; job != NULL; job = next) {
        next = job->next;
        if (job->pass > ended && !ll_deadline_passed(job->deadline)) {
            before = job;
            continue;
        }
        take_next(&jobs->parked, before);
        if (job->pass > ended) {
            time_out(jobs, job);
            continue;
        }
        job->drained = job->pass <= complete;
        job->state = QUEUED;
        append(&jobs->queue, job);
    }
    unlock(jobs);
}

uint64_t ll_jobs_pass_wanted(ll_jobs *jobs)
{
    uint64_t pass;

    pthread_mutex_lock(&jobs->mutex);
    pass = jobs->parked.first != NULL ? jobs->parked.first->pass : 0;
    pthread_mutex_unlock(&jobs->mutex);
    return pass;
}
