#include "support/any_numbers.h"

#include <float.h>
#include <math.h>

uint64_t any_count(draw *s)
{
    switch (draw_below(s, 8)) {
    case 0:
        return draw_below(s, 3);
    case 1:
        return LLMLEARN_COUNT_MAX - draw_below(s, 3);
    case 2:
        return draw_below(s, 30);
    default:
        return draw_below(s, (UINT64_C(1) << (1 + draw_below(s, 53))) + 1);
    }
}

uint64_t any_successes(draw *s, uint64_t trials)
{
    uint64_t edge = draw_below(s, 12);

    if (edge > trials)
        edge = trials;
    switch (draw_below(s, 6)) {
    case 0:
        return edge;
    case 1:
        return trials - edge;
    case 2:
        return trials / 2;
    case 3:
        return trials / 10 * 6;
    default:
        return draw_below(s, trials + 1);
    }
}

llmlearn_rate any_rate(draw *s)
{
    llmlearn_rate rate = { .trials = any_count(s) };

    rate.successes = any_successes(s, rate.trials);
    return rate;
}

uint32_t any_arm_count(draw *s)
{
    if (draw_below(s, 100) == 0)
        return LLMLEARN_ARMS_MAX;
    return draw_below(s, 3) == 0 ? 1 + (uint32_t)draw_below(s, 12) : 2;
}

uint32_t any_arms(draw *s, llmlearn_rate arms[LLMLEARN_ARMS_MAX])
{
    uint32_t count = any_arm_count(s);
    uint64_t trials = draw_below(s, 2) == 0 ? 0 : any_count(s);

    for (uint32_t i = 0; i < count; i++) {
        arms[i].trials = trials > 0 ? trials : any_count(s);
        arms[i].successes = any_successes(s, arms[i].trials);
    }
    return count;
}

double any_open_ratio(draw *s)
{
    static const double usual[] = { 0.05, 0.5, 0.95, 0.99, 0.025, 1e-3, 1e-6, 1.0 - 1e-6 };
    static const double ends[] = { 1e-300,  1e-299, 1e-200, 1e-100,
                                   0x1p-53, 1e-12,  0.99,   1.0 - 0x1p-53 };

    switch (draw_below(s, 4)) {
    case 0:
        return ends[draw_below(s, 8)];
    case 1:
        return 0x1p-53 * (double)(1 + draw_below(s, (UINT64_C(1) << 53) - 1));
    default:
        return usual[draw_below(s, 8)];
    }
}

double any_ratio(draw *s)
{
    uint64_t kind = draw_below(s, 10);

    return kind < 2 ? (double)kind : any_open_ratio(s);
}

double any_positive(draw *s)
{
    double fraction = 1.0 + 0x1p-52 * (double)draw_below(s, UINT64_C(1) << 52);

    switch (draw_below(s, 16)) {
    case 0:
        return DBL_TRUE_MIN;
    case 1:
        return DBL_MAX;
    case 2:
        return 1.0;
    case 3:
        return ldexp(fraction, (int)draw_below(s, 2098) - 1074);
    default:
        return ldexp(fraction, (int)draw_below(s, 40) - 20);
    }
}

double any_finite(draw *s)
{
    switch (draw_below(s, 5)) {
    case 0:
        return 0.0;
    case 1:
    case 2:
        return -any_positive(s);
    default:
        return any_positive(s);
    }
}

double any_option(draw *s, double low, double high)
{
    if (draw_below(s, 2) == 0)
        return 0;
    return fmin(high, fmax(low, any_positive(s)));
}

llmlearn_plan any_plan(draw *s)
{
    llmlearn_plan plan = { .struct_size = sizeof plan };

    plan.design = (int32_t)draw_below(s, 4);
    plan.arm_count = draw_below(s, 2) == 0 ? 0 : 2 + (uint32_t)draw_below(s, 63);
    plan.control_rate = any_open_ratio(s);
    do {
        plan.effect = draw_below(s, 4) == 0 ? any_finite(s) : any_ratio(s) - plan.control_rate;
    } while (!(plan.control_rate + plan.effect > 0 && plan.control_rate + plan.effect < 1));
    do {
        plan.alpha_ratio = draw_below(s, 2) == 0 ? 0 : any_open_ratio(s);
        plan.power_ratio = draw_below(s, 2) == 0 ? 0 : any_open_ratio(s);
    } while ((plan.power_ratio == 0 ? 0.8 : plan.power_ratio) <=
             (plan.alpha_ratio == 0 ? 0.05 : plan.alpha_ratio));
    plan.allocation = any_option(s, 1e-3, 1e3);
    plan.control_trials = any_option(s, 1, 0x1p53);
    plan.design_effect = any_option(s, 1e-3, 1e3);
    plan.response_ratio = any_option(s, 1e-6, 1);
    plan.units_per_day = any_option(s, 1e-3, 1e12);
    return plan;
}

void any_weights(draw *s, double *weights, uint32_t count, bool positive)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        weights[i] = draw_below(s, 2) == 0 ? 1 : fmin(1e100, fmax(1e-100, any_positive(s)));
        if (!positive && draw_below(s, 8) == 0)
            weights[i] = 0;
        sum += weights[i];
    }
    if (!(sum > 0))
        weights[0] = 1;
}

double any_looks(draw *s, double *information, uint32_t count)
{
    double last = 0;

    for (uint32_t i = 0; i < count; i++) {
        double step = draw_below(s, 4) == 0 ? any_positive(s) : 1 + (double)draw_below(s, 100);
        double next = last + fmin(1e15, fmax(1e-100, step));
        last = next > last ? next : nextafter(last, INFINITY);
        information[i] = last;
    }
    switch (draw_below(s, 4)) {
    case 0:
        return last * 1.5;
    case 1:
        return count > 1 ? nextafter(information[count - 2], INFINITY) : last;
    default:
        return last;
    }
}

void any_stars(draw *s, uint64_t stars[5])
{
    for (int i = 0; i < 5; i++)
        stars[i] = draw_below(s, 3) == 0 ? 0 : any_count(s);
}

llmlearn_mean any_mean(draw *s)
{
    llmlearn_mean mean = { .count = any_count(s) };

    mean.mean = fabs(any_finite(s));
    mean.variance = draw_below(s, 4) == 0 ? 0 : any_positive(s);
    return mean;
}

llmlearn_cluster any_cluster(draw *s)
{
    llmlearn_cluster sums = { 0 };
    uint64_t units = draw_below(s, 3) == 0 ? draw_below(s, 3) : draw_below(s, 40);
    uint64_t copies = UINT64_C(1) << draw_below(s, 34);

    for (uint64_t i = 0; i < units; i++) {
        uint64_t trials = 1 + draw_below(s, draw_below(s, 4) == 0 ? 100 : 6);
        uint64_t successes = any_successes(s, trials);

        sums.units += copies;
        sums.trials += trials * copies;
        sums.successes += successes * copies;
        sums.trials_squared += trials * trials * copies;
        sums.products += successes * trials * copies;
        sums.successes_squared += successes * successes * copies;
    }
    return sums;
}

llmlearn_comparison any_comparison(draw *s, llmlearn_rate arms[LLMLEARN_ARMS_MAX])
{
    llmlearn_comparison comparison = { .struct_size = sizeof comparison, .arms = arms };

    comparison.arm_count = any_arms(s, arms);
    comparison.champion = (uint32_t)draw_below(s, comparison.arm_count);
    comparison.trials_min = draw_below(s, 2) == 0 ? 0 : 1 + draw_below(s, 1000);
    comparison.alpha_ratio = draw_below(s, 2) == 0 ? 0 : any_open_ratio(s);
    comparison.effect_min = draw_below(s, 2) == 0 ? 0 : 0.001 * (double)draw_below(s, 1000);
    return comparison;
}
