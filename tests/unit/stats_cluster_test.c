#include "stats/cluster.h"
#include "stats/limits.h"
#include "stats/pearson.h"
#include "support/draw.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- units ---- */

static void add_unit(llmlearn_cluster *arm, uint64_t trials, uint64_t successes)
{
    arm->units++;
    arm->trials += trials;
    arm->successes += successes;
    arm->trials_squared += trials * trials;
    arm->products += trials * successes;
    arm->successes_squared += successes * successes;
}

static llmlearn_clustered rate(const llmlearn_cluster *arm)
{
    llmlearn_clustered got = { .struct_size = 7 };

    ll_cluster_rate(arm, 0.95, &got);
    ck_assert_uint_eq(got.struct_size, 7);
    return got;
}

static llmlearn_clustered_difference compare(const llmlearn_cluster *control,
                                             const llmlearn_cluster *variant)
{
    llmlearn_clustered_difference got = { .struct_size = 7 };

    ll_cluster_difference(control, variant, 0.95, &got);
    ck_assert_uint_eq(got.struct_size, 7);
    return got;
}

static bool is_near(double got, double want, double relative)
{
    return fabs(got - want) <= relative * fabs(want);
}

/* ---- the variance ---- */

/* The definition, unit by unit. */
START_TEST(the_variance_is_that_of_the_units_themselves)
{
    draw d = { .state = 1 };

    for (int round = 0; round < 2000; round++) {
        uint64_t trials[60], successes[60];
        uint64_t units = 2 + draw_below(&d, 59);
        uint64_t size = UINT64_C(1) << draw_below(&d, 20);
        llmlearn_cluster arm = { 0 };
        long double squares = 0.0L;

        for (uint64_t u = 0; u < units; u++) {
            trials[u] = 1 + draw_below(&d, size);
            successes[u] = draw_below(&d, trials[u] + 1);
            add_unit(&arm, trials[u], successes[u]);
        }
        ck_assert_ptr_null(ll_cluster_fault(&arm));
        for (uint64_t u = 0; u < units; u++) {
            long double scaled = (long double)(arm.trials * successes[u]);
            scaled -= (long double)(arm.successes * trials[u]);
            squares += scaled / arm.trials * (scaled / arm.trials);
        }
        long double total = (long double)arm.trials;
        double want = (double)(squares / total / total * units / (units - 1));
        llmlearn_clustered got = rate(&arm);
        ck_assert(is_near(got.variance, want, 1e-14));
        ck_assert((got.status == LLMLEARN_STATS_OK) == (want > 0));
        if (want > 0)
            ck_assert(is_near(got.design_effect,
                              want * (double)arm.trials / (got.rate * (1.0 - got.rate)), 1e-13));
    }
}
END_TEST

START_TEST(one_vote_each_is_the_independent_case)
{
    llmlearn_cluster arm = { 0 };

    for (int i = 0; i < 400; i++)
        add_unit(&arm, 1, i % 4 == 0);
    llmlearn_clustered got = rate(&arm);
    ck_assert(got.rate == 0.25);
    ck_assert(is_near(got.variance, 0.25 * 0.75 / 399.0, 0x1p-51));
    ck_assert(is_near(got.design_effect, 400.0 / 399.0, 0x1p-51));
}
END_TEST

/* Each unit of ten votes agreeing with itself counts as one. */
START_TEST(votes_that_repeat_the_first_weigh_nothing)
{
    llmlearn_cluster once = { 0 }, tenfold = { 0 };

    for (int i = 0; i < 100; i++) {
        add_unit(&once, 1, i < 30);
        add_unit(&tenfold, 10, i < 30 ? 10 : 0);
    }
    ck_assert(is_near(rate(&tenfold).variance, rate(&once).variance, 0x1p-51));
    ck_assert(is_near(rate(&tenfold).design_effect, 10.0 * rate(&once).design_effect, 0x1p-51));
    ck_assert(is_near(rate(&tenfold).low, rate(&once).low, 1e-14));
}
END_TEST

START_TEST(the_last_digit_of_what_cancels_is_kept)
{
    /* n s_u - s n_u is 1, 1 and -2 for units of 10^7 votes and more: a spread of 6 where the
     * three sums that it comes from have 42 digits each. */
    llmlearn_cluster arm = { 0 };
    add_unit(&arm, 30000001, 10000000);
    add_unit(&arm, 30000001, 10000000);
    add_unit(&arm, 29999998, 10000000);
    double exact = 0.0;
    for (int u = 0; u < 3; u++) {
        double trials = u < 2 ? 30000001.0 : 29999998.0;
        double deviation = 90000000.0 * 1e7 - 30000000.0 * trials;
        exact += deviation / 9e7 * (deviation / 9e7);
    }
    ck_assert(is_near(rate(&arm).variance, 1.5 * exact / 9e7 / 9e7, 1e-15));
}
END_TEST

START_TEST(exchanging_the_arms_mirrors_everything)
{
    llmlearn_cluster control = { 0 }, variant = { 0 };

    for (uint64_t i = 0; i < 30; i++) {
        add_unit(&control, 1 + i % 7, i % 3 % (2 + i % 7));
        add_unit(&variant, 1 + i % 5, (i + 1) % 2);
    }
    llmlearn_clustered_difference one = compare(&control, &variant);
    llmlearn_clustered_difference other = compare(&variant, &control);
    ck_assert_int_eq(one.status, LLMLEARN_STATS_OK);
    ck_assert(one.difference == -other.difference && one.z == -other.z);
    ck_assert(one.low == -other.high && one.high == -other.low);
    ck_assert(one.p_value == other.p_value && one.p_normal == other.p_normal);
    ck_assert(one.p_value > one.p_normal);
    ck_assert(one.degrees == 58.0);
}
END_TEST

/* ---- what there is nothing to compute from ---- */

START_TEST(too_little_is_said_and_leaves_all_possible)
{
    llmlearn_cluster none = { 0 }, one = { 0 }, alike = { 0 }, some = { 0 };
    add_unit(&one, 5, 2);
    for (int i = 0; i < 9; i++) {
        add_unit(&alike, 2, 1);
        add_unit(&some, 1, i % 2 == 0);
    }
    const struct {
        const llmlearn_cluster *arm;
        int32_t status;
        double rate;
    } cases[] = { { &none, LLMLEARN_STATS_NO_DATA, 0.0 },
                  { &one, LLMLEARN_STATS_TOO_FEW, 0.4 },
                  { &alike, LLMLEARN_STATS_NO_VARIATION, 0.5 } };

    for (int i = 0; i < 3; i++) {
        llmlearn_clustered got = rate(cases[i].arm);
        ck_assert_int_eq(got.status, cases[i].status);
        ck_assert(got.rate == cases[i].rate && got.variance == 0.0 && got.design_effect == 1.0);
        ck_assert(got.low == 0.0 && got.high == 1.0);
        for (int j = 0; j <= i; j++) {
            /* The worse of the two: no data, too few, no variation. */
            llmlearn_clustered_difference both = compare(cases[i].arm, cases[j].arm);
            ck_assert_int_eq(both.status, cases[j].status);
            ck_assert_int_eq(compare(cases[j].arm, cases[i].arm).status, cases[j].status);
        }
        llmlearn_clustered_difference both = compare(&some, cases[i].arm);
        ck_assert_int_eq(both.status, cases[i].status);
        ck_assert(both.low == -1.0 && both.high == 1.0 && both.z == 0.0 && both.degrees == 0.0);
        ck_assert(both.p_value == 1.0 && both.p_normal == 1.0);
        ck_assert((both.difference == 0.0) == (i == 0));
    }
}
END_TEST

START_TEST(ends_stay_within_the_possible)
{
    llmlearn_cluster low = { 0 }, high = { 0 };
    add_unit(&low, 10, 1);
    add_unit(&low, 1, 0);
    add_unit(&high, 10, 9);
    add_unit(&high, 1, 1);

    ck_assert(rate(&low).low == 0.0 && rate(&high).high == 1.0);
    llmlearn_cluster wide = { 0 };
    add_unit(&wide, 100, 100);
    add_unit(&wide, 90, 0);
    ck_assert(rate(&wide).low == 0.0 && rate(&wide).high == 1.0);
    llmlearn_clustered_difference got = compare(&wide, &wide);
    ck_assert(got.low == -1.0 && got.high == 1.0 && got.p_value == 1.0);
}
END_TEST

/* ---- sums that cannot be ---- */

START_TEST(impossible_sums_are_named)
{
    const uint64_t many = LL_STATS_COUNT_MAX + 1;
    const struct {
        llmlearn_cluster arm; /* units, trials, successes, n n, s n, s s */
        const char *field;
    } cases[] = {
        { { many, 9, 3, 27, 9, 3 }, "units: more than 2^53" },
        { { 3, many, 3, 27, 9, 3 }, "trials: more than 2^53" },
        { { 3, 9, many, 27, 9, 3 }, "successes: more than 2^53" },
        { { 3, 9, 3, many, 9, 3 }, "trials_squared: more than 2^53" },
        { { 3, 9, 3, 27, many, 3 }, "products: more than 2^53" },
        { { 3, 9, 3, 27, 9, many }, "successes_squared: more than 2^53" },
        { { 10, 9, 3, 27, 9, 3 }, "units: more than trials" },
        { { 0, 9, 3, 27, 9, 3 }, "units: none" },
        { { 3, 9, 10, 27, 9, 3 }, "successes: more than trials" },
        { { 3, 9, 3, 8, 9, 3 }, "trials_squared: less than trials" },
        { { 3, 9, 3, 82, 9, 3 }, "trials_squared: more than the square" },
        { { 3, 9, 3, 26, 9, 3 }, "trials_squared: too small" },
        { { 3, 9, 3, 27, 28, 3 }, "products: more than trials_squared" },
        { { 3, 9, 3, 27, 2, 3 }, "products: less than successes" },
        { { 3, 9, 3, 27, 9, 2 }, "successes_squared: less than successes" },
        { { 3, 9, 3, 27, 10, 11 }, "successes_squared: more than products" },
        { { 3, 9, 3, 27, 12, 10 }, "successes_squared: more than the square" },
        { { 3, 9, 5, 27, 15, 8 }, "successes_squared: too small" },
        { { 3, 9, 3, 27, 10, 3 }, "products: too large for the sums of squares" },
        { { 2, 4, 4, 10, 9, 9 }, "products: too small for so few failures" },
        { { 5, 7, 3, 12, 9, 9 }, "products: too large for so many failures" },
        { { 3, 9, 3, 28, 11, 5 }, "products: too large for so many failures of so few" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *fault = ll_cluster_fault(&cases[i].arm);
        ck_assert_msg(fault != NULL, "\"%s\" is let pass", cases[i].field);
        ck_assert_msg(strncmp(fault, cases[i].field, strlen(cases[i].field)) == 0,
                      "\"%s\" and not \"%s\"", fault, cases[i].field);
    }
}
END_TEST

START_TEST(possible_sums_never_have_a_fault)
{
    draw d = { .state = 3 };

    for (int round = 0; round < 100000; round++) {
        llmlearn_cluster arm = { 0 };
        uint64_t units = draw_below(&d, 6);
        uint64_t size = UINT64_C(1) << draw_below(&d, 25);
        for (uint64_t u = 0; u < units; u++) {
            uint64_t trials = 1 + draw_below(&d, size);
            uint64_t kind = draw_below(&d, 4);
            add_unit(&arm, trials, kind == 0 ? 0 : kind == 1 ? trials : draw_below(&d, trials + 1));
        }
        const char *fault = ll_cluster_fault(&arm);
        if (fault != NULL)
            ck_abort_msg("%s", fault);
    }
}
END_TEST

/* ---- what it is for ---- */

#define USERS 40
#define VOTES 20

/* Votes of one rate, two of a user correlated by 0.3: each is the user's own opinion with
 * probability sqrt(0.3), else a fresh one. Lunn & Davies 1998, Biometrika 85:487. */
static llmlearn_cluster simulate(draw *d, double rate_of_all)
{
    const double own = sqrt(0.3);
    llmlearn_cluster arm = { 0 };

    for (int user = 0; user < USERS; user++) {
        bool opinion = draw_happens(d, rate_of_all);
        uint64_t successes = 0;
        for (int vote = 0; vote < VOTES; vote++)
            successes += draw_happens(d, own) ? opinion : draw_happens(d, rate_of_all);
        add_unit(&arm, VOTES, successes);
    }
    return arm;
}

static double independent_p(const llmlearn_cluster *one, const llmlearn_cluster *other)
{
    const llmlearn_rate arms[] = {
        { .successes = one->successes, .trials = one->trials },
        { .successes = other->successes, .trials = other->trials },
    };
    llmlearn_association got;

    ll_pearson_test(arms, 2, &got);
    return got.p_value;
}

/* Two arms alike: a test at 5 % may reject one in twenty, and chi-square over all votes, which
 * takes them for independent, rejects every other. */
START_TEST(equal_arms_are_told_apart_no_more_often_than_promised)
{
    const int runs = 5000;
    draw d = { .state = 2024 };
    int clustered = 0, independent = 0, missed = 0;

    for (int run = 0; run < runs; run++) {
        llmlearn_cluster control = simulate(&d, 0.6), variant = simulate(&d, 0.6);
        llmlearn_clustered interval = rate(&control);
        clustered += compare(&control, &variant).p_value < 0.05;
        independent += independent_p(&control, &variant) < 0.05;
        missed += interval.low > 0.6 || interval.high < 0.6;
    }
    double error = sqrt(0.06 * 0.94 / runs);
    printf("%d users of %d votes, ICC 0.3, %d pairs of equal arms: rejected %.1f %% by clusters, "
           "%.1f %% by chi-square; intervals that miss the rate %.1f %%\n",
           USERS, VOTES, runs, 100.0 * clustered / runs, 100.0 * independent / runs,
           100.0 * missed / runs);
    fflush(stdout);
    ck_assert_double_le((double)clustered / runs, 0.06 + 3.0 * error);
    ck_assert_double_ge((double)clustered / runs, 0.05 - 4.0 * error);
    ck_assert_double_le((double)missed / runs, 0.06 + 3.0 * error);
    ck_assert_double_gt((double)independent / runs, 0.4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats clusters");
    TCase *tests = tcase_create("clusters");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_variance_is_that_of_the_units_themselves);
    tcase_add_test(tests, one_vote_each_is_the_independent_case);
    tcase_add_test(tests, votes_that_repeat_the_first_weigh_nothing);
    tcase_add_test(tests, the_last_digit_of_what_cancels_is_kept);
    tcase_add_test(tests, exchanging_the_arms_mirrors_everything);
    tcase_add_test(tests, too_little_is_said_and_leaves_all_possible);
    tcase_add_test(tests, ends_stay_within_the_possible);
    tcase_add_test(tests, impossible_sums_are_named);
    tcase_add_test(tests, possible_sums_never_have_a_fault);
    tcase_add_test(tests, equal_arms_are_told_apart_no_more_often_than_promised);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
