/* Rates compared through the shared library alone: what callers get wrong, and all that a
 * comparison tells. */
#include "support/expect.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define MANY LLMLEARN_COUNT_MAX

static const llmlearn_rate good[2] = { { 243, 402 }, { 292, 410 } };
static const llmlearn_rate too_successful = { 5, 4 }, too_large = { 0, MANY + 1 };

/* The struct of type `type` that a refused call must leave alone, and whether it did. */
#define untouched(type, name)                                                                      \
    type name, name##_before;                                                                      \
    memset(&name, 0xaa, sizeof name);                                                              \
    name.struct_size = sizeof name;                                                                \
    name##_before = name
#define check_untouched(name) ck_assert_mem_eq(&name, &name##_before, sizeof name)

/* ---- mistakes ---------------------------------------------------------- */

START_TEST(association_refuses_what_is_no_table)
{
    const llmlearn_rate bad[2] = { { 1, 2 }, { 5, 4 } }, large[2] = { { 1, 2 }, { 0, MANY + 1 } };
    untouched(llmlearn_association, out);

    expect_err(llmlearn_stats_association(good, 2, NULL), LLMLEARN_EINVAL, "out_association");
    expect_err(llmlearn_stats_association(NULL, 2, &out), LLMLEARN_EINVAL, "arms");
    expect_err(llmlearn_stats_association(good, 0, &out), LLMLEARN_EINVAL, "arm_count");
    expect_err(llmlearn_stats_association(good, 65, &out), LLMLEARN_EINVAL, "arm_count");
    expect_err(llmlearn_stats_association(bad, 2, &out), LLMLEARN_EINVAL, "arms[1]: 5 successes");
    expect_err(llmlearn_stats_association(large, 2, &out), LLMLEARN_EINVAL, "arms[1]");
    check_untouched(out);
    out.struct_size = 8;
    expect_err(llmlearn_stats_association(good, 2, &out), LLMLEARN_EINVAL, "struct_size");
}
END_TEST

START_TEST(difference_refuses_what_is_no_pair)
{
    const llmlearn_rate *a = &good[0], *b = &good[1];
    untouched(llmlearn_difference, out);

    expect_err(llmlearn_stats_difference(a, b, 0.95, 0, NULL), LLMLEARN_EINVAL, "out_difference");
    expect_err(llmlearn_stats_difference(NULL, b, 0.95, 0, &out), LLMLEARN_EINVAL, "control");
    expect_err(llmlearn_stats_difference(a, NULL, 0.95, 0, &out), LLMLEARN_EINVAL, "variant");
    expect_err(llmlearn_stats_difference(&too_successful, b, 0.95, 0, &out), LLMLEARN_EINVAL,
               "control");
    expect_err(llmlearn_stats_difference(a, &too_large, 0.95, 0, &out), LLMLEARN_EINVAL, "variant");
    for (int i = 0; i < 5; i++) {
        const double confidences[] = { 0.0, 1.0, -0.95, 95.0, NAN };
        expect_err(llmlearn_stats_difference(a, b, confidences[i], 0, &out), LLMLEARN_EINVAL,
                   "confidence");
    }
    expect_err(llmlearn_stats_difference(a, b, 0.95, LLMLEARN_INTERVAL_WILSON, &out),
               LLMLEARN_EINVAL, "method");
    expect_err(llmlearn_stats_difference(a, b, 0.95, -1, &out), LLMLEARN_EINVAL, "method");
    check_untouched(out);
}
END_TEST

START_TEST(guardrail_refuses_what_is_no_margin)
{
    const llmlearn_rate *a = &good[0], *b = &good[1];
    untouched(llmlearn_noninferiority, out);

    expect_err(llmlearn_stats_rate_not_worse(a, b, 0.1, 0.05, 0, NULL), LLMLEARN_EINVAL,
               "out_result");
    expect_err(llmlearn_stats_rate_not_worse(NULL, b, 0.1, 0.05, 0, &out), LLMLEARN_EINVAL,
               "control");
    expect_err(llmlearn_stats_rate_not_worse(a, &too_successful, 0.1, 0.05, 0, &out),
               LLMLEARN_EINVAL, "variant");
    for (int i = 0; i < 4; i++) {
        const double margins[] = { -0.01, 1.0, 5.0, NAN };
        expect_err(llmlearn_stats_rate_not_worse(a, b, margins[i], 0.05, 0, &out), LLMLEARN_EINVAL,
                   "margin");
    }
    for (int i = 0; i < 4; i++) {
        const double alphas[] = { 0.0, 1.0, -0.05, NAN };
        expect_err(llmlearn_stats_rate_not_worse(a, b, 0.1, alphas[i], 0, &out), LLMLEARN_EINVAL,
                   "alpha_ratio");
    }
    expect_err(llmlearn_stats_rate_not_worse(a, b, 0.1, 0.05, 2, &out), LLMLEARN_EINVAL, "flags");
    check_untouched(out);
}
END_TEST

START_TEST(holm_refuses_what_is_no_probability)
{
    double p_values[3] = { 0.01, 0.02, 0.03 }, adjusted[3] = { 7, 8, 9 };

    expect_err(llmlearn_stats_holm(p_values, 65, adjusted), LLMLEARN_EINVAL, "count");
    expect_err(llmlearn_stats_holm(NULL, 3, adjusted), LLMLEARN_EINVAL, "p_values");
    expect_err(llmlearn_stats_holm(p_values, 3, NULL), LLMLEARN_EINVAL, "out_adjusted");
    for (int i = 0; i < 3; i++) {
        const double wrong[] = { -1e-9, 1.0000001, NAN };
        p_values[2] = wrong[i];
        expect_err(llmlearn_stats_holm(p_values, 3, adjusted), LLMLEARN_EINVAL, "p_values[2]");
    }
    ck_assert(adjusted[0] == 7 && adjusted[1] == 8 && adjusted[2] == 9);
    expect_ok(llmlearn_stats_holm(NULL, 0, NULL));
}
END_TEST

static llmlearn_comparison good_comparison(void)
{
    return (llmlearn_comparison){ .struct_size = sizeof(llmlearn_comparison),
                                  .arm_count = 2,
                                  .arms = good };
}

START_TEST(comparison_refuses_what_it_cannot_compare)
{
    static const char *const unnamed[2] = { "v1.0", NULL }, *const spaced[2] = { "v1.0", "v 2" };
    static const char *const twice[2] = { "v1.0", "v1.0" };
    llmlearn_comparison c = good_comparison();
    char *json = (char *)"untouched";
    untouched(llmlearn_compared, out);

#define refused(field, value, words)                                                               \
    do {                                                                                           \
        c.field = value;                                                                           \
        expect_err(llmlearn_compare_variants(&c, &out, &json), LLMLEARN_EINVAL, words);            \
        c = good_comparison();                                                                     \
    } while (0)

    expect_err(llmlearn_compare_variants(&c, NULL, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_compare_variants(NULL, &out, &json), LLMLEARN_EINVAL, "comparison");
    refused(struct_size, 16, "struct_size");
    refused(arms, NULL, "arms");
    refused(arms, &too_successful, "arms[0]");
    refused(arm_count, 0, "arm_count");
    refused(arm_count, 65, "arm_count");
    refused(champion, 2, "champion");
    refused(reserved, 1, "reserved");
    refused(trials_min, MANY + 1, "trials_min");
    refused(alpha_ratio, -0.05, "alpha_ratio");
    refused(alpha_ratio, 1.0, "alpha_ratio");
    refused(alpha_ratio, NAN, "alpha_ratio");
    refused(effect_min, -0.1, "effect_min");
    refused(effect_min, 1.5, "effect_min");
    refused(effect_min, NAN, "effect_min");
    refused(versions, unnamed, "versions[1]");
    refused(versions, spaced, "versions[1]");
    refused(versions, twice, "versions[1]: v1.0 is arm 0");
    ck_assert_str_eq(json, "untouched");
    check_untouched(out);
    out.struct_size = 8;
    expect_err(llmlearn_compare_variants(&c, &out, &json), LLMLEARN_EINVAL, "out_compared");
    ck_assert_str_eq(json, "untouched");
}
END_TEST

/* ---- names ------------------------------------------------------------- */

START_TEST(every_status_has_its_name)
{
    static const char *const names[] = { "ok",      "no_data",     "too_few_arms", "no_variation",
                                         "too_few", "unreachable", "misassigned" };

    for (int i = 0; i <= LLMLEARN_STATS_MISASSIGNED; i++)
        ck_assert_str_eq(llmlearn_stats_status_name(i), names[i]);
    ck_assert_str_eq(llmlearn_stats_status_name(-1), "?");
    ck_assert_str_eq(llmlearn_stats_status_name(7), "?");
}
END_TEST

/* ---- differences ------------------------------------------------------- */

START_TEST(lift_is_told_where_there_is_one)
{
    const llmlearn_rate none = { 0, 50 }, empty = { 0, 0 };
    llmlearn_difference out = { .struct_size = sizeof out };

    expect_ok(llmlearn_stats_difference(&good[0], &good[1], 0.95, 0, &out));
    ck_assert_double_eq_tol(out.difference, 292. / 410 - 243. / 402, 1e-15);
    ck_assert_double_eq_tol(out.lift_ratio, (292. / 410) / (243. / 402) - 1, 1e-14);
    ck_assert_uint_eq(out.has_lift, 1);
    expect_ok(llmlearn_stats_difference(&none, &good[1], 0.95, 0, &out));
    ck_assert_uint_eq(out.has_lift, 0);
    ck_assert(out.lift_ratio == 0.0 && out.difference == 292. / 410);
    for (int32_t method = LLMLEARN_INTERVAL_NEWCOMBE; method <= 5; method++) {
        expect_ok(llmlearn_stats_difference(&good[0], &empty, 0.95, method, &out));
        ck_assert_int_eq(out.status, LLMLEARN_STATS_NO_DATA);
        ck_assert(out.low == -1 && out.high == 1 && out.difference == 0 && out.has_lift == 0);
    }
}
END_TEST

START_TEST(lower_is_better_for_errors)
{
    const llmlearn_rate control = { 10, 1000 }, more = { 40, 1000 }, fewer = { 5, 1000 };
    llmlearn_noninferiority out = { .struct_size = sizeof out };
    const uint32_t lower = LLMLEARN_LOWER_IS_BETTER;

    expect_ok(llmlearn_stats_rate_not_worse(&control, &more, 0.01, 0.05, lower, &out));
    ck_assert_int_eq(out.guardrail, LLMLEARN_GUARDRAIL_FAIL);
    ck_assert(out.statistic < 0);
    expect_ok(llmlearn_stats_rate_not_worse(&control, &fewer, 0.01, 0.05, lower, &out));
    ck_assert_int_eq(out.guardrail, LLMLEARN_GUARDRAIL_PASS);
    ck_assert(out.statistic > 0);
    expect_ok(llmlearn_stats_rate_not_worse(&control, &more, 0.01, 0.05, 0, &out));
    ck_assert_int_eq(out.guardrail, LLMLEARN_GUARDRAIL_PASS);
}
END_TEST

/* ---- comparisons ------------------------------------------------------- */

static json_t *compare(const llmlearn_comparison *c, llmlearn_compared *out)
{
    char *text = NULL, *again = NULL;

    *out = (llmlearn_compared){ .struct_size = sizeof *out };
    expect_ok(llmlearn_compare_variants(c, out, &text));
    expect_ok(llmlearn_compare_variants(c, NULL, &again));
    ck_assert_str_eq(text, again);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json != NULL, "%s", text);
    llmlearn_free(text);
    llmlearn_free(again);
    return json;
}

static void check_keys(json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;
    size_t i = 0;

    json_object_foreach(object, key, value)
    {
        ck_assert_ptr_nonnull(keys[i]);
        ck_assert_str_eq(key, keys[i++]);
    }
    ck_assert_ptr_null(keys[i]);
}

static double real_of(json_t *object, const char *key)
{
    ck_assert_msg(json_is_real(json_object_get(object, key)), "%s is not a real", key);
    return json_real_value(json_object_get(object, key));
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    ck_assert_msg(text != NULL, "%s is no text", key);
    return text;
}

static json_t *arm_of(json_t *json, size_t arm)
{
    return json_array_get(json_object_get(json, "arms"), arm);
}

START_TEST(a_comparison_has_every_field_in_the_order_of_the_header)
{
    static const char *const versions[2] = { "v1.0", "v1.1" };
    static const char *const keys[] = { "schema",
                                        "rule",
                                        "winner",
                                        "status",
                                        "confidence",
                                        "p_value",
                                        "effect_size",
                                        "promotable",
                                        "alpha",
                                        "effect_min",
                                        "trials_min",
                                        "method",
                                        "chi_square",
                                        "degrees",
                                        "ln_p_value",
                                        "mid_p_value",
                                        "exact_p_value",
                                        "cramers_v_unbiased",
                                        "sentence",
                                        "advisories",
                                        "difference_confidence",
                                        "arms",
                                        NULL };
    static const char *const arm_keys[] = { "arm",        "version",       "champion",
                                            "successes",  "trials",        "rate",
                                            "interval",   "difference",    "difference_interval",
                                            "lift",       "p_champion",    "holm_p_champion",
                                            "best_ratio", "expected_loss", NULL };
    llmlearn_comparison c = good_comparison();
    llmlearn_association found = { .struct_size = sizeof found };
    llmlearn_compared out;

    c.versions = versions;
    json_t *json = compare(&c, &out);
    expect_ok(llmlearn_stats_association(good, 2, &found));
    check_keys(json, keys);
    check_keys(arm_of(json, 0), arm_keys);
    check_keys(arm_of(json, 1), arm_keys);
    ck_assert_int_eq(out.winner, 1);
    ck_assert_str_eq(out.status, "winner");
    ck_assert_uint_eq(out.promotable, 1);
    ck_assert(out.p_value == found.p_value && out.effect_size == found.cramers_v);
    ck_assert(out.confidence == 1.0 - found.p_value);
    ck_assert_str_eq(text_of(json, "winner"), "v1.1");
    ck_assert_str_eq(text_of(json, "status"), "winner");
    ck_assert(json_is_true(json_object_get(json, "promotable")));
    ck_assert(real_of(json, "confidence") == out.confidence);
    ck_assert(real_of(json, "p_value") == out.p_value);
    ck_assert(real_of(json, "effect_size") == out.effect_size);
    ck_assert(real_of(json, "chi_square") == found.chi_square);
    ck_assert(real_of(json, "ln_p_value") == found.ln_p_value);
    ck_assert(real_of(json, "mid_p_value") == found.p_value);
    ck_assert(real_of(json, "cramers_v_unbiased") == found.cramers_v_unbiased);
    ck_assert(json_is_null(json_object_get(json, "exact_p_value")));
    ck_assert(real_of(json, "alpha") == 0.05 && real_of(json, "effect_min") == 0.1);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "trials_min")), 100);
    ck_assert_str_eq(text_of(json, "sentence"),
                     "v1.1 succeeded in 71.2 % of 410 trials, against 60.4 % of 402 for the"
                     " champion v1.0: p = 0.0012 by the chi-square test, Cramer's V 0.114.");
    json_decref(json);
}
END_TEST

/* Each figure of an arm is what its own call gives. */
START_TEST(an_arm_is_told_as_its_own_calls_tell_it)
{
    static const llmlearn_rate arms[3] = { { 243, 402 }, { 292, 410 }, { 250, 400 } };
    llmlearn_posterior posterior = { .struct_size = sizeof posterior };
    llmlearn_comparison c = {
        .struct_size = sizeof c, .arm_count = 3, .arms = arms, .champion = 2
    };
    double p_values[2];
    llmlearn_compared out;
    json_t *json = compare(&c, &out);

    expect_ok(llmlearn_stats_posterior(arms, 3, 0, 0, 0.95, &posterior));
    ck_assert_double_eq_tol(real_of(json, "difference_confidence"), 0.975, 1e-15);
    for (uint32_t i = 0; i < 3; i++) {
        llmlearn_interval rate = { .struct_size = sizeof rate };
        json_t *arm = arm_of(json, i);
        char number[2] = { (char)('0' + i), '\0' };

        ck_assert_str_eq(text_of(arm, "version"), number);
        ck_assert_int_eq(json_is_true(json_object_get(arm, "champion")), i == 2);
        expect_ok(llmlearn_stats_rate(&arms[i], 0.95, 0, &rate));
        ck_assert(real_of(arm, "rate") == rate.estimate);
        json_t *interval = json_object_get(arm, "interval");
        ck_assert(json_real_value(json_array_get(interval, 0)) == rate.low);
        ck_assert(json_real_value(json_array_get(interval, 1)) == rate.high);
        ck_assert(real_of(arm, "best_ratio") == posterior.best_ratio[i]);
        ck_assert(real_of(arm, "expected_loss") == posterior.expected_loss[i]);
    }
    for (uint32_t i = 0; i < 2; i++) {
        const llmlearn_rate pair[2] = { arms[2], arms[i] };
        llmlearn_association found = { .struct_size = sizeof found };
        llmlearn_difference difference = { .struct_size = sizeof difference };
        json_t *arm = arm_of(json, i), *interval = json_object_get(arm, "difference_interval");

        expect_ok(llmlearn_stats_association(pair, 2, &found));
        ck_assert_double_eq_tol(real_of(arm, "p_champion"), found.p_value, 1e-15);
        p_values[i] = real_of(arm, "p_champion");
        expect_ok(llmlearn_stats_difference(&arms[2], &arms[i], 0.975, 0, &difference));
        ck_assert(real_of(arm, "difference") == difference.difference);
        ck_assert(real_of(arm, "lift") == difference.lift_ratio);
        ck_assert_double_eq_tol(json_real_value(json_array_get(interval, 0)), difference.low,
                                1e-14);
        ck_assert_double_eq_tol(json_real_value(json_array_get(interval, 1)), difference.high,
                                1e-14);
    }
    expect_ok(llmlearn_stats_holm(p_values, 2, p_values));
    ck_assert(real_of(arm_of(json, 0), "holm_p_champion") == p_values[0]);
    ck_assert(real_of(arm_of(json, 1), "holm_p_champion") == p_values[1]);
    ck_assert(json_is_null(json_object_get(arm_of(json, 2), "difference")));
    ck_assert(json_is_null(json_object_get(arm_of(json, 2), "p_champion")));
    json_decref(json);
}
END_TEST

START_TEST(what_was_not_computed_is_null)
{
    static const char *const nulls[] = { "winner",        "method",
                                         "chi_square",    "degrees",
                                         "ln_p_value",    "mid_p_value",
                                         "exact_p_value", "cramers_v_unbiased" };
    static const llmlearn_rate arms[3] = { { 30, 99 }, { 0, 0 }, { 90, 200 } };
    llmlearn_comparison c = { .struct_size = sizeof c, .arm_count = 3, .arms = arms };
    llmlearn_compared out;

    json_t *json = compare(&c, &out);
    ck_assert_str_eq(out.status, "insufficient_sample");
    ck_assert(out.p_value == 1.0 && out.confidence == 0.0 && out.effect_size == 0.0);
    ck_assert_int_eq(out.winner, -1);
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        ck_assert_msg(json_is_null(json_object_get(json, nulls[i])), "%s", nulls[i]);
    ck_assert(real_of(json, "p_value") == 1.0);
    ck_assert(json_is_null(json_object_get(arm_of(json, 1), "rate")));
    ck_assert(json_is_null(json_object_get(arm_of(json, 1), "difference")));
    ck_assert(json_is_null(json_object_get(arm_of(json, 2), "p_champion")));
    ck_assert_double_eq_tol(real_of(arm_of(json, 2), "difference"), 0.45 - 30. / 99, 1e-15);
    ck_assert_str_eq(text_of(json, "sentence"),
                     "Too early to decide: 1 has 0 of the 100 trials that each arm needs.");
    json_decref(json);

    c.arm_count = 1;
    json = compare(&c, &out);
    ck_assert_str_eq(out.status, "insufficient_variants");
    ck_assert(json_is_null(json_object_get(json, "difference_confidence")));
    ck_assert_str_eq(text_of(json, "sentence"),
                     "Nothing to compare: fewer than two arms have trials.");
    json_decref(json);
}
END_TEST

/* The first advisory of a comparison with one, its sentence, and its status. */
static void check_words(const llmlearn_comparison *c, const char *status, const char *advisory,
                        const char *sentence)
{
    llmlearn_compared out;
    json_t *json = compare(c, &out), *advisories = json_object_get(json, "advisories");

    ck_assert_str_eq(out.status, status);
    ck_assert_str_eq(text_of(json, "sentence"), sentence);
    if (advisory == NULL)
        ck_assert_uint_eq(json_array_size(advisories), 0);
    else
        ck_assert_str_eq(json_string_value(json_array_get(advisories, 0)), advisory);
    json_decref(json);
}

START_TEST(every_verdict_has_its_words)
{
    const llmlearn_rate gate[2] = { { 600, 1000 }, { 650, 1000 } };
    const llmlearn_rate bad_arm[4] = { { 600, 1000 }, { 605, 1000 }, { 600, 1000 }, { 400, 1000 } };
    const llmlearn_rate close[2] = { { 60, 100 }, { 61, 100 } };
    const llmlearn_rate alike[2] = { { 0, 100 }, { 0, 100 } };
    const llmlearn_rate shared[3] = { { 80, 100 }, { 80, 100 }, { 50, 100 } };
    const llmlearn_rate few[2] = { { 1, 8 }, { 8, 8 } };
    llmlearn_comparison c = { .struct_size = sizeof c, .arm_count = 2, .arms = gate };

    check_words(&c, "effect_too_small", "v_gate_blocks",
                "The arms differ (p = 0.021 by the chi-square test), but too little to count:"
                " Cramer's V 0.0516 is not above 0.1. The champion 0 stays.");
    c.arms = close;
    check_words(&c, "not_significant", NULL,
                "No difference was shown: p = 0.88 by the chi-square test, not below 0.05."
                " The champion 0 stays.");
    c.arms = alike;
    check_words(&c, "no_difference", "low_expected",
                "No difference: the trials of all arms were alike. The champion 0 stays.");
    c.arms = few;
    c.trials_min = 5;
    check_words(&c, "winner", "low_expected",
                "1 succeeded in 100.0 % of 8 trials, against 12.5 % of 8 for the champion 0:"
                " p = 0.0014 by Fisher's exact test, Cramer's V 0.882.");
    c.champion = 1;
    check_words(&c, "winner", "low_expected",
                "The champion stays: 1 succeeded in 100.0 % of 8 trials, the highest rate of all"
                " arms; p = 0.0014 by Fisher's exact test, Cramer's V 0.882.");
    c = (llmlearn_comparison){ .struct_size = sizeof c, .arm_count = 3, .arms = shared };
    check_words(&c, "tie", NULL,
                "The arms differ (p = 6.2e-07 by the chi-square test), but two of them share the"
                " highest rate. The champion 0 stays.");
    c.arm_count = 4;
    c.arms = bad_arm;
    check_words(&c, "winner", "winner_not_separated",
                "1 succeeded in 60.5 % of 1000 trials, against 60.0 % of 1000 for the champion 0:"
                " p = 1.4e-26 by the chi-square test, Cramer's V 0.176. The arms differ, but that"
                " it beats the champion is not shown (Holm-adjusted p = 1, not below 0.05).");
}
END_TEST

/* Of more than two arms the rule's p stays Pearson's; the exact one stands beside it. */
START_TEST(the_exact_p_stands_beside_the_rules)
{
    const llmlearn_rate arms[3] = { { 2, 10 }, { 1, 10 }, { 9, 10 } };
    llmlearn_comparison c = {
        .struct_size = sizeof c, .arm_count = 3, .arms = arms, .trials_min = 1
    };
    llmlearn_association found = { .struct_size = sizeof found };
    llmlearn_compared out;
    json_t *json = compare(&c, &out);

    expect_ok(llmlearn_stats_association(arms, 3, &found));
    ck_assert_int_eq(found.method, LLMLEARN_METHOD_FREEMAN_HALTON);
    ck_assert_str_eq(text_of(json, "method"), "pearson_low_expected");
    ck_assert(out.p_value == found.pearson_p_value);
    ck_assert(real_of(json, "mid_p_value") == found.pearson_p_value);
    ck_assert(real_of(json, "exact_p_value") == found.p_value);
    ck_assert(found.p_value != found.pearson_p_value);
    json_decref(json);

    c.arm_count = 2;
    c.arms = arms + 1;
    json = compare(&c, &out);
    expect_ok(llmlearn_stats_association(c.arms, 2, &found));
    ck_assert_int_eq(found.method, LLMLEARN_METHOD_PEARSON);
    ck_assert(json_is_null(json_object_get(json, "exact_p_value")));
    json_decref(json);
}
END_TEST

START_TEST(any_counts_can_be_compared)
{
    const double alphas[] = { 0.0, 0.05, 1e-300, 0.5, 1.0 - DBL_EPSILON / 2 };
    uint64_t state = 88172645463325252;
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];

    for (int round = 0; round < 600; round++) {
        llmlearn_comparison c = { .struct_size = sizeof c, .arms = arms, .trials_min = 1 };
        llmlearn_compared out;

        c.arm_count = round % 100 == 99 ? LLMLEARN_ARMS_MAX : 1 + (uint32_t)round % 5;
        c.champion = (uint32_t)round % c.arm_count;
        c.alpha_ratio = alphas[round / 3 % 5];
        for (uint32_t i = 0; i < c.arm_count; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            arms[i].trials = (state >> (11 + state % 53)) + (state % 7 == 0);
            arms[i].successes = state % 3 == 0 ? 0 : (state >> 7) % (arms[i].trials + 1);
        }
        json_t *json = compare(&c, &out); /* which has no NaN, or it would not be JSON */
        ck_assert(out.p_value >= 0 && out.p_value <= 1);
        ck_assert(out.confidence >= 0 && out.confidence <= 1);
        ck_assert(out.effect_size >= 0 && out.effect_size <= 1);
        ck_assert(!out.promotable || (out.winner >= 0 && (uint32_t)out.winner != c.champion));
        json_decref(json);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rates compared");
    TCase *tests = tcase_create("rates");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, association_refuses_what_is_no_table);
    tcase_add_test(tests, difference_refuses_what_is_no_pair);
    tcase_add_test(tests, guardrail_refuses_what_is_no_margin);
    tcase_add_test(tests, holm_refuses_what_is_no_probability);
    tcase_add_test(tests, comparison_refuses_what_it_cannot_compare);
    tcase_add_test(tests, every_status_has_its_name);
    tcase_add_test(tests, lift_is_told_where_there_is_one);
    tcase_add_test(tests, lower_is_better_for_errors);
    tcase_add_test(tests, a_comparison_has_every_field_in_the_order_of_the_header);
    tcase_add_test(tests, an_arm_is_told_as_its_own_calls_tell_it);
    tcase_add_test(tests, what_was_not_computed_is_null);
    tcase_add_test(tests, every_verdict_has_its_words);
    tcase_add_test(tests, the_exact_p_stands_beside_the_rules);
    tcase_add_test(tests, any_counts_can_be_compared);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
