#include "stats/limits.h"
#include "stats/ratings.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX LL_STATS_COUNT_MAX

static llmlearn_ratings compare(const uint64_t *control, const uint64_t *variant)
{
    llmlearn_ratings got = { .struct_size = 7 };

    ll_ratings_compare(control, variant, 0.95, &got);
    ck_assert_uint_eq(got.struct_size, 7);
    return got;
}

static bool is_near(double got, double want, double relative)
{
    return fabs(got - want) <= relative * fabs(want);
}

/* U of a split of pooled ratings: bit i of `mask` puts rating i on the variant's side. */
static double u_of_split(const int *ratings, int count, unsigned mask)
{
    double u = 0.0;

    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            if (((mask >> i) & 1) == 1 && ((mask >> j) & 1) == 0)
                u += ratings[i] > ratings[j] ? 1.0 : ratings[i] == ratings[j] ? 0.5 : 0.0;
        }
    }
    return u;
}

static void count_split(const int *ratings, int count, unsigned mask, uint64_t *control,
                        uint64_t *variant)
{
    memset(control, 0, LL_RATINGS_STARS * sizeof *control);
    memset(variant, 0, LL_RATINGS_STARS * sizeof *variant);
    for (int i = 0; i < count; i++) {
        if ((mask >> i) & 1)
            variant[ratings[i] - 1]++;
        else
            control[ratings[i] - 1]++;
    }
}

/* Under the hypothesis every split of the pooled ratings is as likely; so mean and variance of
 * U over all splits are what z stands on, ties and all. */
START_TEST(z_is_u_in_units_of_its_deviation_over_all_splits)
{
    const int ratings[] = { 1, 1, 2, 3, 3, 3, 4, 5, 5, 2, 5 };
    const int count = sizeof ratings / sizeof ratings[0];

    for (int size = 1; size < count; size++) {
        uint64_t control[LL_RATINGS_STARS], variant[LL_RATINGS_STARS];
        double sum = 0.0, squares = 0.0, splits = 0.0;

        for (unsigned mask = 0; mask < 1u << count; mask++) {
            if (__builtin_popcount(mask) != size)
                continue;
            double u = u_of_split(ratings, count, mask);
            sum += u;
            squares += u * u;
            splits++;
        }
        double mean = sum / splits;
        double deviation = sqrt(squares / splits - mean * mean);
        for (unsigned mask = 0; mask < 1u << count; mask += 7) {
            if (__builtin_popcount(mask) != size)
                continue;
            count_split(ratings, count, mask, control, variant);
            llmlearn_ratings got = compare(control, variant);
            double u = u_of_split(ratings, count, mask);
            ck_assert(got.u == u);
            ck_assert(is_near(got.superiority, u / (size * (count - size)), 1e-15));
            ck_assert_double_eq_tol(got.z, (u - mean) / deviation, 1e-12);
            double half_less = fmax(fabs(u - mean) - 0.5, 0.0) / deviation;
            ck_assert_double_eq_tol(got.p_value, erfc(half_less / sqrt(2.0)), 1e-12);
        }
    }
}
END_TEST

START_TEST(exchanging_the_sides_mirrors_everything)
{
    const uint64_t sides[][LL_RATINGS_STARS] = {
        { 3, 1, 4, 1, 5 },         { 9, 2, 6, 5, 3 }, { 0, 0, 0, 0, MAX },
        { MAX, MAX, 1, MAX, MAX }, { 0, 1, 0, 0, 0 }, { 7, 0, 0, 0, 7 },
    };

    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            llmlearn_ratings one = compare(sides[i], sides[j]);
            llmlearn_ratings other = compare(sides[j], sides[i]);
            ck_assert(one.z == -other.z && one.p_value == other.p_value);
            ck_assert(one.difference == -other.difference);
            ck_assert(one.low == -other.high && one.high == -other.low);
            ck_assert(one.t == -other.t && one.mean_p_value == other.mean_p_value);
            ck_assert(one.degrees == other.degrees);
            ck_assert(one.control_mean == other.variant_mean);
            ck_assert(is_near(one.superiority + other.superiority, 1.0, 0x1p-52));
        }
    }
}
END_TEST

START_TEST(one_pair_in_2_to_the_110_is_seen)
{
    const uint64_t control[] = { MAX, MAX, MAX, MAX, MAX };
    uint64_t variant[] = { MAX, MAX, MAX, MAX, MAX };

    ck_assert(compare(control, variant).z == 0.0);
    variant[2] = MAX - 1;
    ck_assert(compare(control, variant).z == 0.0); /* as many pairs above as below */
    variant[3] = MAX - 1;
    ck_assert(compare(control, variant).z < 0.0);
    variant[1] = MAX - 1;
    ck_assert(compare(control, variant).z == 0.0);
}
END_TEST

START_TEST(half_a_pair_is_no_evidence)
{
    const uint64_t control[] = { 0, 1, 0, 0, 0 }, variant[] = { 0, 0, 1, 0, 0 };
    llmlearn_ratings got = compare(control, variant);

    ck_assert(got.u == 1.0 && got.superiority == 1.0 && got.z == 1.0);
    ck_assert(got.p_value == 1.0);
}
END_TEST

START_TEST(ratings_all_alike_are_said_to_be)
{
    const uint64_t many[] = { 0, 0, 0, MAX, 0 }, few[] = { 0, 0, 0, 2, 0 };
    llmlearn_ratings got = compare(many, few);

    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_VARIATION);
    ck_assert_int_eq(got.mean_status, LLMLEARN_STATS_NO_VARIATION);
    ck_assert(got.superiority == 0.5 && got.z == 0.0 && got.p_value == 1.0);
    ck_assert(got.control_mean == 4.0 && got.variant_mean == 4.0);
    ck_assert(got.low == 0.0 && got.high == 0.0 && got.mean_p_value == 1.0);
}
END_TEST

START_TEST(means_without_spread_may_still_differ_in_rank)
{
    const uint64_t control[] = { 0, 30, 0, 0, 0 }, variant[] = { 0, 0, 0, 0, 30 };
    llmlearn_ratings got = compare(control, variant);

    ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    ck_assert(got.p_value < 1e-10 && got.superiority == 1.0);
    ck_assert_int_eq(got.mean_status, LLMLEARN_STATS_NO_VARIATION);
    ck_assert(got.difference == 3.0 && got.low == 3.0 && got.high == 3.0);
    ck_assert(got.t == 0.0 && got.degrees == 0.0 && got.mean_p_value == 1.0);
}
END_TEST

START_TEST(an_empty_side_leaves_the_other_its_mean)
{
    const uint64_t none[LL_RATINGS_STARS] = { 0 }, some[] = { 1, 0, 0, 0, 1 };
    llmlearn_ratings got = compare(none, some);

    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_DATA);
    ck_assert_int_eq(got.mean_status, LLMLEARN_STATS_NO_DATA);
    ck_assert(got.control_mean == 0.0 && got.variant_mean == 3.0 && got.variant_variance == 8.0);
    ck_assert(got.u == 0.0 && got.superiority == 0.5 && got.z == 0.0 && got.p_value == 1.0);
    ck_assert(got.difference == 0.0 && got.low == 0.0 && got.high == 0.0);

    got = compare(none, none);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_DATA);
    ck_assert(got.variant_mean == 0.0);
}
END_TEST

START_TEST(a_single_rating_has_a_rank_but_no_spread)
{
    const uint64_t one[] = { 0, 0, 0, 0, 1 }, some[] = { 5, 5, 5, 5, 0 };
    llmlearn_ratings got = compare(some, one);

    ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    ck_assert(got.superiority == 1.0 && got.p_value < 1.0);
    ck_assert_int_eq(got.mean_status, LLMLEARN_STATS_TOO_FEW);
    ck_assert(got.difference == 2.5 && got.low == 2.5 && got.high == 2.5);
    ck_assert(got.variant_variance == 0.0 && got.mean_p_value == 1.0);
}
END_TEST

START_TEST(a_mean_stays_between_1_and_5_stars)
{
    for (uint64_t count = 1; count <= MAX - 11; count = 3 * count / 2 + 11) {
        const uint64_t lowest[] = { count, 0, 0, 0, 0 }, highest[] = { 0, 0, 0, 0, count };
        llmlearn_ratings got = compare(lowest, highest);
        ck_assert(got.control_mean == 1.0 && got.variant_mean == 5.0 && got.difference == 4.0);
        ck_assert(got.superiority == 1.0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats ratings");
    TCase *tests = tcase_create("ratings");
    tcase_add_test(tests, z_is_u_in_units_of_its_deviation_over_all_splits);
    tcase_add_test(tests, exchanging_the_sides_mirrors_everything);
    tcase_add_test(tests, one_pair_in_2_to_the_110_is_seen);
    tcase_add_test(tests, half_a_pair_is_no_evidence);
    tcase_add_test(tests, ratings_all_alike_are_said_to_be);
    tcase_add_test(tests, means_without_spread_may_still_differ_in_rank);
    tcase_add_test(tests, an_empty_side_leaves_the_other_its_mean);
    tcase_add_test(tests, a_single_rating_has_a_rank_but_no_spread);
    tcase_add_test(tests, a_mean_stays_between_1_and_5_stars);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
