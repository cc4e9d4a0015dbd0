#include "stats/limits.h"
#include "stats/normal.h"
#include "stats/score.h"
#include "support/draw.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ck_assert reports its place even when it holds, which here would cost more than what is
 * tested. */
#define must(holds)                                                                                \
    do {                                                                                           \
        if (!(holds))                                                                              \
            ck_abort_msg("line %d: %s", __LINE__, #holds);                                         \
    } while (0)

typedef struct pair {
    uint64_t s1, n1, s2, n2;
} pair;

/* Of any size, often with one outcome rare. */
static pair draw_pair(draw *random, uint64_t bits_max)
{
    pair p = { .n1 = 1 + draw_below(random, UINT64_C(1) << draw_below(random, bits_max + 1)),
               .n2 = 1 + draw_below(random, UINT64_C(1) << draw_below(random, bits_max + 1)) };
    uint64_t few_1 = draw_below(random, 2) ? 3 : p.n1, few_2 = draw_below(random, 2) ? 3 : p.n2;

    p.n1 = p.n1 > LL_STATS_COUNT_MAX ? LL_STATS_COUNT_MAX : p.n1;
    p.n2 = p.n2 > LL_STATS_COUNT_MAX ? LL_STATS_COUNT_MAX : p.n2;
    p.s1 = draw_below(random, (few_1 < p.n1 ? few_1 : p.n1) + 1);
    p.s2 = draw_below(random, (few_2 < p.n2 ? few_2 : p.n2) + 1);
    if (draw_below(random, 2)) {
        p.s1 = p.n1 - p.s1;
        p.s2 = p.n2 - p.s2;
    }
    return p;
}

static ll_interval score(uint64_t s1, uint64_t n1, uint64_t s2, uint64_t n2, double confidence)
{
    return ll_score_interval(s1, n1, s2, n2, ll_normal_two_sided(confidence));
}

static llmlearn_noninferiority not_worse(pair p, double margin, double alpha)
{
    const llmlearn_rate control = { p.s1, p.n1 }, variant = { p.s2, p.n2 };
    llmlearn_noninferiority out;

    memset(&out, 0xaa, sizeof out); /* whatever was there must not shine through */
    ll_score_not_worse(&control, &variant, margin, alpha, &out);
    return out;
}

/* ---- another way to the same numbers ----------------------------------- */

/* The control's likeliest rate if the variant's is d more, where the likelihood's slope changes
 * its sign. */
static long double likeliest(pair p, long double d)
{
    long double low = d < 0 ? -d : 0, high = d > 0 ? 1 - d : 1;

    for (int i = 0; i < 200; i++) {
        long double rate = (low + high) / 2, slope = 0;
        slope += p.s1 > 0 ? (long double)p.s1 / rate : 0;
        slope -= p.s1 < p.n1 ? (long double)(p.n1 - p.s1) / (1 - rate) : 0;
        slope += p.s2 > 0 ? (long double)p.s2 / (rate + d) : 0;
        slope -= p.s2 < p.n2 ? (long double)(p.n2 - p.s2) / (1 - rate - d) : 0;
        if (slope > 0)
            low = rate;
        else
            high = rate;
    }
    return (low + high) / 2;
}

static long double z_at(pair p, long double d)
{
    long double rate = likeliest(p, d), n = (long double)(p.n1 + p.n2);
    long double variance =
        rate * (1 - rate) / (long double)p.n1 + (rate + d) * (1 - rate - d) / (long double)p.n2;
    long double observed =
        (long double)p.s2 / (long double)p.n2 - (long double)p.s1 / (long double)p.n1;
    return observed == d ? 0 : (observed - d) / sqrtl(variance * n / (n - 1));
}

/* The d with that z, which falls from one end of the range to the other. */
static long double end_at(pair p, long double z)
{
    long double low = -1, high = 1;

    for (int i = 0; i < 80; i++) {
        long double d = (low + high) / 2;
        if (z_at(p, d) > z)
            low = d;
        else
            high = d;
    }
    return (low + high) / 2;
}

START_TEST(the_ends_are_where_the_statistic_is_the_quantile)
{
    double worst = 0.0;
    draw random = { .state = 21 };

    for (int i = 0; i < 300; i++) {
        pair p = draw_pair(&random, 14);
        double confidence = draw_below(&random, 2) ? 0.95 : 0.9999;
        double z = ll_normal_two_sided(confidence);
        ll_interval got = score(p.s1, p.n1, p.s2, p.n2, confidence);
        double low = (double)fabsl(end_at(p, z) - got.low);
        double high = (double)fabsl(end_at(p, -z) - got.high);

        must(low < 1e-13 && high < 1e-13);
        worst = fmax(worst, fmax(low, high));
    }
    printf("Miettinen-Nurminen against bisection: worst error %.1e\n", worst);
}
END_TEST

START_TEST(z_is_the_statistic_at_the_margin)
{
    double worst = 0.0;
    draw random = { .state = 22 };

    for (int i = 0; i < 1000; i++) {
        pair p = draw_pair(&random, 14);
        double margin = (double)(1 + draw_below(&random, 900)) / 1000;
        llmlearn_noninferiority got = not_worse(p, margin, 0.05);
        double want = (double)z_at(p, -margin);
        double error = fabs(got.statistic - want) / fmax(1.0, fabs(want));

        must(error < 1e-11);
        must(got.p_value == ll_normal_sf(got.statistic));
        must(got.p_worse == ll_normal_cdf(got.statistic));
        worst = fmax(worst, error);
    }
    printf("non-inferiority against bisection: worst error %.1e\n", worst);
}
END_TEST

/* The interval and the test are two readings of one statistic. */
START_TEST(the_margin_at_the_end_of_the_interval_has_p_alpha)
{
    draw random = { .state = 23 };

    for (int i = 0; i < 2000; i++) {
        pair p = draw_pair(&random, 30);
        ll_interval got = score(p.s1, p.n1, p.s2, p.n2, 0.9);

        if (got.low > -1e-3 || got.low < -0.999)
            continue;
        must(fabs(not_worse(p, -got.low, 0.05).p_value - 0.05) < 1e-9);
    }
}
END_TEST

/* ---- edges ------------------------------------------------------------- */

START_TEST(exchanging_arms_or_outcomes_mirrors_the_interval)
{
    draw random = { .state = 24 };

    for (int i = 0; i < 20000; i++) {
        pair p = draw_pair(&random, 53);
        ll_interval one = score(p.s1, p.n1, p.s2, p.n2, 0.95);
        ll_interval arms = score(p.s2, p.n2, p.s1, p.n1, 0.95);
        ll_interval outcomes = score(p.n1 - p.s1, p.n1, p.n2 - p.s2, p.n2, 0.95);

        must(one.low == -arms.high && one.high == -arms.low);
        must(fabs(one.low + outcomes.high) <= 1e-14 * fabs(one.low) + 1e-16);
        must(fabs(one.high + outcomes.low) <= 1e-14 * fabs(one.high) + 1e-16);
    }
}
END_TEST

START_TEST(an_end_that_is_certain_is_exact)
{
    for (uint64_t n = 1; n <= LL_STATS_COUNT_MAX; n *= 2) {
        ck_assert(score(0, n, n, n, 0.95).high == 1.0);
        ck_assert(score(n, n, 0, n, 0.95).low == -1.0);
        /* Without any success below, the low end is z^2 c / (n + z^2 c) by hand. */
        double z = ll_normal_two_sided(0.95), twice = (double)n * 2.0;
        double square = z * z * twice / (twice - 1.0);
        double low = score(0, n, 0, n, 0.95).low;
        ck_assert_double_le(fabs(low / (square / ((double)n + square)) + 1.0), 1e-14);
    }
}
END_TEST

START_TEST(without_trials_everything_is_possible_and_said_to_be)
{
    for (int i = 0; i < 3; i++) {
        pair p = { .n1 = i == 1 ? 10 : 0, .n2 = i == 2 ? 10 : 0 };
        ll_interval got = score(p.s1, p.n1, p.s2, p.n2, 0.95);
        ck_assert(got.low == -1.0 && got.high == 1.0 && got.no_data);
        llmlearn_noninferiority none = not_worse(p, 0.1, 0.05);
        ck_assert_int_eq(none.status, LLMLEARN_STATS_NO_DATA);
        ck_assert_int_eq(none.guardrail, LLMLEARN_GUARDRAIL_UNKNOWN);
        ck_assert(none.statistic == 0.0 && none.p_value == 1.0 && none.p_worse == 1.0);
    }
}
END_TEST

START_TEST(without_a_margin_it_is_the_pooled_z)
{
    pair p = { 600, 1000, 650, 1000 };
    double pooled = 0.05 / sqrt(0.625 * 0.375 * 2 / 1000 * 2000 / 1999);
    llmlearn_noninferiority got = not_worse(p, 0.0, 0.05);

    ck_assert_double_eq_tol(got.statistic, pooled, 1e-14);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_PASS);
    p = (pair){ 650, 1000, 600, 1000 };
    got = not_worse(p, 0.0, 0.05);
    ck_assert_double_eq_tol(got.statistic, -pooled, 1e-14);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_FAIL);

    p = (pair){ 600, 1000, 601, 1000 }; /* an alpha above 1/2 does not show what is not so */
    ck_assert_int_eq(not_worse(p, 0.0, 0.9).guardrail, LLMLEARN_GUARDRAIL_PASS);
    p = (pair){ 601, 1000, 600, 1000 };
    ck_assert_int_eq(not_worse(p, 0.0, 0.9).guardrail, LLMLEARN_GUARDRAIL_FAIL);

    p = (pair){ 5, 10, 50, 100 }; /* alike: nothing can be said either way */
    got = not_worse(p, 0.0, 0.9);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_UNKNOWN);
    ck_assert(got.statistic == 0.0 && got.p_value == 0.5 && got.p_worse == 0.5);

    p = (pair){ 10, 10, 100, 100 }; /* and not even a variance */
    got = not_worse(p, 0.0, 0.05);
    ck_assert_int_eq(got.status, LLMLEARN_STATS_NO_VARIATION);
    ck_assert_int_eq(got.guardrail, LLMLEARN_GUARDRAIL_UNKNOWN);
    ck_assert(got.statistic == 0.0 && got.p_value == 1.0 && got.p_worse == 1.0);
    ck_assert_int_eq(not_worse(p, 0.05, 0.05).status, LLMLEARN_STATS_OK);
}
END_TEST

START_TEST(any_counts_have_an_interval_and_a_statistic)
{
    const double confidences[] = { 0.95, 0.5, 0.999999, 1e-300, 1.0 - 0x1p-53 };
    const double margins[] = { 0.0, 5e-324, 1e-300, 1e-100, 1e-17, 0.05, 0.5, 0.95, 1.0 - 0x1p-53 };
    draw random = { .state = 25 };

    for (int i = 0; i < 200000; i++) {
        pair p = draw_pair(&random, 53);
        double confidence = confidences[draw_below(&random, 5)],
               margin = margins[draw_below(&random, 9)];
        double observed = (double)p.s2 / (double)p.n2 - (double)p.s1 / (double)p.n1;
        ll_interval got = score(p.s1, p.n1, p.s2, p.n2, confidence);
        llmlearn_noninferiority tested = not_worse(p, margin, 1e-300);

        must(got.low >= -1 && got.low <= got.high && got.high <= 1);
        must(got.low <= observed + 1e-15 && observed <= got.high + 1e-15);
        must(isfinite(tested.statistic));
        must(tested.p_value >= 0 && tested.p_value <= 1);
        must(tested.p_worse >= 0 && tested.p_worse <= 1);
        must(tested.status == LLMLEARN_STATS_OK || tested.status == LLMLEARN_STATS_NO_VARIATION);
    }
}
END_TEST

/* The coverage that the method is chosen for: all tables of two arms of 20 and 15, weighed by
 * their probability. */
START_TEST(covers_what_it_says)
{
    enum { N1 = 20, N2 = 15 };
    static const double rates[] = { 0.05, 0.3, 0.5, 0.8 };
    ll_interval intervals[N1 + 1][N2 + 1];
    double least = 1.0;

    for (uint64_t s1 = 0; s1 <= N1; s1++)
        for (uint64_t s2 = 0; s2 <= N2; s2++)
            intervals[s1][s2] = score(s1, N1, s2, N2, 0.95);
    for (int i = 0; i < 16; i++) {
        double p1 = rates[i % 4], p2 = rates[i / 4], covered = 0.0;
        for (int s1 = 0; s1 <= N1; s1++) {
            for (int s2 = 0; s2 <= N2; s2++) {
                double weight = exp(lgamma(N1 + 1) - lgamma(s1 + 1) - lgamma(N1 - s1 + 1) +
                                    lgamma(N2 + 1) - lgamma(s2 + 1) - lgamma(N2 - s2 + 1)) *
                                pow(p1, s1) * pow(1 - p1, N1 - s1) * pow(p2, s2) *
                                pow(1 - p2, N2 - s2);
                if (intervals[s1][s2].low <= p2 - p1 && p2 - p1 <= intervals[s1][s2].high)
                    covered += weight;
            }
        }
        least = fmin(least, covered);
        ck_assert_double_ge(covered, 0.93);
        ck_assert_double_le(covered, 0.99);
    }
    printf("Miettinen-Nurminen 95 %% covers at least %.1f %% of the time\n", 100 * least);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats score");
    TCase *tests = tcase_create("score");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_ends_are_where_the_statistic_is_the_quantile);
    tcase_add_test(tests, z_is_the_statistic_at_the_margin);
    tcase_add_test(tests, the_margin_at_the_end_of_the_interval_has_p_alpha);
    tcase_add_test(tests, exchanging_arms_or_outcomes_mirrors_the_interval);
    tcase_add_test(tests, an_end_that_is_certain_is_exact);
    tcase_add_test(tests, without_trials_everything_is_possible_and_said_to_be);
    tcase_add_test(tests, without_a_margin_it_is_the_pooled_z);
    tcase_add_test(tests, any_counts_have_an_interval_and_a_statistic);
    tcase_add_test(tests, covers_what_it_says);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
