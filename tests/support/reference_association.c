#include "support/reference.h"
#include "support/stats_cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Calls `check` with every case of a set, then prints the figures. */
static void run(const char *set, figure *figures, void (*check)(figure *, json_t *))
{
    json_t *loaded = load_cases(set);
    json_t *test_case;
    size_t i;

    json_array_foreach(json_object_get(loaded, "cases"), i, test_case) check(figures, test_case);
    print_figures(figures);
    json_decref(loaded);
}

static llmlearn_association associate(const llmlearn_rate *arms, uint32_t arm_count)
{
    llmlearn_association out = { .struct_size = sizeof out };

    ck_assert_int_eq(llmlearn_stats_association(arms, arm_count, &out), LLMLEARN_OK);
    return out;
}

static llmlearn_association associate_arms(json_t *test_case)
{
    llmlearn_rate arms[CASE_ARMS_MAX];
    uint32_t arm_count = in_arms(test_case, arms);
    return associate(arms, arm_count);
}

static llmlearn_association associate_two(json_t *test_case)
{
    const llmlearn_rate arms[2] = {
        { .successes = in_count(test_case, "s1"), .trials = in_count(test_case, "n1") },
        { .successes = in_count(test_case, "s2"), .trials = in_count(test_case, "n2") },
    };
    return associate(arms, 2);
}

/* ---- Pearson ----------------------------------------------------------- */

enum { CHI_SQUARE, P, LN_P, V, EXPECTED, PEARSON_END };

static void check_table(figure *figures, json_t *test_case)
{
    llmlearn_association got = associate_arms(test_case);
    bool degenerate = !has_out(test_case, "ln_p");

    check_figure(&figures[CHI_SQUARE], test_case, got.chi_square, out_string(test_case, "chi2"));
    check_figure(&figures[P], test_case, got.pearson_p_value, out_string(test_case, "p"));
    check_figure(&figures[V], test_case, got.cramers_v, out_string(test_case, "V"));
    ck_assert_uint_eq(got.arms_used, out_count(test_case, "k_used"));
    ck_assert_uint_eq(got.degrees, out_count(test_case, "df"));
    ck_assert_int_eq(got.status != LLMLEARN_STATS_OK, degenerate);
    ck_assert_int_eq(got.status == LLMLEARN_STATS_TOO_FEW_ARMS, got.arms_used < 2);
    if (degenerate)
        return;
    check_figure(&figures[EXPECTED], test_case, got.expected_min,
                 out_string(test_case, "min_expected"));
    ck_assert_uint_eq(got.cells_low, out_count(test_case, "cells_lt5"));
    ck_assert_int_eq(got.method == LLMLEARN_METHOD_PEARSON, got.cells_low == 0);
    if (got.method == LLMLEARN_METHOD_PEARSON || got.method == LLMLEARN_METHOD_LOW_EXPECTED) {
        check_figure(&figures[LN_P], test_case, got.ln_p_value, out_string(test_case, "ln_p"));
        ck_assert(got.p_value == got.pearson_p_value && got.mid_p_value == got.p_value);
    }
}

static void run_tables(const char *set)
{
    figure figures[] = {
        [CHI_SQUARE] = { .name = "Pearson X2", .relative = 1e-12 },
        [P] = { .name = "Pearson p", .relative = 1e-10 },
        [LN_P] = { .name = "Pearson ln p", .relative = 1e-12 },
        [V] = { .name = "Cramer's V", .relative = 1e-12 },
        [EXPECTED] = { .name = "smallest expected count", .relative = 1e-13 },
        [PEARSON_END] = { 0 },
    };
    run(set, figures, check_table);
}

START_TEST(pearson)
{
    run_tables("kx2_tests");
    run_tables("kx2_large");
}
END_TEST

static void check_pooled(figure *figures, json_t *test_case)
{
    llmlearn_association got = associate_two(test_case);
    double z = strtod(out_string(test_case, "z_pooled"), NULL);

    check_figure(&figures[0], test_case, got.pearson_p_value, out_string(test_case, "p_pooled"));
    check_figure(&figures[1], test_case, copysign(sqrt(got.chi_square), z),
                 out_string(test_case, "z_pooled"));
}

START_TEST(pooled_z)
{
    figure figures[] = {
        { .name = "p of the pooled z", .relative = 1e-11 },
        { .name = "pooled z", .relative = 1e-11 },
        { 0 },
    };

    run("two_proportions_tests", figures, check_pooled);
}
END_TEST

/* ---- V without its bias ------------------------------------------------ */

static void check_unbiased(figure *figures, json_t *test_case)
{
    llmlearn_association got = associate_arms(test_case);

    if (has_out(test_case, "V_bc")) /* not for degenerate tables */
        check_figure(figures, test_case, got.cramers_v_unbiased, out_string(test_case, "V_bc"));
    else
        ck_assert(got.cramers_v_unbiased == 0.0);
}

START_TEST(unbiased_v)
{
    figure figures[] = { { .name = "unbiased V", .relative = 1e-12 }, { 0 } };
    figure close[] = { { .name = "unbiased V near 0", .relative = 1e-12 }, { 0 } };

    run("kx2_tests", figures, check_unbiased);
    run("cramer_unbiased_large", close, check_unbiased);
}
END_TEST

/* ---- exact tests ------------------------------------------------------- */

enum { FISHER_P, FISHER_MID_P, FISHER_LN_P, FISHER_END };

/* Where no expected count is below 5 the public call answers with Pearson's p. */
static void check_fisher(figure *figures, json_t *test_case)
{
    llmlearn_association got = associate_two(test_case);

    if (got.method != LLMLEARN_METHOD_FISHER)
        return;
    check_figure(&figures[FISHER_P], test_case, got.p_value, out_string(test_case, "p_two"));
    check_figure(&figures[FISHER_MID_P], test_case, got.mid_p_value,
                 out_string(test_case, "p_mid_two"));
    if (has_out(test_case, "ln_p_two"))
        check_figure(&figures[FISHER_LN_P], test_case, got.ln_p_value,
                     out_string(test_case, "ln_p_two"));
}

START_TEST(fisher)
{
    figure figures[] = {
        [FISHER_P] = { .name = "Fisher p", .relative = 1e-10 },
        [FISHER_MID_P] = { .name = "Fisher mid-p", .relative = 1e-10 },
        [FISHER_END] = { 0 },
    };
    figure large[] = {
        [FISHER_P] = { .name = "Fisher p, large", .relative = 1e-10 },
        [FISHER_MID_P] = { .name = "Fisher mid-p, large", .relative = 1e-10 },
        [FISHER_LN_P] = { .name = "Fisher ln p, large", .relative = 1e-10, .absolute = 1e-12 },
        [FISHER_END] = { 0 },
    };
    run("fisher2x2", figures, check_fisher);
    run("fisher2x2_large", large, check_fisher);
}
END_TEST

static void check_freeman_halton(figure *figures, json_t *test_case)
{
    llmlearn_association got = associate_arms(test_case);

    ck_assert_int_eq(got.method, LLMLEARN_METHOD_FREEMAN_HALTON);
    ck_assert(got.mid_p_value == got.p_value);
    check_figure(&figures[0], test_case, got.p_value, out_string(test_case, "p"));
    if (has_out(test_case, "ln_p"))
        check_figure(&figures[1], test_case, got.ln_p_value, out_string(test_case, "ln_p"));
}

START_TEST(freeman_halton)
{
    figure figures[] = { { .name = "Freeman-Halton p", .relative = 1e-9 }, { 0 }, { 0 } };
    figure large[] = {
        { .name = "Freeman-Halton p, large", .relative = 1e-11 },
        { .name = "Freeman-Halton ln p, large", .relative = 1e-12 },
        { 0 },
    };
    run("fisher_kx2", figures, check_freeman_halton);
    run("fisher_kx2_large", large, check_freeman_halton);
}
END_TEST

/* ---- several p-values -------------------------------------------------- */

static void check_holm(figure *figures, json_t *test_case)
{
    double p_values[LLMLEARN_ARMS_MAX];
    json_t *list = json_object_get(json_object_get(test_case, "in"), "p");
    uint32_t count = (uint32_t)json_array_size(list);

    if (!has_out(test_case, "holm"))
        return; /* another method */
    ck_assert_uint_le(count, LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; i < count; i++)
        p_values[i] = json_number_value(json_array_get(list, i));
    ck_assert_int_eq(llmlearn_stats_holm(p_values, count, p_values), LLMLEARN_OK);
    for (uint32_t i = 0; i < count; i++)
        check_figure(figures, test_case, p_values[i], out_end(test_case, "holm", i));
}

START_TEST(holm)
{
    figure figures[] = { { .name = "Holm p", .relative = 1e-12 }, { 0 } };

    run("multiplicity", figures, check_holm);
}
END_TEST

/* ---- the classic rule -------------------------------------------------- */

static llmlearn_compared compare(json_t *test_case, uint64_t trials_min, double alpha,
                                 double effect_min)
{
    llmlearn_rate arms[CASE_ARMS_MAX];
    llmlearn_compared out = { .struct_size = sizeof out };
    const llmlearn_comparison comparison = {
        .struct_size = sizeof comparison,
        .arm_count = in_arms(test_case, arms),
        .arms = arms,
        .trials_min = trials_min,
        .alpha_ratio = alpha,
        .effect_min = effect_min,
    };

    ck_assert_int_eq(llmlearn_compare_variants(&comparison, &out, NULL), LLMLEARN_OK);
    return out;
}

static void check_decision(figure *figures, json_t *test_case)
{
    json_t *in = json_object_get(test_case, "in"), *out = json_object_get(test_case, "out");
    json_t *winner = json_object_get(out, "winner");

    if (!json_is_true(json_object_get(in, "duration_reached")))
        return; /* counts alone have no duration */
    llmlearn_compared got = compare(test_case, in_count(test_case, "min_n"), 0.0, 0.0);
    ck_assert_str_eq(got.status, out_string(test_case, "status"));
    ck_assert_int_eq(got.winner, json_is_null(winner) ? -1 : (int)json_integer_value(winner));
    ck_assert(got.confidence == (got.winner < 0 ? 0.0 : 1.0 - got.p_value));
    if (has_out(test_case, "p")) {
        check_figure(&figures[0], test_case, got.p_value, out_string(test_case, "p"));
        check_figure(&figures[1], test_case, got.effect_size, out_string(test_case, "V"));
    } else {
        ck_assert(got.p_value == 1.0 && got.effect_size == 0.0);
    }
}

START_TEST(classic)
{
    figure figures[] = {
        { .name = "classic p", .relative = 1e-9 },
        { .name = "classic V", .relative = 1e-12 },
        { 0 },
    };
    run("decision_classic", figures, check_decision);
}
END_TEST

/* With an alpha of all but 1 the effect alone decides. */
static void check_effect(figure *figures, json_t *test_case)
{
    bool want = json_is_true(json_object_get(json_object_get(test_case, "out"), "exceeds"));
    llmlearn_compared got = compare(test_case, 1, 1.0 - 0x1p-53, in_number(test_case, "v_min"));

    ck_assert_msg((strcmp(got.status, "winner") == 0 || strcmp(got.status, "tie") == 0) == want,
                  "%s: %s", case_id(test_case), got.status);
    check_figure(figures, test_case, got.effect_size, out_string(test_case, "V"));
}

START_TEST(effect)
{
    figure figures[] = { { .name = "V against its threshold", .relative = 1e-12 }, { 0 } };

    run("effect_large", figures, check_effect);
}
END_TEST

/* ---- printed values ---------------------------------------------------- */

static void check_printed(figure *figures, json_t *test_case)
{
    const char *fn = json_string_value(json_object_get(test_case, "fn"));
    json_t *values = json_object_get(test_case, "published");
    double got[2];
    size_t count = 1;

    if (strcmp(fn, "chi2_kx2") == 0) {
        llmlearn_association found = associate_arms(test_case);
        got[0] = found.chi_square;
        got[1] = found.p_value;
        count = 2;
    } else if (strcmp(fn, "fisher") == 0 || strcmp(fn, "two_prop") == 0) {
        llmlearn_association found = associate_two(test_case);
        if (fn[0] == 'f' && found.method != LLMLEARN_METHOD_FISHER)
            return; /* no expected count is below 5 */
        got[0] = found.p_value;
    } else {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char want[40];
        snprintf(want, sizeof want, "%.17g", json_number_value(json_array_get(values, i)));
        check_figure(figures, test_case, got[i], want);
    }
}

START_TEST(printed)
{
    figure figures[] = {
        { .name = "association, printed", .relative = 3e-4, .absolute = 5e-5 },
        { 0 },
    };
    run("published", figures, check_printed);
}
END_TEST

TCase *reference_association(void)
{
    TCase *tests = tcase_create("association");

    tcase_add_test(tests, pearson);
    tcase_add_test(tests, pooled_z);
    tcase_add_test(tests, unbiased_v);
    tcase_add_test(tests, fisher);
    tcase_add_test(tests, freeman_halton);
    tcase_add_test(tests, holm);
    tcase_add_test(tests, classic);
    tcase_add_test(tests, effect);
    tcase_add_test(tests, printed);
    return tests;
}
