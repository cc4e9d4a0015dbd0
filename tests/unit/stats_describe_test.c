#include "stats/describe.h"
#include "support/draw.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* So many that most of the values need not be sorted; and so few that all are. */
#define VALUES_MAX 200000
#define FEW 5000

static llmlearn_summary describe(const double *values, uint64_t count)
{
    static uint64_t workspace[2 * VALUES_MAX];
    llmlearn_summary got = { .struct_size = 7 };

    ck_assert_uint_le(count, VALUES_MAX);
    ll_describe(values, count, workspace, &got);
    ck_assert_uint_eq(got.struct_size, 7);
    return got;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double interpolated(const double *sorted, uint64_t count, double share)
{
    double place = share * (double)(count - 1);
    uint64_t below = (uint64_t)place;
    double rest = place - (double)below;

    return below + 1 < count ? (1.0 - rest) * sorted[below] + rest * sorted[below + 1]
                             : sorted[below];
}

/* Any doubles, in any order, against the C library's sort. */
START_TEST(quantiles_are_those_of_the_sorted_values)
{
    static double values[VALUES_MAX], sorted[VALUES_MAX];
    draw d = { .state = 1 };

    for (uint64_t count = 1; count <= VALUES_MAX; count = count * 6 / 5 + 1) {
        uint64_t kinds = draw_below(&d, 3); /* few different values; any; all in one binade */
        for (uint64_t i = 0; i < count; i++) {
            double share = draw_share(&d);
            if (kinds == 0)
                values[i] = floor(6.0 * share) - 3.0;
            else if (kinds == 1)
                values[i] = ldexp(share - 0.5, (int)draw_below(&d, 40) - 20);
            else
                values[i] = 1.0 + share;
        }
        memcpy(sorted, values, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_value);
        llmlearn_summary got = describe(values, count);
        double slack = DBL_MIN + 1e-12 * fmax(fabs(sorted[0]), fabs(sorted[count - 1]));
        ck_assert(got.min == sorted[0] && got.max == sorted[count - 1]);
        ck_assert_double_eq_tol(got.q50, interpolated(sorted, count, 0.5), slack);
        ck_assert_double_eq_tol(got.q90, interpolated(sorted, count, 0.9), slack);
        ck_assert_double_eq_tol(got.q95, interpolated(sorted, count, 0.95), slack);
        ck_assert_double_eq_tol(got.q99, interpolated(sorted, count, 0.99), slack);
        ck_assert(got.q50 <= got.q90 && got.q90 <= got.q95 && got.q95 <= got.q99);
    }
}
END_TEST

/* A place that is whole is found exactly: 0.9 as a double would be beside it. */
START_TEST(a_quantile_at_a_value_is_that_value)
{
    static double values[VALUES_MAX];

    for (uint64_t count = 101; count <= VALUES_MAX; count += count < FEW ? 100 : 6500) {
        for (uint64_t i = 0; i < count; i++)
            values[i] = 1.0 / (double)(count - i);
        llmlearn_summary got = describe(values, count);
        ck_assert(got.q50 == values[(count - 1) / 2]);
        ck_assert(got.q90 == values[(count - 1) / 10 * 9]);
        ck_assert(got.q95 == values[(count - 1) / 20 * 19]);
        ck_assert(got.q99 == values[(count - 1) / 100 * 99]);
    }
}
END_TEST

START_TEST(values_are_not_changed_nor_their_order_noticed)
{
    const double values[] = { 3.5, -1.0, 1e9, 0.25, -7.75, 3.5, 1e-9 };
    double reversed[7], before[7];

    for (int i = 0; i < 7; i++)
        reversed[i] = values[6 - i];
    memcpy(before, reversed, sizeof before);
    llmlearn_summary one = describe(values, 7), other = describe(reversed, 7);
    ck_assert_mem_eq(before, reversed, sizeof before);
    ck_assert(one.mean == other.mean && one.q90 == other.q90 && one.q50 == other.q50);
    ck_assert(fabs(one.variance - other.variance) <= 0x1p-52 * one.variance);
}
END_TEST

/* Just as many as that not all are sorted, and one fewer: with the same median. */
START_TEST(many_values_are_described_as_few_are)
{
    const uint64_t many = 1 << 16;
    static double values[1 << 16];
    draw d = { .state = 6 };

    for (int round = 0; round < 100; round++) {
        uint64_t different = 1 + draw_below(&d, 400);
        for (uint64_t i = 0; i < many; i++)
            values[i] = (double)draw_below(&d, different) - 0.3 * (double)different;
        values[many - 1] = describe(values, many - 1).q50;
        llmlearn_summary one = describe(values, many - 1), other = describe(values, many);
        ck_assert(one.q50 == other.q50 && one.min == other.min && one.max == other.max);
        ck_assert(fabs(one.q99 - other.q99) <= 1.0 && fabs(one.q90 - other.q90) <= 1.0);
    }
}
END_TEST

START_TEST(an_offset_changes_no_digit_of_the_spread)
{
    static double values[VALUES_MAX];
    draw d = { .state = 5 };

    for (int i = 0; i < VALUES_MAX; i++)
        values[i] = (double)draw_below(&d, 1000);
    double spread = describe(values, VALUES_MAX).variance;
    for (double offset = 1.0; offset < 0x1p52; offset *= 16) {
        for (int i = 0; i < VALUES_MAX; i++)
            values[i] += offset;
        llmlearn_summary got = describe(values, VALUES_MAX);
        ck_assert(fabs(got.variance - spread) <= 0x1p-50 * spread);
        for (int i = 0; i < VALUES_MAX; i++)
            values[i] -= offset;
    }
}
END_TEST

START_TEST(a_factor_of_two_moves_only_the_exponent)
{
    const double values[] = { 1.1, 2.3, -0.7, 19.9, 4.0 / 3.0 };
    llmlearn_summary one = describe(values, 5);

    for (int exponent = -1000; exponent <= 1000; exponent += 50) {
        double scaled[5];
        for (int i = 0; i < 5; i++)
            scaled[i] = ldexp(values[i], exponent);
        llmlearn_summary got = describe(scaled, 5);
        ck_assert(got.mean == ldexp(one.mean, exponent));
        ck_assert(got.deviation == ldexp(one.deviation, exponent));
        ck_assert(got.q95 == ldexp(one.q95, exponent));
        ck_assert(got.variance == fmin(ldexp(one.variance, 2 * exponent), DBL_MAX));
    }
}
END_TEST

START_TEST(equal_values_have_no_spread_at_all)
{
    const double same[] = { 0.1, 1.0 / 3.0, 1e-310, 1e300, -DBL_MAX, 5e-324, 0.0 };
    double values[77];

    for (int which = 0; which < 7; which++) {
        for (uint64_t count = 2; count <= 77; count++) {
            for (uint64_t i = 0; i < count; i++)
                values[i] = same[which];
            llmlearn_summary got = describe(values, count);
            ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
            ck_assert(got.mean == same[which] && got.q90 == same[which]);
            ck_assert(got.variance == 0.0 && got.deviation == 0.0);
        }
    }
}
END_TEST

START_TEST(a_spread_past_all_doubles_is_the_largest)
{
    const double values[] = { -DBL_MAX, DBL_MAX };
    llmlearn_summary got = describe(values, 2);

    ck_assert(got.variance == DBL_MAX && got.deviation == DBL_MAX);
    ck_assert(got.mean == 0.0 && got.q50 == 0.0);
    ck_assert(got.q90 > 1.4e308 && got.q99 < DBL_MAX);
}
END_TEST

START_TEST(a_negative_zero_is_a_zero)
{
    const double values[] = { 0.0, -0.0, -0.0 };
    llmlearn_summary got = describe(values, 3);

    ck_assert(!signbit(got.min) && !signbit(got.max) && !signbit(got.q50) && !signbit(got.mean));
}
END_TEST

START_TEST(no_value_and_one_value_are_told_apart)
{
    const double value = -2.5;
    llmlearn_summary got = { .struct_size = 7, .mean = 3.0, .q99 = 3.0 };

    ll_describe(NULL, 0, NULL, &got);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_DATA);
    ck_assert(got.count == 0 && got.mean == 0.0 && got.max == 0.0 && got.q99 == 0.0);

    got = describe(&value, 1);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_TOO_FEW);
    ck_assert(got.count == 1 && got.mean == value && got.min == value && got.q99 == value);
    ck_assert(got.variance == 0.0 && got.deviation == 0.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats describe");
    TCase *tests = tcase_create("describe");
    tcase_add_test(tests, quantiles_are_those_of_the_sorted_values);
    tcase_add_test(tests, a_quantile_at_a_value_is_that_value);
    tcase_add_test(tests, values_are_not_changed_nor_their_order_noticed);
    tcase_add_test(tests, many_values_are_described_as_few_are);
    tcase_add_test(tests, an_offset_changes_no_digit_of_the_spread);
    tcase_add_test(tests, a_factor_of_two_moves_only_the_exponent);
    tcase_add_test(tests, equal_values_have_no_spread_at_all);
    tcase_add_test(tests, a_spread_past_all_doubles_is_the_largest);
    tcase_add_test(tests, a_negative_zero_is_a_zero);
    tcase_add_test(tests, no_value_and_one_value_are_told_apart);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
