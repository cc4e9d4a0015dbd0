/* What reference cases do not show of a split: what it says of odd arms, and that its e-value is
 * what it claims to be. */
#include "simulation/draws.h"
#include "stats/limits.h"
#include "stats/split.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static llmlearn_split split_of(const uint64_t *counts, const double *weights, uint32_t count)
{
    llmlearn_split got = { .struct_size = sizeof got };

    ll_split_test(counts, weights, count, 1000.0, &got);
    ck_assert_uint_eq(got.struct_size, sizeof got);
    ck_assert_uint_eq(got.reserved, 0);
    return got;
}

static void expect_neutral(const llmlearn_split *got)
{
    ck_assert(got->ln_e_value == 0 && got->chi_square == 0 && got->deviation_max == 0);
    ck_assert(got->p_value == 1 && got->ln_p_value == 0);
}

START_TEST(nothing_to_compare_is_said_and_neutral)
{
    llmlearn_split got = split_of((uint64_t[]){ 0, 0 }, (double[]){ 1, 1 }, 2);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_DATA);
    ck_assert_uint_eq(got.degrees, 1);
    expect_neutral(&got);

    got = split_of((uint64_t[]){ 7 }, (double[]){ 1 }, 1);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_TOO_FEW_ARMS);
    expect_neutral(&got);

    got = split_of((uint64_t[]){ 0, 7, 0 }, (double[]){ 0, 3, 0 }, 3);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_TOO_FEW_ARMS);
    ck_assert_uint_eq(got.degrees, 0);
    expect_neutral(&got);
}
END_TEST

START_TEST(a_count_without_weight_is_said_and_takes_no_part)
{
    llmlearn_split with = split_of((uint64_t[]){ 520, 1, 480, 0 }, (double[]){ 1, 0, 1, 0 }, 4);
    llmlearn_split without = split_of((uint64_t[]){ 520, 480 }, (double[]){ 1, 1 }, 2);

    ck_assert_int_eq(with.status, LLMLEARN_STATS_MISASSIGNED);
    ck_assert_int_eq(without.status, LLMLEARN_STATS_OK);
    ck_assert_uint_eq(with.degrees, 1);
    ck_assert(with.ln_e_value == without.ln_e_value && with.p_value == without.p_value);
    ck_assert(with.deviation_max == without.deviation_max);
    ck_assert(fabs(with.deviation_max - 0.02) < 1e-16);

    with = split_of((uint64_t[]){ 0, 1, 0 }, (double[]){ 1, 0, 1 }, 3);
    ck_assert_int_eq(with.status, LLMLEARN_STATS_MISASSIGNED);
    expect_neutral(&with);
}
END_TEST

START_TEST(only_the_ratios_of_weights_matter)
{
    const uint64_t counts[3] = { 501, 298, 203 };
    llmlearn_split small = split_of(counts, (double[]){ 5, 3, 2 }, 3);
    llmlearn_split large = split_of(counts, (double[]){ 5 * 0x1p300, 3 * 0x1p300, 2 * 0x1p300 }, 3);
    llmlearn_split tiny =
        split_of(counts, (double[]){ 5 * 0x1p-300, 3 * 0x1p-300, 2 * 0x1p-300 }, 3);
    llmlearn_split turned = split_of((uint64_t[]){ 203, 501, 298 }, (double[]){ 2, 5, 3 }, 3);

    ck_assert(small.ln_e_value == large.ln_e_value && small.ln_e_value == tiny.ln_e_value);
    ck_assert(small.p_value == large.p_value && small.p_value == tiny.p_value);
    ck_assert(fabs(small.ln_e_value - turned.ln_e_value) < 1e-13);
    ck_assert(fabs(small.chi_square - turned.chi_square) < 1e-13);
}
END_TEST

/* The sum over all outcomes of n draws of probability times e is 1: that is what makes it an
 * e-value. Here for every n up to 12, by the probability of the counts. */
START_TEST(its_expectation_is_one)
{
    const double weights[3] = { 0.5, 0.375, 0.125 };

    for (uint64_t n = 1; n <= 12; n++) {
        double sum = 0.0;
        for (uint64_t a = 0; a <= n; a++) {
            for (uint64_t b = 0; a + b <= n; b++) {
                const uint64_t counts[3] = { a, b, n - a - b };
                double probability = 1.0;
                uint64_t drawn = 0;
                for (int i = 0; i < 3; i++)
                    for (uint64_t j = 1; j <= counts[i]; j++)
                        probability *= weights[i] * (double)++drawn / (double)j;
                llmlearn_split got = { .struct_size = sizeof got };
                ll_split_test(counts, weights, 3, 10.0, &got);
                sum += probability * exp(got.ln_e_value);
            }
        }
        ck_assert_msg(fabs(sum - 1.0) < 1e-13, "n = %d: %.17g", (int)n, sum);
    }
}
END_TEST

/* Forty instead of fifty percent: found after 610 counts or so, at 100 to 1. */
START_TEST(a_mismatch_is_found)
{
    llmlearn_split got = { .struct_size = sizeof got };

    ll_split_test((uint64_t[]){ 400, 600 }, (double[]){ 1, 1 }, 2, 100.0, &got);
    ck_assert(got.ln_e_value > log(1000));
    ll_split_test((uint64_t[]){ 500, 500 }, (double[]){ 1, 1 }, 2, 100.0, &got);
    ck_assert(got.ln_e_value < 0);
}
END_TEST

/* One count after another, in any order: their gains come to the e-value of all. And whatever the
 * counts are, what is gained by the next is 1 in the mean. */
START_TEST(gains_add_up_to_the_e_value)
{
    const double weights[3] = { 0.7, 0.25, 0.05 };
    draws d = draws_begin(3);
    uint64_t counts[3] = { 0 };
    double ln_e = 0;

    for (uint64_t n = 0; n < 20000; n++) {
        double mean = 0, real = draw_real(&d);
        for (int j = 0; j < 3; j++)
            mean += weights[j] * exp(ll_split_gain(counts[j], n, weights[j], 1000.0));
        ck_assert_msg(fabs(mean - 1) < 1e-13, "after %d: %.17g", (int)n, mean);
        int arm = real < 0.65 ? 0 : real < 0.93 ? 1 : 2;
        ln_e += ll_split_gain(counts[arm], n, weights[arm], 1000.0);
        counts[arm]++;
        if (n % 100 == 0)
            ck_assert(fabs(ln_e - split_of(counts, weights, 3).ln_e_value) < 1e-9);
    }
    ck_assert(ln_e > 20);
}
END_TEST

START_TEST(any_counts_and_weights_give_numbers)
{
    draws d = draws_begin(1);

    for (int i = 0; i < 100000; i++) {
        uint64_t counts[LL_STATS_ARMS_MAX];
        double weights[LL_STATS_ARMS_MAX];
        uint32_t arms = 1 + (uint32_t)draw_below(&d, draw_below(&d, 10) > 0 ? 4 : 64);
        llmlearn_split got = { .struct_size = sizeof got };
        for (uint32_t j = 0; j < arms; j++) {
            counts[j] = draw_below(&d, (UINT64_C(1) << draw_below(&d, 54)) + 1);
            weights[j] = draw_event(&d, 0.1) ? 0.0 : pow(10.0, 200.0 * draw_real(&d) - 100.0);
            if (draw_event(&d, 0.7))
                weights[j] = draw_real(&d) + 1e-9;
        }
        weights[0] = draw_event(&d, 0.5) ? LL_SPLIT_WEIGHT_MAX : LL_SPLIT_WEIGHT_MIN;
        ll_split_test(counts, weights, arms, pow(10.0, 9.0 * draw_real(&d)), &got);
        if (!isfinite(got.ln_e_value) || !isfinite(got.chi_square) || got.chi_square < 0 ||
            !(got.p_value >= 0 && got.p_value <= 1) || !isfinite(got.ln_p_value) ||
            !(got.deviation_max >= 0 && got.deviation_max <= 1))
            ck_abort_msg("round %d: ln e %g, X2 %g, p %g, ln p %g, deviation %.17g", i,
                         got.ln_e_value, got.chi_square, got.p_value, got.ln_p_value,
                         got.deviation_max);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats split");
    TCase *tests = tcase_create("split");

    tcase_add_test(tests, nothing_to_compare_is_said_and_neutral);
    tcase_add_test(tests, a_count_without_weight_is_said_and_takes_no_part);
    tcase_add_test(tests, only_the_ratios_of_weights_matter);
    tcase_add_test(tests, its_expectation_is_one);
    tcase_add_test(tests, a_mismatch_is_found);
    tcase_add_test(tests, gains_add_up_to_the_e_value);
    tcase_add_test(tests, any_counts_and_weights_give_numbers);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
