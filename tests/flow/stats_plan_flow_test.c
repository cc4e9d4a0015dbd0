/* Rates, posteriors and plans through the shared library: what goes beyond the reference cases,
 * and what is refused. */
#include "llmlearn.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static llmlearn_planned size_of(llmlearn_plan plan)
{
    llmlearn_planned got = { .struct_size = sizeof got };

    plan.struct_size = sizeof plan;
    ck_assert_int_eq(llmlearn_stats_sample_size(&plan, &got), LLMLEARN_OK);
    return got;
}

static void refused(llmlearn_err err, const char *argument)
{
    ck_assert_int_eq(err, LLMLEARN_EINVAL);
    ck_assert_msg(strstr(llmlearn_error_detail(), argument) != NULL, "%s, not %s",
                  llmlearn_error_detail(), argument);
}

START_TEST(a_plan_counts_design_clusters_and_response)
{
    llmlearn_planned one = size_of((llmlearn_plan){ .control_rate = 0.6, .effect = 0.05 });
    ck_assert_uint_eq(one.control_trials_up, 1471);
    ck_assert_uint_eq(one.units_up, 2942);
    ck_assert(one.days == 0 && one.status == LLMLEARN_STATS_OK);

    llmlearn_planned many = size_of((llmlearn_plan){ .control_rate = 0.6,
                                                     .effect = 0.05,
                                                     .arm_count = 4,
                                                     .design = LLMLEARN_PLAN_ALWAYS_VALID,
                                                     .design_effect = 2,
                                                     .response_ratio = 0.25,
                                                     .units_per_day = 1000 });
    /* alpha / 3 needs 1,961.6 each; times 1.6 and 2; four arms; one in four votes. */
    ck_assert_double_eq_tol(many.control_trials, 1961.5966360932, 1e-4);
    ck_assert_uint_eq(many.control_trials_up, 6278);
    ck_assert_uint_eq(many.units_up, 4 * 4 * 6278);
    ck_assert_double_eq_tol(many.days, 100.448, 1e-9);
}
END_TEST

START_TEST(size_power_and_effect_go_round)
{
    for (double effect = -0.3; effect < 0.35; effect += 0.07) {
        for (int design = LLMLEARN_PLAN_FIXED; design <= LLMLEARN_PLAN_ALWAYS_VALID; design++) {
            llmlearn_plan plan = { .struct_size = sizeof plan,
                                   .control_rate = 0.55,
                                   .effect = effect,
                                   .design = design,
                                   .arm_count = 3,
                                   .allocation = 0.7,
                                   .design_effect = 1.4,
                                   .power_ratio = 0.9 };
            llmlearn_planned size = size_of(plan), got = { .struct_size = sizeof got };
            double factor = design == LLMLEARN_PLAN_FIXED              ? 1.0
                            : design == LLMLEARN_PLAN_GROUP_SEQUENTIAL ? 1.05
                                                                       : 1.6;
            plan.control_trials = size.control_trials * factor * 1.4;
            ck_assert_int_eq(llmlearn_stats_power(&plan, &got), LLMLEARN_OK);
            ck_assert_double_eq_tol(got.power_ratio, 0.9, 1e-9);
            ck_assert_int_eq(llmlearn_stats_detectable_effect(&plan, &got), LLMLEARN_OK);
            ck_assert_double_eq_tol(got.effect, effect, 1e-9);
        }
    }
}
END_TEST

static llmlearn_planned power_of(llmlearn_plan plan)
{
    llmlearn_planned got = { .struct_size = sizeof got };

    plan.struct_size = sizeof plan;
    ck_assert_int_eq(llmlearn_stats_power(&plan, &got), LLMLEARN_OK);
    return got;
}

START_TEST(whole_trials_stay_as_many)
{
    for (unsigned trials = 1; trials < 3000; trials++) {
        llmlearn_planned got = power_of((llmlearn_plan){ .control_rate = 0.6,
                                                         .effect = 0.05,
                                                         .design = (int32_t)(1 + trials % 3),
                                                         .control_trials = trials * 10,
                                                         .design_effect = 1.3,
                                                         .allocation = 1.1,
                                                         .response_ratio = 0.3 });
        ck_assert_uint_eq(got.control_trials_up, trials * 10);
        ck_assert_uint_eq(got.variant_trials_up, trials * 11);
        ck_assert_uint_eq(got.units_up, trials * 70);
    }
}
END_TEST

/* Of very uneven arms the smallest test finds a large effect more often than that. */
START_TEST(a_power_that_any_test_has_needs_no_trials)
{
    const llmlearn_plan plan = {
        .control_rate = 0.5, .effect = -0.49, .power_ratio = 0.06, .allocation = 100
    };
    llmlearn_planned got = size_of(plan);

    ck_assert(got.status == LLMLEARN_STATS_OK && got.control_trials == 0);
    ck_assert(got.control_trials_up == 1 && got.variant_trials_up == 1 && got.units_up == 2);
    for (int trials = 1; trials < 20; trials++) {
        llmlearn_plan more = plan;
        more.control_trials = trials;
        ck_assert(power_of(more).power_ratio > 0.06);
    }
}
END_TEST

START_TEST(a_power_asked_for_needs_none_given)
{
    llmlearn_plan plan = {
        .control_rate = 0.6, .effect = 0.05, .control_trials = 100, .alpha_ratio = 0.9
    };
    llmlearn_planned got = power_of(plan);

    ck_assert(got.power_ratio > 0.7 && got.power_ratio < 0.75);
    plan.effect = 0;
    plan.alpha_ratio = 0.05;
    ck_assert_double_eq_tol(power_of(plan).power_ratio, 0.025, 1e-12);
}
END_TEST

START_TEST(rates_that_are_alike_leave_alpha_wherever_they_are)
{
    const double rates[] = { 1e-300, 1e-9, 0.1, 0.5, 0.9, 1 - 1e-9, 1 - 0x1p-53 };

    for (int i = 0; i < 7; i++) {
        double alike[LLMLEARN_ARMS_MAX];
        for (uint32_t j = 0; j < LLMLEARN_ARMS_MAX; j++)
            alike[j] = rates[i];
        for (uint32_t k = 2; k <= LLMLEARN_ARMS_MAX; k++) {
            double power = -1;
            ck_assert_int_eq(llmlearn_stats_association_power(alike, k, 0x1p53, 0.05, &power),
                             LLMLEARN_OK);
            ck_assert_msg(fabs(power - 0.05) < 1e-12, "%u arms of %g: %g", k, rates[i], power);
        }
    }
}
END_TEST

START_TEST(what_cannot_be_reached_is_said)
{
    llmlearn_planned got = size_of((llmlearn_plan){ .control_rate = 0.6 });
    ck_assert(got.status == LLMLEARN_STATS_UNREACHABLE && got.units_up == 0);
    got = size_of((llmlearn_plan){ .control_rate = 0.6, .effect = 1e-9 });
    ck_assert(got.status == LLMLEARN_STATS_UNREACHABLE && got.control_trials == 0);

    llmlearn_plan plan = { .struct_size = sizeof plan, .control_rate = 0.99, .control_trials = 20 };
    ck_assert_int_eq(llmlearn_stats_detectable_effect(&plan, &got), LLMLEARN_OK);
    ck_assert(got.status == LLMLEARN_STATS_UNREACHABLE && got.effect == 0);
}
END_TEST

/* A power below one half, and a spread far above the null's: z asks for less than nothing. */
START_TEST(what_chance_alone_finds_needs_no_trials)
{
    llmlearn_plan plan = { .struct_size = sizeof plan,
                           .control_rate = 0.001,
                           .effect = 0.06,
                           .arm_count = 3,
                           .power_ratio = 0.19,
                           .allocation = 0.003,
                           .control_trials = 1 };
    llmlearn_planned got = size_of(plan);

    ck_assert(got.status == LLMLEARN_STATS_OK && got.control_trials == 0);
    ck_assert(got.control_trials_up == 1 && got.variant_trials_up == 1 && got.units_up == 3);
    ck_assert_int_eq(llmlearn_stats_power(&plan, &got), LLMLEARN_OK);
    ck_assert(got.power_ratio > 0.19);
}
END_TEST

/* There the power comes and goes: at an effect of 1 - control_rate it is lost again. */
START_TEST(an_effect_in_the_middle_of_the_range_is_found)
{
    llmlearn_plan plan = { .struct_size = sizeof plan,
                           .control_rate = 0.0157,
                           .power_ratio = 0.0877,
                           .allocation = 0.0646,
                           .control_trials = 2.634 };
    llmlearn_planned got = { .struct_size = sizeof got };

    ck_assert_int_eq(llmlearn_stats_detectable_effect(&plan, &got), LLMLEARN_OK);
    ck_assert(got.status == LLMLEARN_STATS_OK && got.effect > 0 && got.effect < 0.05);
    plan.effect = got.effect;
    ck_assert_int_eq(llmlearn_stats_power(&plan, &got), LLMLEARN_OK);
    ck_assert_double_eq_tol(got.power_ratio, 0.0877, 1e-9);
}
END_TEST

START_TEST(days_are_a_number_however_few_units_come)
{
    llmlearn_planned got =
        size_of((llmlearn_plan){ .control_rate = 0.6, .effect = 0.05, .units_per_day = 5e-324 });
    ck_assert(got.status == LLMLEARN_STATS_OK && isfinite(got.days));
}
END_TEST

START_TEST(the_power_of_many_arms_has_its_limits)
{
    const double same[] = { 0.6, 0.6, 0.6 }, apart[] = { 0.01, 0.99 };
    double power = -1;

    ck_assert_int_eq(llmlearn_stats_association_power(same, 3, 1e6, 0.05, &power), LLMLEARN_OK);
    ck_assert_double_eq_tol(power, 0.05, 1e-12);
    ck_assert_int_eq(llmlearn_stats_association_power(apart, 2, 0, 0.05, &power), LLMLEARN_OK);
    ck_assert_double_eq_tol(power, 0.05, 1e-12);
    ck_assert_int_eq(llmlearn_stats_association_power(apart, 2, 1e15, 1e-300, &power), LLMLEARN_OK);
    ck_assert(power == 1.0);
    /* For two arms and a large count it is the power of the two-sided z test. */
    const double near[] = { 0.6, 0.65 };
    ck_assert_int_eq(llmlearn_stats_association_power(near, 2, 1471, 0.05, &power), LLMLEARN_OK);
    ck_assert_double_eq_tol(power, 0.80, 0.002);
}
END_TEST

START_TEST(intervals_keep_their_order)
{
    for (uint64_t n = 1; n < 4000; n = n * 3 + 1) {
        for (uint64_t s = 0; s <= n; s += 1 + n / 7) {
            llmlearn_rate arm = { .successes = s, .trials = n };
            llmlearn_interval wilson = { .struct_size = sizeof wilson }, exact = wilson,
                              always = wilson;
            llmlearn_stats_rate(&arm, 0.95, 0, &wilson);
            llmlearn_stats_rate(&arm, 0.95, LLMLEARN_INTERVAL_CLOPPER_PEARSON, &exact);
            llmlearn_stats_rate(&arm, 0.95, LLMLEARN_INTERVAL_SEQUENCE, &always);
            /* A sequence, good at every look, is wider than what is good at one. */
            ck_assert(always.low <= exact.low + 1e-12 && always.high >= exact.high - 1e-12);
            ck_assert(wilson.estimate == exact.estimate && always.estimate == exact.estimate);
        }
    }
}
END_TEST

START_TEST(no_trials_say_so)
{
    llmlearn_rate none = { 0, 0 };
    for (int method = 0; method <= LLMLEARN_INTERVAL_SEQUENCE; method++) {
        llmlearn_interval got = { .struct_size = sizeof got };
        ck_assert_int_eq(llmlearn_stats_rate(&none, 0.9, method, &got), LLMLEARN_OK);
        ck_assert(got.status == LLMLEARN_STATS_NO_DATA && got.low == 0 && got.high == 1);
    }
}
END_TEST

START_TEST(bad_rates_are_refused)
{
    llmlearn_interval out = { .struct_size = sizeof out };
    llmlearn_rate good = { 1, 2 }, bad = { 3, 2 }, huge = { 0, LLMLEARN_COUNT_MAX + 1 };

    refused(llmlearn_stats_rate(NULL, 0.95, 0, &out), "arm");
    refused(llmlearn_stats_rate(&bad, 0.95, 0, &out), "successes");
    refused(llmlearn_stats_rate(&huge, 0.95, 0, &out), "2^53");
    refused(llmlearn_stats_rate(&good, 0, 0, &out), "confidence");
    refused(llmlearn_stats_rate(&good, 1, 0, &out), "confidence");
    refused(llmlearn_stats_rate(&good, NAN, 0, &out), "confidence");
    refused(llmlearn_stats_rate(&good, 0.95, LLMLEARN_INTERVAL_NEWCOMBE, &out), "method");
    refused(llmlearn_stats_rate(&good, 0.95, -1, &out), "method");
    refused(llmlearn_stats_rate(&good, 0.95, 0, NULL), "out_interval");
    out.struct_size = 4;
    refused(llmlearn_stats_rate(&good, 0.95, 0, &out), "struct_size");
}
END_TEST

START_TEST(bad_posteriors_are_refused)
{
    llmlearn_posterior out = { .struct_size = sizeof out };
    llmlearn_rate arms[2] = { { 1, 2 }, { 5, 4 } };

    refused(llmlearn_stats_posterior(NULL, 1, 0, 0, 0.95, &out), "arms");
    refused(llmlearn_stats_posterior(arms, 0, 0, 0, 0.95, &out), "arm_count");
    refused(llmlearn_stats_posterior(arms, 65, 0, 0, 0.95, &out), "arm_count");
    refused(llmlearn_stats_posterior(arms, 2, 0, 0, 0.95, &out), "arms[1]");
    refused(llmlearn_stats_posterior(arms, 1, -1, 0, 0.95, &out), "prior_successes");
    refused(llmlearn_stats_posterior(arms, 1, 0, NAN, 0.95, &out), "prior_failures");
    refused(llmlearn_stats_posterior(arms, 1, 0, 2e6, 0.95, &out), "prior_failures");
    refused(llmlearn_stats_posterior(arms, 1, 0, 0, 2, &out), "confidence");
    refused(llmlearn_stats_posterior(arms, 1, 0, 0, 0.95, NULL), "out_posterior");
    ck_assert(out.mean[0] == 0); /* untouched */
}
END_TEST

static void refused_plan(llmlearn_plan plan, const char *argument)
{
    llmlearn_planned out = { .struct_size = sizeof out, .days = 7 };

    plan.struct_size = sizeof plan;
    refused(llmlearn_stats_power(&plan, &out), argument);
    ck_assert(out.days == 7);
}

START_TEST(bad_plans_are_refused)
{
    const llmlearn_plan good = { .control_rate = 0.5, .effect = 0.1, .control_trials = 100 };
    llmlearn_plan bad[12];
    static const char *const names[] = { "design",        "arm_count",      "reserved",
                                         "control_rate",  "effect",         "alpha_ratio",
                                         "power_ratio",   "allocation",     "design_effect",
                                         "units_per_day", "control_trials", "response_ratio" };

    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].design = 4;
    bad[1].arm_count = 1;
    bad[2].reserved = 1;
    bad[3].control_rate = 1;
    bad[4].effect = 0.5;
    bad[5].alpha_ratio = NAN;
    bad[6].power_ratio = 0.01;
    bad[7].allocation = -1;
    bad[8].design_effect = INFINITY;
    bad[9].units_per_day = -1;
    bad[10].control_trials = 0;
    bad[11].response_ratio = NAN;
    for (int i = 0; i < 12; i++)
        refused_plan(bad[i], names[i]);

    llmlearn_planned out = { .struct_size = sizeof out };
    double power, rates[2] = { 0.5, 1.5 };
    refused(llmlearn_stats_sample_size(NULL, &out), "plan");
    refused(llmlearn_stats_association_power(NULL, 2, 1, 0.05, &power), "rates");
    refused(llmlearn_stats_association_power(rates, 2, 1, 0.05, &power), "rates");
    refused(llmlearn_stats_association_power(rates, 1, 1, 0.05, &power), "arm_count");
    rates[1] = 0.4;
    refused(llmlearn_stats_association_power(rates, 2, -1, 0.05, &power), "trials_per_arm");
    refused(llmlearn_stats_association_power(rates, 2, 1, 1, &power), "alpha_ratio");
    refused(llmlearn_stats_association_power(rates, 2, 1, 0.05, NULL), "out_power");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plans, rates, posteriors");
    TCase *tests = tcase_create("plans");
    tcase_add_test(tests, a_plan_counts_design_clusters_and_response);
    tcase_add_test(tests, size_power_and_effect_go_round);
    tcase_add_test(tests, whole_trials_stay_as_many);
    tcase_add_test(tests, a_power_that_any_test_has_needs_no_trials);
    tcase_add_test(tests, a_power_asked_for_needs_none_given);
    tcase_add_test(tests, rates_that_are_alike_leave_alpha_wherever_they_are);
    tcase_add_test(tests, what_cannot_be_reached_is_said);
    tcase_add_test(tests, what_chance_alone_finds_needs_no_trials);
    tcase_add_test(tests, an_effect_in_the_middle_of_the_range_is_found);
    tcase_add_test(tests, days_are_a_number_however_few_units_come);
    tcase_add_test(tests, the_power_of_many_arms_has_its_limits);
    tcase_add_test(tests, intervals_keep_their_order);
    tcase_add_test(tests, no_trials_say_so);
    tcase_add_test(tests, bad_rates_are_refused);
    tcase_add_test(tests, bad_posteriors_are_refused);
    tcase_add_test(tests, bad_plans_are_refused);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
