/* link: -Wl,--wrap=pthread_cond_timedwait */
#include "analytics/cache.h"

#include "base/err.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, WINDOW = 30, LONG_MS = 30000 };

/* ---- who waits for another's computation ---- */

static atomic_int waiting_count; /* since the count was last set to 0 */

int __real_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *t);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *t);

/* The mutex is held, so whoever then gets it knows that this one waits. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *t)
{
    atomic_fetch_add(&waiting_count, 1);
    return __real_pthread_cond_timedwait(c, m, t);
}

/* ---- a clock and a computation under control ---- */

static _Atomic int64_t now_us;
static atomic_int call_count; /* computations begun */
static atomic_int inside;     /* in a computation now */
static atomic_bool gate_open;
static atomic_int failure;        /* what a computation returns */
static atomic_size_t extra_bytes; /* in a body */
static ll_cache *cache;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static void pause_briefly(void)
{
    ll_clock_sleep_us(200);
}

static llmlearn_err compute(void *user, uint32_t window, ll_deadline deadline,
                            ll_cache_body *out_body)
{
    int number = atomic_fetch_add(&call_count, 1) + 1;
    size_t bytes = atomic_load(&extra_bytes);
    llmlearn_err err = (llmlearn_err)atomic_load(&failure);

    (void)user;
    (void)deadline;
    ck_assert_int_eq(atomic_fetch_add(&inside, 1), 0); /* never two at a time */
    while (!atomic_load(&gate_open))
        pause_briefly();
    atomic_fetch_sub(&inside, 1);
    if (err != LLMLEARN_OK)
        return ll_fail(err, "computation %d of %u", number, window);

    out_body->at_us = atomic_load(&now_us);
    ck_assert_int_gt(asprintf(&out_body->head, "number %d window %u age ", number, window), 0);
    out_body->tail = malloc(bytes + 5);
    ck_assert_ptr_nonnull(out_body->tail);
    memset(out_body->tail, '.', bytes);
    memcpy(out_body->tail + bytes, " end", 5);
    return LLMLEARN_OK;
}

static const ll_clock clock_under_control = { .now = read_clock };

static void open_with_ttl(uint32_t ttl_ms)
{
    ck_assert_int_eq(ll_cache_open(&(ll_cache_options){ .clock = &clock_under_control,
                                                        .ttl_ms = ttl_ms,
                                                        .compute = compute },
                                   &cache),
                     LLMLEARN_OK);
}

static void set_up(void)
{
    atomic_store(&now_us, 20000 * LL_US_PER_DAY + LL_US_PER_HOUR);
    atomic_store(&call_count, 0);
    atomic_store(&waiting_count, 0);
    atomic_store(&gate_open, true);
    atomic_store(&failure, LLMLEARN_OK);
    atomic_store(&extra_bytes, 0);
    open_with_ttl(300000);
}

static void tear_down(void)
{
    ll_cache_close(cache);
    ll_cache_close(NULL);
}

static ll_deadline soon_enough(void)
{
    return ll_deadline_in_ms(LONG_MS);
}

static void check_answer(uint32_t window, bool refresh, int number, int age_ms)
{
    char *text = NULL, expected[100];

    ck_assert_int_eq(ll_cache_get(cache, window, refresh, soon_enough(), &text), LLMLEARN_OK);
    snprintf(expected, sizeof expected, "number %d window %u age %d end", number, window, age_ms);
    ck_assert_str_eq(text, expected);
    free(text);
}

static void pass_us(int64_t us)
{
    atomic_fetch_add(&now_us, us);
}

/* ---- freshness ---- */

START_TEST(an_answer_is_kept_for_its_time_and_knows_its_age)
{
    check_answer(WINDOW, false, 1, 0);
    pass_us(1999);
    check_answer(WINDOW, false, 1, 1);
    pass_us(300000000 - 2000);
    check_answer(WINDOW, false, 1, 299999);
    pass_us(1);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

START_TEST(an_answer_from_the_future_is_not_served)
{
    check_answer(WINDOW, false, 1, 0);
    pass_us(-1);
    check_answer(WINDOW, false, 2, 0);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

START_TEST(an_answer_of_yesterday_is_not_served)
{
    atomic_store(&now_us, 20001 * LL_US_PER_DAY - 1000);
    check_answer(WINDOW, false, 1, 0);
    pass_us(999);
    check_answer(WINDOW, false, 1, 0);
    pass_us(1);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

START_TEST(a_refresh_always_computes)
{
    check_answer(WINDOW, false, 1, 0);
    check_answer(WINDOW, true, 2, 0);
    check_answer(WINDOW, true, 3, 0);
    check_answer(WINDOW, false, 3, 0);
}
END_TEST

START_TEST(what_is_fresh_is_found_and_nothing_is_computed_for_it)
{
    char *text = NULL;

    ck_assert_int_eq(ll_cache_find(cache, WINDOW, &text), LLMLEARN_ENOTFOUND);
    check_answer(WINDOW, false, 1, 0);
    pass_us(300000000 - 1);
    ck_assert_int_eq(ll_cache_find(cache, WINDOW, &text), LLMLEARN_OK);
    ck_assert_ptr_nonnull(strstr(text, "number 1 "));
    free(text);
    text = NULL;
    pass_us(1);
    ck_assert_int_eq(ll_cache_find(cache, WINDOW, &text), LLMLEARN_ENOTFOUND);
    ck_assert_ptr_null(text);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

START_TEST(each_window_has_its_own_answer)
{
    for (uint32_t window = 1; window <= LL_CACHE_WINDOWS_MAX; window++)
        check_answer(window, false, (int)window, 0);
    for (uint32_t window = 1; window <= LL_CACHE_WINDOWS_MAX; window++)
        check_answer(window, false, (int)window, 0);
}
END_TEST

START_TEST(without_a_time_to_live_every_call_computes)
{
    ll_cache_close(cache);
    open_with_ttl(0);
    check_answer(WINDOW, false, 1, 0);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

START_TEST(the_oldest_answers_make_room)
{
    char *text = NULL;

    atomic_store(&extra_bytes, LL_CACHE_BYTES_MAX / 2);
    for (uint32_t window = 1; window <= 3; window++) {
        ck_assert_int_eq(ll_cache_get(cache, window, false, soon_enough(), &text), LLMLEARN_OK);
        free(text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 3);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ll_cache_get(cache, i == 0 ? 3 : 1, false, soon_enough(), &text),
                         LLMLEARN_OK);
        free(text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 4); /* 3 was kept, 1 was not */

    /* One that is larger than everything is still answered, and kept alone. */
    atomic_store(&extra_bytes, 2 * LL_CACHE_BYTES_MAX);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ll_cache_get(cache, 9, false, soon_enough(), &text), LLMLEARN_OK);
        ck_assert_uint_gt(strlen(text), 2 * LL_CACHE_BYTES_MAX);
        free(text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 5);
}
END_TEST

/* ---- failure ---- */

START_TEST(a_failed_computation_is_tried_again_by_the_next_caller)
{
    char *text = NULL;

    atomic_store(&failure, LLMLEARN_EIO);
    ck_assert_int_eq(ll_cache_get(cache, WINDOW, false, soon_enough(), &text), LLMLEARN_EIO);
    ck_assert_str_eq(llmlearn_error_detail(), "computation 1 of 30");
    ck_assert_ptr_null(text);
    atomic_store(&failure, LLMLEARN_OK);
    check_answer(WINDOW, false, 2, 0);

    /* One that fails to be refreshed stays. */
    atomic_store(&failure, LLMLEARN_ENOMEM);
    ck_assert_int_eq(ll_cache_get(cache, WINDOW, true, soon_enough(), &text), LLMLEARN_ENOMEM);
    check_answer(WINDOW, false, 2, 0);
}
END_TEST

/* ---- many callers ---- */

typedef struct caller {
    pthread_t thread;
    uint32_t window;
    bool refresh;
    uint64_t patience_ms;
    llmlearn_err err;
    char detail[LL_ERR_DETAIL_BYTES];
    char *text;
} caller;

static void *call(void *argument)
{
    caller *c = argument;

    c->err =
        ll_cache_get(cache, c->window, c->refresh, ll_deadline_in_ms(c->patience_ms), &c->text);
    if (c->err != LLMLEARN_OK)
        snprintf(c->detail, sizeof c->detail, "%s", llmlearn_error_detail());
    return NULL;
}

static void start(caller *c, uint32_t window, bool refresh)
{
    *c = (caller){ .window = window, .refresh = refresh, .patience_ms = LONG_MS };
    ck_assert_int_eq(pthread_create(&c->thread, NULL, call, c), 0);
}

static void join(caller *c)
{
    ck_assert_int_eq(pthread_join(c->thread, NULL), 0);
}

/* The first caller is inside its computation, the others wait for it. */
static void start_all(caller callers[THREADS], uint32_t window, bool refresh)
{
    int before = atomic_load(&call_count);

    atomic_store(&gate_open, false);
    start(&callers[0], window, false);
    while (atomic_load(&call_count) == before)
        pause_briefly();
    for (int i = 1; i < THREADS; i++)
        start(&callers[i], window, refresh);
    while (atomic_load(&waiting_count) < THREADS - 1)
        pause_briefly();
}

START_TEST(callers_of_one_window_cost_one_computation)
{
    caller callers[THREADS];

    ll_cache_close(cache);
    open_with_ttl(0); /* so that the waiting alone can explain it */
    start_all(callers, WINDOW, false);
    atomic_store(&gate_open, true);
    for (int i = 0; i < THREADS; i++) {
        join(&callers[i]);
        ck_assert_int_eq(callers[i].err, LLMLEARN_OK);
        ck_assert_str_eq(callers[i].text, "number 1 window 30 age 0 end");
        free(callers[i].text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 1);
}
END_TEST

/* What runs already may have read before they asked. */
START_TEST(callers_who_refresh_share_the_next_computation)
{
    caller callers[THREADS];

    start_all(callers, WINDOW, true);
    atomic_store(&gate_open, true);
    for (int i = 0; i < THREADS; i++) {
        join(&callers[i]);
        ck_assert_int_eq(callers[i].err, LLMLEARN_OK);
        ck_assert_str_eq(callers[i].text,
                         i == 0 ? "number 1 window 30 age 0 end" : "number 2 window 30 age 0 end");
        free(callers[i].text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 2);
}
END_TEST

START_TEST(a_failure_is_shared_by_all_who_waited)
{
    caller callers[THREADS];

    atomic_store(&failure, LLMLEARN_EIO);
    start_all(callers, WINDOW, false);
    atomic_store(&gate_open, true);
    for (int i = 0; i < THREADS; i++) {
        join(&callers[i]);
        ck_assert_int_eq(callers[i].err, LLMLEARN_EIO);
        ck_assert_str_eq(callers[i].detail, "computation 1 of 30");
        ck_assert_ptr_null(callers[i].text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 1);
}
END_TEST

/* Its caller's deadline is nobody else's. */
START_TEST(a_computation_out_of_time_is_tried_by_another)
{
    caller callers[THREADS];

    atomic_store(&failure, LLMLEARN_ETIMEDOUT);
    start_all(callers, WINDOW, false);
    atomic_store(&failure, LLMLEARN_OK);
    atomic_store(&gate_open, true);
    for (int i = 0; i < THREADS; i++) {
        join(&callers[i]);
        ck_assert_int_eq(callers[i].err, i == 0 ? LLMLEARN_ETIMEDOUT : LLMLEARN_OK);
        ck_assert(i == 0 || strcmp(callers[i].text, "number 2 window 30 age 0 end") == 0);
        free(callers[i].text);
    }
    ck_assert_int_eq(atomic_load(&call_count), 2);
}
END_TEST

START_TEST(waiting_ends_at_the_deadline)
{
    caller first;
    char *text = NULL;

    atomic_store(&gate_open, false);
    start(&first, WINDOW, false);
    while (atomic_load(&call_count) == 0)
        pause_briefly();
    ck_assert_int_eq(ll_cache_get(cache, WINDOW, false, ll_deadline_in_ms(20), &text),
                     LLMLEARN_ETIMEDOUT);
    ck_assert_int_eq(ll_cache_get(cache, 7, false, ll_deadline_in_ms(0), &text),
                     LLMLEARN_ETIMEDOUT);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(atomic_load(&call_count), 1);
    atomic_store(&gate_open, true);
    join(&first);
    ck_assert_int_eq(first.err, LLMLEARN_OK);
    free(first.text);
    check_answer(WINDOW, false, 1, 0);
}
END_TEST

/* An entry that is fresh is served while another window is computed. */
START_TEST(a_fresh_answer_waits_for_nobody)
{
    caller first;

    check_answer(7, false, 1, 0);
    atomic_store(&gate_open, false);
    start(&first, WINDOW, false);
    while (atomic_load(&call_count) == 1)
        pause_briefly();
    check_answer(7, false, 1, 0);
    atomic_store(&gate_open, true);
    join(&first);
    free(first.text);
}
END_TEST

/* ---- everything at once ---- */

static atomic_bool stop;

static void *call_often(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;

    for (int i = 0; i < 400; i++) {
        uint32_t window = 1 + (uint32_t)rand_r(&seed) % 3;
        bool refresh = rand_r(&seed) % 4 == 0;
        int begun = atomic_load(&call_count), number;
        unsigned got_window;
        long long age;
        char *text = NULL;

        ck_assert_int_eq(ll_cache_get(cache, window, refresh, soon_enough(), &text), LLMLEARN_OK);
        ck_assert_int_eq(
            sscanf(text, "number %d window %u age %lld end", &number, &got_window, &age), 3);
        ck_assert_uint_eq(got_window, window);
        ck_assert(!refresh || number > begun);
        ck_assert_int_ge(age, 0);
        free(text);
    }
    return NULL;
}

static void *move_clock(void *argument)
{
    (void)argument;
    while (!atomic_load(&stop)) {
        pass_us(100000);
        pause_briefly();
    }
    return NULL;
}

START_TEST(any_mix_of_callers_gets_right_answers)
{
    pthread_t threads[THREADS], mover;

    atomic_store(&stop, false);
    ck_assert_int_eq(pthread_create(&mover, NULL, move_clock, NULL), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(mover, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache");
    TCase *tests = tcase_create("cache");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_answer_is_kept_for_its_time_and_knows_its_age);
    tcase_add_test(tests, an_answer_from_the_future_is_not_served);
    tcase_add_test(tests, an_answer_of_yesterday_is_not_served);
    tcase_add_test(tests, a_refresh_always_computes);
    tcase_add_test(tests, what_is_fresh_is_found_and_nothing_is_computed_for_it);
    tcase_add_test(tests, each_window_has_its_own_answer);
    tcase_add_test(tests, without_a_time_to_live_every_call_computes);
    tcase_add_test(tests, the_oldest_answers_make_room);
    tcase_add_test(tests, a_failed_computation_is_tried_again_by_the_next_caller);
    tcase_add_test(tests, callers_of_one_window_cost_one_computation);
    tcase_add_test(tests, callers_who_refresh_share_the_next_computation);
    tcase_add_test(tests, a_failure_is_shared_by_all_who_waited);
    tcase_add_test(tests, a_computation_out_of_time_is_tried_by_another);
    tcase_add_test(tests, waiting_ends_at_the_deadline);
    tcase_add_test(tests, a_fresh_answer_waits_for_nobody);
    tcase_add_test(tests, any_mix_of_callers_gets_right_answers);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
