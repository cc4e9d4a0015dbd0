/* How long a test takes: planned before it, and told while it runs. */
#include "experiment/outlook.h"
#include "experiment/plan_json.h"
#include "stats/plan.h"
#include "support/inputs.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TODAY 20000

/* ---- planned ------------------------------------------------------------ */

static ll_ab_test test_of(llmlearn_rule rule)
{
    look l;

    look_begin(&l, rule, 2);
    return l.in.test;
}

/* 28 days with so many explanations each, of which a part got a vote. */
static ll_traffic traffic_of(int64_t explanations_a_day, double response, double rate)
{
    int64_t votes = (int64_t)((double)explanations_a_day * response * 28);

    return (ll_traffic){ .first_day = TODAY - 28,
                         .explanations = explanations_a_day * 28,
                         .rated = votes,
                         .votes = votes,
                         .positive = (int64_t)((double)votes * rate) };
}

static ll_plan plan(const ll_ab_test *test, const double *weights, uint32_t arm_count,
                    const ll_traffic *traffic)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX] = { { .weight = 0 } };
    ll_plan out;

    for (uint32_t i = 0; i < arm_count; i++)
        arms[i].weight = weights[i];
    ll_outlook_plan(test, arms, arm_count, 0, traffic, TODAY, &out);
    return out;
}

static const double halves[] = { 0.5, 0.5 };

/* 60 against 65 %: 1,470.6 for one look, 1.05 or 1.6 times as many for the others. */
START_TEST(needs_are_those_of_the_design)
{
    ll_traffic traffic = traffic_of(1000000, 1, 0.6);
    ll_ab_test test = test_of(LLMLEARN_RULE_GROUP_SEQUENTIAL);
    ll_plan p = plan(&test, halves, 2, &traffic);

    ck_assert_double_eq_tol(p.rate, 0.6, 1e-5);
    ck_assert_int_eq(p.trials, 1545);
    test.rule = LLMLEARN_RULE_ALWAYS_VALID;
    p = plan(&test, halves, 2, &traffic);
    ck_assert_int_eq(p.trials, 2353);
    ck_assert_double_eq_tol(p.kappa, 2 * 0.24 / 0.0025, 0.01);
}
END_TEST

START_TEST(days_come_from_the_traffic_of_four_weeks)
{
    ll_traffic traffic = traffic_of(1000, 0.1, 0.6); /* 100 first votes a day */
    ll_ab_test test = test_of(LLMLEARN_RULE_GROUP_SEQUENTIAL);
    ll_plan p = plan(&test, halves, 2, &traffic);

    ck_assert_double_eq_tol(p.explanations_per_day, 1000, 1e-9);
    ck_assert_double_eq_tol(p.first_votes_per_day, 100, 1e-9);
    ck_assert_double_eq_tol(p.days, 2.0 * (double)p.trials / 100, 1e-9);
    ck_assert(!p.cannot_finish);
    traffic = traffic_of(500, 0.1, 0.6);
    p = plan(&test, halves, 2, &traffic);
    ck_assert_double_gt(p.days, 56);
    ck_assert(p.cannot_finish);
    traffic.first_day = TODAY - 7; /* the same within a week */
    p = plan(&test, halves, 2, &traffic);
    ck_assert_double_eq_tol(p.first_votes_per_day, 200, 1e-9);
    traffic = traffic_of(1000000, 0.5, 0.6);
    p = plan(&test, halves, 2, &traffic);
    ck_assert_double_eq_tol(p.days, 7, 1e-9); /* no sooner than the minimum duration */
}
END_TEST

/* Nine to one: the information comes at 0.36 times the speed of equal shares. */
START_TEST(unequal_shares_take_longer)
{
    const double shares[] = { 0.9, 0.1 };
    ll_traffic traffic = traffic_of(10000, 0.1, 0.6);
    ll_ab_test test = test_of(LLMLEARN_RULE_GROUP_SEQUENTIAL);
    ll_plan equal = plan(&test, halves, 2, &traffic), unequal = plan(&test, shares, 2, &traffic);

    test.duration_min_us = 0;
    equal = plan(&test, halves, 2, &traffic);
    unequal = plan(&test, shares, 2, &traffic);
    ck_assert_int_eq(equal.trials, unequal.trials);
    ck_assert_double_eq_tol(unequal.days / equal.days, 0.25 / 0.09, 1e-9);
}
END_TEST

START_TEST(the_classic_rule_needs_its_minimum_of_votes)
{
    ll_traffic traffic = traffic_of(100, 0.1, 0.6); /* 10 a day, 5 an arm */
    ll_ab_test test = test_of(LLMLEARN_RULE_CLASSIC);
    ll_plan p = plan(&test, halves, 2, &traffic);

    ck_assert_double_eq_tol(p.days, 20, 1e-9);
    test.trials_min = 400;
    p = plan(&test, halves, 2, &traffic);
    ck_assert_double_eq_tol(p.days, 80, 1e-9);
    ck_assert(p.cannot_finish);
}
END_TEST

/* The figures that were found for a rate of 60 % by other means. */
START_TEST(the_lift_that_passes_cramers_v)
{
    const struct {
        uint32_t arms;
        double last; /* share of the smallest */
        double lift;
    } cases[] = { { 2, 0.5, 0.096 },
                  { 3, 1.0 / 3, 0.102 },
                  { 4, 0.25, 0.112 },
                  { 10, 0.1, 0.162 },
                  { 2, 0.1, 0.162 } };
    ll_traffic traffic = traffic_of(10000000, 1, 0.6);
    ll_ab_test test = test_of(LLMLEARN_RULE_CLASSIC);

    for (size_t c = 0; c < LL_ARRAY_COUNT(cases); c++) {
        double weights[10];
        for (uint32_t i = 0; i < cases[c].arms; i++)
            weights[i] = (1 - cases[c].last) / (cases[c].arms - 1);
        weights[cases[c].arms - 1] = cases[c].last;
        ll_plan p = plan(&test, weights, cases[c].arms, &traffic);
        ck_assert_double_eq_tol(p.lift_v_gate, cases[c].lift, 0.0006);
    }
    test.effect_min = 0.9;
    ck_assert_double_eq(plan(&test, halves, 2, &traffic).lift_v_gate, -1);
}
END_TEST

START_TEST(the_lift_that_the_classic_rule_can_find)
{
    ll_traffic none = { .first_day = 0 }, traffic = traffic_of(1000, 0.1, 0.6);
    ll_ab_test test = test_of(LLMLEARN_RULE_CLASSIC);
    llmlearn_plan asked = {
        .struct_size = sizeof asked, .control_rate = 0.5, .control_trials = 100, .effect = 0.1
    };
    llmlearn_planned found = { .struct_size = sizeof found };

    ck_assert_int_eq(llmlearn_stats_detectable_effect(&asked, &found), LLMLEARN_OK);
    ck_assert_double_eq_tol(plan(&test, halves, 2, &none).lift_detectable, found.effect, 1e-9);
    asked.control_trials = 350; /* 700 votes come in the seven days before the look */
    asked.control_rate = (1680.0 + 10) / (2800 + 20);
    ck_assert_int_eq(llmlearn_stats_detectable_effect(&asked, &found), LLMLEARN_OK);
    ck_assert_double_eq_tol(plan(&test, halves, 2, &traffic).lift_detectable, found.effect, 1e-9);
}
END_TEST

START_TEST(without_traffic_nothing_is_promised)
{
    ll_traffic none = { .first_day = 0 };
    ll_ab_test test = test_of(LLMLEARN_RULE_GROUP_SEQUENTIAL);
    ll_plan p = plan(&test, halves, 2, &none);
    char *json = NULL;

    ck_assert_double_eq(p.rate, 0.5); /* where most votes are needed */
    ck_assert_double_eq(p.days, -1);
    ck_assert(!p.cannot_finish);
    ck_assert_int_eq(ll_plan_write(&test, &p, &json), LLMLEARN_OK);
    ck_assert_ptr_nonnull(strstr(json, "\"days\":null,\"cannot_finish\":null"));
    ck_assert_ptr_nonnull(strstr(json, "How long that takes is unknown"));
    free(json);
}
END_TEST

/* Rates near the ends leave no room for the lift: the plan starts from one that does. */
START_TEST(any_rate_and_lift_can_be_planned)
{
    const double lifts[] = { 0.001, 0.05, 0.5 };

    for (int rule = LLMLEARN_RULE_CLASSIC; rule <= LLMLEARN_RULE_ALWAYS_VALID; rule++) {
        for (int rate = 0; rate <= 10; rate++) {
            for (size_t i = 0; i < LL_ARRAY_COUNT(lifts); i++) {
                ll_traffic traffic = traffic_of(1000000, 1, rate / 10.0);
                ll_ab_test test = test_of((llmlearn_rule)rule);
                char *json = NULL;
                test.lift_min = lifts[i];
                ll_plan p = plan(&test, halves, 2, &traffic);
                ck_assert(p.rate > 0 && p.rate + lifts[i] < 1);
                ck_assert(p.trials > 0 && p.kappa >= 20 && p.kappa <= 1000);
                ck_assert_int_eq(ll_plan_write(&test, &p, &json), LLMLEARN_OK);
                free(json);
            }
        }
    }
}
END_TEST

/* ---- while it runs ------------------------------------------------------ */

static double days_left(look *l)
{
    look_decide(l);
    ck_assert_int_eq(l->out.verdict, LLMLEARN_KEEP_GOING);
    return l->out.days_left;
}

static void set_recent(look *l, uint32_t days, int64_t champion, int64_t variant)
{
    l->in.recent.day_count = days;
    l->in.recent.first_votes[0] = champion;
    l->in.recent.first_votes[1] = variant;
}

/* 1,000 of each are planned; there are 400, and 50 a day come: 12 days. */
START_TEST(days_left_come_from_the_last_whole_days)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 2);
    l.in.test.duration_min_us = 6 * INPUT_DAY; /* looked at in days */
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 200, 400);
    set_recent(&l, 7, 350, 350);
    ck_assert_double_eq_tol(days_left(&l), 12, 1e-9);
    ck_assert(!l.out.cannot_finish);
    set_recent(&l, 3, 150, 150);
    ck_assert_double_eq_tol(days_left(&l), 12, 1e-9);
    set_recent(&l, 7, 84, 84); /* 12 a day: 50 days, 58 in all */
    ck_assert_double_eq_tol(days_left(&l), 50, 1e-9);
    ck_assert(l.out.cannot_finish);
    ck_assert_ptr_nonnull(strstr(look_sentence(&l), "At the traffic of the last days it cannot get"
                                                    " what it needs within 56 days."));
}
END_TEST

/* The scarcer arm counts: with 100 a day of the champion and 10 of the variant, the information
 * of 500 is there when (400 + 100 d)(40 + 10 d) / (440 + 110 d) = 500, after 51 days. */
START_TEST(the_scarcest_arm_holds_it_up)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 2);
    l.in.test.duration_min_us = 6 * INPUT_DAY; /* looked at in days */
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 60, 120);
    l.in.arms[0].units = l.in.arms[1].units = 0;
    set_recent(&l, 7, 700, 70);
    double d = days_left(&l);
    ck_assert_double_eq_tol((400 + 100 * d) * (120 + 10 * d) / (520 + 110 * d), 500, 1e-6);
    look_set_arm(&l, 1, 60, 90); /* and the minimum of votes */
    l.in.arms[1].units = 0;
    set_recent(&l, 7, 7000, 7000);
    l.in.recent.first_votes[1] = 7;
    ck_assert_double_ge(days_left(&l), 10);
}
END_TEST

START_TEST(nothing_coming_is_told)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 2);
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 200, 400);
    ck_assert_double_eq(days_left(&l), -1); /* no whole day yet: unknown */
    ck_assert(!l.out.cannot_finish);
    set_recent(&l, 7, 100, 0);
    ck_assert_double_eq(days_left(&l), -1);
    ck_assert(l.out.cannot_finish);
}
END_TEST

START_TEST(a_test_that_has_all_waits_for_its_minimum_duration)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 2);
    look_set_arm(&l, 0, 500, 1000);
    look_set_arm(&l, 1, 500, 1000);
    look_set_age(&l, 4.5);
    ck_assert_double_eq_tol(days_left(&l), 2.5, 1e-9);
}
END_TEST

/* Whole weeks: what is there on the tenth day is looked at on the fourteenth. */
START_TEST(sequential_rules_wait_for_the_weeks_end)
{
    static const llmlearn_rule weekly[] = { LLMLEARN_RULE_GROUP_SEQUENTIAL,
                                            LLMLEARN_RULE_ALWAYS_VALID };
    look l;

    for (size_t i = 0; i < LL_ARRAY_COUNT(weekly); i++) {
        look_begin(&l, weekly[i], 2);
        look_set_arm(&l, 0, 400, 800);
        look_set_arm(&l, 1, 400, 800);
        set_recent(&l, 7, 700, 700);
        look_set_age(&l, 8);
        ck_assert_double_eq_tol(days_left(&l), 6, 1e-9); /* two more days */
        set_recent(&l, 7, 70, 70);
        ck_assert_double_eq_tol(days_left(&l), 20, 1e-9); /* twenty, to day 28 */
        look_set_arm(&l, 0, 500, 1000);
        look_set_arm(&l, 1, 500, 1000);
        look_set_week_end(&l, 0, 450, 900); /* the rest came since */
        ck_assert_double_eq_tol(days_left(&l), 6, 1e-9);
    }
}
END_TEST

START_TEST(the_classic_rule_waits_for_votes_alone)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_CLASSIC, 2);
    look_set_arm(&l, 0, 20, 40);
    look_set_arm(&l, 1, 20, 70);
    l.in.arms[0].units = l.in.arms[1].units = 70;
    set_recent(&l, 7, 35, 70);
    ck_assert_double_eq_tol(days_left(&l), 12, 1e-9);
    ck_assert_str_eq(look_sentence(&l),
                     "Too early to decide: v1.0 has 40 of the 100 first votes that each arm needs."
                     " At the traffic of the last days it has what it needs in about 12 days.");
}
END_TEST

START_TEST(an_arm_that_is_off_is_not_waited_for)
{
    look l;

    look_begin(&l, LLMLEARN_RULE_GROUP_SEQUENTIAL, 3);
    l.in.test.duration_min_us = 6 * INPUT_DAY; /* looked at in days */
    look_set_arm(&l, 0, 200, 400);
    look_set_arm(&l, 1, 200, 400);
    look_set_arm(&l, 2, 5, 10);
    set_recent(&l, 7, 350, 350);
    l.in.arms[2].off_us = INPUT_START + 1;
    ck_assert_double_eq_tol(days_left(&l), 12, 1e-9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outlook");
    TCase *tc = tcase_create("outlook");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, needs_are_those_of_the_design);
    tcase_add_test(tc, days_come_from_the_traffic_of_four_weeks);
    tcase_add_test(tc, unequal_shares_take_longer);
    tcase_add_test(tc, the_classic_rule_needs_its_minimum_of_votes);
    tcase_add_test(tc, the_lift_that_passes_cramers_v);
    tcase_add_test(tc, the_lift_that_the_classic_rule_can_find);
    tcase_add_test(tc, without_traffic_nothing_is_promised);
    tcase_add_test(tc, any_rate_and_lift_can_be_planned);
    tcase_add_test(tc, days_left_come_from_the_last_whole_days);
    tcase_add_test(tc, the_scarcest_arm_holds_it_up);
    tcase_add_test(tc, nothing_coming_is_told);
    tcase_add_test(tc, a_test_that_has_all_waits_for_its_minimum_duration);
    tcase_add_test(tc, sequential_rules_wait_for_the_weeks_end);
    tcase_add_test(tc, the_classic_rule_waits_for_votes_alone);
    tcase_add_test(tc, an_arm_that_is_off_is_not_waited_for);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
