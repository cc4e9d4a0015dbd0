#include "llmlearn.h"
#include "support/reference.h"
#include "support/stats_cases.h"

#include <math.h>
#include <string.h>

enum { TRIALS, ROUNDED, POWER, EFFECT, ASSOCIATION, FIGURES };

static llmlearn_plan plan_of(json_t *c)
{
    return (llmlearn_plan){ .struct_size = sizeof(llmlearn_plan),
                            .control_rate = in_number(c, "p1"),
                            .alpha_ratio = in_number(c, "alpha") };
}

static void check_sample_size(figure *figures, json_t *c)
{
    llmlearn_planned got = { .struct_size = sizeof got };
    llmlearn_plan plan = plan_of(c);
    char rounded[24];

    plan.effect = in_number(c, "p2") - plan.control_rate;
    plan.power_ratio = in_number(c, "power");
    plan.allocation = in_number(c, "ratio");
    ck_assert_int_eq(llmlearn_stats_sample_size(&plan, &got), LLMLEARN_OK);
    check_figure(&figures[TRIALS], c, got.control_trials, out_string(c, "n"));
    snprintf(rounded, sizeof rounded, "%llu", (unsigned long long)out_count(c, "n_ceil"));
    check_figure(&figures[ROUNDED], c, (double)got.control_trials_up, rounded);
}

static void check_power(figure *figures, json_t *c)
{
    llmlearn_planned got = { .struct_size = sizeof got };
    llmlearn_plan plan = plan_of(c);

    plan.effect = in_number(c, "p2") - plan.control_rate;
    plan.control_trials = in_number(c, "n");
    ck_assert_int_eq(llmlearn_stats_power(&plan, &got), LLMLEARN_OK);
    check_figure(&figures[POWER], c, got.power_ratio, out_string(c, "power"));
}

static void check_effect(figure *figures, json_t *c)
{
    llmlearn_planned got = { .struct_size = sizeof got };
    llmlearn_plan plan = plan_of(c);

    plan.power_ratio = in_number(c, "power");
    plan.control_trials = in_number(c, "n");
    ck_assert_int_eq(llmlearn_stats_detectable_effect(&plan, &got), LLMLEARN_OK);
    check_figure(&figures[EFFECT], c, got.effect, out_string(c, "mde"));
}

static void check_association_power(figure *figures, json_t *c)
{
    json_t *list = json_object_get(json_object_get(c, "in"), "p");
    double rates[CASE_ARMS_MAX], power = -1;
    json_t *rate;
    size_t i;

    json_array_foreach(list, i, rate) rates[i] = json_number_value(rate);
    ck_assert_int_eq(llmlearn_stats_association_power(rates, (uint32_t)json_array_size(list),
                                                      in_number(c, "n_per_arm"),
                                                      in_number(c, "alpha"), &power),
                     LLMLEARN_OK);
    check_figure(&figures[ASSOCIATION], c, power, out_string(c, "power"));
}

START_TEST(plans)
{
    figure figures[FIGURES + 1] = {
        [TRIALS] = { .name = "plan: trials", .relative = 1e-9 },
        [ROUNDED] = { .name = "plan: trials, rounded up" },
        [POWER] = { .name = "plan: power", .relative = 1e-10 },
        [EFFECT] = { .name = "plan: detectable effect", .relative = 1e-8 },
        [ASSOCIATION] = { .name = "plan: power of k arms", .relative = 1e-10 },
    };
    json_t *loaded = load_cases("power");
    json_t *c;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, c)
    {
        const char *solve = json_string_value(json_object_get(json_object_get(c, "in"), "solve"));
        if (strcmp(solve, "n") == 0)
            check_sample_size(figures, c);
        else if (strcmp(solve, "power") == 0)
            check_power(figures, c);
        else if (strcmp(solve, "mde_up") == 0)
            check_effect(figures, c);
        else
            check_association_power(figures, c);
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

TCase *reference_plan(void)
{
    TCase *tests = tcase_create("plan");

    tcase_add_test(tests, plans);
    return tests;
}
