/* Welch's t, and what a guardrail makes of it. */
#include "stats/mean.h"
#include "stats/ratings.h"
#include "stats/student_t.h"
#include "stats/welch.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static llmlearn_noninferiority compare(llmlearn_mean control, llmlearn_mean variant, double margin)
{
    llmlearn_noninferiority got = { .struct_size = 7 };

    ll_mean_not_worse(&control, &variant, margin, 0.05, &got);
    ck_assert_uint_eq(got.struct_size, 7);
    return got;
}

static bool is_near(double got, double want, double relative)
{
    return fabs(got - want) <= relative * fabs(want);
}

START_TEST(equal_spreads_give_students_own_test)
{
    const ll_welch_side side = { .count = 12, .error = 0.75 };
    ll_welch got = ll_welch_test(3.0, side, side);

    ck_assert(is_near(got.error, 0.75 * sqrt(2.0), 0x1p-52));
    ck_assert(is_near(got.t, 3.0 / (0.75 * sqrt(2.0)), 0x1p-52));
    ck_assert(is_near(got.degrees, 22.0, 1e-15));
}
END_TEST

START_TEST(degrees_lie_between_the_smaller_sides_and_both_together)
{
    for (double ratio = 1e-200; ratio < 1e200; ratio *= 1e7) {
        ll_welch got = ll_welch_test(1.0, (ll_welch_side){ .count = 5, .error = 1.0 },
                                     (ll_welch_side){ .count = 900, .error = ratio });
        ck_assert(got.degrees >= 4.0 * (1 - 0x1p-50) && got.degrees <= 903.0 * (1 + 0x1p-50));
    }
}
END_TEST

START_TEST(a_t_too_large_for_a_double_is_the_largest)
{
    const ll_welch_side side = { .count = 2, .error = 1e-160 };

    ck_assert(ll_welch_test(1e300, side, side).t == DBL_MAX);
    ck_assert(ll_welch_test(-1e300, side, side).t == -DBL_MAX);
}
END_TEST

/* 1 to 5 stars given by hand; without a margin it is the t-test of the ratings. */
START_TEST(without_a_margin_it_is_the_test_of_the_ratings)
{
    const uint64_t control[] = { 5, 2, 1, 1, 4 }, variant[] = { 1, 0, 4, 3, 9 };
    llmlearn_ratings r;

    ll_ratings_compare(control, variant, 0.95, &r);
    llmlearn_noninferiority got =
        compare((llmlearn_mean){ 13, r.control_mean, r.control_variance },
                (llmlearn_mean){ 17, r.variant_mean, r.variant_variance }, 0.0);
    ck_assert(is_near(got.statistic, -r.t, 1e-14) && is_near(got.degrees, r.degrees, 1e-14));
    ck_assert(is_near(2.0 * fmin(got.p_value, got.p_worse), r.mean_p_value, 1e-13));
}
END_TEST

/* The margin is on the hypothesis: scaling the control by hand changes nothing. */
START_TEST(a_margin_scales_the_control)
{
    const llmlearn_mean control = { 40, 200.0, 900.0 }, scaled = { 40, 250.0, 1406.25 };
    const llmlearn_mean variant = { 30, 240.0, 1600.0 };
    llmlearn_noninferiority one = compare(control, variant, 0.25);
    llmlearn_noninferiority other = compare(scaled, variant, 0.0);

    ck_assert(is_near(one.statistic, other.statistic, 1e-15));
    ck_assert(is_near(one.degrees, other.degrees, 1e-15));
}
END_TEST

START_TEST(the_verdict_follows_the_smaller_p)
{
    const llmlearn_mean control = { 1000, 100.0, 400.0 };

    for (double mean = 105.0; mean < 115.0; mean += 0.1) {
        llmlearn_noninferiority got = compare(control, (llmlearn_mean){ 900, mean, 500.0 }, 0.1);
        ck_assert((got.guardrail == LLMLEARN_GUARDRAIL_PASS) == (got.p_value < 0.05));
        ck_assert((got.guardrail == LLMLEARN_GUARDRAIL_FAIL) == (got.p_worse < 0.05));
        ck_assert((got.statistic > 0) == (mean < 110.0));
        ck_assert(is_near(got.p_value + got.p_worse, 1.0, 1e-15));
        ck_assert(got.p_value == ll_student_t_sf(got.statistic, got.degrees));
    }
}
END_TEST

START_TEST(an_alpha_above_one_half_still_gives_one_verdict)
{
    const llmlearn_mean control = { 10, 100.0, 400.0 };
    const llmlearn_mean better = { 10, 109.0, 400.0 }, worse = { 10, 111.0, 400.0 };
    llmlearn_noninferiority got;

    ll_mean_not_worse(&control, &better, 0.1, 0.9, &got);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_PASS);
    ll_mean_not_worse(&control, &worse, 0.1, 0.9, &got);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_FAIL);
}
END_TEST

START_TEST(without_spread_the_means_decide)
{
    llmlearn_noninferiority got =
        compare((llmlearn_mean){ 2, 10.0, 0.0 }, (llmlearn_mean){ 2, 13.0, 0.0 }, 0.3);

    /* 0.3 is no double; the limit of 13 is met all the same. */
    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_VARIATION);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_PASS);
    ck_assert(got.statistic == 0.0 && got.degrees == 0.0);
    ck_assert(got.p_value == 1.0 && got.p_worse == 1.0);

    got = compare((llmlearn_mean){ 2, 10.0, 0.0 }, (llmlearn_mean){ 2, 13.000001, 0.0 }, 0.3);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_FAIL);
    got = compare((llmlearn_mean){ 2, 0.0, 0.0 }, (llmlearn_mean){ 2, 0.0, 0.0 }, 0.3);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_PASS);
    got = compare((llmlearn_mean){ 2, 0.0, 0.0 }, (llmlearn_mean){ 2, 5e-324, 0.0 }, 0.3);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_FAIL);
}
END_TEST

START_TEST(the_smallest_spread_is_a_spread)
{
    llmlearn_noninferiority got = compare((llmlearn_mean){ UINT64_C(1) << 53, 1.0, 5e-324 },
                                          (llmlearn_mean){ 2, 1.0, 0.0 }, -1.0 + 0x1p-53);

    ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_FAIL);
    ck_assert(isfinite(got.statistic) && got.statistic < -1e100);
}
END_TEST

START_TEST(what_few_values_leave_undefined_is_not_read)
{
    const llmlearn_mean none = { 0, NAN, NAN }, one = { 1, 3.0, NAN }, some = { 9, 3.0, 1.0 };

    ck_assert_int_eq(compare(none, some, 0.1).status, LLMLEARN_STATS_NO_DATA);
    ck_assert_int_eq(compare(some, none, 0.1).status, LLMLEARN_STATS_NO_DATA);
    ck_assert_int_eq(compare(none, one, 0.1).status, LLMLEARN_STATS_NO_DATA);
    llmlearn_noninferiority got = compare(one, some, 0.1);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_TOO_FEW);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_UNKNOWN);
    ck_assert(got.statistic == 0.0 && got.p_value == 1.0 && got.p_worse == 1.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats means");
    TCase *tests = tcase_create("means");
    tcase_add_test(tests, equal_spreads_give_students_own_test);
    tcase_add_test(tests, degrees_lie_between_the_smaller_sides_and_both_together);
    tcase_add_test(tests, a_t_too_large_for_a_double_is_the_largest);
    tcase_add_test(tests, without_a_margin_it_is_the_test_of_the_ratings);
    tcase_add_test(tests, a_margin_scales_the_control);
    tcase_add_test(tests, the_verdict_follows_the_smaller_p);
    tcase_add_test(tests, an_alpha_above_one_half_still_gives_one_verdict);
    tcase_add_test(tests, without_spread_the_means_decide);
    tcase_add_test(tests, the_smallest_spread_is_a_spread);
    tcase_add_test(tests, what_few_values_leave_undefined_is_not_read);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
