/* Any counts that can occur give a defined answer: 200,000 tables, drawn and
 * contrived, through everything that classic and the reports call. A build with
 * sanitizers runs it too, and must find nothing undefined. The public calls have
 * tests/flow/stats_property_flow_test.c. */
#include "stats/classic.h"
#include "stats/fisher.h"
#include "stats/interval.h"
#include "stats/pearson.h"
#include "support/any_numbers.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 200000

/* ck_assert reports its place even when it holds, which here would cost more
 * than what is tested. */
#define must(holds)                                                                                \
    do {                                                                                           \
        if (!(holds))                                                                              \
            ck_abort_msg("line %d: %s", __LINE__, #holds);                                         \
    } while (0)

static bool is_probability(double p)
{
    return p >= 0.0 && p <= 1.0; /* false for NaN */
}

static bool is_ln_probability(double ln_p)
{
    return isfinite(ln_p) && ln_p <= 0.0;
}

static void check_result(const ll_classic_input *in, const ll_classic_result *r)
{
    must(r->status >= LL_CLASSIC_RUNNING);
    must(r->status <= LL_CLASSIC_WINNER);
    must((r->status == LL_CLASSIC_WINNER) == (r->winner >= 0));
    must(r->winner < (int32_t)in->arm_count);
    must(r->computed == (r->status >= LL_CLASSIC_NO_DIFFERENCE));
    must(is_probability(r->p_value));
    must(is_ln_probability(r->ln_p_value));
    must(isfinite(r->chi_square) && r->chi_square >= 0);
    must(is_probability(r->cramers_v));
    for (uint32_t i = 0; i < in->arm_count; i++) {
        must(is_probability(r->champion_p[i]));
        must(is_probability(r->champion_holm_p[i]));
        must(r->champion_holm_p[i] >= r->champion_p[i]);
    }
    if (r->winner_beats_champion)
        must(r->winner >= 0 && (uint32_t)r->winner != in->champion);
}

START_TEST(any_counts_have_a_defined_verdict)
{
    uint32_t seen[LL_CLASSIC_WINNER + 1] = { 0 };
    draw s = { .state = 2024 };
    llmlearn_rate arms[LL_STATS_ARMS_MAX];

    for (int table = 0; table < TABLES; table++) {
        ll_classic_input in = { .arms = arms };
        ll_classic_result first, second;
        uint64_t common = draw_below(&s, 2) == 0 ? 0 : any_count(&s);

        in.arm_count = any_arm_count(&s);
        for (uint32_t i = 0; i < in.arm_count; i++) {
            arms[i].trials = common > 0 ? common : any_count(&s);
            arms[i].successes = any_successes(&s, arms[i].trials);
        }
        in.champion = draw_below(&s, 9) == 0 ? LL_CLASSIC_NO_CHAMPION
                                             : (uint32_t)draw_below(&s, in.arm_count);
        in.trials_min = draw_below(&s, 4) == 0 ? draw_below(&s, 200) : 0;
        in.alpha = draw_below(&s, 4) == 0 ? 0x1p-53 * (double)(1 + draw_below(&s, 1000)) : 0.05;
        in.effect_min = draw_below(&s, 4) == 0 ? 0.001 * (double)draw_below(&s, 1100) : 0.1;
        in.duration_reached = draw_below(&s, 20) != 0;

        memset(&first, 0, sizeof first);
        memset(&second, 0xff, sizeof second);
        ll_classic_decide(&in, &first);
        check_result(&in, &first);
        seen[first.status]++;
        if (table % 16 == 0) {
            ll_classic_decide(&in, &second);
            must(first.p_value == second.p_value && first.status == second.status);
        }
    }
    for (int status = LL_CLASSIC_RUNNING; status <= LL_CLASSIC_WINNER; status++) {
        printf("%-24s %6u\n", ll_classic_status_name((ll_classic_status)status), seen[status]);
        ck_assert_uint_gt(seen[status], 0);
    }
    fflush(stdout);
}
END_TEST

START_TEST(any_counts_have_an_interval_around_their_rate)
{
    const double confidences[] = { 0.95, 0.5, 0.999999, 1e-300, 1.0 - 0x1p-53 };
    draw s = { .state = 2025 };

    for (int table = 0; table < TABLES; table++) {
        uint64_t n1 = any_count(&s), n2 = any_count(&s);
        uint64_t s1 = any_successes(&s, n1), s2 = any_successes(&s, n2);
        double confidence = confidences[draw_below(&s, 5)];
        ll_interval one = ll_interval_wilson(s1, n1, confidence);
        ll_interval both = ll_interval_newcombe(s1, n1, s2, n2, confidence);

        must(one.low >= 0 && one.low <= one.high && one.high <= 1);
        must(both.low >= -1 && both.low <= both.high && both.high <= 1);
        must(one.no_data == (n1 == 0));
        if (n1 > 0) {
            double rate = (double)s1 / (double)n1;
            must(one.low <= rate && rate <= one.high);
        }
    }
}
END_TEST

/* Fewer tables: one that is refused costs up to the limit of its terms. */
START_TEST(any_table_has_an_exact_p_or_is_refused)
{
    draw s = { .state = 2026 };
    uint32_t refused = 0;

    for (int table = 0; table < TABLES / 50; table++) {
        uint64_t n1 = any_count(&s), n2 = any_count(&s);
        uint64_t s1 = any_successes(&s, n1), s2 = any_successes(&s, n2);
        llmlearn_association pearson;
        ll_fisher_result exact;

        ll_pearson_test((llmlearn_rate[]){ { s1, n1 }, { s2, n2 } }, 2, &pearson);
        if (ll_fisher_test(s1, n1, s2, n2, &exact) != LL_FISHER_OK) {
            must(pearson.cells_low == 0);
            refused++;
            continue;
        }
        must(is_probability(exact.p_value));
        must(is_probability(exact.mid_p_value));
        must(is_ln_probability(exact.ln_p_value));
        must(exact.mid_p_value <= exact.p_value);
    }
    printf("Fisher refused %u of %d tables as too large\n", refused, TABLES / 50);
    fflush(stdout);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats properties");
    TCase *tests = tcase_create("properties");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, any_counts_have_a_defined_verdict);
    tcase_add_test(tests, any_counts_have_an_interval_around_their_rate);
    tcase_add_test(tests, any_table_has_an_exact_p_or_is_refused);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
