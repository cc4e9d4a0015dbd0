#include "stats/beta.h"
#include "stats/normal.h"
#include "stats/student_t.h"
#include "support/stats_cases.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

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

/* A rounding of x by a relative 1e-16 moves the tail by that times sqrt(a + b), some times over. */
START_TEST(beta_agrees_for_huge_parameters)
{
    json_t *loaded = load_cases("beta_large");
    double worst = 0;
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        double a = in_number(c, "a"), b = in_number(c, "b");
        double allowed = 1e-12 + 3e-15 * sqrt(a + b);
        figure figures[] = { { .name = "lower", .relative = allowed },
                             { .name = "upper", .relative = allowed } };
        ll_beta_tails got = ll_beta_cdf(in_number(c, "x"), in_number(c, "y"), a, b);
        check_figure(&figures[0], c, got.lower, out_string(c, "cdf"));
        check_figure(&figures[1], c, got.upper, out_string(c, "sf"));
        worst = fmax(worst, fmax(figures[0].worst, figures[1].worst));
    }
    printf("beta tails up to 2^53: worst error %.2f of what is allowed\n", worst);
    json_decref(loaded);
}
END_TEST

START_TEST(beta_mirrors_and_adds_up_to_one)
{
    const double parameters[] = { 1e-3, 0.5, 1, 2.5, 40, 4095, 4097, 1e6, 0x1p53 };

    for (size_t i = 0; i < LENGTH(parameters); i++) {
        for (size_t j = 0; j < LENGTH(parameters); j++) {
            double a = parameters[i], b = parameters[j];
            for (double x = 0; x <= 1; x += 0x1p-6) {
                ll_beta_tails one = ll_beta_cdf(x, 1 - x, a, b);
                ll_beta_tails other = ll_beta_cdf(1 - x, x, b, a);
                ck_assert(one.lower >= 0 && one.upper >= 0);
                ck_assert_double_eq_tol(one.lower + one.upper, 1, 1e-15);
                ck_assert_double_eq_tol(one.lower, other.upper, 1e-12);
            }
            ck_assert(ll_beta_cdf(0, 1, a, b).lower == 0);
            ck_assert(ll_beta_cdf(1, 0, a, b).upper == 0);
        }
    }
}
END_TEST

/* The two ways to a tail meet: the continued fraction below 4,096, quadrature above. */
START_TEST(nothing_jumps_where_the_method_changes)
{
    for (double x = 0.45; x < 0.55; x += 0.001) {
        double below = ll_beta_cdf(x, 1 - x, 4096, 4096).lower;
        double above = ll_beta_cdf(x, 1 - x, 4096.000001, 4096.000001).lower;
        ck_assert_double_eq_tol(below, above, 1e-7 * fmax(below, 1e-3));
    }
}
END_TEST

START_TEST(quantiles_go_back_to_their_tail)
{
    const double parameters[] = { 0.3, 1, 7, 500, 1e5, 1e9 };
    const double tails[] = { 1e-300, 1e-40, 1e-6, 0.025, 0.4, 0.5, 0.9, 1 - 1e-9 };

    for (size_t i = 0; i < LENGTH(parameters); i++) {
        for (size_t j = 0; j < LENGTH(parameters); j++) {
            for (size_t k = 0; k < LENGTH(tails); k++) {
                double a = parameters[i], b = parameters[j], p = tails[k];
                ll_logit_point at = ll_beta_solve_lower(p, a, b);
                ll_logit_point opposite = ll_beta_solve_upper(p, b, a);
                ck_assert_double_eq_tol(at.x, opposite.y, 1e-15 * at.x + 1e-320);
                ck_assert_double_eq_tol(at.y, opposite.x, 1e-15 * at.y + 1e-320);
                if (at.x < 1e-300 || at.y < 1e-300)
                    continue;
                ll_beta_tails back = ll_beta_cdf(at.x, at.y, a, b);
                double error = p < 0.5 ? back.lower / p - 1 : back.upper / (1 - p) - 1;
                ck_assert_msg(fabs(error) < 1e-9, "p %g of %g, %g: off by %g", p, a, b, error);
            }
        }
    }
}
END_TEST

START_TEST(student_ends_in_cauchy_and_normal)
{
    for (double t = -30; t <= 30; t += 0.37) {
        double cauchy = 0.5 - atan(t) / 3.14159265358979323846;
        ck_assert_double_eq_tol(ll_student_t_sf(t, 1), cauchy, 1e-14);
        double normal = ll_normal_sf(t);
        ck_assert_double_eq_tol(ll_student_t_sf(t, 1e300), normal, 1e-12);
    }
    ck_assert(ll_student_t_sf(0, 3) == 0.5);
    ck_assert(ll_student_t_sf(1e300, 2) >= 0 && ll_student_t_sf(-1e300, 2) <= 1);
    ck_assert(isfinite(ll_student_t_isf(1e-300, 0.01)));
    ck_assert_double_eq_tol(ll_student_t_two_sided(0.95, 10), 2.2281388519862744, 1e-13);
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
    tcase_add_test(tests, beta_agrees_for_huge_parameters);
    tcase_add_test(tests, beta_mirrors_and_adds_up_to_one);
    tcase_add_test(tests, nothing_jumps_where_the_method_changes);
    tcase_add_test(tests, quantiles_go_back_to_their_tail);
    tcase_add_test(tests, binomial_tails_are_beta_tails);
    tcase_add_test(tests, student_ends_in_cauchy_and_normal);
    tcase_add_test(tests, student_agrees_with_the_reference_cases);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
