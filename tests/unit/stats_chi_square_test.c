#include "stats/chi_square.h"
#include "stats/limits.h"
#include "stats/wide.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_tail(const char *set)
{
    enum { SF, LN_SF, END };
    figure figures[] = {
        [SF] = { .name = "chi-square sf", .relative = 1e-12 },
        [LN_SF] = { .name = "chi-square ln sf", .relative = 1e-13 },
        [END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        if (!has_out(test_case, "sf"))
            continue; /* a quantile */
        double x = in_number(test_case, "x");
        uint32_t degrees = (uint32_t)in_count(test_case, "df");
        check_figure(&figures[SF], test_case, ll_chi_square_sf(x, degrees),
                     out_string(test_case, "sf"));
        check_figure(&figures[LN_SF], test_case, ll_chi_square_ln_sf(x, degrees),
                     out_string(test_case, "ln_sf"));
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(the_tail_agrees_with_the_reference_cases)
{
    run_tail("chi2");
}
END_TEST

START_TEST(the_tail_agrees_where_one_method_hands_over_to_another)
{
    run_tail("chi2_large");
}
END_TEST

static void run_tables(const char *set)
{
    enum { CHI_SQUARE, P, LN_P, V, EXPECTED, END };
    figure figures[] = {
        [CHI_SQUARE] = { .name = "Pearson X2", .relative = 1e-12 },
        [P] = { .name = "Pearson p", .relative = 1e-10 },
        [LN_P] = { .name = "Pearson ln p", .relative = 1e-12 },
        [V] = { .name = "Cramer's V", .relative = 1e-12 },
        [EXPECTED] = { .name = "smallest expected count", .relative = 1e-13 },
        [END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        uint64_t successes[CASE_ARMS_MAX], trials[CASE_ARMS_MAX];
        uint32_t arms = in_counts(test_case, "succ", successes);
        ll_chi_square_result got;

        ck_assert_uint_eq(in_counts(test_case, "n", trials), arms);
        ll_chi_square_test(successes, trials, arms, &got);
        check_figure(&figures[CHI_SQUARE], test_case, got.chi_square,
                     out_string(test_case, "chi2"));
        check_figure(&figures[P], test_case, got.p_value, out_string(test_case, "p"));
        check_figure(&figures[V], test_case, got.cramers_v, out_string(test_case, "V"));
        ck_assert_uint_eq(got.arms_used, out_count(test_case, "k_used"));
        ck_assert_uint_eq(got.trials, out_count(test_case, "N"));
        ck_assert_uint_eq(got.degrees, out_count(test_case, "df"));
        ck_assert_int_eq(got.no_variation, !has_out(test_case, "ln_p"));
        if (got.no_variation)
            continue;
        check_figure(&figures[LN_P], test_case, got.ln_p_value, out_string(test_case, "ln_p"));
        check_figure(&figures[EXPECTED], test_case, got.expected_min,
                     out_string(test_case, "min_expected"));
        ck_assert_uint_eq(got.cells_low, out_count(test_case, "cells_lt5"));
        ck_assert_int_eq(got.low_expected, got.cells_low > 0);
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(pearson_agrees_with_the_reference_cases)
{
    run_tables("kx2_tests");
}
END_TEST

START_TEST(pearson_agrees_for_large_counts_and_many_arms)
{
    run_tables("kx2_large");
}
END_TEST

START_TEST(pearson_agrees_with_printed_values)
{
    figure printed[] = { { .name = "Pearson, printed values", .absolute = 5e-5 }, { 0 } };
    json_t *loaded = load_cases("published");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        uint64_t successes[CASE_ARMS_MAX], trials[CASE_ARMS_MAX];
        ll_chi_square_result got;
        char want[40];

        if (strcmp(json_string_value(json_object_get(test_case, "fn")), "chi2_kx2") != 0)
            continue;
        uint32_t arms = in_counts(test_case, "succ", successes);
        in_counts(test_case, "n", trials);
        ll_chi_square_test(successes, trials, arms, &got);
        json_t *values = json_object_get(test_case, "published");
        printed->relative = 3e-4;
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, 0)));
        check_figure(printed, test_case, got.chi_square, want);
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, 1)));
        check_figure(printed, test_case, got.p_value, want);
    }
    print_figures(printed);
    json_decref(loaded);
}
END_TEST

/* n S = 5 N is an expected count of exactly 5, and not below it. */
START_TEST(an_expected_count_of_five_is_not_low)
{
    ll_chi_square_result got;

    /* Two arms of n, ten successes in all: five are expected in each. */
    for (uint64_t n = 10; n <= LL_STATS_COUNT_MAX / 10; n *= 10) {
        ll_chi_square_test((uint64_t[]){ 3, 7 }, (uint64_t[]){ n, n }, 2, &got);
        ck_assert(!got.low_expected);
        ck_assert(got.expected_min == 5.0);
        ll_chi_square_test((uint64_t[]){ 3, 7 }, (uint64_t[]){ n, n + 1 }, 2, &got);
        ck_assert(got.low_expected);
        ck_assert_uint_eq(got.cells_low, 1);
    }
}
END_TEST

START_TEST(an_effect_equal_to_its_threshold_does_not_exceed_it)
{
    json_t *loaded = load_cases("effect_large");
    json_t *test_case;
    uint32_t exceeding = 0;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        uint64_t successes[CASE_ARMS_MAX], trials[CASE_ARMS_MAX];
        uint32_t arms = in_counts(test_case, "succ", successes);
        bool want = json_is_true(json_object_get(json_object_get(test_case, "out"), "exceeds"));

        in_counts(test_case, "n", trials);
        bool got =
            ll_chi_square_effect_exceeds(successes, trials, arms, in_number(test_case, "v_min"));
        ck_assert_msg(got == want, "%s: %s, want %s", case_id(test_case), got ? "yes" : "no",
                      want ? "yes" : "no");
        exceeding += want;
    }
    ck_assert_uint_gt(exceeding, 0);
    ck_assert_uint_lt(exceeding, i);
    printf("effect against threshold     %4zu cases, %u exceed it\n", i, exceeding);
    json_decref(loaded);
}
END_TEST

START_TEST(an_effect_is_compared_at_both_ends_of_its_scale)
{
    const uint64_t apart_successes[2] = { 0, 10 }, trials[2] = { 10, 10 };
    const uint64_t equal_successes[2] = { 4, 4 }, none[2] = { 0, 0 };

    ck_assert(ll_chi_square_effect_exceeds(apart_successes, trials, 2, 0.0));
    ck_assert(ll_chi_square_effect_exceeds(apart_successes, trials, 2, 0.999999999));
    ck_assert(!ll_chi_square_effect_exceeds(apart_successes, trials, 2, 1.0));
    ck_assert(!ll_chi_square_effect_exceeds(apart_successes, trials, 2, 1e300));
    ck_assert(!ll_chi_square_effect_exceeds(equal_successes, trials, 2, 0.0));
    ck_assert(!ll_chi_square_effect_exceeds(none, trials, 2, 0.0));
    ck_assert(!ll_chi_square_effect_exceeds(none, none, 2, 0.0));
}
END_TEST

START_TEST(wide_numbers_carry_and_compare)
{
    ll_wide power, sum, other;

    /* 3^2000 doubled by addition is 2 * 3^2000 by multiplication. */
    ll_wide_set(&power, 1);
    for (int i = 0; i < 2000; i++)
        ll_wide_multiply(&power, 3);
    sum = power;
    ll_wide_add(&sum, &power);
    other = power;
    ll_wide_multiply(&other, 2);
    ck_assert_int_eq(ll_wide_compare(&sum, &other), 0);
    ck_assert_int_gt(ll_wide_compare(&sum, &power), 0);
    ck_assert_int_lt(ll_wide_compare(&power, &sum), 0);

    /* (2^64 - 1) + 1 carries into the second word. */
    ll_wide_set(&sum, UINT64_MAX);
    ll_wide_set(&other, 1);
    ll_wide_add(&sum, &other);
    ck_assert_uint_eq(sum.words[0], 0);
    ck_assert_uint_eq(sum.words[1], 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats chi-square");
    TCase *tests = tcase_create("chi-square");
    tcase_add_test(tests, the_tail_agrees_with_the_reference_cases);
    tcase_add_test(tests, the_tail_agrees_where_one_method_hands_over_to_another);
    tcase_add_test(tests, pearson_agrees_with_the_reference_cases);
    tcase_add_test(tests, pearson_agrees_for_large_counts_and_many_arms);
    tcase_add_test(tests, pearson_agrees_with_printed_values);
    tcase_add_test(tests, an_expected_count_of_five_is_not_low);
    tcase_add_test(tests, an_effect_equal_to_its_threshold_does_not_exceed_it);
    tcase_add_test(tests, an_effect_is_compared_at_both_ends_of_its_scale);
    tcase_add_test(tests, wide_numbers_carry_and_compare);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
