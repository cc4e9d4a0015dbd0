#include "stats/fisher.h"
#include "stats/limits.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ll_fisher_result fisher(uint64_t s1, uint64_t n1, uint64_t s2, uint64_t n2)
{
    ll_fisher_result result;

    ck_assert_int_eq(ll_fisher_test(s1, n1, s2, n2, &result), LL_FISHER_OK);
    return result;
}

static ll_fisher_result fisher_of_case(json_t *test_case)
{
    return fisher(in_count(test_case, "s1"), in_count(test_case, "n1"), in_count(test_case, "s2"),
                  in_count(test_case, "n2"));
}

static void run_set(const char *set, double tolerance)
{
    enum { P, MID_P, LN_P, END };
    figure figures[] = {
        [P] = { .name = "Fisher p", .relative = tolerance },
        [MID_P] = { .name = "Fisher mid-p", .relative = tolerance },
        [LN_P] = { .name = "Fisher ln p", .relative = tolerance, .absolute = 1e-12 },
        [END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        ll_fisher_result got = fisher_of_case(test_case);
        check_figure(&figures[P], test_case, got.p_value, out_string(test_case, "p_two"));
        check_figure(&figures[MID_P], test_case, got.mid_p_value,
                     out_string(test_case, "p_mid_two"));
        if (has_out(test_case, "ln_p_two")) {
            check_figure(&figures[LN_P], test_case, got.ln_p_value,
                         out_string(test_case, "ln_p_two"));
        }
    }
    if (figures[LN_P].count == 0)
        figures[LN_P].name = NULL; /* the set has none */
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(agrees_with_the_reference_cases)
{
    run_set("fisher2x2", 1e-10);
}
END_TEST

START_TEST(agrees_for_large_counts)
{
    run_set("fisher2x2_large", 1e-10);
}
END_TEST

START_TEST(agrees_with_printed_values)
{
    figure printed[] = { { .name = "Fisher, printed values", .relative = 1e-4 }, { 0 } };
    json_t *loaded = load_cases("published");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        char want[40];

        if (strcmp(json_string_value(json_object_get(test_case, "fn")), "fisher") != 0)
            continue;
        json_t *values = json_object_get(test_case, "published");
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, 0)));
        check_figure(printed, test_case, fisher_of_case(test_case).p_value, want);
    }
    print_figures(printed);
    json_decref(loaded);
}
END_TEST

/* Swapping the arms, or successes for failures, is the same table. */
START_TEST(a_mirrored_table_has_the_same_bits)
{
    uint64_t state = 7;

    for (int i = 0; i < 20000; i++) {
        uint64_t draw[4];
        for (int j = 0; j < 4; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            draw[j] = state >> 33;
        }
        uint64_t n1 = draw[0] % 60 + 1, n2 = draw[1] % 60 + 1;
        uint64_t s1 = draw[2] % (n1 + 1), s2 = draw[3] % (n2 + 1);
        ll_fisher_result a = fisher(s1, n1, s2, n2);
        ll_fisher_result b = fisher(n1 - s1, n1, n2 - s2, n2);
        ll_fisher_result c = fisher(s2, n2, s1, n1);
        ck_assert_double_le(fabs(a.p_value - b.p_value), 1e-14 * a.p_value);
        ck_assert_double_le(fabs(a.p_value - c.p_value), 1e-14 * a.p_value);
        ck_assert_double_le(fabs(a.mid_p_value - b.mid_p_value), 1e-14 * a.mid_p_value);
        ck_assert_double_le(fabs(a.mid_p_value - c.mid_p_value), 1e-14 * a.mid_p_value);
        ck_assert_double_le(a.mid_p_value, a.p_value);
    }
}
END_TEST

START_TEST(a_single_possible_table_proves_nothing)
{
    const uint64_t many = LL_STATS_COUNT_MAX;
    const uint64_t tables[][4] = { { 0, 0, 3, 5 },       { 0, 0, 0, 0 },       { 5, 5, 5, 5 },
                                   { 0, 9, 0, 9 },       { 0, many, 0, many }, { 0, 0, 1, many },
                                   { many, many, 1, 1 }, { 0, many, 0, 0 } };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        ll_fisher_result got = fisher(tables[i][0], tables[i][1], tables[i][2], tables[i][3]);
        ck_assert(got.p_value == 1.0);
        ck_assert(got.ln_p_value == 0.0);
        ck_assert(got.mid_p_value == 0.5);
    }
}
END_TEST

START_TEST(the_likeliest_table_has_p_one)
{
    ck_assert(fisher(500000, 1000000, 500000, 1000000).p_value == 1.0);
    ck_assert(fisher(3, 10, 2, 7).p_value == 1.0);
    ck_assert(fisher(5, 10, 5, 10).ln_p_value == 0.0);
}
END_TEST

START_TEST(too_many_tables_are_refused_and_nothing_is_written)
{
    const uint64_t n = LL_STATS_COUNT_MAX;
    ll_fisher_result result = { .p_value = 7.0, .ln_p_value = 8.0, .mid_p_value = 9.0 };

    ck_assert_int_eq(ll_fisher_test(n / 2, n, n / 2 + 100000000, n, &result), LL_FISHER_TOO_LARGE);
    ck_assert(result.p_value == 7.0 && result.ln_p_value == 8.0 && result.mid_p_value == 9.0);

    /* As many trials, but few successes: quick and exact. */
    ck_assert_int_eq(ll_fisher_test(0, n, 4, n, &result), LL_FISHER_OK);
    ck_assert_double_le(fabs(result.p_value - 0.125), 1e-12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats Fisher");
    TCase *tests = tcase_create("Fisher");
    tcase_add_test(tests, agrees_with_the_reference_cases);
    tcase_add_test(tests, agrees_for_large_counts);
    tcase_add_test(tests, agrees_with_printed_values);
    tcase_add_test(tests, a_mirrored_table_has_the_same_bits);
    tcase_add_test(tests, a_single_possible_table_proves_nothing);
    tcase_add_test(tests, the_likeliest_table_has_p_one);
    tcase_add_test(tests, too_many_tables_are_refused_and_nothing_is_written);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
