/* What the reference cases do not show of posteriors and of the quadrature under them. */
#include "stats/logit.h"
#include "stats/posterior.h"
#include "stats/quadrature.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static llmlearn_posterior posterior_of(const llmlearn_rate *arms, uint32_t count)
{
    llmlearn_posterior got = { .struct_size = sizeof got };

    ll_posterior(arms, count, 1, 1, 0.95, &got);
    return got;
}

START_TEST(the_rule_integrates_polynomials)
{
    for (int degree = 0; degree < 2 * LL_QUADRATURE_NODES; degree++) {
        double sum = 0;
        for (int i = 0; i < LL_QUADRATURE_NODES; i++)
            sum += ll_quadrature_weights[i] * pow(ll_quadrature_nodes[i], degree);
        ck_assert_double_eq_tol(sum, 1.0 / (degree + 1), 1e-15);
    }
    for (int degree = 0; degree < LL_QUADRATURE_NODES; degree++) {
        double values[LL_QUADRATURE_NODES], running[LL_QUADRATURE_NODES];
        for (int i = 0; i < LL_QUADRATURE_NODES; i++)
            values[i] = pow(ll_quadrature_nodes[i], degree);
        ll_quadrature_running(values, running);
        for (int i = 0; i < LL_QUADRATURE_NODES; i++)
            ck_assert_double_eq_tol(running[i],
                                    pow(ll_quadrature_nodes[i], degree + 1) / (degree + 1), 1e-15);
    }
}
END_TEST

START_TEST(divergences_and_steps_undo_each_other)
{
    const double rates[] = { 1e-12, 0.003, 0.3, 0.5, 0.97, 1 - 1e-9 };

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double x = rates[i], y = 1 - x;
        for (double divergence = 1e-15; divergence < 1e3; divergence *= 7) {
            for (int direction = -1; direction <= 1; direction += 2) {
                double step = ll_logit_step_to(x, y, divergence, direction);
                ck_assert(step * direction > 0);
                ck_assert_double_eq_tol(ll_logit_divergence(x, y, step) / divergence, 1, 1e-9);
                ll_logit_point there = ll_logit_move(x, y, step);
                ck_assert_double_eq_tol(there.x + there.y, 1, 1e-15);
                ck_assert(isfinite(step) && there.x >= 0 && there.y >= 0);
            }
        }
    }
}
END_TEST

/* For whole a and b, P(X2 > X1) is a finite sum: Miller's, of ratios of Beta functions. */
static double exact_second_better(llmlearn_rate one, llmlearn_rate two)
{
    double a1 = (double)one.successes + 1, b1 = (double)(one.trials - one.successes) + 1;
    double a2 = (double)two.successes + 1, b2 = (double)(two.trials - two.successes) + 1;
    double sum = 0;

    for (double i = 0; i < a2; i++) {
        double ln = lgamma(a1 + i) + lgamma(b1 + b2) - lgamma(a1 + i + b1 + b2) - log(b2 + i) -
                    (lgamma(1 + i) + lgamma(b2) - lgamma(1 + i + b2)) -
                    (lgamma(a1) + lgamma(b1) - lgamma(a1 + b1));
        sum += exp(ln);
    }
    return sum;
}

START_TEST(two_arms_agree_with_the_finite_sum)
{
    srand48(11);
    for (int i = 0; i < 300; i++) {
        llmlearn_rate arms[2];
        for (int j = 0; j < 2; j++) {
            arms[j].trials = (uint64_t)exp(drand48() * 7.5);
            arms[j].successes = (uint64_t)(drand48() * (double)(arms[j].trials + 1));
        }
        llmlearn_posterior got = posterior_of(arms, 2);
        ck_assert_double_eq_tol(got.best_ratio[1], exact_second_better(arms[0], arms[1]), 1e-10);
    }
}
END_TEST

START_TEST(equal_arms_share_and_order_does_not_matter)
{
    llmlearn_rate arms[LLMLEARN_ARMS_MAX], reversed[LLMLEARN_ARMS_MAX];

    for (uint32_t count = 1; count <= LLMLEARN_ARMS_MAX; count += 7) {
        for (uint32_t j = 0; j < count; j++)
            arms[j] = (llmlearn_rate){ .successes = 37, .trials = 90 };
        llmlearn_posterior got = posterior_of(arms, count);
        for (uint32_t j = 0; j < count; j++)
            ck_assert_double_eq_tol(got.best_ratio[j], 1.0 / count, 1e-12);
        for (uint32_t j = 0; j < count; j++)
            arms[j].successes = 30 + j % 17;
        for (uint32_t j = 0; j < count; j++)
            reversed[j] = arms[count - 1 - j];
        got = posterior_of(arms, count);
        llmlearn_posterior back = posterior_of(reversed, count);
        for (uint32_t j = 0; j < count; j++)
            ck_assert_double_eq_tol(got.best_ratio[j], back.best_ratio[count - 1 - j], 1e-12);
    }
}
END_TEST

/* Far apart and needle-thin: nothing is left to be integrated, and that must be seen. */
START_TEST(huge_counts_leave_no_doubt)
{
    const uint64_t n = LLMLEARN_COUNT_MAX;
    llmlearn_rate arms[3] = { { n / 2, n }, { n / 2 + n / 1000, n }, { 1, 3 } };
    llmlearn_posterior got = posterior_of(arms, 2);

    ck_assert(got.best_ratio[1] == 1.0 && got.expected_loss[1] < 1e-9);
    ck_assert_double_eq_tol(got.expected_loss[0], 0.001, 1e-9);
    got = posterior_of(arms, 3);
    ck_assert(isfinite(got.best_expected) && got.best_ratio[0] == 0.0);
    ck_assert_double_eq_tol(got.best_ratio[1] + got.best_ratio[2], 1, 1e-12);
    /* P(Beta(2, 3) > 0.501) = 1 - (6 p^2 - 8 p^3 + 3 p^4) */
    double p = got.mean[1];
    ck_assert_double_eq_tol(got.best_ratio[2], 1 - p * p * (6 - 8 * p + 3 * p * p), 1e-7);
}
END_TEST

START_TEST(unusual_priors_are_no_trouble)
{
    llmlearn_rate arms[2] = { { 0, 0 }, { 3, 3 } };
    llmlearn_posterior got = { .struct_size = sizeof got };

    ll_posterior(arms, 2, 1e-3, 1e-3, 0.95, &got);
    ck_assert_double_eq_tol(got.best_ratio[0] + got.best_ratio[1], 1, 1e-12);
    ck_assert(got.low[0] >= 0 && got.high[0] <= 1 && got.low[0] <= got.high[0]);
    ll_posterior(arms, 2, 1e6, 1e6, 1 - 0x1p-53, &got);
    ck_assert(got.best_ratio[1] > 0.5 && got.low[1] < 0.5 && got.high[1] > 0.5);
    ck_assert(got.mean[2] == 0 && got.best_ratio[2] == 0); /* nothing beyond the arms */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats posterior");
    TCase *tests = tcase_create("posterior");
    tcase_add_test(tests, the_rule_integrates_polynomials);
    tcase_add_test(tests, divergences_and_steps_undo_each_other);
    tcase_add_test(tests, two_arms_agree_with_the_finite_sum);
    tcase_add_test(tests, equal_arms_share_and_order_does_not_matter);
    tcase_add_test(tests, huge_counts_leave_no_doubt);
    tcase_add_test(tests, unusual_priors_are_no_trouble);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
