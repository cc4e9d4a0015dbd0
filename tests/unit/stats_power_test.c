/* What the reference cases do not show of the power of k arms: thresholds and ends of the range. */
#include "stats/chi_square.h"
#include "stats/chi_square_power.h"
#include "stats/limits.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static const double least = 1e-300;
static const double next_to_one = 1 - 0x1p-53;

/* Far out both the tail and the density are below the least double on the way. */
START_TEST(thresholds_go_back_to_their_tail)
{
    for (uint32_t degrees = 1; degrees <= LL_CHI_SQUARE_DEGREES_MAX; degrees++) {
        for (double p = 0.999; p >= least; p *= p > 1e-3 ? 0.7 : 0.01) {
            double x = ll_chi_square_power_threshold(p, degrees);
            double error = ll_chi_square_ln_sf(x, degrees) - log(p);
            ck_assert_msg(fabs(error) <= 1e-11 * fmax(1, -log(p)), "%u degrees, %g: off by %g",
                          degrees, p, error);
        }
    }
}
END_TEST

/* By mpmath with 40 digits: the mixture of 400 central tails. */
START_TEST(a_tiny_alpha_is_no_less_than_that_with_many_arms)
{
    double rates[LL_STATS_ARMS_MAX];

    for (int i = 0; i < LL_STATS_ARMS_MAX; i++)
        rates[i] = i % 2 == 0 ? 0.4 : 0.6;
    double power = ll_chi_square_power(rates, LL_STATS_ARMS_MAX, 10, least);
    ck_assert_double_eq_tol(power / 5.5015955545910127809e-248, 1, 1e-11);
}
END_TEST

START_TEST(equal_arms_have_the_power_alpha_wherever_they_are)
{
    const double rates[] = { least, 1e-17, 0.1, 1.0 / 3, 0.7, next_to_one };
    const double alphas[] = { least, 1e-20, 0.05, 0.999 };
    double arms[LL_STATS_ARMS_MAX];

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (int j = 0; j < LL_STATS_ARMS_MAX; j++)
            arms[j] = rates[i];
        for (uint32_t count = 2; count <= LL_STATS_ARMS_MAX; count++) {
            for (size_t k = 0; k < sizeof alphas / sizeof alphas[0]; k++) {
                double power = ll_chi_square_power(arms, count, 0x1p53, alphas[k]);
                ck_assert_double_eq_tol(power / alphas[k], 1, 1e-11);
            }
        }
    }
}
END_TEST

START_TEST(power_stays_between_0_and_1_at_the_ends)
{
    const double ends[] = { least, 1e-150, 0.5, next_to_one };
    const double trials[] = { 0, least, 1, 1e5, 0x1p53 };

    for (int i = 0; i < 4 * 4 * 4 * 5; i++) {
        double rates[] = { ends[i % 4], ends[i / 4 % 4], ends[i / 16 % 4] };
        double power = ll_chi_square_power(rates, 3, trials[i / 64], 0.05);
        ck_assert(power >= 0.05 * (1 - 1e-9) && power <= 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats power");
    TCase *tests = tcase_create("power of k arms");
    tcase_add_test(tests, thresholds_go_back_to_their_tail);
    tcase_add_test(tests, a_tiny_alpha_is_no_less_than_that_with_many_arms);
    tcase_add_test(tests, equal_arms_have_the_power_alpha_wherever_they_are);
    tcase_add_test(tests, power_stays_between_0_and_1_at_the_ends);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
