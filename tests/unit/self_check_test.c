/* A test's own traffic, drawn again: the rates that come out are those that the rules promise. */
#include "base/clock.h"
#include "experiment/self_check.h"
#include "stats/eprocess.h"
#include "support/draw.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US (LL_US_PER_DAY / 24)

static ll_decide_input *test_of(uint32_t arms, const double *weights, double days)
{
    ll_decide_input *in = calloc(1, sizeof *in);

    ck_assert_ptr_nonnull(in);
    in->test = (ll_ab_test){ .id = 7,
                             .status = LL_AB_RUNNING,
                             .rule = LLMLEARN_RULE_CLASSIC,
                             .salt = "0123456789abcde",
                             .started_us = 1000 * LL_US_PER_DAY,
                             .duration_min_us = 7 * LL_US_PER_DAY,
                             .duration_max_us = 56 * LL_US_PER_DAY,
                             .trials_min = 100,
                             .trials_planned = 1500,
                             .alpha = 0.05,
                             .effect_min = 0.1 };
    in->arm_count = arms;
    in->now_us = in->test.started_us + (int64_t)(days * (double)LL_US_PER_DAY);
    for (uint32_t i = 0; i < arms; i++)
        in->arms[i].weight = weights[i];
    return in;
}

/* Votes spread evenly; on two days of seven their rate is another. */
static ll_ab_vote *votes_of(const ll_decide_input *in, uint32_t count, double rate, double weekend)
{
    draw d = { .state = 99 };
    ll_ab_vote *votes = calloc(count, sizeof *votes);
    int64_t span_us = in->now_us - in->test.started_us;

    ck_assert_ptr_nonnull(votes);
    for (uint32_t i = 0; i < count; i++) {
        int64_t at_us = in->test.started_us + (int64_t)((double)span_us * i / count);
        bool is_weekend = ll_clock_day(at_us) % 7 >= 5;
        votes[i] = (ll_ab_vote){ .at_us = at_us,
                                 .positive = draw_happens(&d, is_weekend ? weekend : rate) };
    }
    return votes;
}

static ll_self_check check_of(const ll_decide_input *in, const ll_ab_vote *votes, uint32_t count,
                              uint32_t runs)
{
    ll_self_check check;

    ck_assert_int_eq(ll_self_check_run(in, votes, count, runs, ll_deadline_in_ms(120000), &check),
                     LLMLEARN_OK);
    ck_assert(check.complete && check.runs == runs);
    return check;
}

static double share(uint32_t part, uint32_t whole)
{
    return (double)part / whole;
}

/* Two equal arms, few votes: chi-square alone decides, at 5 %; sequential rules stay below. */
START_TEST(equal_arms_are_told_apart_as_often_as_alpha_says)
{
    const double halves[] = { 0.5, 0.5 };
    ll_decide_input *in = test_of(2, halves, 14);
    ll_ab_vote *votes = votes_of(in, 500, 0.6, 0.6);
    ll_self_check check = check_of(in, votes, 500, 2000);
    const ll_self_check_tally *classic = &check.rules[LLMLEARN_RULE_CLASSIC - 1];

    /* One look at some 250 votes: V over 0.1 is p under 0.11 there, so p < 0.05 is the rule. */
    ck_assert_double_eq_tol(share(classic->winners, 2000), 0.05, 0.02);
    /* One of the two is the champion, whose win promotes nobody. */
    ck_assert_double_eq_tol(share(classic->promoted, 2000), 0.025, 0.012);
    ck_assert_double_eq_tol(share(check.rules[LLMLEARN_RULE_GROUP_SEQUENTIAL - 1].promoted, 2000),
                            0.025, 0.012);
    ck_assert_double_le(share(check.rules[LLMLEARN_RULE_ALWAYS_VALID - 1].promoted, 2000), 0.025);
    free(votes);
    free(in);
}
END_TEST

/* Whatever the days do to the rates: they do it to all arms. */
START_TEST(drift_of_the_traffic_makes_no_winners)
{
    const double weights[] = { 0.4, 0.3, 0.2, 0.1 };
    ll_decide_input *in = test_of(4, weights, 28);
    ll_ab_vote *votes = votes_of(in, 4000, 0.68, 0.4);
    ll_self_check check = check_of(in, votes, 4000, 300);

    for (int rule = 0; rule < LL_SELF_CHECK_RULES; rule++)
        ck_assert_double_le(share(check.rules[rule].promoted, 300), 0.05 + 3 * 0.0126);
    free(votes);
    free(in);
}
END_TEST

START_TEST(the_same_test_gives_the_same_answer)
{
    const double weights[] = { 0.5, 0.3, 0.2 };
    ll_decide_input *in = test_of(3, weights, 9.5);
    ll_ab_vote *votes = votes_of(in, 700, 0.5, 0.5);
    ll_self_check one = check_of(in, votes, 700, 50), two = check_of(in, votes, 700, 50);

    ck_assert_mem_eq(one.rules, two.rules, sizeof one.rules);
    in->test.salt[0] ^= 1;
    two = check_of(in, votes, 700, 400);
    one = check_of(in, votes, 700, 400);
    ck_assert_mem_eq(one.rules, two.rules, sizeof one.rules);
    free(votes);
    free(in);
}
END_TEST

START_TEST(a_deadline_leaves_what_was_done)
{
    const double halves[] = { 0.5, 0.5 };
    ll_decide_input *in = test_of(2, halves, 14);
    ll_ab_vote *votes = votes_of(in, 20, 0.5, 0.5);
    ll_self_check check;

    ck_assert_int_eq(ll_self_check_run(in, votes, 20, 10000, ll_deadline_in_ms(0), &check),
                     LLMLEARN_OK);
    ck_assert(!check.complete && check.runs < 10000);
    free(votes);
    free(in);
}
END_TEST

/* One vote, in the test's first hour: nothing to see, and nothing breaks. */
START_TEST(a_single_vote_is_enough_to_ask)
{
    const double halves[] = { 0.5, 0.5 };
    ll_decide_input *in = test_of(2, halves, 1.0 / 24);
    ll_ab_vote vote = { .at_us = in->test.started_us + HOUR_US / 2, .positive = true };
    ll_self_check check = check_of(in, &vote, 1, 20);
    char *json = NULL;

    for (int rule = 0; rule < LL_SELF_CHECK_RULES; rule++)
        ck_assert_uint_eq(check.rules[rule].winners, 0);
    ck_assert_int_eq(ll_self_check_write(in, "BUY", 1, &check, &json), LLMLEARN_OK);
    ck_assert_ptr_nonnull(strstr(json, "\"rule\":\"always_valid\""));
    ck_assert_ptr_nonnull(strstr(json, "\"runs\":20,\"complete\":true"));
    free(json);
    free(in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("self-check");
    TCase *tests = tcase_create("self-check");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, equal_arms_are_told_apart_as_often_as_alpha_says);
    tcase_add_test(tests, drift_of_the_traffic_makes_no_winners);
    tcase_add_test(tests, the_same_test_gives_the_same_answer);
    tcase_add_test(tests, a_deadline_leaves_what_was_done);
    tcase_add_test(tests, a_single_vote_is_enough_to_ask);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
