/* Splits, e-processes and bounds at looks. */
#include "llmlearn.h"
#include "support/reference.h"
#include "support/stats_cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint32_t in_numbers(json_t *test_case, const char *name, double *out)
{
    json_t *list = json_object_get(json_object_get(test_case, "in"), name);
    size_t count = json_array_size(list);

    ck_assert_msg(count >= 1 && count <= CASE_ARMS_MAX, "%s has no %s", case_id(test_case), name);
    for (size_t i = 0; i < count; i++)
        out[i] = json_number_value(json_array_get(list, i));
    return (uint32_t)count;
}

static bool in_is(json_t *test_case, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(json_object_get(test_case, "in"), name));
    return text != NULL && strcmp(text, value) == 0;
}

/* ---- splits ------------------------------------------------------------ */

static llmlearn_split split_of_case(json_t *test_case, double concentration)
{
    uint64_t counts[CASE_ARMS_MAX];
    double weights[CASE_ARMS_MAX];
    llmlearn_split got = { .struct_size = sizeof got };
    uint32_t count = in_counts(test_case, "counts", counts);

    ck_assert_uint_eq(in_numbers(test_case, "weights", weights), count);
    ck_assert_int_eq(llmlearn_stats_split(counts, weights, count, concentration, &got),
                     LLMLEARN_OK);
    return got;
}

START_TEST(the_chi_square_of_a_split)
{
    figure figures[] = {
        { .name = "split chi2", .relative = 1e-12 },
        { .name = "split p", .relative = 1e-10 },
        { 0 },
    };
    json_t *loaded = load_cases("srm");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_split got = split_of_case(test_case, 0);
        check_figure(&figures[0], test_case, got.chi_square, out_string(test_case, "chi2"));
        check_figure(&figures[1], test_case, got.p_value, out_string(test_case, "p"));
        ck_assert_uint_eq(got.degrees, out_count(test_case, "df"));
        ck_assert_int_eq(got.status, LLMLEARN_STATS_OK);
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

START_TEST(the_e_value_of_a_split)
{
    figure figures[] = { { .name = "split ln_e", .absolute = 1e-9 }, { 0 } };
    json_t *loaded = load_cases("sequential");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        if (!in_is(test_case, "op", "srm_e"))
            continue;
        llmlearn_split got = split_of_case(test_case, in_number(test_case, "concentration"));
        check_figure(figures, test_case, got.ln_e_value, out_string(test_case, "ln_e"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

START_TEST(large_splits)
{
    figure figures[] = {
        { .name = "split ln_e, large", .relative = 1e-14, .absolute = 1e-9 },
        { .name = "split chi2, large", .relative = 1e-12 },
        { .name = "split p, large", .relative = 1e-10 },
        { .name = "split ln_p, large", .relative = 1e-12 },
        { 0 },
    };
    json_t *loaded = load_cases("split_large");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        llmlearn_split got = split_of_case(test_case, in_number(test_case, "concentration"));
        check_figure(&figures[0], test_case, got.ln_e_value, out_string(test_case, "ln_e"));
        check_figure(&figures[1], test_case, got.chi_square, out_string(test_case, "chi2"));
        if (has_out(test_case, "p"))
            check_figure(&figures[2], test_case, got.p_value, out_string(test_case, "p"));
        check_figure(&figures[3], test_case, got.ln_p_value, out_string(test_case, "ln_p"));
        ck_assert_uint_eq(got.degrees, out_count(test_case, "df"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* ---- e-processes ------------------------------------------------------- */

static llmlearn_eprocess process_of_case(json_t *test_case)
{
    json_t *in = json_object_get(test_case, "in");
    const char *arms = json_string_value(json_object_get(in, "arms"));
    const char *votes = json_string_value(json_object_get(in, "y"));
    double weights[CASE_ARMS_MAX];
    uint32_t arm_count = in_numbers(test_case, "weights", weights);
    llmlearn_eprocess state = { .struct_size = sizeof state };

    ck_assert_int_eq(
        llmlearn_eprocess_begin(weights, arm_count, 0, in_number(test_case, "kappa"), &state),
        LLMLEARN_OK);
    ck_assert_uint_eq(strlen(arms), strlen(votes));
    for (size_t i = 0; arms[i] != '\0'; i++)
        ck_assert_int_eq(llmlearn_eprocess_add(&state, (uint32_t)(arms[i] - '0'), votes[i] == '1'),
                         LLMLEARN_OK);
    return state;
}

START_TEST(each_variant_against_the_champion)
{
    figure figures[] = {
        { .name = "e-process ln_e", .absolute = 1e-9 },
        { .name = "e-process ln_e_max", .absolute = 1e-9 },
        { 0 },
    };
    json_t *loaded = load_cases("sequential_shrink");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        /* A kappa below 20 is not offered; it is in one case, which bets nothing. */
        if (!has_out(test_case, "ln_e_one_sided_0_vs_last_final") ||
            in_number(test_case, "kappa") < 20)
            continue;
        llmlearn_eprocess got = process_of_case(test_case);
        uint32_t last = got.arm_count - 1;
        check_figure(&figures[0], test_case, got.ln_e_value[last],
                     out_string(test_case, "ln_e_one_sided_0_vs_last_final"));
        check_figure(&figures[1], test_case, got.ln_e_max[last],
                     out_string(test_case, "ln_e_one_sided_0_vs_last_max"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* E after the sequence whose 2 T bits are `code` (arm and vote by turns), times its probability. */
static double weighed_e(const double *weights, double kappa, double p, int length, unsigned code)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    double probability = 1.0;

    ck_assert_int_eq(llmlearn_eprocess_begin(weights, 2, 0, kappa, &state), LLMLEARN_OK);
    for (int i = 0; i < length; i++, code >>= 2) {
        uint32_t arm = code & 1;
        int32_t success = code >> 1 & 1;
        probability *= weights[arm] / (weights[0] + weights[1]) * (success == 1 ? p : 1 - p);
        ck_assert_int_eq(llmlearn_eprocess_add(&state, arm, success), LLMLEARN_OK);
    }
    return probability * exp(state.ln_e_value[1]);
}

START_TEST(the_expectation_under_equal_rates_is_one)
{
    figure figures[] = { { .name = "e-process, E[e]", .absolute = 1e-12 }, { 0 } };
    json_t *loaded = load_cases("sequential_shrink");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        double weights[CASE_ARMS_MAX], sum = 0.0;
        if (!has_out(test_case, "expectation"))
            continue;
        int length = (int)in_number(test_case, "T");
        json_t *p = json_object_get(json_object_get(test_case, "in"), "p");
        ck_assert_uint_eq(in_numbers(test_case, "weights", weights), 2);
        for (unsigned code = 0; code < 1u << 2 * length; code++)
            sum += weighed_e(weights, in_number(test_case, "kappa"), atof(json_string_value(p)),
                             length, code);
        check_figure(figures, test_case, sum, out_string(test_case, "expectation"));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* ---- looks ------------------------------------------------------------- */

static uint32_t bounds_of_case(json_t *test_case, double *bounds, double *spent)
{
    double times[CASE_ARMS_MAX];
    uint32_t count = in_numbers(test_case, "t", times);

    ck_assert_int_eq(llmlearn_stats_look_bounds(times, count, 1.0, in_number(test_case, "alpha"), 0,
                                                bounds, spent),
                     LLMLEARN_OK);
    return count;
}

START_TEST(bounds_at_looks)
{
    figure figures[] = {
        { .name = "look bounds", .absolute = 1e-5 },
        { .name = "look bounds, alpha < 1e-9", .absolute = 1e-4 },
        { 0 },
    };
    json_t *loaded = load_cases("group_sequential");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        double bounds[CASE_ARMS_MAX], spent[CASE_ARMS_MAX];
        if (!in_is(test_case, "spending", "obf"))
            continue;
        uint32_t count = bounds_of_case(test_case, bounds, spent);
        for (uint32_t j = 0; j < count; j++) {
            double alpha = spent[j] * in_number(test_case, "alpha");
            check_figure(&figures[alpha < 1e-9], test_case, bounds[j], out_end(test_case, "z", j));
        }
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

/* ---- printed values ---------------------------------------------------- */

static const char *printed(json_t *test_case, size_t index, char text[32])
{
    json_t *values = json_object_get(test_case, "published");

    snprintf(text, 32, "%.17g", json_number_value(json_array_get(values, index)));
    return text;
}

START_TEST(both_agree_with_printed_values)
{
    figure figures[] = {
        { .name = "look bounds, printed", .absolute = 6e-4 },
        { .name = "split p, printed", .relative = 0.02 },
        { 0 },
    };
    json_t *loaded = load_cases("published");
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case)
    {
        double bounds[CASE_ARMS_MAX];
        char text[32];
        const char *fn = json_string_value(json_object_get(test_case, "fn"));
        if (strcmp(fn, "srm") == 0)
            check_figure(&figures[1], test_case, split_of_case(test_case, 0).p_value,
                         printed(test_case, 0, text));
        if (strcmp(fn, "gst_bounds") != 0)
            continue;
        uint32_t count = bounds_of_case(test_case, bounds, NULL);
        for (uint32_t j = 0; j < count; j++)
            check_figure(&figures[0], test_case, bounds[j], printed(test_case, j, text));
    }
    print_figures(figures);
    json_decref(loaded);
}
END_TEST

TCase *reference_sequential(void)
{
    TCase *tests = tcase_create("sequential");

    tcase_add_test(tests, the_chi_square_of_a_split);
    tcase_add_test(tests, the_e_value_of_a_split);
    tcase_add_test(tests, large_splits);
    tcase_add_test(tests, each_variant_against_the_champion);
    tcase_add_test(tests, the_expectation_under_equal_rates_is_one);
    tcase_add_test(tests, bounds_at_looks);
    tcase_add_test(tests, both_agree_with_printed_values);
    return tests;
}
