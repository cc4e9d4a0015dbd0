#include "stats/cramer.h"
#include "stats/limits.h"
#include "stats/pearson.h"
#include "stats/wide.h"
#include "support/stats_cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static double unbiased(const llmlearn_rate *arms, uint32_t arm_count)
{
    llmlearn_association found;

    ll_pearson_test(arms, arm_count, &found);
    return ll_cramer_unbiased(arms, arm_count, found.chi_square);
}

START_TEST(an_effect_equal_to_its_threshold_does_not_exceed_it)
{
    json_t *loaded = load_cases("effect_large");
    json_t *test_case;
    uint32_t exceeding = 0;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_rate arms[CASE_ARMS_MAX];
        uint32_t arm_count = in_arms(test_case, arms);
        bool want = json_is_true(json_object_get(json_object_get(test_case, "out"), "exceeds"));
        bool got = ll_cramer_exceeds(arms, arm_count, in_number(test_case, "v_min"));

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
    const llmlearn_rate apart[2] = { { 0, 10 }, { 10, 10 } }, equal[2] = { { 4, 10 }, { 4, 10 } };
    const llmlearn_rate alike[2] = { { 0, 10 }, { 0, 10 } }, none[2] = { { 0, 0 }, { 0, 0 } };

    ck_assert(ll_cramer_exceeds(apart, 2, 0.0));
    ck_assert(ll_cramer_exceeds(apart, 2, 0.999999999));
    ck_assert(!ll_cramer_exceeds(apart, 2, 1.0));
    ck_assert(!ll_cramer_exceeds(apart, 2, 1e300));
    ck_assert(!ll_cramer_exceeds(equal, 2, 0.0));
    ck_assert(!ll_cramer_exceeds(alike, 2, 0.0));
    ck_assert(!ll_cramer_exceeds(none, 2, 0.0));
}
END_TEST

/* X2 (N - 1)/N - (k - 1) times n1 n2 n3 N S F, an integer. */
static int64_t beyond_chance(const llmlearn_rate *a)
{
    int64_t n[3] = { (int64_t)a[0].trials, (int64_t)a[1].trials, (int64_t)a[2].trials };
    int64_t all = n[0] + n[1] + n[2], product = n[0] * n[1] * n[2], sum = 0;
    int64_t s = (int64_t)(a[0].successes + a[1].successes + a[2].successes);

    for (int i = 0; i < 3; i++) {
        int64_t excess = (int64_t)a[i].successes * all - n[i] * s;
        sum += excess * excess * (product / n[i]);
    }
    return sum * (all - 1) - 2 * product * all * s * (all - s);
}

/* All tables of three arms of up to nine trials. */
START_TEST(what_chance_makes_exactly_counts_for_nothing)
{
    uint32_t tables = 0, exact = 0;
    llmlearn_rate arms[54], table[3];
    uint32_t count = 0;

    for (uint64_t n = 1; n <= 9; n++)
        for (uint64_t s = 0; s <= n; s++)
            arms[count++] = (llmlearn_rate){ .successes = s, .trials = n };
    for (; tables < count * count * count; tables++) {
        table[0] = arms[tables % count];
        table[1] = arms[tables / count % count];
        table[2] = arms[tables / count / count];
        int64_t beyond = beyond_chance(table);
        double got = unbiased(table, 3);
        if ((got > 0) != (beyond > 0))
            ck_abort_msg("table %u: %g, but %lld", tables, got, (long long)beyond);
        exact += beyond == 0;
    }
    printf("unbiased V: %u of %u tables show exactly what chance makes\n", exact, tables);
    ck_assert_uint_gt(exact, 1000);
}
END_TEST

START_TEST(a_perfect_association_is_one_and_more_data_bring_it_to_cramers)
{
    const uint64_t n = LL_STATS_COUNT_MAX;
    const llmlearn_rate apart[2] = { { 0, 10 }, { 10, 10 } };
    const llmlearn_rate many[2] = { { n / 4, n }, { n / 2, n } };
    llmlearn_association found;

    ck_assert_double_eq_tol(unbiased(apart, 2), 1.0, 1e-15);
    ll_pearson_test(many, 2, &found);
    ck_assert_double_eq_tol(unbiased(many, 2), found.cramers_v, 1e-15);
}
END_TEST

START_TEST(wide_numbers_carry_borrow_and_compare)
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
    ll_wide_subtract(&sum, &power);
    ck_assert_int_eq(ll_wide_compare(&sum, &power), 0);
    ck_assert(ll_wide_ratio(&other, &power) == 2.0);
    ll_wide_multiply(&power, 7);
    ck_assert_double_eq_tol(ll_wide_ratio(&other, &power), 2.0 / 7.0, 1e-15);

    /* (2^64 - 1) + 1 carries into the second word, and back. */
    ll_wide_set(&sum, UINT64_MAX);
    ll_wide_set(&other, 1);
    ll_wide_add(&sum, &other);
    ck_assert_uint_eq(sum.words[0], 0);
    ck_assert_uint_eq(sum.words[1], 1);
    ck_assert(ll_wide_ratio(&sum, &other) == 0x1p64);
    ll_wide_subtract(&sum, &other);
    ck_assert_uint_eq(sum.words[0], UINT64_MAX);
    ck_assert_uint_eq(sum.words[1], 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats Cramer's V");
    TCase *tests = tcase_create("Cramer's V");
    tcase_add_test(tests, an_effect_equal_to_its_threshold_does_not_exceed_it);
    tcase_add_test(tests, an_effect_is_compared_at_both_ends_of_its_scale);
    tcase_add_test(tests, what_chance_makes_exactly_counts_for_nothing);
    tcase_add_test(tests, a_perfect_association_is_one_and_more_data_bring_it_to_cramers);
    tcase_add_test(tests, wide_numbers_carry_borrow_and_compare);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
