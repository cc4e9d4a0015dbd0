#include "stats/interval.h"
#include "stats/limits.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ll_interval wilson_of_case(json_t *test_case)
{
    return ll_interval_wilson(in_count(test_case, "s"), in_count(test_case, "n"),
                              in_number(test_case, "conf"));
}

static ll_interval newcombe_of_case(json_t *test_case)
{
    return ll_interval_newcombe(in_count(test_case, "s1"), in_count(test_case, "n1"),
                                in_count(test_case, "s2"), in_count(test_case, "n2"),
                                in_number(test_case, "conf"));
}

static void run_set(const char *set, const char *name, double tolerance, double absolute,
                    ll_interval (*interval_of_case)(json_t *))
{
    char low[40], high[40];
    snprintf(low, sizeof low, "%s low end", name);
    snprintf(high, sizeof high, "%s high end", name);
    figure figures[] = {
        { .name = low, .relative = tolerance, .absolute = absolute },
        { .name = high, .relative = tolerance, .absolute = absolute },
        { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        ll_interval got = interval_of_case(test_case);
        check_figure(&figures[0], test_case, got.low, out_end(test_case, name, 0));
        check_figure(&figures[1], test_case, got.high, out_end(test_case, name, 1));
        ck_assert(!got.no_data);
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(wilson_agrees_with_the_reference_cases)
{
    run_set("proportion_ci", "wilson", 1e-12, 1e-15, wilson_of_case);
}
END_TEST

START_TEST(wilson_agrees_at_its_limits)
{
    run_set("proportion_ci_large", "wilson", 1e-12, 0.0, wilson_of_case);
}
END_TEST

START_TEST(newcombe_agrees_with_the_reference_cases)
{
    run_set("difference_ci", "newcombe", 1e-11, 0.0, newcombe_of_case);
}
END_TEST

START_TEST(newcombe_agrees_for_large_counts)
{
    run_set("difference_ci_large", "newcombe", 1e-11, 0.0, newcombe_of_case);
}
END_TEST

START_TEST(both_agree_with_printed_values)
{
    figure printed[] = { { .name = "intervals, printed values", .absolute = 6e-5 }, { 0 } };
    json_t *loaded = load_cases("published");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        const char *fn = json_string_value(json_object_get(test_case, "fn"));
        json_t *values = json_object_get(test_case, "published");
        ll_interval got;
        char want[40];

        if (strcmp(fn, "wilson") == 0)
            got = wilson_of_case(test_case);
        else if (strcmp(fn, "newcombe") == 0)
            got = newcombe_of_case(test_case);
        else
            continue;
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, 0)));
        check_figure(printed, test_case, got.low, want);
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, 1)));
        check_figure(printed, test_case, got.high, want);
    }
    print_figures(printed);
    json_decref(loaded);
}
END_TEST

START_TEST(an_end_that_is_certain_is_exact)
{
    for (uint64_t n = 1; n <= LL_STATS_COUNT_MAX; n *= 2) {
        ck_assert(ll_interval_wilson(0, n, 0.95).low == 0.0);
        ck_assert(ll_interval_wilson(n, n, 0.95).high == 1.0);
        ck_assert(ll_interval_newcombe(0, n, n, n, 0.95).high == 1.0);
        ck_assert(ll_interval_newcombe(n, n, 0, n, 0.95).low == -1.0);
    }
}
END_TEST

START_TEST(without_trials_everything_is_possible_and_said_to_be)
{
    ll_interval got = ll_interval_wilson(0, 0, 0.95);
    ck_assert(got.low == 0.0 && got.high == 1.0 && got.no_data);

    for (int i = 0; i < 3; i++) {
        got = ll_interval_newcombe(0, i == 1 ? 10 : 0, 0, i == 2 ? 10 : 0, 0.95);
        ck_assert(got.low == -1.0 && got.high == 1.0 && got.no_data);
    }
}
END_TEST

START_TEST(exchanging_the_arms_negates_the_difference)
{
    for (uint64_t s = 0; s <= 20; s++) {
        ll_interval one = ll_interval_newcombe(s, 20, 11, 33, 0.9);
        ll_interval other = ll_interval_newcombe(11, 33, s, 20, 0.9);
        ck_assert(one.low == -other.high);
        ck_assert(one.high == -other.low);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats intervals");
    TCase *tests = tcase_create("intervals");
    tcase_add_test(tests, wilson_agrees_with_the_reference_cases);
    tcase_add_test(tests, wilson_agrees_at_its_limits);
    tcase_add_test(tests, newcombe_agrees_with_the_reference_cases);
    tcase_add_test(tests, newcombe_agrees_for_large_counts);
    tcase_add_test(tests, both_agree_with_printed_values);
    tcase_add_test(tests, an_end_that_is_certain_is_exact);
    tcase_add_test(tests, without_trials_everything_is_possible_and_said_to_be);
    tcase_add_test(tests, exchanging_the_arms_negates_the_difference);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
