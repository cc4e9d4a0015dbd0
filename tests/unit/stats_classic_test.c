#include "stats/classic.h"
#include "stats/fisher.h"
#include "stats/pearson.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An input that is ready to be decided with the rule's usual thresholds. */
static ll_classic_input input(const llmlearn_rate *arms, uint32_t arm_count)
{
    return (ll_classic_input){
        .arms = arms,
        .arm_count = arm_count,
        .champion = 0,
        .trials_min = 1,
        .alpha = 0.05,
        .effect_min = 0.1,
        .duration_reached = true,
    };
}

static ll_classic_result decide(const ll_classic_input *in)
{
    ll_classic_result out;

    memset(&out, 0xaa, sizeof out); /* whatever was there must not shine through */
    ll_classic_decide(in, &out);
    return out;
}

static void check_case(json_t *test_case, figure *p, figure *v)
{
    llmlearn_rate arms[CASE_ARMS_MAX];
    ll_classic_input in = input(arms, in_arms(test_case, arms));
    json_t *winner = json_object_get(json_object_get(test_case, "out"), "winner");
    json_t *reached = json_object_get(json_object_get(test_case, "in"), "duration_reached");

    in.trials_min = in_count(test_case, "min_n");
    in.duration_reached = json_is_true(reached);
    ll_classic_result got = decide(&in);

    ck_assert_str_eq(ll_classic_status_name(got.status), out_string(test_case, "status"));
    ck_assert_int_eq(got.winner, json_is_null(winner) ? -1 : (int)json_integer_value(winner));
    ck_assert_int_eq(got.computed, has_out(test_case, "p"));
    if (got.computed) {
        check_figure(p, test_case, got.p_value, out_string(test_case, "p"));
        check_figure(v, test_case, got.cramers_v, out_string(test_case, "V"));
    }
    if (has_out(test_case, "method"))
        ck_assert_str_eq(got.method, out_string(test_case, "method"));
    else
        ck_assert_ptr_null(got.method);
}

START_TEST(decides_the_reference_cases)
{
    figure figures[] = {
        { .name = "classic p", .relative = 1e-9 },
        { .name = "classic V", .relative = 1e-12 },
        { 0 },
    };
    json_t *loaded = load_cases("decision_classic");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
        check_case(test_case, &figures[0], &figures[1]);
    printf("classic decision             %4zu cases, all as they should be\n", i);
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* Each input below would give the next status too: the earlier check wins. */
START_TEST(the_checks_come_in_their_order)
{
    const llmlearn_rate nothing[3] = { { 0, 0 }, { 0, 0 }, { 0, 0 } };
    const llmlearn_rate one_arm[3] = { { 9, 10 }, { 0, 0 }, { 0, 0 } };
    const llmlearn_rate apart[3] = { { 0, 10 }, { 10, 10 }, { 0, 0 } };
    const llmlearn_rate alike[3] = { { 0, 10 }, { 0, 10 }, { 0, 0 } };
    ll_classic_input in = input(nothing, 3);

    in.duration_reached = false;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_RUNNING);
    in.duration_reached = true;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_INSUFFICIENT_VARIANTS);
    in.arms = one_arm;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_INSUFFICIENT_VARIANTS);
    in.arms = apart; /* the third arm has fewer than the one trial asked for */
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_INSUFFICIENT_SAMPLE);
    in.trials_min = 0;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_WINNER);
    ck_assert_int_eq(decide(&in).winner, 1);
    in.arms = alike;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_NO_DIFFERENCE);
}
END_TEST

START_TEST(nothing_is_computed_before_its_time)
{
    const llmlearn_rate arms[2] = { { 10, 100 }, { 90, 100 } };
    ll_classic_input in = input(arms, 2);

    in.duration_reached = false;
    ll_classic_result got = decide(&in);
    ck_assert(!got.computed);
    ck_assert_int_eq(got.winner, -1);
    ck_assert_ptr_null(got.method);
    ck_assert(got.p_value == 1.0 && got.ln_p_value == 0.0 && got.cramers_v == 0.0);
    ck_assert(got.champion_p[1] == 1.0 && got.champion_holm_p[1] == 1.0);
    ck_assert(!got.winner_beats_champion);
}
END_TEST

START_TEST(p_equal_to_alpha_is_not_significant)
{
    const llmlearn_rate arms[2] = { { 60, 100 }, { 80, 100 } };
    ll_classic_input in = input(arms, 2);

    in.alpha = decide(&in).p_value;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_NOT_SIGNIFICANT);
    in.alpha = nextafter(in.alpha, 1.0);
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_WINNER);
}
END_TEST

START_TEST(a_tie_is_exact_however_large_the_counts)
{
    const uint64_t n = LL_STATS_COUNT_MAX, third = n / 3;
    /* 2/3 of something, and that minus one part in 1e16: one double. */
    llmlearn_rate arms[3] = { { 2 * third, 3 * third }, { 2, 3 }, { third, 3 * third } };
    ll_classic_input in = input(arms, 3);

    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_TIE);
    ck_assert_int_eq(decide(&in).winner, -1);
    arms[0].successes--;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_WINNER);
    ck_assert_int_eq(decide(&in).winner, 1);
    arms[0].successes += 2;
    ck_assert_int_eq(decide(&in).winner, 0);

    /* (n-1)/n is above (n-2)/(n-1), by one part in 2^106 when multiplied out. */
    const llmlearn_rate close[4] = {
        { n - 2, n - 1 }, { n - 1, n }, { third, n }, { n - 2, n - 1 }
    };
    in = input(close, 3);
    ck_assert_int_eq(decide(&in).winner, 1);
    in = input(close + 1, 3);
    ck_assert_int_eq(decide(&in).winner, 0);
}
END_TEST

START_TEST(an_arm_that_overtakes_a_tie_wins)
{
    const llmlearn_rate after[4] = { { 30, 100 }, { 60, 100 }, { 60, 100 }, { 90, 100 } };
    const llmlearn_rate before[4] = { { 90, 100 }, { 60, 100 }, { 60, 100 }, { 30, 100 } };
    const llmlearn_rate around[4] = { { 90, 100 }, { 60, 100 }, { 30, 100 }, { 90, 100 } };
    ll_classic_input in = input(after, 4);

    ck_assert_int_eq(decide(&in).winner, 3);
    in.arms = before;
    ck_assert_int_eq(decide(&in).winner, 0);
    in.arms = around;
    ck_assert_int_eq(decide(&in).status, LL_CLASSIC_TIE);
}
END_TEST

/* One bad arm makes the table significant; the best of the others is crowned,
 * and is no better than the champion. */
START_TEST(a_winner_need_not_beat_the_champion)
{
    const llmlearn_rate arms[4] = { { 600, 1000 }, { 601, 1000 }, { 605, 1000 }, { 400, 1000 } };
    ll_classic_input in = input(arms, 4);

    ll_classic_result got = decide(&in);
    ck_assert_int_eq(got.status, LL_CLASSIC_WINNER);
    ck_assert_int_eq(got.winner, 2);
    ck_assert(!got.winner_beats_champion);
    ck_assert(got.champion_holm_p[3] < 1e-15); /* the bad arm is worse, beyond doubt */

    in.champion = 3;
    ck_assert(decide(&in).winner_beats_champion);
    in.champion = 2; /* the winner is the champion */
    ck_assert(!decide(&in).winner_beats_champion);
    in.champion = LL_CLASSIC_NO_CHAMPION;
    got = decide(&in);
    ck_assert_int_eq(got.winner, 2);
    ck_assert(!got.winner_beats_champion);
    for (int i = 0; i < 4; i++)
        ck_assert(got.champion_p[i] == 1.0 && got.champion_holm_p[i] == 1.0);
}
END_TEST

START_TEST(arms_are_tested_against_the_champion_one_by_one)
{
    const llmlearn_rate arms[4] = { { 60, 100 }, { 70, 100 }, { 50, 100 }, { 3, 5 } };
    ll_classic_input in = input(arms, 4);
    llmlearn_association pearson;
    ll_fisher_result exact;

    in.champion = 2;
    ll_classic_result got = decide(&in);
    ck_assert(got.champion_p[2] == 1.0 && got.champion_holm_p[2] == 1.0);
    ll_pearson_test((llmlearn_rate[]){ { 60, 100 }, { 50, 100 } }, 2, &pearson);
    ck_assert(got.champion_p[0] == pearson.p_value);
    ll_pearson_test((llmlearn_rate[]){ { 70, 100 }, { 50, 100 } }, 2, &pearson);
    ck_assert(got.champion_p[1] == pearson.p_value);
    ll_fisher_test(3, 5, 50, 100, &exact);
    ck_assert(got.champion_p[3] == exact.p_value);

    /* Three comparisons: the smallest p counts three times, the next twice. */
    ck_assert(got.champion_holm_p[1] == 3 * got.champion_p[1]);
    ck_assert(got.champion_holm_p[0] == 2 * got.champion_p[0]);
    ck_assert(got.champion_holm_p[3] == 1.0);
    ck_assert_str_eq(got.method, "pearson_low_expected");
}
END_TEST

/* An arm nobody was shown is still one of the comparisons that were planned. */
START_TEST(an_arm_without_trials_counts_among_the_comparisons)
{
    const llmlearn_rate arms[3] = { { 60, 100 }, { 80, 100 }, { 0, 0 } };
    ll_classic_input in = input(arms, 3);

    in.trials_min = 0;
    ll_classic_result got = decide(&in);
    ck_assert(got.champion_p[2] == 1.0 && got.champion_holm_p[2] == 1.0);
    ck_assert(got.champion_holm_p[1] == 2 * got.champion_p[1]);
    ck_assert_int_eq(got.degrees, 1);
    ck_assert_int_eq(got.winner, 1);

    in.champion = 2; /* nothing can be said against it */
    got = decide(&in);
    for (int i = 0; i < 3; i++)
        ck_assert(got.champion_p[i] == 1.0 && got.champion_holm_p[i] == 1.0);
    ck_assert(!got.winner_beats_champion);
}
END_TEST

START_TEST(two_live_arms_of_three_are_tested_exactly)
{
    const llmlearn_rate arms[3] = { { 0, 0 }, { 1, 10 }, { 9, 10 } };
    const llmlearn_rate few[3] = { { 0, 0 }, { 1, 5 }, { 4, 5 } };
    ll_classic_input in = input(arms, 3);
    ll_fisher_result exact;

    in.trials_min = 0;
    ck_assert_str_eq(decide(&in).method, "pearson"); /* exactly 5 expected */
    in.arms = few;
    ll_classic_result got = decide(&in);
    ll_fisher_test(1, 5, 4, 5, &exact);
    ck_assert_str_eq(got.method, "fisher");
    ck_assert(got.low_expected);
    ck_assert(got.p_value == exact.p_value && got.ln_p_value == exact.ln_p_value);
}
END_TEST

/* The exact p of more than two arms is 0.00024; the rule is older than our knowing that. */
START_TEST(more_arms_keep_pearsons_p)
{
    const llmlearn_rate arms[3] = { { 2, 10 }, { 1, 10 }, { 9, 10 } };
    ll_classic_input in = input(arms, 3);
    llmlearn_association pearson;

    ll_pearson_test(arms, 3, &pearson);
    ll_classic_result got = decide(&in);
    ck_assert_str_eq(got.method, "pearson_low_expected");
    ck_assert(got.p_value == pearson.p_value && got.ln_p_value == pearson.ln_p_value);
}
END_TEST

START_TEST(every_status_has_its_name)
{
    for (int status = LL_CLASSIC_RUNNING; status <= LL_CLASSIC_WINNER; status++)
        ck_assert_str_ne(ll_classic_status_name((ll_classic_status)status), "unknown");
    ck_assert_str_eq(ll_classic_status_name((ll_classic_status)0), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats classic");
    TCase *tests = tcase_create("classic");
    tcase_add_test(tests, decides_the_reference_cases);
    tcase_add_test(tests, the_checks_come_in_their_order);
    tcase_add_test(tests, nothing_is_computed_before_its_time);
    tcase_add_test(tests, p_equal_to_alpha_is_not_significant);
    tcase_add_test(tests, a_tie_is_exact_however_large_the_counts);
    tcase_add_test(tests, an_arm_that_overtakes_a_tie_wins);
    tcase_add_test(tests, a_winner_need_not_beat_the_champion);
    tcase_add_test(tests, arms_are_tested_against_the_champion_one_by_one);
    tcase_add_test(tests, an_arm_without_trials_counts_among_the_comparisons);
    tcase_add_test(tests, two_live_arms_of_three_are_tested_exactly);
    tcase_add_test(tests, more_arms_keep_pearsons_p);
    tcase_add_test(tests, every_status_has_its_name);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
