#include "llmlearn.h"
#include "support/reference.h"
#include "support/stats_cases.h"

/* The cases give posteriors Beta(a, b); ours come of counts with the uniform prior. */
static uint32_t arms_of(json_t *c, llmlearn_rate *arms)
{
    json_t *list = json_object_get(json_object_get(c, "in"), "params");
    json_t *pair;
    size_t i;

    json_array_foreach(list, i, pair)
    {
        uint64_t a = (uint64_t)json_integer_value(json_array_get(pair, 0));
        uint64_t b = (uint64_t)json_integer_value(json_array_get(pair, 1));
        arms[i] = (llmlearn_rate){ .successes = a - 1, .trials = a + b - 2 };
    }
    return (uint32_t)json_array_size(list);
}

START_TEST(posteriors)
{
    figure figures[] = {
        { .name = "posterior: best", .absolute = 1e-9 },
        { .name = "posterior: expected loss", .relative = 1e-6, .absolute = 1e-10 },
        { .name = "posterior: expected best", .absolute = 1e-10 },
        { .name = "posterior: exact, 2 arms", .absolute = 1e-9 },
        { 0 },
    };
    json_t *loaded = load_cases("bayes");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        llmlearn_rate arms[CASE_ARMS_MAX];
        llmlearn_posterior got = { .struct_size = sizeof got };
        uint32_t count = arms_of(c, arms);
        ck_assert_int_eq(llmlearn_stats_posterior(arms, count, 0, 0, 0.95, &got), LLMLEARN_OK);
        for (uint32_t j = 0; j < count; j++) {
            check_figure(&figures[0], c, got.best_ratio[j], out_end(c, "prob_best", j));
            check_figure(&figures[1], c, got.expected_loss[j], out_end(c, "exp_loss", j));
        }
        check_figure(&figures[2], c, got.best_expected, out_string(c, "emax"));
        if (has_out(c, "prob_2_gt_1_exact"))
            check_figure(&figures[3], c, got.best_ratio[1], out_string(c, "prob_2_gt_1_exact"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

TCase *reference_posterior(void)
{
    TCase *tests = tcase_create("posterior");

    tcase_add_test(tests, posteriors);
    return tests;
}
