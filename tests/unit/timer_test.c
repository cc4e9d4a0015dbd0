/* link: -Wl,--wrap=calloc */
#include "cron/timer.h"

#include "support/stores.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
static atomic_bool no_memory;

void *__wrap_calloc(size_t count, size_t bytes)
{
    return atomic_load(&no_memory) ? NULL : __real_calloc(count, bytes);
}

/* A clock that stands where it is put, and a callback that notes its calls. */
typedef struct scene {
    atomic_llong now_us;
    atomic_llong due_us; /* what the callback returns */
    atomic_llong called_us;
    atomic_int calls;
    atomic_bool inside, hold; /* the callback waits as long as it is held */
    atomic_bool saw_stopping;
} scene;

static int64_t read_clock(void *user)
{
    return atomic_load(&((scene *)user)->now_us);
}

static int64_t look(void *user, const ll_timer *timer, int64_t now_us)
{
    scene *s = user;

    atomic_store(&s->inside, true);
    while (atomic_load(&s->hold)) {
        if (ll_timer_is_stopping(timer))
            atomic_store(&s->saw_stopping, true);
        ll_clock_sleep_us(200);
    }
    atomic_store(&s->called_us, now_us);
    atomic_fetch_add(&s->calls, 1);
    atomic_store(&s->inside, false);
    return atomic_load(&s->due_us);
}

static ll_timer *start(scene *s, uint32_t awake_every_ms)
{
    const ll_timer_options options = { .name = "timer-test",
                                       .clock = { read_clock, s },
                                       .awake_every_ms = awake_every_ms,
                                       .look = look,
                                       .user = s };
    ll_timer *timer = NULL;

    ck_ok(ll_timer_start(&options, &timer));
    return timer;
}

static void wait_for_calls(scene *s, int calls)
{
    ll_deadline deadline = soon();

    while (atomic_load(&s->calls) < calls) {
        ck_assert_msg(!ll_deadline_passed(deadline), "%d of %d calls", atomic_load(&s->calls),
                      calls);
        ll_clock_sleep_us(500);
    }
}

static void expect_no_call_beyond(scene *s, int calls)
{
    ll_clock_sleep_us(60000);
    ck_assert_int_eq(atomic_load(&s->calls), calls);
}

START_TEST(it_calls_when_the_moment_has_come)
{
    scene s = { .now_us = 1000, .due_us = 5 * LL_US_PER_HOUR };
    ll_timer *timer = start(&s, 2);

    wait_for_calls(&s, 1); /* at the start */
    atomic_store(&s.now_us, 5 * LL_US_PER_HOUR - 1);
    expect_no_call_beyond(&s, 1);
    atomic_store(&s.due_us, LL_TIMER_NEVER);
    atomic_store(&s.now_us, 5 * LL_US_PER_HOUR);
    wait_for_calls(&s, 2);
    ck_assert_int_eq(atomic_load(&s.called_us), 5 * LL_US_PER_HOUR);
    atomic_store(&s.now_us, 5000 * LL_US_PER_HOUR);
    expect_no_call_beyond(&s, 2);
    ck_ok(ll_timer_stop(timer, soon()));
}
END_TEST

/* Set forward by a year it calls once, set back it calls to hear what is due now. */
START_TEST(a_clock_that_is_set_is_noticed)
{
    scene s = { .now_us = LL_US_PER_HOUR, .due_us = 400 * LL_US_PER_DAY };
    ll_timer *timer = start(&s, 2);

    wait_for_calls(&s, 1);
    atomic_store(&s.due_us, 900 * LL_US_PER_DAY);
    atomic_store(&s.now_us, 500 * LL_US_PER_DAY);
    wait_for_calls(&s, 2);
    expect_no_call_beyond(&s, 2);
    atomic_store(&s.due_us, 2 * LL_US_PER_DAY);
    atomic_store(&s.now_us, LL_US_PER_DAY);
    wait_for_calls(&s, 3);
    ck_assert_int_eq(atomic_load(&s.called_us), LL_US_PER_DAY);
    expect_no_call_beyond(&s, 3);
    ck_ok(ll_timer_stop(timer, soon()));
}
END_TEST

START_TEST(who_asks_is_looked_for_at_once)
{
    scene s = { .now_us = 1000, .due_us = LL_TIMER_NEVER };
    ll_timer *timer = start(&s, 600000);

    wait_for_calls(&s, 1);
    ll_timer_look(timer);
    wait_for_calls(&s, 2);
    /* While it is in a call: once more, however often it was asked. */
    atomic_store(&s.hold, true);
    ll_timer_look(timer);
    while (!atomic_load(&s.inside))
        ll_clock_sleep_us(200);
    ll_timer_look(timer);
    ll_timer_look(timer);
    atomic_store(&s.hold, false);
    wait_for_calls(&s, 4);
    expect_no_call_beyond(&s, 4);
    ck_ok(ll_timer_stop(timer, soon()));
}
END_TEST

START_TEST(stopping_waits_no_longer_than_it_may)
{
    scene s = { .now_us = 1000, .due_us = LL_TIMER_NEVER, .hold = true };
    ll_timer *timer = start(&s, 600000);

    while (!atomic_load(&s.inside))
        ll_clock_sleep_us(200);
    ck_fails(ll_timer_stop(timer, ll_deadline_in_ms(20)), LLMLEARN_ETIMEDOUT, "timer-test");
    while (!atomic_load(&s.saw_stopping)) /* the call can know that it should end */
        ll_clock_sleep_us(200);
    ll_timer_look(timer); /* and whoever asks now asks in vain */
    atomic_store(&s.hold, false);
    ck_ok(ll_timer_stop(timer, soon()));
    ck_assert_int_eq(atomic_load(&s.calls), 1);
    ck_ok(ll_timer_stop(NULL, soon()));
}
END_TEST

START_TEST(a_callback_that_wants_to_be_called_for_ever_is_slowed)
{
    scene s = { .now_us = 1000, .due_us = INT64_MIN };
    uint64_t start_ns = ll_clock_monotonic_ns(), ms;
    ll_timer *timer = start(&s, 2);

    wait_for_calls(&s, 4);
    ck_ok(ll_timer_stop(timer, soon()));
    ms = (ll_clock_monotonic_ns() - start_ns) / 1000000;
    ck_assert_uint_le((uint64_t)atomic_load(&s.calls), ms / 100 + 1);
}
END_TEST

START_TEST(it_starts_and_stops_a_thousand_times)
{
    for (int i = 0; i < 1000; i++) {
        scene s = { .now_us = 1000, .due_us = i % 2 == 0 ? LL_TIMER_NEVER : 2000 };
        ll_timer *timer = start(&s, 1);
        if (i % 3 == 0)
            ll_timer_look(timer);
        ck_ok(ll_timer_stop(timer, soon()));
    }
}
END_TEST

START_TEST(without_memory_nothing_starts)
{
    scene s = { .now_us = 1000 };
    const ll_timer_options options = { .name = "timer-test", .look = look, .user = &s };
    ll_timer *timer = NULL;

    atomic_store(&no_memory, true);
    ck_fails(ll_timer_start(&options, &timer), LLMLEARN_ENOMEM, "timer");
    atomic_store(&no_memory, false);
    ck_assert_ptr_null(timer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timer");
    TCase *tc = tcase_create("timer");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, it_calls_when_the_moment_has_come);
    tcase_add_test(tc, a_clock_that_is_set_is_noticed);
    tcase_add_test(tc, who_asks_is_looked_for_at_once);
    tcase_add_test(tc, stopping_waits_no_longer_than_it_may);
    tcase_add_test(tc, a_callback_that_wants_to_be_called_for_ever_is_slowed);
    tcase_add_test(tc, it_starts_and_stops_a_thousand_times);
    tcase_add_test(tc, without_memory_nothing_starts);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
