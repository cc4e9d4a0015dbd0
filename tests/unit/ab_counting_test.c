/* Rows and votes of tests, transaction by transaction: what they leave in the sums of arms and
 * units, to the last bit. After each test everything is recounted from the raw rows. */
#include "support/ab_batch.h"
#include "support/recount.h"
#include "support/stores.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_moments(const ll_ab_moments *m, int64_t units, int64_t sum, int64_t squares)
{
    ck_assert_int_eq(m->units, units);
    ck_assert_int_eq((int64_t)m->sum, sum);
    ck_assert_int_eq((int64_t)m->squares, squares);
}

/* ---- exposures --------------------------------------------------------- */

START_TEST(a_unit_is_one_number_however_often_it_is_exposed)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 10, 100);
    ab_log_row(2, 0, "ann", AB_PLAIN, 21, 103);
    ab_log_row(3, 0, "ann", LLMLEARN_FALLBACK, 0, 0);
    ab_log_row(4, 0, "bob", AB_PLAIN, 100, 7);
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->units, 2);
    ck_assert_int_eq(a->exposures, 4);
    ck_assert_int_eq(a->failures, 1);
    expect_moments(&a->latency_us, 2, 15500 + 100000,
                   INT64_C(15500) * 15500 + INT64_C(10000000000));
    expect_moments(&a->cost_nanousd_mean, 2, 102 + 7, 102 * 102 + 49); /* 101.5 */
    expect_moments(&a->failure_ppm, 2, 333333, INT64_C(333333) * 333333);

    ab_batch_begin(); /* its mean moves, in another transaction */
    ab_log_row(5, 0, "ann", AB_PLAIN, 2, 1);
    ab_batch_commit();
    a = ab_arm_of(ab_test_id, 0);
    expect_moments(&a->latency_us, 2, 11000 + 100000,
                   INT64_C(11000) * 11000 + INT64_C(10000000000));
    expect_moments(&a->failure_ppm, 2, 250000, INT64_C(250000) * 250000);
}
END_TEST

START_TEST(an_explanation_may_be_its_own_unit)
{
    ab_batch_begin();
    ab_log_row(1, 1, NULL, AB_PLAIN, 3, 5);
    ab_log_row(2, 1, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 4, 6);
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 1);
    ck_assert_int_eq(a->units, 2);
    expect_moments(&a->latency_us, 2, 7000, 25000000);
    expect_moments(&a->failure_ppm, 2, 1000000, INT64_C(1000000000000));
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_units"), 0);
    ab_batch_begin();
    ck_ok(ab_vote(2, "ann", true, 4));
    ab_batch_commit();
    a = ab_arm_of(ab_test_id, 1);
    ck_assert_int_eq(a->units, 2);
    ck_assert_int_eq(a->exposures, 2);
    ck_assert_int_eq(a->first_rating[3], 1);
    ck_assert_int_eq(ab_number("SELECT exposures FROM llm_ab_units"), 0);
}
END_TEST

START_TEST(what_was_not_shown_is_no_exposure)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN | LLMLEARN_CACHED, 1, 1);
    ab_log_row(2, 0, "ann", AB_PLAIN | LLMLEARN_REROUTED, 1, 1);
    ab_log_row(3, 0, NULL, AB_PLAIN | LLMLEARN_REROUTED | LLMLEARN_FALLBACK, 1, 1);
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->explanations, 3);
    ck_assert_int_eq(a->cached, 1);
    ck_assert_int_eq(a->rerouted, 2);
    ck_assert_int_eq(a->fallback, 1);
    ck_assert_int_eq(a->cost_nanousd, 3);
    ck_assert_int_eq(a->units + a->exposures + a->failures + a->recent.count, 0);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_latency"), 0);
    ck_assert_int_eq(ab_breaker_calls, 0);
    ab_batch_begin(); /* nor a vote on it */
    ck_ok(ab_vote(1, "ann", true, 4));
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->votes, 0);
}
END_TEST

START_TEST(a_unit_stays_in_its_first_arm)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, 1, "ann", AB_PLAIN | LLMLEARN_FALLBACK, 50, 50);
    ab_log_row(3, 1, "ann", AB_PLAIN, 50, 50);
    ab_batch_commit();
    const ll_ab_arm *b = ab_arm_of(ab_test_id, 1);
    ck_assert_int_eq(b->explanations, 2);
    ck_assert_int_eq(b->units + b->exposures + b->failures + b->recent.count, 0);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->exposures, 1);
    ck_assert_int_eq(ab_number("SELECT contaminated FROM llm_ab_tests"), 1);
    ab_batch_begin();
    ck_ok(ab_vote(2, "ann", true, 4));
    ck_ok(ab_vote(1, "ann", false, 0));
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 1)->votes, 0);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_votes, 1);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_positive, 0);
}
END_TEST

START_TEST(wrong_claims_are_counted_on_the_test_and_nowhere_else)
{
    ab_batch_begin();
    ab_log_row(1, AB_ARM_WRONG, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, AB_ARM_WRONG, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 1, 1);
    ab_test_id = AB_TEST_UNKNOWN; /* there is none */
    ab_log_row(3, 0, "ann", AB_PLAIN, 1, 1);
    ab_batch_commit();
    ck_assert_int_eq(ab_number("SELECT mismatches FROM llm_ab_tests"), 2);
    ck_assert_int_eq(ab_number("SELECT sum(explanations + units + exposures) FROM llm_ab_arms"), 0);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_units"), 0);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_explanations WHERE counted"), 0);
}
END_TEST

START_TEST(a_row_that_came_before_changes_nothing)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, 0, NULL, AB_PLAIN, 1, 1);
    ab_batch_commit();
    char *before = recount_dump(ab_path);
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, 0, NULL, AB_PLAIN, 1, 1);
    ab_log_row(1, 1, "ann", AB_PLAIN, 1,
               1); /* the same id, another arm: an alarm, and no contamination */
    ck_assert_uint_eq(ll_batch_tallied(ab_batch).duplicates, 2);
    ck_assert_uint_eq(ll_batch_tallied(ab_batch).rejected, 1);
    ab_batch_commit();
    raw_exec_no_checkpoint(ab_path, "DELETE FROM llm_rejected");
    char *after = recount_dump(ab_path);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

/* A cost that overflows any sum must neither wrap nor stop the journal. */
START_TEST(numbers_at_their_limits_are_kept_within_theirs)
{
    ab_skips_recount = true; /* SQL's own sums overflow */
    ab_batch_begin();
    for (int i = 0; i < 3; i++)
        ab_log_row(i, 0, "ann", AB_PLAIN, 1e9, INT64_MAX);
    ab_log_row(3, 0, NULL, AB_PLAIN, 0, INT64_MAX);
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->cost_nanousd, INT64_MAX);
    ck_assert_int_eq(a->cost_nanousd_mean.units, 2);
    ck_assert(a->cost_nanousd_mean.squares == 2 * (ll_i128)LL_AB_VALUE_MAX * LL_AB_VALUE_MAX);
    ck_assert(a->latency_us.sum == INT64_C(1000000000000));
}
END_TEST

/* ---- votes ------------------------------------------------------------- */

START_TEST(the_first_vote_stays_and_live_votes_follow_the_mind)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ab_log_row(2, 0, "ann", AB_PLAIN, 1, 1);
    ck_ok(ab_vote(1, "x", true, 5));
    ck_ok(ab_vote(2, "x", true, 0));
    ck_ok(ab_vote(2, "y", false, 1));
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->first_votes, 1);
    ck_assert_int_eq(a->first_positive, 1);
    ck_assert_int_eq(a->first_rating[4], 1);
    ck_assert_int_eq(a->votes, 3);
    ck_assert_int_eq(a->positive, 2);
    ck_assert_int_eq(a->voting_units, 1);
    ck_assert_int_eq(a->votes_squared, 9);
    ck_assert_int_eq(a->products, 6);
    ck_assert_int_eq(a->positive_squared, 4);
    ab_batch_begin();
    ck_ok(ab_vote(1, "x", false, 2)); /* a change of mind */
    ck_ok(ab_withdraw(2, "y"));
    ab_batch_commit();
    a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->first_positive, 1);
    ck_assert_int_eq(a->first_rating[4], 1);
    ck_assert_int_eq(a->first_rating[1], 0);
    ck_assert_int_eq(a->votes_squared, 4);
    ck_assert_int_eq(a->products, 2);
    ck_assert_int_eq(a->positive_squared, 1);
    ck_assert_int_eq(a->rating_count, 1);
    ck_assert_int_eq(a->rating_sum, 2);
    ab_batch_begin();
    ck_ok(ab_withdraw(1, "x"));
    ck_ok(ab_withdraw(2, "x"));
    ab_batch_commit();
    a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->first_votes, 1);
    ck_assert_int_eq(a->voting_units + a->votes + a->votes_squared + a->products, 0);
    ab_batch_begin();
    ck_ok(ab_vote(1, "z", false, 0)); /* no second first vote */
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_votes, 1);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->voting_units, 1);
}
END_TEST

START_TEST(a_test_that_ended_takes_votes_but_no_first_ones)
{
    ab_batch_begin();
    ab_log_row(1, 0, NULL, AB_PLAIN, 1, 1);
    ab_log_row(2, 0, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 1, 1);
    ab_batch_commit();
    ck_assert_int_eq(ab_breaker_calls, 1);
    ab_begin();
    ck_ok(ll_ab_tests_end(ab_connection, ab_test_id, LL_AB_DECIDED, ab_now_us));
    ab_commit();
    ab_batch_begin();
    ck_ok(ab_vote(1, "x", true, 3));
    ab_log_row(3, 0, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 1, 1);
    ab_batch_commit();
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->votes, 1);
    ck_assert_int_eq(a->first_votes + a->first_rating[2], 0);
    ck_assert_int_eq(a->exposures, 3);
    ck_assert_int_eq(ab_breaker_calls, 1); /* nobody is served by it any more */
}
END_TEST

/* ---- undoing ----------------------------------------------------------- */

START_TEST(what_was_undone_was_never_counted)
{
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ck_ok(ab_vote(1, "x", true, 5));
    ab_batch_undo();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->units, 0);
    ab_batch_begin();
    ab_log_row(1, 0, "ann", AB_PLAIN, 1, 1);
    ck_assert_int_eq(ab_vote(7, "x", true, 5), LLMLEARN_ENOTFOUND);
    ck_assert_int_eq(ab_withdraw(1, "x"), LLMLEARN_ENOTFOUND);
    ck_ok(ab_vote(1, "x", false, 5));
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_votes, 1);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_positive, 0);
}
END_TEST

/* The vote's own row is refused after its unit was read: by then nothing may have been counted. */
START_TEST(a_vote_that_fails_half_way_leaves_no_half)
{
    raw_exec_no_checkpoint(ab_path, "CREATE UNIQUE INDEX one_five ON llm_ab_units (first_rating)"
                                    " WHERE first_rating = 5");
    ab_batch_begin();
    ab_log_row(1, 0, NULL, AB_PLAIN, 1, 1);
    ab_log_row(2, 0, NULL, AB_PLAIN, 1, 1);
    ck_ok(ab_vote(1, "x", true, 5));
    ck_assert_int_eq(ab_vote(2, "x", true, 5), LLMLEARN_EINVAL);
    ck_ok(ab_vote(2, "y", false, 4));
    ab_batch_commit();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->votes, 2);
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->first_positive, 1);
}
END_TEST

START_TEST(more_tests_than_wait_are_written_early)
{
    enum { TESTS = 150 };

    for (int i = 1; i < TESTS; i++)
        ab_add_test(2);
    ab_batch_begin();
    for (int i = 0; i < 3 * TESTS; i++) {
        ab_test_id = 1 + (uint64_t)i % TESTS;
        ab_log_row(i, (uint32_t)i % 2, "ann", AB_PLAIN, 1, 1);
    }
    ab_batch_commit();
    ck_assert_int_eq(ab_number("SELECT sum(explanations) FROM llm_ab_arms"), 3 * TESTS);
    ck_assert_int_eq(ab_number("SELECT sum(units) FROM llm_ab_arms"), TESTS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_counting");
    TCase *tests = tcase_create("ab_counting");

    tcase_add_checked_fixture(tests, ab_batch_set_up, ab_batch_tear_down);
    tcase_add_test(tests, a_unit_is_one_number_however_often_it_is_exposed);
    tcase_add_test(tests, an_explanation_may_be_its_own_unit);
    tcase_add_test(tests, what_was_not_shown_is_no_exposure);
    tcase_add_test(tests, a_unit_stays_in_its_first_arm);
    tcase_add_test(tests, wrong_claims_are_counted_on_the_test_and_nowhere_else);
    tcase_add_test(tests, a_row_that_came_before_changes_nothing);
    tcase_add_test(tests, numbers_at_their_limits_are_kept_within_theirs);
    tcase_add_test(tests, the_first_vote_stays_and_live_votes_follow_the_mind);
    tcase_add_test(tests, a_test_that_ended_takes_votes_but_no_first_ones);
    tcase_add_test(tests, what_was_undone_was_never_counted);
    tcase_add_test(tests, a_vote_that_fails_half_way_leaves_no_half);
    tcase_add_test(tests, more_tests_than_wait_are_written_early);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
