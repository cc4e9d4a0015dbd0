/* Any input that is allowed gives a defined answer: more than a million, drawn and contrived,
 * through every public statistical call. What holds for all of them: LLMLEARN_OK, a status of
 * the few that the header names, every field written and finite, the same bits again; and what
 * must hold for the numbers themselves. Builds with sanitizers run it too. */
#include "llmlearn.h"
#include "support/any_numbers.h"
#include "support/expect.h"

#include <check.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ck_assert reports its place even when it holds, which here would cost more
 * than what is tested. */
#define must(holds)                                                                                \
    do {                                                                                           \
        if (!(holds))                                                                              \
            ck_abort_msg("line %d, input %u: %s", __LINE__, inputs, #holds);                       \
    } while (0)

/* Where only rounding comes between a result and its limit. */
#define ONE_AND_A_BIT (1 + 4 * DBL_EPSILON)

static unsigned inputs; /* of this test, so far */

/* Calls twice into structs filled with NaN, so that a field that is forgotten or that depends on
 * what was there shows. */
#define ask(call, out, again)                                                                      \
    do {                                                                                           \
        blank(&(out), sizeof(out));                                                                \
        must_work(call);                                                                           \
        if (inputs % 8 == 0) {                                                                     \
            (again) = (out);                                                                       \
            blank(&(out), sizeof(out));                                                            \
            must_work(call);                                                                       \
            must(memcmp(&(out), &(again), sizeof(out)) == 0);                                      \
        }                                                                                          \
        inputs++;                                                                                  \
    } while (0)

#define must_work(call)                                                                            \
    do {                                                                                           \
        llmlearn_err err_ = (call);                                                                \
        if (err_ != LLMLEARN_OK)                                                                   \
            ck_abort_msg("line %d, input %u: %s: %s", __LINE__, inputs, llmlearn_error_name(err_), \
                         llmlearn_error_detail());                                                 \
    } while (0)

static void blank(void *out, size_t bytes)
{
    uint32_t size = (uint32_t)bytes;

    memset(out, 0xff, bytes);
    memcpy(out, &size, sizeof size); /* struct_size is first in all of them */
}

static void tell(const char *what)
{
    printf("%-24s %7u inputs\n", what, inputs);
    fflush(stdout);
}

static bool within(double x, double low, double high)
{
    return x >= low && x <= high; /* false for NaN */
}

static bool is_probability(double p)
{
    return within(p, 0.0, 1.0);
}

static bool is_ln_probability(double ln_p)
{
    return isfinite(ln_p) && ln_p <= 0.0;
}

static double rate_of(llmlearn_rate arm)
{
    return arm.trials == 0 ? 0.0 : (double)arm.successes / (double)arm.trials;
}

/* ---- association ------------------------------------------------------- */

static void check_association(const llmlearn_association *a, uint32_t arm_count)
{
    must(a->status == LLMLEARN_STATS_OK || a->status == LLMLEARN_STATS_TOO_FEW_ARMS ||
         a->status == LLMLEARN_STATS_NO_VARIATION);
    must((a->method == LLMLEARN_METHOD_NONE) == (a->status != LLMLEARN_STATS_OK));
    must(a->method >= LLMLEARN_METHOD_NONE && a->method <= LLMLEARN_METHOD_LOW_EXPECTED);
    must(a->arms_used <= arm_count);
    must(a->degrees == (a->arms_used == 0 ? 0 : a->arms_used - 1));
    must(a->cells_low <= 2 * a->arms_used);
    must(isfinite(a->expected_min) && a->expected_min >= 0);
    must(isfinite(a->chi_square) && a->chi_square >= 0);
    must(is_probability(a->p_value) && is_ln_probability(a->ln_p_value));
    must(is_probability(a->mid_p_value) && a->mid_p_value <= a->p_value);
    must(is_probability(a->pearson_p_value));
    must(is_probability(a->cramers_v) && is_probability(a->cramers_v_unbiased));
    must(a->cramers_v_unbiased <= a->cramers_v * ONE_AND_A_BIT);
    if (a->method == LLMLEARN_METHOD_PEARSON)
        must(a->expected_min >= 5 && a->p_value == a->pearson_p_value);
    if (a->status != LLMLEARN_STATS_OK)
        must(a->chi_square == 0 && a->p_value == 1 && a->ln_p_value == 0 && a->cramers_v == 0);
}

static uint32_t seen_methods[LLMLEARN_METHOD_LOW_EXPECTED + 1];

static void associate(const llmlearn_rate *arms, uint32_t count)
{
    llmlearn_association got, again;

    ask(llmlearn_stats_association(arms, count, &got), got, again);
    check_association(&got, count);
    seen_methods[got.method]++;
}

/* Two arms, or enough for Pearson's in most. */
START_TEST(any_arms_have_an_association)
{
    draw s = { .state = 1 };
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];

    for (int i = 0; i < 200000; i++) {
        uint32_t count = any_arms(&s, arms);
        for (uint32_t j = 0; count > 2 && j < count; j++) {
            arms[j].trials = arms[j].trials / 2 + 10000;
            arms[j].successes = arms[j].trials / 4 + draw_below(&s, arms[j].trials / 2);
        }
        associate(arms, count);
    }
    tell("association");
}
END_TEST

/* Every one of these may take as long as the exact tests are allowed to. */
START_TEST(any_small_or_lopsided_arms_have_an_association)
{
    draw s = { .state = 2 };
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];

    for (int i = 0; i < 20000; i++) {
        uint32_t count = 2 + (uint32_t)draw_below(&s, i % 10 == 0 ? 63 : 5);
        bool small = draw_below(&s, 2) == 0;
        for (uint32_t j = 0; j < count; j++) {
            arms[j] = any_rate(&s);
            if (small)
                arms[j].trials = draw_below(&s, 40);
            arms[j].successes = any_successes(&s, arms[j].trials);
        }
        associate(arms, count);
    }
    tell("association, exact");
    for (int method = 0; method <= LLMLEARN_METHOD_LOW_EXPECTED; method++)
        ck_assert_msg(method == LLMLEARN_METHOD_NONE || seen_methods[method] > 0,
                      "method %d never chosen", method);
}
END_TEST

/* ---- intervals --------------------------------------------------------- */

static void check_interval(const llmlearn_interval *got, llmlearn_rate arm)
{
    must(got->status == (arm.trials == 0 ? LLMLEARN_STATS_NO_DATA : LLMLEARN_STATS_OK));
    must(got->estimate == rate_of(arm));
    must(got->low >= 0 && got->low <= got->estimate);
    must(got->high <= 1 && got->high >= got->estimate);
    if (arm.trials == 0)
        must(got->low == 0 && got->high == 1);
}

START_TEST(any_rate_lies_in_its_interval)
{
    static const int32_t methods[] = { 0, LLMLEARN_INTERVAL_WILSON,
                                       LLMLEARN_INTERVAL_CLOPPER_PEARSON,
                                       LLMLEARN_INTERVAL_SEQUENCE };
    draw s = { .state = 3 };

    for (int i = 0; i < 120000; i++) {
        llmlearn_rate arm = any_rate(&s);
        double confidence = any_open_ratio(&s);
        llmlearn_interval got, again;

        ask(llmlearn_stats_rate(&arm, confidence, methods[i % 4], &got), got, again);
        check_interval(&got, arm);
    }
    tell("rate");
}
END_TEST

START_TEST(a_higher_confidence_has_a_wider_interval)
{
    draw s = { .state = 4 };

    for (int i = 0; i < 30000; i++) {
        llmlearn_rate arm = any_rate(&s);
        int32_t method = LLMLEARN_INTERVAL_WILSON + i % 3;
        llmlearn_interval narrow, wide, again;

        ask(llmlearn_stats_rate(&arm, 0.5, method, &narrow), narrow, again);
        ask(llmlearn_stats_rate(&arm, 0.9999, method, &wide), wide, again);
        must(wide.low <= narrow.low && wide.high >= narrow.high);
    }
    tell("rate, nested");
}
END_TEST

START_TEST(any_difference_lies_in_its_interval)
{
    draw s = { .state = 5 };

    for (int i = 0; i < 120000; i++) {
        llmlearn_rate control = any_rate(&s), variant = any_rate(&s);
        double confidence = any_open_ratio(&s);
        int32_t method = i % 6 == 0   ? LLMLEARN_INTERVAL_MIETTINEN_NURMINEN
                         : i % 2 == 0 ? LLMLEARN_INTERVAL_NEWCOMBE
                                      : 0;
        llmlearn_difference got, again;

        ask(llmlearn_stats_difference(&control, &variant, confidence, method, &got), got, again);
        must(got.low >= -1 && got.low <= got.difference);
        must(got.high <= 1 && got.high >= got.difference);
        must(got.has_lift == (control.successes > 0 && got.status == LLMLEARN_STATS_OK));
        must(isfinite(got.lift_ratio) && got.lift_ratio >= -ONE_AND_A_BIT && got.reserved == 0);
        must((got.lift_ratio != 0) <= got.has_lift);
        if (control.trials == 0 || variant.trials == 0)
            must(got.status == LLMLEARN_STATS_NO_DATA && got.low == -1 && got.high == 1);
        else
            must(got.status == LLMLEARN_STATS_OK);
    }
    tell("difference");
}
END_TEST

START_TEST(any_p_values_are_adjusted_in_their_order)
{
    draw s = { .state = 6 };

    for (int i = 0; i < 40000; i++) {
        double p[LLMLEARN_ARMS_MAX], got[LLMLEARN_ARMS_MAX];
        uint32_t count = any_arm_count(&s);

        for (uint32_t j = 0; j < count; j++)
            p[j] = any_ratio(&s);
        must_work(llmlearn_stats_holm(p, count, got));
        inputs++;
        for (uint32_t j = 0; j < count; j++) {
            must(is_probability(got[j]) && got[j] >= p[j]);
            for (uint32_t k = 0; k < j && k < 4; k++)
                must(p[j] >= p[k] ? got[j] >= got[k] : got[j] <= got[k]);
        }
        must_work(llmlearn_stats_holm(p, count, p));
        must(memcmp(p, got, count * sizeof *p) == 0);
    }
    tell("holm");
}
END_TEST

/* ---- plans ------------------------------------------------------------- */

static void check_planned(const llmlearn_plan *plan, const llmlearn_planned *got)
{
    must(got->status == LLMLEARN_STATS_OK || got->status == LLMLEARN_STATS_UNREACHABLE);
    must(isfinite(got->control_trials) && got->control_trials >= 0);
    must(isfinite(got->days) && got->days >= 0);
    must(within(got->effect, -1, 1));
    must(is_probability(got->power_ratio));
    if (plan->units_per_day == 0)
        must(got->days == 0);
    if (got->status == LLMLEARN_STATS_UNREACHABLE)
        must(got->control_trials_up == 0 && got->units_up == 0 && got->days == 0);
    else
        must(got->control_trials_up > 0 && got->variant_trials_up > 0 && got->units_up > 0);
}

START_TEST(any_plan_has_an_answer_or_none)
{
    draw s = { .state = 7 };
    unsigned unreachable = 0;

    for (int i = 0; i < 40000; i++) {
        llmlearn_plan plan = any_plan(&s);
        llmlearn_planned size, power, effect, again;

        ask(llmlearn_stats_sample_size(&plan, &size), size, again);
        check_planned(&plan, &size);
        unreachable += size.status == LLMLEARN_STATS_UNREACHABLE;
        if (plan.control_trials == 0)
            plan.control_trials = fmax(1, size.control_trials);
        ask(llmlearn_stats_power(&plan, &power), power, again);
        check_planned(&plan, &power);
        if (i % 4 == 0) {
            ask(llmlearn_stats_detectable_effect(&plan, &effect), effect, again);
            check_planned(&plan, &effect);
        }
    }
    printf("%u sample sizes were out of reach\n", unreachable);
    tell("plans");
}
END_TEST

START_TEST(a_size_has_the_power_it_was_made_for)
{
    draw s = { .state = 8 };

    for (int i = 0; i < 10000; i++) {
        llmlearn_plan plan = { .struct_size = sizeof plan };
        llmlearn_planned size, power, again;

        plan.control_rate = 0.001 * (double)(1 + draw_below(&s, 998));
        plan.effect = 0.001 * (double)(1 + draw_below(&s, 999)) - plan.control_rate;
        plan.power_ratio = 0.06 + 0.0001 * (double)draw_below(&s, 9300);
        plan.arm_count = 2 + (uint32_t)draw_below(&s, 4);
        if (!(fabs(plan.effect) > 1e-6 && plan.control_rate + plan.effect < 1))
            continue;
        ask(llmlearn_stats_sample_size(&plan, &size), size, again);
        must(size.status == LLMLEARN_STATS_OK);
        if (size.control_trials < 1)
            continue; /* which power would refuse */
        plan.control_trials = size.control_trials;
        ask(llmlearn_stats_power(&plan, &power), power, again);
        must(fabs(power.power_ratio - plan.power_ratio) < 1e-6);
    }
    tell("size and power");
}
END_TEST

START_TEST(any_true_rates_have_a_power)
{
    draw s = { .state = 9 };

    for (int i = 0; i < 20000; i++) {
        double rates[LLMLEARN_ARMS_MAX], power = NAN;
        uint32_t count = any_arm_count(&s);
        double trials = any_option(&s, 1, 0x1p53), alpha = any_open_ratio(&s);

        count = count < 2 ? 2 : count;
        bool alike = draw_below(&s, 4) == 0;
        for (uint32_t j = 0; j < count; j++)
            rates[j] = alike && j > 0 ? rates[0] : any_open_ratio(&s);
        must_work(llmlearn_stats_association_power(rates, count, trials == 0 ? 100 : trials, alpha,
                                                   &power));
        inputs++;
        must(is_probability(power) && power >= alpha);
        must(!alike || power <= alpha * (1 + 1e-12));
    }
    tell("association_power");
}
END_TEST

/* ---- splits ------------------------------------------------------------ */

START_TEST(any_counts_follow_their_weights_or_not)
{
    draw s = { .state = 10 };

    for (int i = 0; i < 60000; i++) {
        uint64_t counts[LLMLEARN_ARMS_MAX];
        double weights[LLMLEARN_ARMS_MAX];
        uint32_t count = any_arm_count(&s);
        double concentration = any_option(&s, 1, 1e9);
        llmlearn_split got, again;

        for (uint32_t j = 0; j < count; j++)
            counts[j] = any_count(&s);
        any_weights(&s, weights, count, false);
        ask(llmlearn_stats_split(counts, weights, count, concentration, &got), got, again);
        must(got.status == LLMLEARN_STATS_OK || got.status == LLMLEARN_STATS_NO_DATA ||
             got.status == LLMLEARN_STATS_TOO_FEW_ARMS || got.status == LLMLEARN_STATS_MISASSIGNED);
        must(got.degrees < count && got.reserved == 0);
        must(isfinite(got.ln_e_value));
        must(isfinite(got.chi_square) && got.chi_square >= 0);
        must(is_probability(got.p_value) && is_ln_probability(got.ln_p_value));
        must(is_probability(got.deviation_max));
    }
    tell("split");
}
END_TEST

/* ---- e-processes ------------------------------------------------------- */

static void check_eprocess(const llmlearn_eprocess *e, const uint64_t *trials)
{
    double sum = 0;

    for (uint32_t i = 0; i < e->arm_count; i++) {
        must(is_probability(e->weights[i]));
        must(e->successes[i] <= e->trials[i] && e->trials[i] == trials[i]);
        must(isfinite(e->ln_e_value[i]) && isfinite(e->ln_e_max[i]));
        must(e->ln_e_max[i] >= 0 && e->ln_e_max[i] >= e->ln_e_value[i]);
        sum += e->weights[i];
    }
    must(fabs(sum - 1) < 1e-9);
    must(e->ln_e_value[e->champion] == 0 && e->ln_e_max[e->champion] == 0);
}

static void check_winner(const llmlearn_eprocess *e, double alpha)
{
    int32_t winner = 99;

    must_work(llmlearn_eprocess_winner(e, alpha, &winner));
    must(winner >= -1 && winner < (int32_t)e->arm_count && winner != (int32_t)e->champion);
    if (winner >= 0)
        must(e->ln_e_value[winner] >= log(e->arm_count - 1.0) - log(alpha) - 1e-9);
}

static void check_bytes(const llmlearn_eprocess *e, draw *s)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t size = 0;
    llmlearn_eprocess read;

    must_work(llmlearn_eprocess_write(e, bytes, &size));
    must(size > 0 && size <= sizeof bytes);
    blank(&read, sizeof read);
    must_work(llmlearn_eprocess_read(bytes, size, &read));
    must(memcmp(&read, e, sizeof read) == 0);

    size_t place = draw_below(s, size);
    bytes[place] ^= (uint8_t)(1u << draw_below(s, 8));
    must(llmlearn_eprocess_read(bytes, size, &read) != LLMLEARN_OK);
    must(llmlearn_eprocess_read(bytes, draw_below(s, size), &read) != LLMLEARN_OK);
    must(memcmp(&read, e, sizeof read) == 0);
}

START_TEST(any_votes_in_any_order_have_an_e_value)
{
    draw s = { .state = 11 };
    unsigned votes = 0;

    for (int i = 0; i < 2000; i++) {
        double weights[LLMLEARN_ARMS_MAX];
        uint64_t trials[LLMLEARN_ARMS_MAX] = { 0 };
        uint32_t count = any_arm_count(&s) + 1;
        llmlearn_eprocess state, again;

        count = count > LLMLEARN_ARMS_MAX ? LLMLEARN_ARMS_MAX : count;
        any_weights(&s, weights, count, true);
        uint32_t champion = (uint32_t)draw_below(&s, count);
        double kappa = any_option(&s, 20, 1000);
        ask(llmlearn_eprocess_begin(weights, count, champion, kappa, &state), state, again);

        uint64_t length = draw_below(&s, 200), kind = draw_below(&s, 4);
        for (uint64_t j = 0; j < length; j++, votes++) {
            uint32_t arm = (uint32_t)draw_below(&s, count);
            int32_t success = kind == 0 ? arm != champion : kind == 1 ? 1 : draw_below(&s, 5) < 3;
            must_work(llmlearn_eprocess_add(&state, arm, success));
            trials[arm]++;
        }
        check_eprocess(&state, trials);
        check_winner(&state, any_open_ratio(&s));
        check_bytes(&state, &s);
    }
    inputs += votes;
    tell("e-process");
}
END_TEST

/* ---- looks ------------------------------------------------------------- */

START_TEST(any_looks_have_bounds)
{
    draw s = { .state = 12 };

    for (int i = 0; i < 1000; i++, inputs++) {
        double information[LLMLEARN_LOOKS_MAX], bounds[LLMLEARN_LOOKS_MAX];
        double spent[LLMLEARN_LOOKS_MAX], alpha = any_open_ratio(&s);
        uint32_t count = 1 + (uint32_t)draw_below(&s, i % 20 == 0 ? LLMLEARN_LOOKS_MAX : 6);
        uint32_t flags = draw_below(&s, 3) == 0 ? LLMLEARN_FINAL_LOOK : 0;
        double end = any_looks(&s, information, count);

        must_work(llmlearn_stats_look_bounds(information, count, end, alpha, flags, bounds, spent));
        for (uint32_t j = 0; j < count; j++) {
            must(within(bounds[j], -40, 40));
            must(within(spent[j], j == 0 ? 0 : spent[j - 1], 1));
        }
        if (flags != 0 || information[count - 1] >= end)
            must(spent[count - 1] == 1);
    }
    tell("look_bounds");
}
END_TEST

/* ---- posteriors -------------------------------------------------------- */

static void check_posterior(const llmlearn_posterior *got, uint32_t count, bool ordinary)
{
    double sum = 0, mean_max = 0;

    must(got->status == LLMLEARN_STATS_OK);
    for (uint32_t i = 0; i < LLMLEARN_ARMS_MAX; i++) {
        must(is_probability(got->best_ratio[i]) && is_probability(got->expected_loss[i]));
        must(got->low[i] >= 0 && got->low[i] <= got->high[i] && got->high[i] <= 1);
        must(is_probability(got->mean[i]));
        if (i >= count)
            must(got->best_ratio[i] == 0 && got->expected_loss[i] == 0 && got->high[i] == 0 &&
                 got->mean[i] == 0);
        else if (ordinary)
            must(got->low[i] <= got->mean[i] && got->mean[i] <= got->high[i]);
        sum += got->best_ratio[i];
        mean_max = fmax(mean_max, got->mean[i]);
    }
    must(fabs(sum - 1) < 1e-9);
    must(got->best_expected >= mean_max - 1e-9 && got->best_expected <= 1);
}

START_TEST(any_arms_have_a_posterior)
{
    draw s = { .state = 13 };
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];

    for (int i = 0; i < 4000; i++) {
        uint32_t count = any_arms(&s, arms);
        bool ordinary = i % 4 != 0;
        double successes = ordinary ? 0 : any_option(&s, 1e-3, 1e6);
        double failures = ordinary ? 0 : any_option(&s, 1e-3, 1e6);
        double confidence = ordinary ? 0.95 : any_open_ratio(&s);
        llmlearn_posterior got, again;

        ask(llmlearn_stats_posterior(arms, count, successes, failures, confidence, &got), got,
            again);
        check_posterior(&got, count, ordinary);
    }
    tell("posterior");
}
END_TEST

/* ---- ratings and guardrails -------------------------------------------- */

START_TEST(any_stars_can_be_compared)
{
    draw s = { .state = 14 };

    for (int i = 0; i < 100000; i++) {
        uint64_t control[5], variant[5];
        double confidence = any_open_ratio(&s);
        llmlearn_ratings got, again;

        any_stars(&s, control);
        any_stars(&s, variant);
        ask(llmlearn_stats_ratings(control, variant, confidence, &got), got, again);
        must(got.status == LLMLEARN_STATS_OK || got.status == LLMLEARN_STATS_NO_DATA ||
             got.status == LLMLEARN_STATS_NO_VARIATION);
        must(got.mean_status == LLMLEARN_STATS_OK || got.mean_status == LLMLEARN_STATS_NO_DATA ||
             got.mean_status == LLMLEARN_STATS_TOO_FEW ||
             got.mean_status == LLMLEARN_STATS_NO_VARIATION);
        must(isfinite(got.u) && got.u >= 0 && isfinite(got.z) && isfinite(got.t));
        must(is_probability(got.superiority));
        must(is_probability(got.p_value) && is_probability(got.mean_p_value));
        must(got.control_mean == 0 || within(got.control_mean, 1, 5));
        must(got.variant_mean == 0 || within(got.variant_mean, 1, 5));
        must(within(got.control_variance, 0, 8.0) && within(got.variant_variance, 0, 8.0));
        must(within(got.difference, -4, 4) && got.reserved == 0);
        must(isfinite(got.low) && got.low <= got.difference);
        must(isfinite(got.high) && got.high >= got.difference);
        must(isfinite(got.degrees) && got.degrees >= 0);
    }
    tell("ratings");
}
END_TEST

static void check_noninferiority(const llmlearn_noninferiority *got)
{
    must(got->status == LLMLEARN_STATS_OK || got->status == LLMLEARN_STATS_NO_DATA ||
         got->status == LLMLEARN_STATS_TOO_FEW || got->status == LLMLEARN_STATS_NO_VARIATION);
    must(got->guardrail >= LLMLEARN_GUARDRAIL_UNKNOWN &&
         got->guardrail <= LLMLEARN_GUARDRAIL_FAIL && got->reserved == 0);
    must(isfinite(got->statistic));
    must(isfinite(got->degrees) && got->degrees >= 0);
    must(is_probability(got->p_value) && is_probability(got->p_worse));
}

START_TEST(any_rates_are_no_worse_or_not)
{
    draw s = { .state = 15 };

    for (int i = 0; i < 50000; i++) {
        llmlearn_rate control = any_rate(&s), variant = any_rate(&s);
        double margin = any_open_ratio(&s) * (double)draw_below(&s, 2), alpha = any_open_ratio(&s);
        uint32_t flags = draw_below(&s, 2) == 0 ? LLMLEARN_LOWER_IS_BETTER : 0;
        llmlearn_noninferiority got, again;

        ask(llmlearn_stats_rate_not_worse(&control, &variant, margin, alpha, flags, &got), got,
            again);
        check_noninferiority(&got);
        if (got.status == LLMLEARN_STATS_OK)
            must((got.guardrail == LLMLEARN_GUARDRAIL_PASS) <= (got.p_value < alpha));
    }
    tell("rate_not_worse");
}
END_TEST

START_TEST(any_means_are_no_worse_or_not)
{
    draw s = { .state = 16 };

    for (int i = 0; i < 100000; i++) {
        llmlearn_mean control = any_mean(&s), variant = any_mean(&s);
        double margin = draw_below(&s, 2) == 0 ? 0.2 : any_finite(&s), alpha = any_open_ratio(&s);
        llmlearn_noninferiority got, again;

        margin = fmax(-1, fmin(1e6, margin));
        ask(llmlearn_stats_mean_not_worse(&control, &variant, margin, alpha, &got), got, again);
        check_noninferiority(&got);
    }
    tell("mean_not_worse");
}
END_TEST

/* ---- clusters ---------------------------------------------------------- */

START_TEST(any_units_have_a_clustered_rate)
{
    draw s = { .state = 17 };

    for (int i = 0; i < 60000; i++) {
        llmlearn_cluster control = any_cluster(&s), variant = any_cluster(&s);
        double confidence = any_open_ratio(&s);
        llmlearn_clustered one, one_again;
        llmlearn_clustered_difference both, both_again;

        ask(llmlearn_stats_clustered(&control, confidence, &one), one, one_again);
        must(one.status == LLMLEARN_STATS_OK || one.status == LLMLEARN_STATS_NO_DATA ||
             one.status == LLMLEARN_STATS_TOO_FEW || one.status == LLMLEARN_STATS_NO_VARIATION);
        must(is_probability(one.rate) && one.low >= 0 && one.high <= 1);
        must(one.low <= one.rate && one.rate <= one.high);
        must(isfinite(one.variance) && one.variance >= 0);
        must(isfinite(one.design_effect) && one.design_effect >= 0);

        ask(llmlearn_stats_clustered_difference(&control, &variant, confidence, &both), both,
            both_again);
        must(both.status == LLMLEARN_STATS_OK || both.status == LLMLEARN_STATS_NO_DATA ||
             both.status == LLMLEARN_STATS_TOO_FEW || both.status == LLMLEARN_STATS_NO_VARIATION);
        must(both.low >= -1 && both.low <= both.difference);
        must(both.high <= 1 && both.high >= both.difference);
        must(isfinite(both.z) && isfinite(both.degrees) && both.degrees >= 0);
        must(is_probability(both.p_value) && is_probability(both.p_normal));
    }
    tell("clusters");
}
END_TEST

/* ---- summaries --------------------------------------------------------- */

START_TEST(any_values_have_a_summary)
{
    draw s = { .state = 18 };

    for (int i = 0; i < 30000; i++) {
        double values[64];
        size_t count = draw_below(&s, 4) == 0 ? draw_below(&s, 4) : draw_below(&s, 65);
        uint64_t kind = draw_below(&s, 3);
        llmlearn_summary got, again;

        for (size_t j = 0; j < count; j++)
            values[j] = kind == 0 ? any_finite(&s) : kind == 1 ? (double)draw_below(&s, 5) : 1e9;
        ask(llmlearn_stats_summary(values, count, &got), got, again);
        must(got.status == (count == 0   ? LLMLEARN_STATS_NO_DATA
                            : count == 1 ? LLMLEARN_STATS_TOO_FEW
                                         : LLMLEARN_STATS_OK));
        must(got.count == count);
        must(isfinite(got.min) && isfinite(got.max));
        must(within(got.mean, got.min, got.max));
        must(got.min <= got.q50 && got.q50 <= got.q90 && got.q90 <= got.q95 && got.q95 <= got.q99 &&
             got.q99 <= got.max);
        must(isfinite(got.variance) && got.variance >= 0);
        must(isfinite(got.deviation) && got.deviation >= 0);
    }
    tell("summary");
}
END_TEST

/* ---- comparisons ------------------------------------------------------- */

static void check_json(char *text, const llmlearn_compared *got, uint32_t count)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    must(root != NULL);
    must(json_array_size(json_object_get(root, "arms")) == count);
    must(json_is_null(json_object_get(root, "winner")) == (got->winner < 0));
    must(strcmp(json_string_value(json_object_get(root, "status")), got->status) == 0);
    json_decref(root);
    llmlearn_free(text);
}

START_TEST(any_variants_can_be_compared)
{
    draw s = { .state = 19 };
    llmlearn_rate arms[LLMLEARN_ARMS_MAX];

    for (int i = 0; i < 20000; i++) {
        llmlearn_comparison comparison = any_comparison(&s, arms);
        llmlearn_compared got, again;
        char *text = NULL;

        ask(llmlearn_compare_variants(&comparison, &got, NULL), got, again);
        must(got.winner >= -1 && got.winner < (int32_t)comparison.arm_count);
        must(got.status != NULL && strlen(got.status) > 2);
        must(is_probability(got.p_value) && is_probability(got.effect_size));
        must(got.confidence == (got.winner >= 0 ? 1 - got.p_value : 0));
        must(got.promotable <= 1 && got.reserved == 0);
        must(!got.promotable || (got.winner >= 0 && got.winner != (int32_t)comparison.champion));
        if (i % 10 == 0) {
            must_work(llmlearn_compare_variants(&comparison, &got, &text));
            check_json(text, &got, comparison.arm_count);
        }
    }
    tell("compare_variants");
}
END_TEST

/* ---- numbers that are too small ---------------------------------------- */

/* Half of one, or its share of many arms, would be 0. */
START_TEST(a_ratio_that_cannot_be_shared_is_refused)
{
    static const double ratios[] = { DBL_TRUE_MIN, DBL_MIN, 9.99e-301 };
    const llmlearn_rate arms[] = { { 1, 3 }, { 2, 3 } };
    const double information[] = { 1, 2 };
    double power, bounds[2];
    llmlearn_interval interval = { .struct_size = sizeof interval };
    llmlearn_difference difference = { .struct_size = sizeof difference };
    llmlearn_planned planned = { .struct_size = sizeof planned };

    for (int i = 0; i < 3; i++) {
        double ratio = ratios[i], rates[] = { 0.5, ratio };
        llmlearn_plan rare = { .struct_size = sizeof rare, .control_rate = ratio, .effect = 0.1 };
        llmlearn_plan strict = { .struct_size = sizeof strict, .control_rate = 0.5, .effect = 0.1 };

        strict.alpha_ratio = ratio;
        expect_err(llmlearn_stats_rate(arms, ratio, 0, &interval), LLMLEARN_EINVAL, "confidence");
        expect_err(llmlearn_stats_difference(arms, arms + 1, ratio, 0, &difference),
                   LLMLEARN_EINVAL, "confidence");
        expect_err(llmlearn_stats_sample_size(&rare, &planned), LLMLEARN_EINVAL, "control_rate");
        expect_err(llmlearn_stats_sample_size(&strict, &planned), LLMLEARN_EINVAL, "alpha_ratio");
        expect_err(llmlearn_stats_association_power(rates, 2, 9, 0.05, &power), LLMLEARN_EINVAL,
                   "rates");
        expect_err(llmlearn_stats_look_bounds(information, 2, 2, ratio, 0, bounds, NULL),
                   LLMLEARN_EINVAL, "alpha_ratio");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("statistics of any numbers");
    TCase *tests = tcase_create("properties");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, any_arms_have_an_association);
    tcase_add_test(tests, any_small_or_lopsided_arms_have_an_association);
    tcase_add_test(tests, any_rate_lies_in_its_interval);
    tcase_add_test(tests, a_higher_confidence_has_a_wider_interval);
    tcase_add_test(tests, any_difference_lies_in_its_interval);
    tcase_add_test(tests, any_p_values_are_adjusted_in_their_order);
    tcase_add_test(tests, any_plan_has_an_answer_or_none);
    tcase_add_test(tests, a_size_has_the_power_it_was_made_for);
    tcase_add_test(tests, any_true_rates_have_a_power);
    tcase_add_test(tests, any_counts_follow_their_weights_or_not);
    tcase_add_test(tests, any_votes_in_any_order_have_an_e_value);
    tcase_add_test(tests, any_looks_have_bounds);
    tcase_add_test(tests, any_arms_have_a_posterior);
    tcase_add_test(tests, any_stars_can_be_compared);
    tcase_add_test(tests, any_rates_are_no_worse_or_not);
    tcase_add_test(tests, any_means_are_no_worse_or_not);
    tcase_add_test(tests, any_units_have_a_clustered_rate);
    tcase_add_test(tests, any_values_have_a_summary);
    tcase_add_test(tests, any_variants_can_be_compared);
    tcase_add_test(tests, a_ratio_that_cannot_be_shared_is_refused);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
