/* Events: told once, before, while or after somebody waits. */
#include "base/event.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

enum { LONG_MS = 60000, ROUNDS = 20000 };

static ll_event event;
static int written;

static void set_up(void)
{
    ll_event_init(&event);
    written = 0;
}

static void *tell_soon(void *argument)
{
    ll_clock_sleep_us(20000);
    written = 1;
    ck_assert(ll_event_tell(&event));
    return argument;
}

START_TEST(what_was_told_is_not_waited_for)
{
    ck_assert(ll_event_tell(&event));
    ck_assert(ll_event_wait(&event, 0));
    ck_assert(ll_event_wait(&event, ll_deadline_in_ms(LONG_MS)));
}
END_TEST

START_TEST(telling_wakes_and_shows_what_was_done_before)
{
    ll_deadline half = ll_deadline_in_ms(LONG_MS / 2);
    pthread_t teller;

    ck_assert_int_eq(pthread_create(&teller, NULL, tell_soon, NULL), 0);
    ck_assert(ll_event_wait(&event, ll_deadline_in_ms(LONG_MS)));
    ck_assert_int_eq(written, 1);
    ck_assert(!ll_deadline_passed(half));
    ck_assert_int_eq(pthread_join(teller, NULL), 0);
}
END_TEST

START_TEST(a_wait_ends_at_its_deadline_and_may_be_taken_up_again)
{
    ll_deadline deadline = ll_deadline_in_ms(30);

    ck_assert(!ll_event_wait(&event, deadline));
    ck_assert(ll_deadline_passed(deadline));
    ck_assert(!ll_event_wait(&event, ll_deadline_in_ms(1)));
    ck_assert(ll_event_tell(&event));
    ck_assert(ll_event_wait(&event, ll_deadline_in_ms(LONG_MS)));
}
END_TEST

START_TEST(one_of_the_two_learns_that_the_other_is_gone)
{
    ck_assert(!ll_event_leave(&event));
    ck_assert(!ll_event_tell(&event));

    ll_event_init(&event);
    ck_assert(ll_event_tell(&event));
    ck_assert(ll_event_leave(&event));
}
END_TEST

/* ---- the two at once ---- */

static pthread_barrier_t both;
static atomic_int gone_count, seen_count;

static void *tell_again_and_again(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&both);
        if (!ll_event_tell(&event))
            atomic_fetch_add(&gone_count, 1);
        pthread_barrier_wait(&both);
    }
    return argument;
}

/* Whoever comes second learns it, and only that one. */
START_TEST(leaving_and_telling_at_once)
{
    pthread_t teller;

    pthread_barrier_init(&both, NULL, 2);
    ck_assert_int_eq(pthread_create(&teller, NULL, tell_again_and_again, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        ll_event_init(&event);
        pthread_barrier_wait(&both);
        if (i % 2 != 0 && ll_event_wait(&event, 0))
            atomic_fetch_add(&seen_count, 1);
        else if (ll_event_leave(&event))
            atomic_fetch_add(&seen_count, 1);
        pthread_barrier_wait(&both);
    }
    ck_assert_int_eq(pthread_join(teller, NULL), 0);
    ck_assert_int_eq(atomic_load(&gone_count) + atomic_load(&seen_count), ROUNDS);
    pthread_barrier_destroy(&both);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *tests = tcase_create("event");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, what_was_told_is_not_waited_for);
    tcase_add_test(tests, telling_wakes_and_shows_what_was_done_before);
    tcase_add_test(tests, a_wait_ends_at_its_deadline_and_may_be_taken_up_again);
    tcase_add_test(tests, one_of_the_two_learns_that_the_other_is_gone);
    tcase_add_test(tests, leaving_and_telling_at_once);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
