#include "stats/beta.h"
#include "stats/student_t.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_in(json_t *test_case, const char *name)
{
    return json_object_get(json_object_get(test_case, "in"), name) != NULL;
}

START_TEST(beta_agrees_with_the_reference_cases)
{
    figure figures[] = {
        { .name = "beta cdf", .relative = 1e-12 },
        { .name = "beta sf", .relative = 1e-12 },
        { .name = "beta cdf large", .relative = 1e-10 },
        { .name = "beta sf large", .relative = 1e-10 },
        { .name = "beta ppf", .relative = 1e-11 },
        { .name = "beta isf", .relative = 1e-11 },
        { 0 },
    };
    json_t *loaded = load_cases("beta");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        double a = in_number(c, "a"), b = in_number(c, "b");
        if (has_in(c, "x")) {
            double x = in_number(c, "x");
            ll_beta_tails got = ll_beta_cdf(x, 1.0 - x, a, b);
            int large = a + b > 1e5 ? 2 : 0;
            check_figure(&figures[large], c, got.lower, out_string(c, "cdf"));
            check_figure(&figures[large + 1], c, got.upper, out_string(c, "sf"));
        } else {
            double p = in_number(c, "p");
            check_figure(&figures[4], c, ll_beta_quantile(p, a, b), out_string(c, "ppf"));
            check_figure(&figures[5], c, ll_beta_upper_quantile(p, a, b), out_string(c, "isf"));
        }
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* P(X <= k) of a binomial is the upper tail of Beta(k + 1, n - k) at p. */
START_TEST(binomial_tails_are_beta_tails)
{
    figure figures[] = { { .name = "binomial cdf", .relative = 1e-11 },
                         { .name = "binomial sf", .relative = 1e-11 },
                         { 0 } };
    json_t *loaded = load_cases("binomial");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        double k = in_number(c, "k"), n = in_number(c, "n"), p = in_number(c, "p");
        if (k >= n)
            continue;
        ll_beta_tails got = ll_beta_cdf(p, 1.0 - p, k + 1.0, n - k);
        check_figure(&figures[0], c, got.upper, out_string(c, "cdf"));
        check_figure(&figures[1], c, got.lower, out_string(c, "sf"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

START_TEST(student_agrees_with_the_reference_cases)
{
    figure figures[] = { { .name = "t sf", .relative = 1e-12 },
                         { .name = "t isf", .relative = 1e-12 },
                         { 0 } };
    json_t *loaded = load_cases("student_t");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        double degrees = in_number(c, "df");
        if (has_in(c, "t"))
            check_figure(&figures[0], c, ll_student_t_sf(in_number(c, "t"), degrees),
                         out_string(c, "sf"));
        else
            check_figure(&figures[1], c, ll_student_t_isf(in_number(c, "p"), degrees),
                         out_string(c, "isf"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats beta");
    TCase *tests = tcase_create("beta");
    tcase_add_test(tests, beta_agrees_with_the_reference_cases);
    tcase_add_test(tests, binomial_tails_are_beta_tails);
    tcase_add_test(tests, student_agrees_with_the_reference_cases);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
