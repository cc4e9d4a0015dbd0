#include "stats/normal.h"
#include "stats/special.h"
#include "support/stats_cases.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

static void run_set(const char *set)
{
    enum { CDF, SF, SF_FAR, LN_SF, ISF, END };
    figure figures[] = {
        [CDF] = { .name = "normal cdf", .relative = 4e-15 },
        [SF] = { .name = "normal sf", .relative = 1e-13 },
        [SF_FAR] = { .name = "normal sf, z > 20", .relative = 1e-12 },
        /* The references hold 60 digits: one of them is 0 for -4.6e-308. */
        [LN_SF] = { .name = "normal ln sf", .relative = 1e-14, .absolute = 1e-60 },
        [ISF] = { .name = "normal quantile", .relative = 4e-15 },
        [END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        if (has_out(test_case, "isf")) {
            double p = in_number(test_case, "p");
            check_figure(&figures[ISF], test_case, ll_normal_isf(p), out_string(test_case, "isf"));
            continue;
        }
        double z = in_number(test_case, "z");
        check_figure(&figures[CDF], test_case, ll_normal_cdf(z), out_string(test_case, "cdf"));
        check_figure(&figures[z > 20 ? SF_FAR : SF], test_case, ll_normal_sf(z),
                     out_string(test_case, "sf"));
        check_figure(&figures[LN_SF], test_case, ll_normal_ln_sf(z),
                     out_string(test_case, "ln_sf"));
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(agrees_with_the_reference_cases)
{
    run_set("normal");
}
END_TEST

START_TEST(agrees_where_one_method_hands_over_to_another)
{
    run_set("normal_large");
}
END_TEST

START_TEST(the_quantile_undoes_the_tail)
{
    for (double p = 1e-300; p < 1e-3; p *= 37.0)
        ck_assert_double_le(fabs(ll_normal_sf(ll_normal_isf(p)) / p - 1.0), 3e-12);
    for (double p = 0.001; p < 0.9995; p += 0.001)
        ck_assert_double_le(fabs(ll_normal_sf(ll_normal_isf(p)) / p - 1.0), 1e-14);
}
END_TEST

START_TEST(the_two_sided_quantile_holds_its_share)
{
    ck_assert_double_le(fabs(ll_normal_two_sided(0.95) - 1.9599639845400543), 1e-15);
    for (double share = 1e-300; share < 0.99; share = share < 0.01 ? share * 19.0 : share + 0.01)
        ck_assert_double_le(fabs(erf(ll_normal_two_sided(share) / sqrt(2.0)) / share - 1), 1e-15);
    for (double rest = 0.5; rest > 1e-15; rest /= 2)
        ck_assert_double_le(fabs(2 * ll_normal_sf(ll_normal_two_sided(1 - rest)) / rest - 1),
                            1e-14);
}
END_TEST

START_TEST(every_finite_argument_has_an_answer)
{
    const double values[] = { 0.0,  DBL_TRUE_MIN, DBL_MIN, 1e-10, 0.5,   1.0,    5.0,
                              19.9, 20.1,         37.6,    40.0,  1e100, DBL_MAX };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            double z = sign * values[i];
            double sf = ll_normal_sf(z);
            ck_assert(sf >= 0 && sf <= 1);
            ck_assert(!isnan(ll_normal_ln_sf(z)) && ll_normal_ln_sf(z) <= 0);
        }
    }
}
END_TEST

/* ln(n!) built up one factor at a time, against Stirling's form of it. */
START_TEST(the_rest_of_a_factorial_follows_from_the_one_before)
{
    ck_assert(ll_special_ln_factorial_rest(0) == 0.0);
    ck_assert(ll_special_ln_factorial_rest(1) == 1.0);
    for (uint64_t n = 2; n < 2000; n++) {
        /* rest(n) - rest(n-1) = 1 - (n-1) ln(n/(n-1)) */
        double before = (double)(n - 1);
        double step = 1.0 - before * log1p(1.0 / before);
        double got = ll_special_ln_factorial_rest(n) - ll_special_ln_factorial_rest(n - 1);
        ck_assert_double_le(fabs(got - step), 2e-15);
    }
}
END_TEST

START_TEST(a_deviance_is_never_negative_and_meets_itself_at_the_seam)
{
    for (double m = 1.0; m < 1e16; m *= 11.0) {
        ck_assert(ll_special_deviance(m, m, 0.0) == 0.0);
        ck_assert(ll_special_deviance(0.0, m, -m) == m);
        for (double ratio = 0.5; ratio < 2.0; ratio += 0.001) {
            double x = m * ratio;
            double direct = x * log(x / m) + m - x;
            double got = ll_special_deviance(x, m, x - m);
            ck_assert(got >= 0.0);
            ck_assert_double_le(fabs(got - direct), 4e-16 * (x + m));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats normal");
    TCase *tests = tcase_create("normal");
    tcase_add_test(tests, agrees_with_the_reference_cases);
    tcase_add_test(tests, agrees_where_one_method_hands_over_to_another);
    tcase_add_test(tests, the_quantile_undoes_the_tail);
    tcase_add_test(tests, the_two_sided_quantile_holds_its_share);
    tcase_add_test(tests, every_finite_argument_has_an_answer);
    tcase_add_test(tests, the_rest_of_a_factorial_follows_from_the_one_before);
    tcase_add_test(tests, a_deviance_is_never_negative_and_meets_itself_at_the_seam);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
