/* What callers of ratings, means, clusters and summaries get wrong: each mistake is named, and
 * the output stays as it was. */
#include "support/expect.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MANY (LLMLEARN_COUNT_MAX + 1)

/* An output with a pattern in it, to see that a refusal leaves it alone. */
#define REFUSED(type, out, words, call)                                                            \
    do {                                                                                           \
        type out, before;                                                                          \
        memset(&out, 0x5a, sizeof out);                                                            \
        out.struct_size = sizeof out;                                                              \
        before = out;                                                                              \
        expect_err(call, LLMLEARN_EINVAL, words);                                                  \
        ck_assert_mem_eq(&out, &before, sizeof out);                                               \
    } while (0)

static const uint64_t stars[] = { 1, 2, 3, 4, 5 };

START_TEST(ratings_refuse_what_is_no_rating)
{
    const uint64_t too_many[] = { 1, 2, 3, MANY, 5 };
    llmlearn_ratings small = { .struct_size = 4 };

#define RATINGS(words, ...)                                                                        \
    REFUSED(llmlearn_ratings, out, words, llmlearn_stats_ratings(__VA_ARGS__, &out))
    RATINGS("control: NULL", NULL, stars, 0.95);
    RATINGS("variant: NULL", stars, NULL, 0.95);
    RATINGS("control[3]: 9007199254740993", too_many, stars, 0.95);
    RATINGS("variant[3]", stars, too_many, 0.95);
    RATINGS("confidence: 0", stars, stars, 0.0);
    RATINGS("confidence: 1", stars, stars, 1.0);
    RATINGS("confidence: ", stars, stars, NAN);
    expect_err(llmlearn_stats_ratings(stars, stars, 0.95, NULL), LLMLEARN_EINVAL, "out_ratings");
    expect_err(llmlearn_stats_ratings(stars, stars, 0.95, &small), LLMLEARN_EINVAL, "struct_size");
}
END_TEST

START_TEST(means_refuse_what_is_no_mean)
{
    const llmlearn_mean good = { 9, 3.0, 1.0 };
    const llmlearn_mean many = { MANY, 3.0, 1.0 }, negative = { 9, -1.0, 1.0 };
    const llmlearn_mean no_number = { 1, NAN, 1.0 }, endless = { 9, INFINITY, 1.0 };
    const llmlearn_mean odd_variance = { 9, 3.0, -1e-300 }, no_variance = { 2, 3.0, NAN };
    llmlearn_noninferiority small = { .struct_size = 4 };

#define MEANS(words, ...)                                                                          \
    REFUSED(llmlearn_noninferiority, out, words, llmlearn_stats_mean_not_worse(__VA_ARGS__, &out))
    MEANS("control: NULL", NULL, &good, 0.1, 0.05);
    MEANS("variant: NULL", &good, NULL, 0.1, 0.05);
    MEANS("control.count", &many, &good, 0.1, 0.05);
    MEANS("variant.count", &good, &many, 0.1, 0.05);
    MEANS("control.mean: -1", &negative, &good, 0.1, 0.05);
    MEANS("control.mean", &no_number, &good, 0.1, 0.05);
    MEANS("variant.mean", &good, &endless, 0.1, 0.05);
    MEANS("control.variance", &odd_variance, &good, 0.1, 0.05);
    MEANS("variant.variance", &good, &no_variance, 0.1, 0.05);
    MEANS("margin", &good, &good, -1.0000001, 0.05);
    MEANS("margin", &good, &good, 1e6 + 1, 0.05);
    MEANS("margin", &good, &good, NAN, 0.05);
    MEANS("alpha_ratio: 0", &good, &good, 0.1, 0.0);
    MEANS("alpha_ratio", &good, &good, 0.1, 1.0);
    MEANS("alpha_ratio", &good, &good, 0.1, NAN);
    expect_err(llmlearn_stats_mean_not_worse(&good, &good, 0.1, 0.05, NULL), LLMLEARN_EINVAL,
               "out_result");
    expect_err(llmlearn_stats_mean_not_worse(&good, &good, 0.1, 0.05, &small), LLMLEARN_EINVAL,
               "struct_size");
}
END_TEST

START_TEST(a_variant_may_have_a_negative_mean_and_little_its_gaps)
{
    const llmlearn_mean good = { 9, 3.0, 1.0 }, negative = { 9, -1.0, 1.0 };
    const llmlearn_mean none = { 0, NAN, NAN }, one = { 1, 2.0, NAN };
    llmlearn_noninferiority out = { .struct_size = sizeof out };

    expect_ok(llmlearn_stats_mean_not_worse(&good, &negative, 0.0, 0.05, &out));
    ck_assert_int_eq(out.guardrail, LLMLEARN_GUARDRAIL_PASS);
    expect_ok(llmlearn_stats_mean_not_worse(&good, &none, 0.0, 0.05, &out));
    ck_assert_int_eq(out.status, LLMLEARN_STATS_NO_DATA);
    expect_ok(llmlearn_stats_mean_not_worse(&one, &good, 0.0, 0.05, &out));
    ck_assert_int_eq(out.status, LLMLEARN_STATS_TOO_FEW);
}
END_TEST

START_TEST(clusters_refuse_sums_that_no_units_have)
{
    const llmlearn_cluster good = { 3, 9, 3, 27, 9, 3 };
    const llmlearn_cluster crowded = { 10, 9, 3, 27, 9, 3 }, impossible = { 3, 9, 3, 27, 28, 3 };
    const llmlearn_cluster alike = { 3, 9, 10, 27, 9, 3 };
    llmlearn_clustered small = { .struct_size = 4 };
    llmlearn_clustered_difference small_difference = { .struct_size = 4 };

#define ONE(words, ...)                                                                            \
    REFUSED(llmlearn_clustered, out, words, llmlearn_stats_clustered(__VA_ARGS__, &out))
#define TWO(words, ...)                                                                            \
    REFUSED(llmlearn_clustered_difference, out, words,                                             \
            llmlearn_stats_clustered_difference(__VA_ARGS__, &out))
    ONE("arm: NULL", NULL, 0.95);
    ONE("arm.units: more than trials", &crowded, 0.95);
    ONE("arm.products: more than trials_squared", &impossible, 0.95);
    ONE("arm.successes: more than trials", &alike, 0.95);
    ONE("confidence", &good, 1.0);
    ONE("confidence", &good, NAN);
    TWO("control: NULL", NULL, &good, 0.95);
    TWO("variant: NULL", &good, NULL, 0.95);
    TWO("control.units", &crowded, &good, 0.95);
    TWO("variant.products", &good, &impossible, 0.95);
    TWO("confidence", &good, &good, 0.0);
    expect_err(llmlearn_stats_clustered(&good, 0.95, NULL), LLMLEARN_EINVAL, "out_clustered");
    expect_err(llmlearn_stats_clustered(&good, 0.95, &small), LLMLEARN_EINVAL, "struct_size");
    expect_err(llmlearn_stats_clustered_difference(&good, &good, 0.95, NULL), LLMLEARN_EINVAL,
               "out_difference");
    expect_err(llmlearn_stats_clustered_difference(&good, &good, 0.95, &small_difference),
               LLMLEARN_EINVAL, "struct_size");
}
END_TEST

START_TEST(summaries_refuse_what_is_no_value)
{
    const double values[] = { 1.0, 2.0, NAN, 3.0 }, endless[] = { 1.0, -INFINITY };
    llmlearn_summary small = { .struct_size = 4 };

#define SUMMARY(words, ...)                                                                        \
    REFUSED(llmlearn_summary, out, words, llmlearn_stats_summary(__VA_ARGS__, &out))
    SUMMARY("values: NULL, but a count of 3", NULL, 3);
    SUMMARY("values[2]: ", values, 4);
    SUMMARY("values[1]: -inf", endless, 2);
    SUMMARY("count: 4294967297", values, (size_t)4294967297u);
    expect_err(llmlearn_stats_summary(values, 2, NULL), LLMLEARN_EINVAL, "out_summary");
    expect_err(llmlearn_stats_summary(values, 2, &small), LLMLEARN_EINVAL, "struct_size");
}
END_TEST

START_TEST(nothing_to_sum_up_is_an_answer)
{
    llmlearn_summary out = { .struct_size = sizeof out };
    const double values[] = { DBL_MAX, -DBL_MAX };

    expect_ok(llmlearn_stats_summary(NULL, 0, &out));
    ck_assert_int_eq(out.status, LLMLEARN_STATS_NO_DATA);
    expect_ok(llmlearn_stats_summary(values, 2, &out));
    ck_assert(out.variance == DBL_MAX && out.mean == 0.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ratings, means, clusters, summaries");
    TCase *tests = tcase_create("bad input");
    tcase_add_test(tests, ratings_refuse_what_is_no_rating);
    tcase_add_test(tests, means_refuse_what_is_no_mean);
    tcase_add_test(tests, a_variant_may_have_a_negative_mean_and_little_its_gaps);
    tcase_add_test(tests, clusters_refuse_sums_that_no_units_have);
    tcase_add_test(tests, summaries_refuse_what_is_no_value);
    tcase_add_test(tests, nothing_to_sum_up_is_an_answer);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
