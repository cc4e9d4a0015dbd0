#include "store/schedule.h"

#include "base/calendar.h"
#include "cron/line.h"
#include "support/ab_fixture.h"
#include "support/draw.h"
#include "support/stores.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define JOB "weekly"
#define WEEKLY "0 2 * * 1"
#define LEASE (10 * 60 * LL_US_PER_S)
#define MINUTE (60 * LL_US_PER_S)
#define WEEK (7 * LL_US_PER_DAY)

static llmlearn_err next_of_line(void *user, const char *schedule, size_t bytes, int64_t after_us,
                                 int64_t *out_us)
{
    ll_cron_line line;
    llmlearn_err err = ll_cron_parse(schedule, bytes, &line);

    (void)user;
    return err == LLMLEARN_OK ? ll_cron_next(&line, after_us, out_us) : err;
}

static const ll_schedule_rule cron = { next_of_line, NULL };

/* Monday 2026-11-23 02:00, and other times by days from it. */
static int64_t monday;

static void set_up(void)
{
    ab_set_up();
    monday = ll_calendar_day(2026, 11, 23) * LL_US_PER_DAY + 2 * LL_US_PER_HOUR;
}

static void add_job(const char *line, int64_t now)
{
    ab_begin();
    ck_ok(ll_schedule_register(ab_connection, JOB, line, &cron, now));
    ab_commit();
}

static ll_schedule_state read_row(void)
{
    ll_schedule_state job;

    ab_begin();
    ck_ok(ll_schedule_read(ab_connection, JOB, &job));
    ab_rollback();
    return job;
}

static ll_lease take(int64_t now)
{
    ll_lease lease = { .epoch = -1 };
    int64_t look = 0;

    ab_begin();
    ck_ok(ll_schedule_take(ab_connection, JOB, LEASE, &cron, now, &lease, &look));
    ab_commit();
    ck_assert(look > now || lease.epoch == 0);
    return lease;
}

static int64_t look_at(int64_t now)
{
    ll_lease lease = { .epoch = -1 };
    int64_t look = 0;

    ab_begin();
    ck_ok(ll_schedule_take(ab_connection, JOB, LEASE, &cron, now, &lease, &look));
    ab_rollback();
    ck_assert_int_eq(lease.epoch, 0);
    return look;
}

static void finish(const ll_lease *lease, int64_t now)
{
    ab_begin();
    ck_ok(ll_schedule_finish(ab_connection, JOB, lease, NULL, &cron, now));
    ab_commit();
}

static void run(int64_t now, int64_t due)
{
    ll_lease lease = take(now);

    ck_assert_int_ne(lease.epoch, 0);
    ck_assert_int_eq(lease.due_us, due);
    finish(&lease, now + MINUTE);
}

/* ---- registering ------------------------------------------------------- */

START_TEST(a_job_is_due_at_its_next_moment)
{
    ll_schedule_state job;

    ck_assert(!read_row().found);
    add_job(WEEKLY, monday - 5);
    job = read_row();
    ck_assert(job.found && !job.held);
    ck_assert_int_eq(job.due_us, monday);
    ck_assert_int_eq(job.epoch + job.started_us + job.finished_us, 0);
    add_job(WEEKLY, monday + WEEK); /* the same line: still due */
    ck_assert_int_eq(read_row().due_us, monday);
    add_job("0 3 * * 2", monday + 5); /* another */
    ck_assert_int_eq(read_row().due_us, monday + 25 * LL_US_PER_HOUR);
}
END_TEST

START_TEST(a_line_that_never_comes_changes_nothing)
{
    add_job(WEEKLY, monday - 5);
    ab_begin();
    ck_fails(ll_schedule_register(ab_connection, JOB, "0 0 30 2 *", &cron, monday), LLMLEARN_EINVAL,
             "30 February");
    ck_fails(ll_schedule_register(ab_connection, "other", "0 0 * *", &cron, monday),
             LLMLEARN_EINVAL, "4 fields");
    ab_commit();
    ck_assert_int_eq(read_row().due_us, monday);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_jobs"), 1);
    ab_begin();
    ck_fails(ll_schedule_take(ab_connection, "other", LEASE, &cron, monday, &(ll_lease){ 0 },
                              &(int64_t){ 0 }),
             LLMLEARN_ENOTFOUND, "other");
    ab_rollback();
}
END_TEST

/* Changed while it runs, the run goes on, and the new line says what comes after it. */
START_TEST(a_line_changed_during_a_run_counts_after_it)
{
    ll_lease lease;

    add_job(WEEKLY, monday - 5);
    lease = take(monday);
    add_job("0 4 * * *", monday + MINUTE);
    ck_assert_int_eq(read_row().due_us, monday);
    finish(&lease, monday + 2 * MINUTE);
    ck_assert_int_eq(read_row().due_us, monday + 2 * LL_US_PER_HOUR);
}
END_TEST

/* ---- the lease --------------------------------------------------------- */

START_TEST(one_takes_it_and_others_wait)
{
    ll_lease lease;

    add_job(WEEKLY, monday - 5);
    ck_assert_int_eq(look_at(monday - 1), monday);
    lease = take(monday);
    ck_assert_int_eq(lease.epoch, 1);
    ck_assert_int_eq(lease.due_us, monday);
    ck_assert_int_eq(look_at(monday + 1), monday + LEASE);
    finish(&lease, monday + MINUTE);
    ck_assert_int_eq(look_at(monday + 2 * MINUTE), monday + WEEK);
    run(monday + WEEK, monday + WEEK);
}
END_TEST

START_TEST(renewing_keeps_it)
{
    ll_lease lease;

    add_job(WEEKLY, monday - 5);
    lease = take(monday);
    ab_begin();
    ck_ok(ll_schedule_renew(ab_connection, JOB, &lease, LEASE, monday + LEASE - 1));
    ab_commit();
    ck_assert_int_eq(look_at(monday + LEASE), monday + 2 * LEASE - 1);
    ck_assert_int_eq(take(monday + 2 * LEASE).epoch, 2);
}
END_TEST

static void expect_refused(const ll_lease *old, int64_t now)
{
    const ll_job_step step = { "BUY", "late", NULL };
    bool done = true;

    ab_begin();
    ck_fails(ll_schedule_check(ab_connection, JOB, old), LLMLEARN_ESTATE, "epoch");
    ck_fails(ll_schedule_renew(ab_connection, JOB, old, LEASE, now), LLMLEARN_ESTATE, "epoch");
    ck_fails(ll_schedule_finish(ab_connection, JOB, old, NULL, &cron, now), LLMLEARN_ESTATE,
             "epoch");
    ck_fails(ll_schedule_note_step(ab_connection, JOB, old, &step, now), LLMLEARN_ESTATE, "epoch");
    ck_fails(ll_schedule_has_step(ab_connection, JOB, old, &step, &done), LLMLEARN_ESTATE, "epoch");
    ck_assert(done);
    ab_commit();
}

/* Nobody took it over: a holder that is late may go on. Once somebody did, it may do nothing. */
START_TEST(who_lost_the_lease_writes_nothing_more)
{
    ll_lease old, new;

    add_job(WEEKLY, monday - 5);
    old = take(monday);
    ab_begin();
    ck_ok(ll_schedule_check(ab_connection, JOB, &old));
    ab_rollback();
    new = take(monday + LEASE);
    ck_assert_int_eq(new.epoch, old.epoch + 1);
    ck_assert_int_eq(new.due_us, monday);
    expect_refused(&old, monday + LEASE + 1);
    finish(&new, monday + LEASE + MINUTE);
    expect_refused(&old, monday + LEASE + 2 * MINUTE);
    expect_refused(&new, monday + LEASE + 2 * MINUTE); /* finished */
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_job_steps"), 0);
}
END_TEST

START_TEST(how_a_run_failed_is_kept_until_one_does_not)
{
    char long_error[LL_SCHEDULE_ERROR_BYTES_MAX + 40];
    ll_lease lease;

    memset(long_error, 'x', sizeof long_error);
    memcpy(long_error + LL_SCHEDULE_ERROR_BYTES_MAX - 1, "\xc3\xa4", 2);
    long_error[sizeof long_error - 1] = '\0';
    add_job(WEEKLY, monday - 5);
    lease = take(monday);
    ab_begin();
    ck_ok(ll_schedule_finish(ab_connection, JOB, &lease, long_error, &cron, monday + MINUTE));
    ab_commit();
    ll_schedule_state job = read_row();
    ck_assert_uint_eq(strlen(job.error), LL_SCHEDULE_ERROR_BYTES_MAX - 1);
    ck_assert_int_eq(job.started_us, monday);
    ck_assert_int_eq(job.finished_us, monday + MINUTE);
    ck_assert_int_eq(job.finished_due_us, monday);
    run(monday + WEEK, monday + WEEK);
    ck_assert_str_eq(read_row().error, "");
}
END_TEST

/* ---- steps ------------------------------------------------------------- */

START_TEST(a_run_taken_over_goes_on_where_it_was)
{
    const ll_job_step looked = { "BUY", "look", "keep_going" };
    const ll_job_step again = { "BUY", "look", "another note" };
    const ll_job_step other = { "SELL", "look", NULL };
    ll_lease lease;
    bool done = false;

    add_job(WEEKLY, monday - 5);
    lease = take(monday);
    ab_begin();
    ck_ok(ll_schedule_note_step(ab_connection, JOB, &lease, &looked, monday + 1));
    ck_ok(ll_schedule_note_step(ab_connection, JOB, &lease, &again, monday + 2));
    ab_commit();
    lease = take(monday + LEASE);
    ab_begin();
    ck_ok(ll_schedule_has_step(ab_connection, JOB, &lease, &looked, &done));
    ck_assert(done);
    ck_ok(ll_schedule_has_step(ab_connection, JOB, &lease, &other, &done));
    ck_assert(!done);
    ck_ok(ll_schedule_finish(ab_connection, JOB, &lease, NULL, &cron, monday + LEASE + 1));
    ab_commit();
    ck_assert_int_eq(
        ab_number("SELECT count(*) FROM llm_job_steps WHERE note = 'keep_going' AND at_us % 2 = 1"),
        1);
    lease = take(monday + WEEK); /* another moment: nothing of it is done */
    ab_begin();
    ck_ok(ll_schedule_has_step(ab_connection, JOB, &lease, &looked, &done));
    ck_assert(!done);
    ab_rollback();
}
END_TEST

START_TEST(steps_of_long_ago_are_forgotten)
{
    const ll_job_step step = { "BUY", "look", NULL };
    int weeks = 0;

    add_job(WEEKLY, monday - 5);
    for (int64_t at = monday; weeks < 30; at += WEEK, weeks++) {
        ll_lease lease = take(at);
        ab_begin();
        ck_ok(ll_schedule_note_step(ab_connection, JOB, &lease, &step, at));
        ck_ok(ll_schedule_finish(ab_connection, JOB, &lease, NULL, &cron, at));
        ab_commit();
    }
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_job_steps"), 13);
}
END_TEST

/* ---- missed moments, and clocks ---------------------------------------- */

START_TEST(missed_moments_are_caught_up_once)
{
    add_job(WEEKLY, monday - 5);
    run(monday + 5 * WEEK + LL_US_PER_DAY, monday);
    ck_assert_int_eq(look_at(monday + 5 * WEEK + 2 * LL_US_PER_DAY), monday + 6 * WEEK);
}
END_TEST

/* The catching up began before the next moment and ended after it: that moment is not missed. */
START_TEST(a_moment_that_comes_during_a_run_is_run_after_it)
{
    ll_lease lease;

    add_job(WEEKLY, monday - 5);
    lease = take(monday + WEEK - MINUTE);
    finish(&lease, monday + WEEK + MINUTE);
    run(monday + WEEK + 2 * MINUTE, monday + WEEK);
    ck_assert_int_eq(read_row().due_us, monday + 2 * WEEK);
}
END_TEST

START_TEST(a_clock_set_back_runs_nothing_again)
{
    add_job(WEEKLY, monday - 5);
    run(monday, monday);
    for (int64_t back = MINUTE; back <= LL_SCHEDULE_AHEAD_US; back += 37 * MINUTE)
        ck_assert_int_eq(look_at(monday - back), monday + WEEK);
}
END_TEST

START_TEST(a_clock_that_was_a_year_ahead_does_not_stop_the_job)
{
    int64_t year = monday + 52 * WEEK;

    add_job(WEEKLY, monday - 5);
    run(year + 5, monday); /* caught up once; due in a year */
    run(year + WEEK, year + WEEK);
    ck_assert_int_eq(read_row().due_us, year + 2 * WEEK);
    ck_assert_int_eq(take(monday - LL_US_PER_HOUR).epoch, 0); /* the timer saw it go back */
    run(monday, monday);
    run(monday + WEEK, monday + WEEK);
}
END_TEST

START_TEST(a_lease_from_a_clock_ahead_does_not_block)
{
    ll_lease ahead, now;

    add_job(WEEKLY, monday - 5);
    ahead = take(monday + WEEK);
    /* Set back by a little: held, and never longer than a lease may be. */
    ck_assert_int_eq(look_at(monday + WEEK - MINUTE), monday + WEEK + LEASE);
    now = take(monday + WEEK + LEASE - LL_LEASE_US_MAX - 1);
    ck_assert_int_eq(now.epoch, ahead.epoch + 1);
    ck_assert_int_eq(now.due_us, monday);
    expect_refused(&ahead, monday + WEEK);
    finish(&now, monday + WEEK);
}
END_TEST

/* Taken, and then the clock is before the moment: the holder is gone, and it is done all the
 * same. */
START_TEST(a_run_that_was_begun_is_ended_whatever_the_clock_says)
{
    ll_lease lease;

    add_job(WEEKLY, monday - 5);
    ck_assert_int_eq(take(monday).epoch, 1);
    lease = take(monday - 12 * LL_US_PER_HOUR);
    ck_assert_int_eq(lease.epoch, 2);
    ck_assert_int_eq(lease.due_us, monday);
    finish(&lease, monday - 11 * LL_US_PER_HOUR);
    ck_assert_int_eq(look_at(monday + 5), monday + WEEK);
}
END_TEST

/* A month minute by minute, of a clock that mostly goes right: each moment of the line is run
 * exactly once, however long runs take and whoever dies in between. */
static void live_a_month(const char *line, uint64_t seed)
{
    static const ll_statement forget = { "DELETE FROM llm_jobs" };
    draw d = { .state = seed };
    int64_t start = monday - 5 * LL_US_PER_DAY, now = start, expected = 0, after = start;
    ll_lease lease = { .epoch = 0 };
    int runs = 0, deaths = 0;

    add_job(line, start);
    ck_ok(next_of_line(NULL, line, strlen(line), after, &expected));
    while (now < start + 31 * LL_US_PER_DAY) {
        now += MINUTE;
        int64_t told = draw_happens(&d, 0.01) ? now - (int64_t)draw_below(&d, 90) * MINUTE : now;
        if (lease.epoch != 0 && draw_happens(&d, 0.1)) {
            finish(&lease, told);
            lease.epoch = 0;
            runs++;
            ck_ok(next_of_line(NULL, line, strlen(line), expected, &expected));
        } else if (lease.epoch != 0 && draw_happens(&d, 0.05)) {
            lease.epoch = 0; /* died */
            deaths++;
        } else if (lease.epoch == 0) {
            lease = take(told);
            if (lease.epoch != 0)
                ck_assert_int_eq(lease.due_us, expected);
        }
    }
    ck_assert_int_gt(runs, 25);
    ck_assert_int_gt(deaths, 5);
    ck_assert_int_gt(expected, now - 2 * LL_US_PER_DAY);
    ab_begin();
    ck_ok(ll_connection_run(ab_connection, &forget, NULL, 0, NULL, NULL));
    ab_commit();
}

START_TEST(in_a_month_every_moment_is_run_once)
{
    live_a_month("0 2,14 * * *", 1);
    live_a_month("30 */6 * * *", 2);
    live_a_month("0 9 * * *", 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tc = tcase_create("schedule");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, set_up, ab_tear_down);
    tcase_add_test(tc, a_job_is_due_at_its_next_moment);
    tcase_add_test(tc, a_line_that_never_comes_changes_nothing);
    tcase_add_test(tc, a_line_changed_during_a_run_counts_after_it);
    tcase_add_test(tc, one_takes_it_and_others_wait);
    tcase_add_test(tc, renewing_keeps_it);
    tcase_add_test(tc, who_lost_the_lease_writes_nothing_more);
    tcase_add_test(tc, how_a_run_failed_is_kept_until_one_does_not);
    tcase_add_test(tc, a_run_taken_over_goes_on_where_it_was);
    tcase_add_test(tc, steps_of_long_ago_are_forgotten);
    tcase_add_test(tc, missed_moments_are_caught_up_once);
    tcase_add_test(tc, a_moment_that_comes_during_a_run_is_run_after_it);
    tcase_add_test(tc, a_clock_set_back_runs_nothing_again);
    tcase_add_test(tc, a_clock_that_was_a_year_ahead_does_not_stop_the_job);
    tcase_add_test(tc, a_lease_from_a_clock_ahead_does_not_block);
    tcase_add_test(tc, a_run_that_was_begun_is_ended_whatever_the_clock_says);
    tcase_add_test(tc, in_a_month_every_moment_is_run_once);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
