/* Failures, the breaker, days and weeks of a test: what ingest keeps so that tests watch
 * themselves. */
#include "ingest/failure.h"
#include "support/ab_batch.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEK_US (7 * LL_US_PER_DAY)

/* ---- failures ---------------------------------------------------------- */

START_TEST(a_reported_failure_is_an_exposure_that_failed)
{
    ab_batch_begin();
    ab_report(1, "ann");
    ab_report(1, "ann");
    ab_report(1, NULL);
    ab_log_row(1, 1, "ann", AB_PLAIN, 9, 1);
    ab_log_row(2, 0, "bob", AB_PLAIN, 9, 1);
    ab_batch_commit();
    const ll_ab_arm *b = ab_arm_of(ab_test_id, 1);
    ck_assert_int_eq(b->reported, 3);
    ck_assert_int_eq(b->failures, 3);
    ck_assert_int_eq(b->exposures, 4);
    ck_assert_int_eq(b->units, 2);
    ck_assert_int_eq(b->explanations, 1);
    ck_assert_uint_eq(b->recent.count, 4);
    ck_assert_uint_eq(b->recent.entries[0] & 1, 1);
    ck_assert_uint_eq(b->recent.entries[3] & 1, 0);
    ck_assert_uint_eq(b->recent.entries[0] >> 1, b->recent.entries[3] >> 1); /* ann */
    ck_assert_uint_ne(b->recent.entries[0], b->recent.entries[2]);
    ck_assert_int_eq(b->failure_ppm.units, 2);
    ck_assert_int_eq((int64_t)b->failure_ppm.sum, 666667 + 1000000);
}
END_TEST

START_TEST(failures_that_cannot_be_are_refused)
{
    ll_failure failure = { .test = AB_TEST_UNKNOWN, .arm = 0 };

    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 9, 1);
    ck_fails(ll_failure_count(&ab_write, &failure), LLMLEARN_ENOTFOUND, "test_id");
    failure.test = UINT64_MAX;
    ck_fails(ll_failure_count(&ab_write, &failure), LLMLEARN_ENOTFOUND, "test_id");
    failure = (ll_failure){ .test = ab_test_id, .arm = 2 };
    ck_fails(ll_failure_count(&ab_write, &failure), LLMLEARN_ENOTFOUND, "arm");
    failure = (ll_failure){ .test = ab_test_id, .arm = 1, .unit = "ann" };
    ck_fails(ll_failure_count(&ab_write, &failure), LLMLEARN_EINVAL, "unit");
    ab_batch_commit();
    ab_begin();
    ck_ok(ll_ab_tests_end(ab_connection, ab_test_id, LL_AB_STOPPED, ab_now_us));
    ab_commit();
    ab_batch_begin();
    ck_fails(ll_failure_count(&ab_write, &failure), LLMLEARN_ESTATE, "running");
    ab_batch_commit();
    ck_assert_int_eq(ab_number("SELECT sum(failures) FROM llm_ab_arms"), 0);
}
END_TEST

START_TEST(the_breaker_is_asked_once_for_all_that_failed)
{
    ab_batch_begin();
    for (int i = 0; i < 10; i++)
        ab_log_row(i, 0, NULL, AB_PLAIN, 1, 1);
    ab_batch_commit();
    ck_assert_int_eq(ab_breaker_calls, 0);
    ab_batch_begin();
    ab_report(1, "ann");
    ab_log_row(11, 1, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 1, 1);
    ab_batch_commit();
    ck_assert_int_eq(ab_breaker_calls, 1);
    ck_assert(!ll_batch_changed_config(ab_batch));
    ab_now_us += 5;
    ab_batch_begin();
    ab_report(1, "bob");
    ab_batch_commit();
    ck_assert_int_eq(ab_breaker_calls, 2);
    ck_assert(ll_batch_changed_config(ab_batch));
    ck_assert_int_eq(ab_arm_of(ab_test_id, 1)->off_us, ab_now_us);
    int64_t split = ab_number("SELECT CAST(1e15 * srm_ln_e AS INTEGER) FROM llm_ab_tests");
    ck_assert_int_ne(split, 0);
    ab_batch_begin(); /* from now on it is the champion's prompt that fails */
    ab_report(1, "eve");
    ab_log_row(12, 1, "on its way", AB_PLAIN, 1, 1);
    ab_log_row(13, 0, "and another", AB_PLAIN, 1, 1);
    ab_batch_commit();
    ck_assert(!ll_batch_changed_config(ab_batch));
    ck_assert_int_eq(ab_number("SELECT CAST(1e15 * srm_ln_e AS INTEGER) FROM llm_ab_tests"), split);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 1)->failures, 3);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 1)->off_us, ab_now_us);
}
END_TEST

/* ---- days and weeks ---------------------------------------------------- */

START_TEST(units_and_first_votes_belong_to_the_day_of_their_commit)
{
    int64_t day = ll_clock_day(AB_START_US);
    char sql[300];

    for (int i = 0; i < 3; i++) {
        ab_batch_begin();
        ab_log_row(i, 0, NULL, AB_PLAIN, 1, 1);
        ab_log_row(10 + i, 0, "ann", AB_PLAIN, 1, 1);
        if (i > 0)
            ck_ok(ab_vote(i - 1, "x", i == 1, 0));
        ab_batch_commit();
        ab_now_us += LL_US_PER_DAY;
    }
    snprintf(sql, sizeof sql,
             "SELECT group_concat((day - %lld) || ':' || units || ':' || first_votes"
             " || ':' || first_positive, ' ')"
             " FROM llm_ab_days WHERE test = 1 AND arm = 0",
             (long long)day);
    char text[100];
    raw_text(ab_path, sql, text, sizeof text);
    ck_assert_str_eq(text, "0:2:0:0 1:1:1:1 2:1:1:0");
}
END_TEST

START_TEST(every_first_vote_takes_the_eprocess_one_step_on)
{
    ab_start_eprocess();
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, 1, NULL, AB_PLAIN, 1, 1);
    ab_log_row(3, 1, NULL, AB_PLAIN, 1, 1);
    ck_ok(ab_vote(2, "x", true, 0));
    ck_ok(ab_vote(1, "x", false, 0));
    ck_ok(ab_vote(1, "y", true, 0)); /* ann has voted */
    ab_batch_commit();
    ab_expect_eprocess("1+ 0- ", "");
    ab_batch_begin();
    ck_ok(ab_vote(2, "x", false, 0)); /* a change of mind */
    ck_ok(ab_withdraw(1, "x"));
    ab_batch_commit();
    ab_expect_eprocess("1+ 0- ", "");
    ab_now_us = AB_START_US + WEEK_US - 1;
    ab_batch_begin();
    ck_ok(ab_vote(3, "x", false, 0));
    ab_batch_commit();
    ab_expect_eprocess("1+ 0- 1- ", "");
}
END_TEST

START_TEST(a_week_ends_before_the_first_vote_of_the_next)
{
    ab_start_eprocess();
    ab_batch_begin();
    for (int i = 0; i < 6; i++)
        ab_log_row(i, (uint32_t)i % 2, NULL, AB_PLAIN, 1, 1);
    ck_ok(ab_vote(0, "x", false, 0));
    ab_batch_commit();
    ab_now_us = AB_START_US + WEEK_US; /* nobody has voted, and the week is over */
    ab_expect_eprocess("0- ", "0- ");
    ab_batch_begin();
    ck_ok(ab_vote(1, "x", true, 0));
    ck_ok(ab_vote(2, "x", false, 0));
    ab_batch_commit();
    ab_expect_eprocess("0- 1+ 0- ", "0- ");
    ab_now_us = AB_START_US + 2 * WEEK_US - 1;
    ab_batch_begin();
    ck_ok(ab_vote(3, "x", true, 0));
    ab_batch_commit();
    ab_expect_eprocess("0- 1+ 0- 1+ ", "0- ");
    ab_now_us = AB_START_US + 5 * WEEK_US; /* three weeks without a vote, but not without rows */
    ab_batch_begin();
    ab_log_row(7, 0, NULL, AB_PLAIN, 1, 1);
    ab_batch_commit();
    ab_expect_eprocess("0- 1+ 0- 1+ ", "0- 1+ 0- 1+ ");
    ab_batch_begin();
    ck_ok(ab_vote(4, "x", false, 0));
    ab_batch_commit();
    ab_expect_eprocess("0- 1+ 0- 1+ 0- ", "0- 1+ 0- 1+ ");
}
END_TEST

START_TEST(a_damaged_eprocess_stops_nothing_else)
{
    ab_start_eprocess();
    ab_skips_recount = true;
    raw_exec_no_checkpoint(ab_path, "UPDATE llm_ab_eprocess SET now = x'00'");
    ab_batch_begin();
    ab_log_row(1, 0, NULL, AB_PLAIN, 1, 1);
    ck_ok(ab_vote(1, "x", true, 0));
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_votes, 1);
    ck_assert_int_eq(ab_number("SELECT length(now) FROM llm_ab_eprocess"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_watch");
    TCase *tests = tcase_create("ab_watch");

    tcase_add_checked_fixture(tests, ab_batch_set_up, ab_batch_tear_down);
    tcase_add_test(tests, a_reported_failure_is_an_exposure_that_failed);
    tcase_add_test(tests, failures_that_cannot_be_are_refused);
    tcase_add_test(tests, the_breaker_is_asked_once_for_all_that_failed);
    tcase_add_test(tests, units_and_first_votes_belong_to_the_day_of_their_commit);
    tcase_add_test(tests, every_first_vote_takes_the_eprocess_one_step_on);
    tcase_add_test(tests, a_week_ends_before_the_first_vote_of_the_next);
    tcase_add_test(tests, a_damaged_eprocess_stops_nothing_else);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
