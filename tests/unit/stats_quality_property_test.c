/* Any ratings, means, sums of clusters and values that can occur give a defined answer: drawn
 * and contrived ones, 100,000 of each. A build with sanitizers runs it too, and must find
 * nothing undefined. */
#include "stats/cluster.h"
#include "stats/describe.h"
#include "stats/limits.h"
#include "stats/mean.h"
#include "stats/ratings.h"
#include "support/draw.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 100000
#define MAX LL_STATS_COUNT_MAX

/* ck_assert reports its place even when it holds, which here would cost more
 * than what is tested. */
#define must(holds)                                                                                \
    do {                                                                                           \
        if (!(holds))                                                                              \
            ck_abort_msg("line %d, round %d: %s", __LINE__, round_now, #holds);                    \
    } while (0)

static int round_now;

static bool is_probability(double p)
{
    return p >= 0.0 && p <= 1.0; /* false for NaN */
}

static double some_ratio(draw *d)
{
    const double ratios[] = { 0.95, 0.05, 0.5, 0.999999, 1e-300, 1.0 - 0x1p-53 };
    return ratios[draw_below(d, 6)];
}

/* Often an end of the range or next to it, else anything of any size. */
static uint64_t some_count(draw *d)
{
    switch (draw_below(d, 6)) {
    case 0:
        return draw_below(d, 3);
    case 1:
        return MAX - draw_below(d, 3);
    case 2:
        return draw_below(d, 30);
    default:
        return draw_below(d, (UINT64_C(1) << (1 + draw_below(d, 53))) + 1);
    }
}

/* ---- ratings ---- */

static void some_stars(draw *d, uint64_t *counts)
{
    uint64_t kind = draw_below(d, 8), only = draw_below(d, LL_RATINGS_STARS);
    uint64_t common = some_count(d);

    for (uint64_t k = 0; k < LL_RATINGS_STARS; k++) {
        if (kind == 0)
            counts[k] = k == only ? common : 0; /* one category */
        else if (kind == 1)
            counts[k] = common; /* all alike */
        else if (kind == 2)
            counts[k] = k == only ? MAX : draw_below(d, 2);
        else
            counts[k] = draw_below(d, 3) == 0 ? 0 : some_count(d);
    }
}

static void check_ratings(const llmlearn_ratings *r)
{
    must(r->status == LLMLEARN_STATS_OK || r->status == LLMLEARN_STATS_NO_DATA ||
         r->status == LLMLEARN_STATS_NO_VARIATION);
    must(isfinite(r->u) && r->u >= 0.0 && isfinite(r->z));
    must(is_probability(r->superiority) && is_probability(r->p_value));
    must(r->control_mean == 0.0 || (r->control_mean >= 1.0 && r->control_mean <= 5.0));
    must(r->variant_mean == 0.0 || (r->variant_mean >= 1.0 && r->variant_mean <= 5.0));
    must(r->control_variance >= 0.0 && r->control_variance <= 8.0);
    must(r->variant_variance >= 0.0 && r->variant_variance <= 8.0);
    must(isfinite(r->low) && isfinite(r->high));
    must(r->low <= r->difference && r->difference <= r->high);
    must(isfinite(r->t) && isfinite(r->degrees) && is_probability(r->mean_p_value));
    must((r->mean_status == LLMLEARN_STATS_OK) == (r->degrees > 0));
    must(r->mean_status == LLMLEARN_STATS_OK || (r->t == 0.0 && r->mean_p_value == 1.0));
    must(r->status == LLMLEARN_STATS_OK || (r->z == 0.0 && r->p_value == 1.0));
}

START_TEST(any_ratings_have_a_defined_comparison)
{
    draw d = { .state = 1 };
    uint32_t seen[LLMLEARN_STATS_MISASSIGNED + 1] = { 0 };

    for (round_now = 0; round_now < ROUNDS; round_now++) {
        uint64_t control[LL_RATINGS_STARS], variant[LL_RATINGS_STARS];
        double confidence = some_ratio(&d);
        llmlearn_ratings one, other;

        some_stars(&d, control);
        some_stars(&d, variant);
        memset(&one, 0xff, sizeof one);
        memset(&other, 0, sizeof other);
        ll_ratings_compare(control, variant, confidence, &one);
        check_ratings(&one);
        seen[one.mean_status]++;
        if (round_now % 4 != 0)
            continue;
        ll_ratings_compare(variant, control, confidence, &other);
        must(one.z == -other.z && one.p_value == other.p_value);
        must(one.low == -other.high && one.high == -other.low && one.t == -other.t);
        must(one.mean_p_value == other.mean_p_value && one.degrees == other.degrees);
    }
    ck_assert_uint_gt(seen[LLMLEARN_STATS_OK], ROUNDS / 2);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_NO_VARIATION], 100);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_TOO_FEW], 100);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_NO_DATA], 100);
}
END_TEST

/* ---- means ---- */

/* Not negative; any size that a double has. */
static double some_size(draw *d)
{
    switch (draw_below(d, 8)) {
    case 0:
        return 0.0;
    case 1:
        return DBL_MAX;
    case 2:
        return 5e-324;
    case 3:
        return ldexp(1.0 + draw_share(d), (int)draw_below(d, 2096) - 1073);
    default:
        return 1000.0 * draw_share(d);
    }
}

static double some_margin(draw *d)
{
    const double margins[] = { 0.0, 0.1, 0.2, -1.0, LL_MEAN_MARGIN_MAX, -1.0 + 0x1p-53, -0.3 };
    return margins[draw_below(d, 7)];
}

static llmlearn_mean some_mean(draw *d)
{
    return (llmlearn_mean){ some_count(d), some_size(d), some_size(d) };
}

static void check_verdict(const llmlearn_noninferiority *r, double alpha)
{
    must(isfinite(r->statistic) && isfinite(r->degrees) && r->degrees >= 0.0);
    must(is_probability(r->p_value) && is_probability(r->p_worse));
    must((r->status == LLMLEARN_STATS_OK) == (r->degrees > 0));
    if (r->status == LLMLEARN_STATS_OK) {
        must(fabs(r->p_value + r->p_worse - 1.0) < 1e-9);
        must(r->guardrail != LLMLEARN_GUARDRAIL_PASS || r->p_value < alpha);
        must(r->guardrail != LLMLEARN_GUARDRAIL_FAIL || r->p_worse < alpha);
    } else {
        must(r->statistic == 0.0 && r->p_value == 1.0 && r->p_worse == 1.0);
        must((r->status == LLMLEARN_STATS_NO_VARIATION) ==
             (r->guardrail != LLMLEARN_GUARDRAIL_UNKNOWN));
    }
}

START_TEST(any_means_have_a_defined_verdict)
{
    draw d = { .state = 2 };
    uint32_t seen[LLMLEARN_GUARDRAIL_FAIL + 1] = { 0 };

    for (round_now = 0; round_now < ROUNDS; round_now++) {
        llmlearn_mean control = some_mean(&d), variant = some_mean(&d);
        double alpha = some_ratio(&d), margin = some_margin(&d);
        llmlearn_noninferiority one, other;

        if (draw_below(&d, 4) == 0)
            variant.mean = (1.0 + margin) * fmin(control.mean, 1e300);
        if (draw_below(&d, 9) == 0)
            variant.mean = -variant.mean;
        memset(&one, 0xff, sizeof one);
        memset(&other, 0, sizeof other);
        ll_mean_not_worse(&control, &variant, margin, alpha, &one);
        check_verdict(&one, alpha);
        seen[one.guardrail]++;
        if (variant.mean < 0.0)
            continue;
        ll_mean_not_worse(&control, &variant, 0.0, alpha, &one);
        ll_mean_not_worse(&variant, &control, 0.0, alpha, &other);
        must(one.statistic == -other.statistic && one.degrees == other.degrees);
        must(one.p_value == other.p_worse || one.status != LLMLEARN_STATS_OK);
    }
    for (int verdict = LLMLEARN_GUARDRAIL_UNKNOWN; verdict <= LLMLEARN_GUARDRAIL_FAIL; verdict++)
        ck_assert_uint_gt(seen[verdict], ROUNDS / 20);
}
END_TEST

/* ---- clusters ---- */

/* Groups of alike units, as many and as large as the sums can hold. */
static llmlearn_cluster some_cluster(draw *d)
{
    llmlearn_cluster arm = { 0 };
    uint64_t groups = draw_below(d, 4);

    for (uint64_t i = 0; i < groups; i++) {
        uint64_t trials = 1 + draw_below(d, UINT64_C(1) << draw_below(d, 25));
        uint64_t room = (MAX >> 2) / (trials * trials);
        uint64_t units = draw_below(d, 3) == 0 ? room : 1 + draw_below(d, room < 50 ? room : 50);
        uint64_t kind = draw_below(d, 4);
        uint64_t successes = kind == 0 ? 0 : kind == 1 ? trials : draw_below(d, trials + 1);

        arm.units += units;
        arm.trials += units * trials;
        arm.successes += units * successes;
        arm.trials_squared += units * trials * trials;
        arm.products += units * trials * successes;
        arm.successes_squared += units * successes * successes;
    }
    return arm;
}

/* Sums that no units have, but no check can tell: a little off. */
static void distort(draw *d, llmlearn_cluster *arm)
{
    llmlearn_cluster other = *arm;
    uint64_t *sums[] = { &other.units,          &other.trials,   &other.successes,
                         &other.trials_squared, &other.products, &other.successes_squared };

    for (uint64_t i = draw_below(d, 4); i > 0; i--)
        *sums[draw_below(d, 6)] += draw_below(d, 7) - 3;
    if (ll_cluster_fault(&other) == NULL)
        *arm = other;
}

static void check_cluster(const llmlearn_clustered *r)
{
    must(is_probability(r->rate));
    must(isfinite(r->variance) && r->variance >= 0.0);
    must(isfinite(r->design_effect) && r->design_effect > 0.0);
    must(r->low >= 0.0 && r->low <= r->rate && r->rate <= r->high && r->high <= 1.0);
    must((r->status == LLMLEARN_STATS_OK) == (r->variance > 0.0));
    must(r->status == LLMLEARN_STATS_OK || (r->low == 0.0 && r->high == 1.0));
}

START_TEST(any_clusters_have_a_defined_comparison)
{
    draw d = { .state = 3 };
    uint32_t seen[LLMLEARN_STATS_MISASSIGNED + 1] = { 0 };

    for (round_now = 0; round_now < ROUNDS; round_now++) {
        llmlearn_cluster control = some_cluster(&d), variant = some_cluster(&d);
        double confidence = some_ratio(&d);
        llmlearn_clustered arm;
        llmlearn_clustered_difference one, other;

        distort(&d, &control);
        memset(&arm, 0xff, sizeof arm);
        memset(&one, 0xff, sizeof one);
        memset(&other, 0, sizeof other);
        ll_cluster_rate(&control, confidence, &arm);
        check_cluster(&arm);
        ll_cluster_difference(&control, &variant, confidence, &one);
        ll_cluster_difference(&variant, &control, confidence, &other);
        seen[one.status]++;
        must(one.low >= -1.0 && one.low <= one.difference);
        must(one.difference <= one.high && one.high <= 1.0);
        must(isfinite(one.z) && is_probability(one.p_value) && is_probability(one.p_normal));
        must(one.status == other.status && one.z == -other.z && one.low == -other.high);
        must(one.p_value == other.p_value && one.degrees == other.degrees);
        must((one.status == LLMLEARN_STATS_OK) == (one.degrees > 0.0));
    }
    ck_assert_uint_gt(seen[LLMLEARN_STATS_OK], ROUNDS / 10);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_NO_VARIATION], 100);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_TOO_FEW], 100);
    ck_assert_uint_gt(seen[LLMLEARN_STATS_NO_DATA], 100);
}
END_TEST

/* ---- values ---- */

#define VALUES_MAX 40

START_TEST(any_values_have_a_defined_summary)
{
    draw d = { .state = 4 };
    uint64_t workspace[2 * VALUES_MAX];
    double values[VALUES_MAX];

    for (round_now = 0; round_now < ROUNDS; round_now++) {
        uint64_t count = draw_below(&d, VALUES_MAX + 1), same = draw_below(&d, 4);
        double value = some_size(&d);
        llmlearn_summary got;

        for (uint64_t i = 0; i < count; i++) {
            values[i] = same == 0 ? value : some_size(&d);
            if (same == 1 && draw_below(&d, 2) == 0)
                values[i] = -values[i];
        }
        memset(&got, 0xff, sizeof got);
        ll_describe(values, count, workspace, &got);
        must(got.count == count);
        must(isfinite(got.mean) && isfinite(got.variance) && isfinite(got.deviation));
        must(got.min <= got.mean && got.mean <= got.max);
        must(got.min <= got.q50 && got.q50 <= got.q90 && got.q90 <= got.q95);
        must(got.q95 <= got.q99 && got.q99 <= got.max && isfinite(got.max));
        must(got.variance >= 0.0 && got.deviation >= 0.0);
        must(got.min < got.max || got.deviation == 0.0);
        must(got.max - got.min < 1e-320 || got.deviation > 0.0);
        must((got.status == LLMLEARN_STATS_OK) == (count > 1));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats properties of ratings, means, clusters, values");
    TCase *tests = tcase_create("properties");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, any_ratings_have_a_defined_comparison);
    tcase_add_test(tests, any_means_have_a_defined_verdict);
    tcase_add_test(tests, any_clusters_have_a_defined_comparison);
    tcase_add_test(tests, any_values_have_a_defined_summary);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
