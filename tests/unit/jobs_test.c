/* Jobs between their callers and the thread that runs them: here, this one. */
#include "ingest/jobs.h"

#include "base/err.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LONG_MS = 60000 };

static ll_jobs jobs;
static atomic_int freed_count;

static llmlearn_err run_nothing(ll_job *job, const ll_write *write)
{
    (void)job;
    (void)write;
    return LLMLEARN_OK;
}

static void destroy(ll_job *job)
{
    atomic_fetch_add(&freed_count, 1);
    free(job);
}

static void set_up(void)
{
    atomic_store(&freed_count, 0);
    ck_assert_int_eq(ll_jobs_init(&jobs), LLMLEARN_OK);
}

static void tear_down(void)
{
    ll_jobs_destroy(&jobs);
}

/* ---- a caller ---- */

typedef struct caller {
    pthread_t thread;
    ll_job *job;
    uint64_t deadline_ms;
    llmlearn_err outcome;
} caller;

static void *submit(void *argument)
{
    caller *c = argument;

    c->outcome = ll_jobs_submit(&jobs, c->job, ll_deadline_in_ms(c->deadline_ms));
    ll_job_release(c->job);
    return NULL;
}

static void start(caller *c, bool reads_only, uint64_t deadline_ms)
{
    *c = (caller){ .deadline_ms = deadline_ms };
    c->job = ll_job_new(sizeof *c->job, run_nothing, destroy);
    ck_assert_ptr_nonnull(c->job);
    c->job->reads_only = reads_only;
    ck_assert_int_eq(pthread_create(&c->thread, NULL, submit, c), 0);
}

static void join(caller *c, llmlearn_err outcome)
{
    ck_assert_int_eq(pthread_join(c->thread, NULL), 0);
    ck_assert_int_eq(c->outcome, outcome);
}

static bool has_queued(uint32_t count)
{
    pthread_mutex_lock(&jobs.mutex);
    for (const ll_job *job = jobs.queue.first; job != NULL && count > 0; job = job->next)
        count--;
    pthread_mutex_unlock(&jobs.mutex);
    return count == 0;
}

/* Takes one job whose caller has then left, and one whose caller stays. */
static ll_job *take_both(caller *leaves, bool reads_only, caller *stays)
{
    ll_job *batch = NULL;

    start(stays, false, LONG_MS);
    while (!has_queued(1))
        ll_clock_sleep_us(100);
    /* On a slow machine the deadline may pass before the job is taken: then with a later one. */
    for (uint64_t ms = 20; batch == NULL || batch->next == NULL; ms *= 2) {
        if (batch != NULL)
            ll_jobs_requeue(&jobs, batch);
        ll_deadline late = ll_deadline_in_ms(ms);

        start(leaves, reads_only, ms);
        while (!has_queued(2) && !ll_deadline_passed(late))
            ll_clock_sleep_us(100);
        batch = ll_jobs_take(&jobs, 2);
        ck_assert_int_eq(pthread_join(leaves->thread, NULL), 0);
        ck_assert_int_eq(leaves->outcome, LLMLEARN_ETIMEDOUT);
    }
    return batch;
}

/* Takes one job and settles it; its caller then comes again or not. */
static void serve_one(caller *c)
{
    ll_job *batch;

    start(c, false, LONG_MS);
    while (!has_queued(1))
        ll_clock_sleep_us(100);
    batch = ll_jobs_take(&jobs, 1);
    ck_assert_ptr_eq(batch, c->job);
    ck_assert(ll_jobs_claim(&jobs, &batch));
    ll_jobs_settle(&jobs, batch, 0);
    join(c, LLMLEARN_OK);
}

/* Takes what there is, and who joins that, as a transaction does. */
static ll_job *take_all(uint32_t max)
{
    ll_job *batch = ll_jobs_take(&jobs, max);
    ll_job **end = &batch;

    while (*end != NULL) {
        for (; *end != NULL; end = &(*end)->next)
            max--;
        *end = ll_jobs_take_more(&jobs, max);
    }
    return batch;
}

static uint32_t settle_all(ll_job *batch)
{
    uint32_t count = 0;

    ck_assert(ll_jobs_claim(&jobs, &batch));
    for (const ll_job *job = batch; job != NULL; job = job->next)
        count++;
    ll_jobs_settle(&jobs, batch, 0);
    return count;
}

/* Settled jobs' callers are waited for this long, however short their commit was. */
static void be_patient(uint64_t ms)
{
    jobs.gather_until = ll_deadline_in_ms(ms);
}

static void *come_late(void *argument)
{
    ll_clock_sleep_us(2000); /* by now the other one's job is taken */
    return submit(argument);
}

/* ---- tests ---- */

START_TEST(a_change_whose_caller_left_undoes_the_transaction)
{
    caller leaves, stays;
    ll_job *batch = take_both(&leaves, false, &stays);

    ck_assert(!ll_jobs_claim(&jobs, &batch));
    ck_assert_ptr_eq(batch, stays.job);
    ck_assert_ptr_null(batch->next);
    ll_jobs_requeue(&jobs, batch);

    batch = ll_jobs_take(&jobs, 2);
    ck_assert(ll_jobs_claim(&jobs, &batch));
    ll_jobs_settle(&jobs, batch, 0);
    join(&stays, LLMLEARN_OK);
}
END_TEST

START_TEST(one_who_only_waited_for_the_journal_may_leave)
{
    caller leaves, stays;
    ll_job *batch = take_both(&leaves, true, &stays);
    int freed = atomic_load(&freed_count);

    ck_assert(ll_jobs_claim(&jobs, &batch));
    ck_assert_int_eq(atomic_load(&freed_count), freed + 1);
    ck_assert_ptr_eq(batch, stays.job);
    ck_assert_ptr_null(batch->next);
    ll_jobs_settle(&jobs, batch, 0);
    join(&stays, LLMLEARN_OK);
    ck_assert_int_eq(atomic_load(&freed_count), freed + 2);
}
END_TEST

START_TEST(those_who_come_again_share_a_commit)
{
    caller first, other, again = { .deadline_ms = LONG_MS };

    serve_one(&first);
    be_patient(LONG_MS);
    jobs.returning = 2; /* the first and the other one */
    again.job = ll_job_new(sizeof *again.job, run_nothing, destroy);
    start(&other, false, LONG_MS);
    while (!has_queued(1))
        ll_clock_sleep_us(100);
    ck_assert_int_eq(pthread_create(&again.thread, NULL, come_late, &again), 0);
    ck_assert_uint_eq(settle_all(take_all(8)), 2);
    join(&other, LLMLEARN_OK);
    join(&again, LLMLEARN_OK);
}
END_TEST

/* The first does not come again. Waiting for it ends, and is not tried again for a while. */
START_TEST(a_wait_in_vain_is_short_and_rare)
{
    caller first, other;

    /* On a slow machine a short patience is over before the waiting begins: then a longer one. */
    for (uint64_t ms = 1; jobs.not_gathering == 0; ms *= 2) {
        ck_assert_uint_lt(ms, 4000);
        serve_one(&first);
        jobs.returning = 2;
        be_patient(ms);
        start(&other, false, LONG_MS);
        while (!has_queued(1))
            ll_clock_sleep_us(100);
        ck_assert_uint_eq(settle_all(take_all(8)), 1);
        join(&other, LLMLEARN_OK);
    }

    jobs.returning = 2;
    be_patient(LONG_MS);
    start(&other, false, LONG_MS);
    while (!has_queued(1))
        ll_clock_sleep_us(100);
    ck_assert_uint_eq(settle_all(take_all(8)), 1);
    join(&other, LLMLEARN_OK);
}
END_TEST

START_TEST(one_alone_waits_for_nobody)
{
    caller c;

    for (int i = 0; i < 3; i++) {
        serve_one(&c);
        be_patient(LONG_MS);
    }
    ck_assert_uint_eq(jobs.not_gathering, 0);
}
END_TEST

START_TEST(stopping_ends_the_wait)
{
    caller first, other;

    serve_one(&first);
    jobs.returning = 2;
    jobs.stopping = true;
    be_patient(LONG_MS);
    start(&other, false, LONG_MS);
    while (!has_queued(1))
        ll_clock_sleep_us(100);
    ck_assert_uint_eq(settle_all(take_all(8)), 1);
    join(&other, LLMLEARN_OK);
}
END_TEST

/* Three for each chain, told by hand: only the first of a chain by ingest. Their looks for
 * themselves come too late to help. */
START_TEST(who_is_told_tells_the_next)
{
    enum { MANY = 3 * LL_JOB_CHAINS, ROUNDS = 20 };
    uint64_t best_ns = UINT64_MAX;
    caller many[MANY];

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start_ns;

        for (uint32_t i = 0; i < MANY; i++)
            start(&many[i], false, LONG_MS);
        while (!has_queued(MANY))
            ll_clock_sleep_us(100);
        ll_clock_sleep_us(100); /* the last one sleeps, too */
        start_ns = ll_clock_monotonic_ns();
        ck_assert_uint_eq(settle_all(take_all(MANY)), MANY);
        for (uint32_t i = 0; i < MANY; i++)
            join(&many[i], LLMLEARN_OK);
        if (ll_clock_monotonic_ns() - start_ns < best_ns)
            best_ns = ll_clock_monotonic_ns() - start_ns;
    }
    ck_assert_uint_lt(best_ns, 5000000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = tcase_create("jobs");

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_change_whose_caller_left_undoes_the_transaction);
    tcase_add_test(tests, one_who_only_waited_for_the_journal_may_leave);
    tcase_add_test(tests, those_who_come_again_share_a_commit);
    tcase_add_test(tests, a_wait_in_vain_is_short_and_rare);
    tcase_add_test(tests, one_alone_waits_for_nobody);
    tcase_add_test(tests, stopping_ends_the_wait);
    tcase_add_test(tests, who_is_told_tells_the_next);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
