/* Ratings, means, clusters and summaries. */
#include "llmlearn.h"
#include "support/expect.h"
#include "support/reference.h"
#include "support/stats_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 1024

static json_t *in_part(json_t *test_case, const char *name)
{
    return json_object_get(json_object_get(test_case, "in"), name);
}

/* Of a list that holds numbers, or numbers as text. */
static double number(json_t *value)
{
    ck_assert(json_is_number(value) || json_is_string(value));
    return json_is_string(value) ? strtod(json_string_value(value), NULL)
                                 : json_number_value(value);
}

static size_t in_values(json_t *test_case, const char *name, double *out_values)
{
    json_t *list = in_part(test_case, name);
    size_t count = json_array_size(list);

    ck_assert_msg(json_is_array(list), "%s has no %s", case_id(test_case), name);
    ck_assert_uint_le(count, VALUES_MAX);
    for (size_t i = 0; i < count; i++)
        out_values[i] = number(json_array_get(list, i));
    return count;
}

/* ---- ratings ---- */

enum {
    RATINGS_U,
    RATINGS_A,
    RATINGS_Z,
    RATINGS_P,
    RATINGS_MEAN,
    RATINGS_VARIANCE,
    RATINGS_DIFFERENCE,
    RATINGS_T,
    RATINGS_DEGREES,
    RATINGS_MEAN_P,
    RATINGS_INTERVAL,
    RATINGS_END
};

static void check_if_given(figure *f, json_t *test_case, double got, const char *name)
{
    if (has_out(test_case, name))
        check_figure(f, test_case, got, out_string(test_case, name));
}

static void check_ratings(figure *figures, json_t *test_case, const llmlearn_ratings *got)
{
    check_if_given(&figures[RATINGS_U], test_case, got->u, "U");
    check_if_given(&figures[RATINGS_A], test_case, got->superiority, "A");
    check_if_given(&figures[RATINGS_Z], test_case, got->z, "z");
    check_if_given(&figures[RATINGS_P], test_case, got->p_value, "p_cc");
    check_if_given(&figures[RATINGS_MEAN], test_case, got->control_mean, "mean_x");
    check_if_given(&figures[RATINGS_MEAN], test_case, got->variant_mean, "mean_y");
    check_if_given(&figures[RATINGS_VARIANCE], test_case, got->control_variance, "var_x");
    check_if_given(&figures[RATINGS_VARIANCE], test_case, got->variant_variance, "var_y");
    check_if_given(&figures[RATINGS_DIFFERENCE], test_case, got->difference, "welch_diff");
    check_if_given(&figures[RATINGS_T], test_case, got->t, "welch_t");
    check_if_given(&figures[RATINGS_DEGREES], test_case, got->degrees, "welch_df");
    check_if_given(&figures[RATINGS_MEAN_P], test_case, got->mean_p_value, "welch_p");
    if (has_out(test_case, "welch_ci95")) {
        figure *f = &figures[RATINGS_INTERVAL];
        check_figure(f, test_case, got->low, out_end(test_case, "welch_ci95", 0));
        check_figure(f, test_case, got->high, out_end(test_case, "welch_ci95", 1));
    }
    ck_assert_int_eq(got->status,
                     has_out(test_case, "z") ? LLMLEARN_STATS_OK : LLMLEARN_STATS_NO_VARIATION);
    ck_assert((got->mean_status == LLMLEARN_STATS_OK) == has_out(test_case, "welch_t"));
}

static void run_ratings(const char *set, double tolerance, double tolerance_p)
{
    figure figures[] = {
        [RATINGS_U] = { .name = "ratings U", .relative = tolerance },
        [RATINGS_A] = { .name = "ratings superiority", .relative = tolerance },
        [RATINGS_Z] = { .name = "ratings z", .relative = tolerance },
        [RATINGS_P] = { .name = "ratings p", .relative = tolerance_p },
        [RATINGS_MEAN] = { .name = "ratings means", .relative = tolerance },
        [RATINGS_VARIANCE] = { .name = "ratings variances", .relative = tolerance },
        [RATINGS_DIFFERENCE] = { .name = "ratings difference of means", .relative = tolerance },
        [RATINGS_T] = { .name = "ratings Welch's t", .relative = tolerance },
        [RATINGS_DEGREES] = { .name = "ratings degrees", .relative = tolerance },
        [RATINGS_MEAN_P] = { .name = "ratings p of means", .relative = tolerance_p },
        [RATINGS_INTERVAL] = { .name = "ratings interval of means", .relative = tolerance_p },
        [RATINGS_END] = { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        uint64_t control[CASE_ARMS_MAX], variant[CASE_ARMS_MAX];
        llmlearn_ratings got = { .struct_size = sizeof got };

        if (in_part(test_case, "rows") != NULL)
            continue; /* Kruskal & Wallis, which we do not offer */
        ck_assert_uint_eq(in_counts(test_case, "x", control), 5);
        ck_assert_uint_eq(in_counts(test_case, "y", variant), 5);
        expect_ok(llmlearn_stats_ratings(control, variant, 0.95, &got));
        check_ratings(figures, test_case, &got);
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(ratings_agree_with_the_reference_cases)
{
    run_ratings("ratings", 1e-12, 1e-10);
}
END_TEST

START_TEST(ratings_agree_for_large_counts)
{
    run_ratings("ratings_large", 1e-12, 1e-11);
}
END_TEST

/* ---- clusters ---- */

/* Each arm is two lists, or the sums themselves. */
static void read_cluster(json_t *test_case, const char *name, llmlearn_cluster *out)
{
    json_t *arm = in_part(test_case, name);
    json_t *s = json_object_get(arm, "s"), *n = json_object_get(arm, "n");

    *out = (llmlearn_cluster){ 0 };
    if (s == NULL) {
        ck_assert_int_eq(json_unpack(arm, "{s:I, s:I, s:I, s:I, s:I, s:I}", "units", &out->units,
                                     "trials", &out->trials, "successes", &out->successes,
                                     "trials_squared", &out->trials_squared, "products",
                                     &out->products, "successes_squared", &out->successes_squared),
                         0);
        return;
    }
    out->units = json_array_size(s);
    for (size_t i = 0; i < out->units; i++) {
        uint64_t trials = (uint64_t)json_integer_value(json_array_get(n, i));
        uint64_t successes = (uint64_t)json_integer_value(json_array_get(s, i));
        out->trials += trials;
        out->successes += successes;
        out->trials_squared += trials * trials;
        out->products += trials * successes;
        out->successes_squared += successes * successes;
    }
}

static void run_clusters(const char *set, double tolerance, double tolerance_p)
{
    figure figures[] = {
        { .name = "clusters rate", .relative = 1e-13 },
        { .name = "clusters variance", .relative = tolerance },
        { .name = "clusters design effect", .relative = tolerance },
        { .name = "clusters z", .relative = tolerance },
        { .name = "clusters p, normal", .relative = tolerance_p },
        { .name = "clusters p, by t", .relative = tolerance_p },
        { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_clustered one = { .struct_size = sizeof one }, other = one;
        llmlearn_clustered_difference got = { .struct_size = sizeof got };
        llmlearn_cluster a, b;

        read_cluster(test_case, "a", &a);
        read_cluster(test_case, "b", &b);
        expect_ok(llmlearn_stats_clustered(&a, 0.95, &one));
        expect_ok(llmlearn_stats_clustered(&b, 0.95, &other));
        expect_ok(llmlearn_stats_clustered_difference(&a, &b, 0.95, &got));
        check_figure(&figures[0], test_case, one.rate, out_string(test_case, "rate_a"));
        check_figure(&figures[0], test_case, other.rate, out_string(test_case, "rate_b"));
        check_figure(&figures[1], test_case, one.variance, out_string(test_case, "var_a"));
        check_figure(&figures[1], test_case, other.variance, out_string(test_case, "var_b"));
        check_figure(&figures[2], test_case, one.design_effect, out_string(test_case, "deff_a"));
        check_figure(&figures[2], test_case, other.design_effect, out_string(test_case, "deff_b"));
        check_figure(&figures[3], test_case, got.z, out_string(test_case, "z"));
        check_figure(&figures[4], test_case, got.p_normal, out_string(test_case, "p_z"));
        check_figure(&figures[5], test_case, got.p_value, out_string(test_case, "p_t"));
        ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(clusters_agree_with_the_reference_cases)
{
    run_clusters("cluster", 1e-11, 1e-9);
}
END_TEST

START_TEST(clusters_agree_where_nearly_everything_cancels)
{
    run_clusters("cluster_large", 1e-13, 1e-11);
}
END_TEST

/* ---- means ---- */

static llmlearn_noninferiority not_worse(json_t *test_case)
{
    const llmlearn_mean control = { in_count(test_case, "n1"), number(in_part(test_case, "mean1")),
                                    number(in_part(test_case, "var1")) };
    const llmlearn_mean variant = { in_count(test_case, "n2"), number(in_part(test_case, "mean2")),
                                    number(in_part(test_case, "var2")) };
    llmlearn_noninferiority got = { .struct_size = sizeof got };
    double margin = number(in_part(test_case, "margin"));

    expect_ok(llmlearn_stats_mean_not_worse(&control, &variant, margin, 0.05, &got));
    ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    return got;
}

START_TEST(means_agree_with_the_reference_cases)
{
    figure figures[] = {
        { .name = "mean not worse, t", .relative = 1e-11 },
        { .name = "mean not worse, degrees", .relative = 1e-11 },
        { .name = "mean not worse, p", .relative = 1e-7 },
        { 0 },
    };
    json_t *loaded = load_cases("guardrail");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_noninferiority got;

        if (strcmp(json_string_value(in_part(test_case, "type")), "mean_ratio") != 0)
            continue;
        got = not_worse(test_case);
        check_figure(&figures[0], test_case, -got.statistic, out_string(test_case, "t"));
        check_figure(&figures[1], test_case, got.degrees, out_string(test_case, "df"));
        check_figure(&figures[2], test_case, got.p_value, out_string(test_case, "p"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

START_TEST(means_agree_for_any_size)
{
    figure figures[] = {
        { .name = "mean not worse, t", .relative = 1e-14 },
        { .name = "mean not worse, degrees", .relative = 1e-14 },
        { .name = "mean not worse, p", .relative = 1e-11 },
        { .name = "mean not worse, p worse", .relative = 1e-11 },
        { 0 },
    };
    json_t *loaded = load_cases("mean_large");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_noninferiority got = not_worse(test_case);

        check_figure(&figures[0], test_case, got.statistic, out_string(test_case, "statistic"));
        check_figure(&figures[1], test_case, got.degrees, out_string(test_case, "df"));
        check_figure(&figures[2], test_case, got.p_value, out_string(test_case, "p"));
        check_figure(&figures[3], test_case, got.p_worse, out_string(test_case, "p_worse"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

static json_t *published_case(json_t *loaded, const char *id)
{
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        if (strcmp(case_id(test_case), id) == 0)
            return test_case;
    }
    ck_abort_msg("no case %s", id);
    return NULL;
}

/* Student's sleep data, summed up by our summary and compared without a margin. Shifted, as
 * a control's mean may not be negative, and the t-test does not care. */
START_TEST(students_sleep_data_give_the_printed_t)
{
    const char *names[] = { "sleep_welch, t", "sleep_welch, degrees", "sleep_welch, p" };
    json_t *loaded = load_cases("published");
    json_t *sleep = published_case(loaded, "sleep_welch");
    llmlearn_noninferiority got = { .struct_size = sizeof got };
    llmlearn_mean sides[2];

    for (int side = 0; side < 2; side++) {
        llmlearn_summary summary = { .struct_size = sizeof summary };
        double values[VALUES_MAX];
        size_t count = in_values(sleep, side == 0 ? "x" : "y", values);

        for (size_t i = 0; i < count; i++)
            values[i] += 8.0;
        expect_ok(llmlearn_stats_summary(values, count, &summary));
        sides[side] = (llmlearn_mean){ count, summary.mean, summary.variance };
    }
    expect_ok(llmlearn_stats_mean_not_worse(&sides[0], &sides[1], 0.0, 0.05, &got));

    const double figures_got[] = { -got.statistic, got.degrees, 2.0 * got.p_worse };
    for (size_t i = 0; i < 3; i++) {
        json_t *exact = json_array_get(json_object_get(sleep, "full_precision"), i);
        figure f[] = { { .name = names[i], .relative = 1e-13 }, { 0 } };
        check_figure(f, sleep, figures_got[i], json_string_value(exact));
        print_figures(f);
    }
    json_decref(loaded);
}
END_TEST

/* ---- summaries ---- */

enum { SUMMARY_MEAN, SUMMARY_VARIANCE, SUMMARY_DEVIATION, SUMMARY_ENDS, SUMMARY_QUANTILES };

static void check_summary(figure *figures, json_t *test_case, const llmlearn_summary *got)
{
    check_if_given(&figures[SUMMARY_MEAN], test_case, got->mean, "mean");
    check_if_given(&figures[SUMMARY_VARIANCE], test_case, got->variance, "var");
    check_if_given(&figures[SUMMARY_DEVIATION], test_case, got->deviation, "sd");
    check_if_given(&figures[SUMMARY_ENDS], test_case, got->min, "min");
    check_if_given(&figures[SUMMARY_ENDS], test_case, got->max, "max");
    check_if_given(&figures[SUMMARY_QUANTILES], test_case, got->q50, "q50");
    check_if_given(&figures[SUMMARY_QUANTILES], test_case, got->q90, "q90");
    check_if_given(&figures[SUMMARY_QUANTILES], test_case, got->q95, "q95");
    check_if_given(&figures[SUMMARY_QUANTILES], test_case, got->q99, "q99");
    ck_assert_uint_eq(got->count, out_count(test_case, "n"));
    if (got->count == 0)
        ck_assert_int_eq(got->status, LLMLEARN_STATS_NO_DATA);
    else
        ck_assert_int_eq(got->status, got->count > 1 ? LLMLEARN_STATS_OK : LLMLEARN_STATS_TOO_FEW);
}

static void run_summaries(const char *set, double mean, double variance, double quantiles)
{
    figure figures[] = {
        [SUMMARY_MEAN] = { .name = "summary mean", .relative = mean },
        [SUMMARY_VARIANCE] = { .name = "summary variance", .relative = variance },
        [SUMMARY_DEVIATION] = { .name = "summary deviation", .relative = variance },
        [SUMMARY_ENDS] = { .name = "summary min, max" },
        [SUMMARY_QUANTILES] = { .name = "summary quantiles", .relative = quantiles },
        { 0 },
    };
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        double values[VALUES_MAX];
        size_t count = in_values(test_case, "x", values);
        llmlearn_summary got = { .struct_size = sizeof got };

        expect_ok(llmlearn_stats_summary(values, count, &got));
        check_summary(figures, test_case, &got);
    }
    print_figures(figures);
    json_decref(loaded);
}

START_TEST(summaries_agree_with_the_reference_cases)
{
    run_summaries("summary", 1e-14, 1e-9, 1e-13);
}
END_TEST

START_TEST(summaries_agree_for_any_size_and_offset)
{
    run_summaries("summary_large", 4e-15, 4e-15, 1e-15);
}
END_TEST

TCase *reference_quality(void)
{
    TCase *tests = tcase_create("quality");

    tcase_add_test(tests, ratings_agree_with_the_reference_cases);
    tcase_add_test(tests, ratings_agree_for_large_counts);
    tcase_add_test(tests, clusters_agree_with_the_reference_cases);
    tcase_add_test(tests, clusters_agree_where_nearly_everything_cancels);
    tcase_add_test(tests, means_agree_with_the_reference_cases);
    tcase_add_test(tests, means_agree_for_any_size);
    tcase_add_test(tests, students_sleep_data_give_the_printed_t);
    tcase_add_test(tests, summaries_agree_with_the_reference_cases);
    tcase_add_test(tests, summaries_agree_for_any_size_and_offset);
    return tests;
}
