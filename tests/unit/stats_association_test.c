#include "stats/association.h"
#include "stats/fisher.h"
#include "stats/freeman_halton.h"
#include "stats/limits.h"
#include "stats/pearson.h"
#include "stats/wide.h"
#include "support/draw.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static llmlearn_association test_arms(const llmlearn_rate *arms, uint32_t arm_count)
{
    llmlearn_association out;

    memset(&out, 0xaa, sizeof out); /* whatever was there must not shine through */
    ll_association_test(arms, arm_count, &out);
    return out;
}

/* ---- which method ------------------------------------------------------ */

/* n S = 5 N is an expected count of exactly 5, and not below it. */
START_TEST(an_expected_count_of_five_is_not_low)
{
    /* Two arms of n, ten successes in all: five are expected in each. */
    for (uint64_t n = 10; n <= LL_STATS_COUNT_MAX / 10; n *= 10) {
        llmlearn_association got = test_arms((llmlearn_rate[]){ { 3, n }, { 7, n } }, 2);
        ck_assert_uint_eq(got.cells_low, 0);
        ck_assert(got.expected_min == 5.0);
        ck_assert_int_eq(got.method, LLMLEARN_METHOD_PEARSON);
        got = test_arms((llmlearn_rate[]){ { 3, n }, { 7, n + 1 } }, 2);
        ck_assert_uint_eq(got.cells_low, 1);
        ck_assert_int_eq(got.method, LLMLEARN_METHOD_FISHER);
    }
}
END_TEST

START_TEST(nothing_to_test_is_named_and_neutral)
{
    const struct {
        llmlearn_rate arms[3];
        int status;
    } cases[] = {
        { { { 0, 0 }, { 0, 0 }, { 0, 0 } }, LLMLEARN_STATS_TOO_FEW_ARMS },
        { { { 0, 0 }, { 3, 10 }, { 0, 0 } }, LLMLEARN_STATS_TOO_FEW_ARMS },
        { { { 0, 9 }, { 0, 10 }, { 0, 0 } }, LLMLEARN_STATS_NO_VARIATION },
        { { { 9, 9 }, { 1, 1 }, { 10, 10 } }, LLMLEARN_STATS_NO_VARIATION },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        llmlearn_association got = test_arms(cases[i].arms, 3);
        ck_assert_int_eq(got.status, cases[i].status);
        ck_assert_int_eq(got.method, LLMLEARN_METHOD_NONE);
        ck_assert(got.p_value == 1.0 && got.ln_p_value == 0.0 && got.mid_p_value == 1.0);
        ck_assert(got.pearson_p_value == 1.0 && got.chi_square == 0.0);
        ck_assert(got.cramers_v == 0.0 && got.cramers_v_unbiased == 0.0);
        ck_assert(got.expected_min == 0.0);
    }
}
END_TEST

START_TEST(an_arm_without_trials_changes_nothing)
{
    const llmlearn_rate three[3] = { { 3, 12 }, { 7, 9 }, { 1, 30 } };
    const llmlearn_rate six[6] = { { 0, 0 }, { 3, 12 }, { 0, 0 }, { 7, 9 }, { 1, 30 }, { 0, 0 } };
    llmlearn_association a = test_arms(three, 3), b = test_arms(six, 6);

    a.struct_size = b.struct_size = 0;
    ck_assert_mem_eq(&a, &b, sizeof a);
    ck_assert_int_eq(a.method, LLMLEARN_METHOD_FREEMAN_HALTON);
}
END_TEST

START_TEST(too_many_tables_leave_pearsons_p_with_a_warning)
{
    const llmlearn_rate many[4] = { { 700, 4000 }, { 700, 4000 }, { 800, 4000 }, { 1, 3 } };
    llmlearn_association got = test_arms(many, 4), pearson;

    ll_pearson_test(many, 4, &pearson);
    ck_assert_int_eq(got.method, LLMLEARN_METHOD_LOW_EXPECTED);
    ck_assert(got.p_value == pearson.p_value && got.mid_p_value == pearson.p_value);
    ck_assert(got.ln_p_value == pearson.ln_p_value);
}
END_TEST

/* ---- Freeman & Halton -------------------------------------------------- */

/* All tables, one by one, their weights as integers: the product of the binomial coefficients. */
typedef struct count {
    const llmlearn_rate *arms;
    uint32_t arm_count;
    uint64_t choose[64][64];
    ll_wide_u128 observed, all, counted;
    uint64_t tables;
} count;

static void count_tables(count *c, uint32_t arm, uint64_t left, ll_wide_u128 weight)
{
    if (arm == c->arm_count) {
        if (left > 0)
            return;
        c->tables++;
        c->all += weight;
        /* weight <= observed (1 + 1e-7), both below 2^100 */
        if (weight <= c->observed + c->observed / 10000000)
            c->counted += weight;
        return;
    }
    uint64_t n = c->arms[arm].trials;
    for (uint64_t s = 0; s <= n && s <= left; s++)
        count_tables(c, arm + 1, left - s, weight * c->choose[n][s]);
}

static void check_by_counting(const llmlearn_rate *arms, uint32_t arm_count, double *worst)
{
    count c = { .arms = arms, .arm_count = arm_count, .observed = 1 };
    uint64_t left = 0;
    double p = 7.0, ln_p = 7.0;

    for (int n = 0; n < 64; n++) {
        c.choose[n][0] = 1;
        for (int s = 1; s <= n; s++)
            c.choose[n][s] = c.choose[n - 1][s - 1] + (s < n ? c.choose[n - 1][s] : 0);
    }
    for (uint32_t i = 0; i < arm_count; i++) {
        c.observed *= c.choose[arms[i].trials][arms[i].successes];
        left += arms[i].successes;
    }
    count_tables(&c, 0, left, 1);
    ck_assert(ll_freeman_halton_test(arms, arm_count, &p, &ln_p));
    double want = (double)c.counted / (double)c.all;
    double error = fabs(p - want) / want;
    ck_assert_msg(error < 1e-12, "%g for %.17g, want %.17g", error, p, want);
    ck_assert_double_eq_tol(ln_p, log(want), 1e-12);
    ck_assert_msg((p == 1.0) == (c.counted == c.all), "p = 1 - %g", 1.0 - p);
    *worst = fmax(*worst, error);
}

START_TEST(agrees_with_counting_every_table)
{
    double worst = 0.0;
    draw random = { .state = 11 };
    int tried = 0;

    for (int i = 0; i < 4000; i++) {
        llmlearn_rate arms[6];
        uint32_t arm_count = 2 + (uint32_t)draw_below(&random, 5);
        uint64_t successes = 0, trials = 0, most = arm_count > 4 ? 7 : 14;

        for (uint32_t j = 0; j < arm_count; j++) {
            arms[j].trials = 1 + draw_below(&random, most);
            arms[j].successes = draw_below(&random, arms[j].trials + 1);
            successes += arms[j].successes;
            trials += arms[j].trials;
        }
        if (successes == 0 || successes == trials)
            continue;
        check_by_counting(arms, arm_count, &worst);
        tried++;
    }
    printf("Freeman-Halton against counting: %d tables, worst error %.1e\n", tried, worst);
}
END_TEST

START_TEST(of_two_arms_it_is_fishers)
{
    draw random = { .state = 12 };

    for (int i = 0; i < 3000; i++) {
        uint64_t n1 = 1 + draw_below(&random, UINT64_C(1) << draw_below(&random, 30));
        uint64_t n2 = 1 + draw_below(&random, UINT64_C(1) << (1 + draw_below(&random, 52)));
        uint64_t s1 = draw_below(&random, (n1 < 300 ? n1 : 300) + 1);
        uint64_t s2 = draw_below(&random, (n2 < 300 ? n2 : 300) + 1);
        ll_fisher_result fisher;
        double p, ln_p;

        if (s1 + s2 == 0 || s1 + s2 == n1 + n2)
            continue;
        if (draw_below(&random, 2)) {
            s1 = n1 - s1;
            s2 = n2 - s2;
        }
        const llmlearn_rate arms[2] = { { s1, n1 }, { s2, n2 } };
        ck_assert_int_eq(ll_fisher_test(s1, n1, s2, n2, &fisher), LL_FISHER_OK);
        ck_assert(ll_freeman_halton_test(arms, 2, &p, &ln_p));
        ck_assert_double_le(fabs(p - fisher.p_value), 1e-11 * p);
        ck_assert_double_le(fabs(ln_p - fisher.ln_p_value), 1e-12 + 1e-12 * fabs(ln_p));
    }
}
END_TEST

/* The order of the arms, and which outcome is called a success, say nothing. */
START_TEST(arms_and_outcomes_may_be_exchanged)
{
    draw random = { .state = 13 };

    for (int i = 0; i < 2000; i++) {
        llmlearn_rate arms[5], turned[5];
        uint64_t successes = 0, trials = 0;
        double p, ln_p, other, ln_other;

        for (int j = 0; j < 5; j++) {
            arms[j].trials = 1 + draw_below(&random, 12);
            arms[j].successes = draw_below(&random, arms[j].trials + 1);
            turned[4 - j].trials = arms[j].trials;
            turned[4 - j].successes = arms[j].trials - arms[j].successes;
            successes += arms[j].successes;
            trials += arms[j].trials;
        }
        if (successes == 0 || successes == trials)
            continue;
        ck_assert(ll_freeman_halton_test(arms, 5, &p, &ln_p));
        ck_assert(ll_freeman_halton_test(turned, 5, &other, &ln_other));
        ck_assert_double_le(fabs(p - other), 1e-13 * p);
    }
}
END_TEST

/* How many tables there are is known exactly where the limit lies: arms of a and b trials beside
 * a large one, and more successes than they can take, make (a + 1)(b + 1). */
START_TEST(a_million_tables_are_counted_and_one_more_is_not)
{
    const uint64_t large = LL_STATS_COUNT_MAX;
    const llmlearn_rate million[3] = { { 999, 999 }, { 0, 999 }, { large / 2, large } };
    const llmlearn_rate more[3] = { { 1000, 1000 }, { 0, 999 }, { large / 2, large } };
    double p = 7.0, ln_p = 8.0;

    ck_assert(!ll_freeman_halton_test(more, 3, &p, &ln_p));
    ck_assert(p == 7.0 && ln_p == 8.0);
    ck_assert(ll_freeman_halton_test(million, 3, &p, &ln_p));
    ck_assert(isfinite(ln_p) && ln_p < -1300);
}
END_TEST

/* Any margins: a p, or that there are too many tables. Never anything else. */
START_TEST(any_arms_have_a_p)
{
    draw random = { .state = 14 };
    uint32_t seen[LLMLEARN_METHOD_LOW_EXPECTED + 1] = { 0 };

    for (int i = 0; i < 3000; i++) {
        llmlearn_rate arms[LL_STATS_ARMS_MAX];
        uint32_t arm_count = 3 + (uint32_t)draw_below(&random, i % 10 == 0 ? 61 : 6);
        uint64_t large = draw_below(&random, 4) == 0 ? 53 : 9;

        for (uint32_t j = 0; j < arm_count; j++) {
            uint64_t bits = draw_below(&random, 3) == 0 ? draw_below(&random, large + 1)
                                                        : draw_below(&random, 5);
            arms[j].trials = draw_below(&random, (UINT64_C(1) << bits) + 1);
            arms[j].successes =
                draw_below(&random, (draw_below(&random, 2) ? arms[j].trials : 2) + 1);
            if (arms[j].successes > arms[j].trials)
                arms[j].successes = arms[j].trials;
        }
        llmlearn_association got = test_arms(arms, arm_count);
        ck_assert(got.p_value >= 0 && got.p_value <= 1);
        ck_assert(isfinite(got.ln_p_value) && got.ln_p_value <= 0);
        ck_assert(got.cramers_v_unbiased >= 0 && got.cramers_v_unbiased <= 1);
        if (got.p_value > DBL_MIN)
            ck_assert_double_eq_tol(got.ln_p_value, log(got.p_value), 1e-9);
        seen[got.method]++;
    }
    printf("methods: %u none, %u Pearson, %u Fisher, %u Freeman-Halton, %u low expected\n",
           seen[LLMLEARN_METHOD_NONE], seen[LLMLEARN_METHOD_PEARSON], seen[LLMLEARN_METHOD_FISHER],
           seen[LLMLEARN_METHOD_FREEMAN_HALTON], seen[LLMLEARN_METHOD_LOW_EXPECTED]);
    ck_assert_uint_gt(seen[LLMLEARN_METHOD_FREEMAN_HALTON], 100);
    ck_assert_uint_gt(seen[LLMLEARN_METHOD_LOW_EXPECTED], 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats association");
    TCase *tests = tcase_create("association");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, an_expected_count_of_five_is_not_low);
    tcase_add_test(tests, nothing_to_test_is_named_and_neutral);
    tcase_add_test(tests, an_arm_without_trials_changes_nothing);
    tcase_add_test(tests, too_many_tables_leave_pearsons_p_with_a_warning);
    tcase_add_test(tests, agrees_with_counting_every_table);
    tcase_add_test(tests, of_two_arms_it_is_fishers);
    tcase_add_test(tests, arms_and_outcomes_may_be_exchanged);
    tcase_add_test(tests, a_million_tables_are_counted_and_one_more_is_not);
    tcase_add_test(tests, any_arms_have_a_p);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
