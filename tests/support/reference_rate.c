#include "llmlearn.h"
#include "support/reference.h"
#include "support/stats_cases.h"

#include <string.h>

static llmlearn_interval interval_of(json_t *c, const char *successes, const char *trials,
                                     double confidence, int32_t method)
{
    llmlearn_interval got = { .struct_size = sizeof got };
    llmlearn_rate arm = { .successes = in_count(c, successes), .trials = in_count(c, trials) };

    ck_assert_int_eq(llmlearn_stats_rate(&arm, confidence, method, &got), LLMLEARN_OK);
    return got;
}

static void check_ends(figure *figures, json_t *c, const char *name, llmlearn_interval got)
{
    check_figure(&figures[0], c, got.low, out_end(c, name, 0));
    check_figure(&figures[1], c, got.high, out_end(c, name, 1));
}

static void run_proportions(const char *set, double absolute, bool exact)
{
    figure wilson[] = {
        { .name = "rate: Wilson low", .relative = 1e-12, .absolute = absolute },
        { .name = "rate: Wilson high", .relative = 1e-12, .absolute = absolute },
        { 0 },
    };
    figure clopper[] = { { .name = "rate: Clopper-Pearson low", .relative = 1e-10 },
                         { .name = "rate: Clopper-Pearson high", .relative = 1e-10 },
                         { 0 } };
    json_t *loaded = load_cases(set);
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        double confidence = in_number(c, "conf");
        check_ends(wilson, c, "wilson", interval_of(c, "s", "n", confidence, 0));
        if (exact)
            check_ends(clopper, c, "clopper_pearson",
                       interval_of(c, "s", "n", confidence, LLMLEARN_INTERVAL_CLOPPER_PEARSON));
    }
    print_figures(wilson);
    if (exact)
        print_figures(clopper);
    json_decref(loaded);
}

START_TEST(intervals_of_a_rate)
{
    run_proportions("proportion_ci", 1e-15, true);
    run_proportions("proportion_ci_large", 0, false);
}
END_TEST

START_TEST(confidence_sequences_of_a_rate)
{
    figure figures[] = { { .name = "rate: sequence low", .absolute = 1e-10 },
                         { .name = "rate: sequence high", .absolute = 1e-10 },
                         { 0 } };
    json_t *loaded = load_cases("sequential");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        const char *op = json_string_value(json_object_get(json_object_get(c, "in"), "op"));
        if (strcmp(op, "betabin_cs") == 0)
            check_ends(
                figures, c, "cs",
                interval_of(c, "s", "n", 1.0 - in_number(c, "alpha"), LLMLEARN_INTERVAL_SEQUENCE));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

TCase *reference_rate(void)
{
    TCase *tests = tcase_create("rate");

    tcase_add_test(tests, intervals_of_a_rate);
    tcase_add_test(tests, confidence_sequences_of_a_rate);
    return tests;
}
