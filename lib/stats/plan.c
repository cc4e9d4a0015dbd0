#include "stats/plan.h"

#include "stats/limits.h"
#include "stats/normal.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Factors such as 1.05 and 0.3 are no doubles: a product this close to a whole number is one. */
static const double rounding = 0x1p-50;

double ll_plan_design_factor(llmlearn_plan_design design)
{
    switch (design) {
    case LLMLEARN_PLAN_GROUP_SEQUENTIAL:
        return 1.05;
    case LLMLEARN_PLAN_ALWAYS_VALID:
        return 1.6;
    case LLMLEARN_PLAN_FIXED:
        break;
    }
    return 1.0;
}

/* How many trials come for each independent one of a single look. */
static double inflation(const llmlearn_plan *plan)
{
    return ll_plan_design_factor((llmlearn_plan_design)plan->design) * plan->design_effect;
}

static double z_alpha(const llmlearn_plan *plan)
{
    return ll_normal_isf(0.5 * plan->alpha_ratio / (plan->arm_count - 1));
}

/* What is asked for, in standard errors: quantiles cost more than all the rest. */
typedef struct demand {
    double z_alpha, z_power;
} demand;

static demand demand_of(const llmlearn_plan *plan)
{
    return (demand){ .z_alpha = z_alpha(plan), .z_power = -ll_normal_isf(plan->power_ratio) };
}

/* Standard deviations of sqrt(n) times the difference, if there is none and if there is. */
typedef struct spread {
    double null, alternative;
} spread;

static spread spread_of(const llmlearn_plan *plan, double effect)
{
    double r = plan->allocation;
    double p1 = plan->control_rate, p2 = p1 + effect;
    double pooled = (p1 + r * p2) / (1.0 + r);

    return (spread){
        .null = sqrt(fmax(pooled * (1.0 - pooled) * (1.0 + 1.0 / r), 0.0)),
        .alternative = sqrt(fmax(p1 * (1.0 - p1) + p2 * (1.0 - p2) / r, 0.0)),
    };
}

/* Independent trials of the control that find the effect with the power. 0 where chance has that
 * power without any: below one half, and with a spread that is far larger than the null's. */
static double trials_for(const llmlearn_plan *plan, const demand *ask, double effect)
{
    spread s = spread_of(plan, effect);
    double root = (ask->z_alpha * s.null + ask->z_power * s.alternative) / fabs(effect);

    return root > 0 ? root * root : 0.0;
}

static bool fits(double trials)
{
    return trials <= (double)LL_STATS_COUNT_MAX;
}

/* The whole number that is meant, or the next above; at least one. */
static double round_up(double count)
{
    double nearest = round(count);

    return fmax(fabs(count - nearest) <= rounding * count ? nearest : ceil(count), 1.0);
}

/* What has to be collected for so many trials of the control: `trials` independent ones. */
static void collect(const llmlearn_plan *plan, double collected, double trials,
                    llmlearn_planned *out)
{
    double control = round_up(collected);
    double variant = round_up(collected * plan->allocation);
    double units = round_up((control + variant * (plan->arm_count - 1)) / plan->response_ratio);

    if (!fits(control) || !fits(variant) || !fits(units)) {
        out->status = LLMLEARN_STATS_UNREACHABLE;
        return;
    }
    out->control_trials = trials;
    out->control_trials_up = (uint64_t)control;
    out->variant_trials_up = (uint64_t)variant;
    out->units_up = (uint64_t)units;
    if (plan->units_per_day > 0)
        out->days = fmin(units / plan->units_per_day, DBL_MAX);
}

static llmlearn_planned begin(const llmlearn_plan *plan, const llmlearn_planned *out)
{
    assert(plan->arm_count >= 2 && plan->arm_count <= LL_STATS_ARMS_MAX);
    assert(plan->control_rate > 0 && plan->control_rate < 1);
    assert(plan->allocation > 0 && plan->design_effect > 0 && plan->response_ratio > 0);

    return (llmlearn_planned){ .struct_size = out->struct_size,
                               .effect = plan->effect,
                               .power_ratio = plan->power_ratio };
}

void ll_plan_sample_size(const llmlearn_plan *plan, llmlearn_planned *out)
{
    demand ask = demand_of(plan);

    *out = begin(plan, out);
    double trials = plan->effect == 0 ? INFINITY : trials_for(plan, &ask, plan->effect);
    if (fits(trials))
        collect(plan, trials * inflation(plan), trials, out);
    else
        out->status = LLMLEARN_STATS_UNREACHABLE;
}

void ll_plan_power(const llmlearn_plan *plan, llmlearn_planned *out)
{
    double trials = plan->control_trials / inflation(plan);
    spread s = spread_of(plan, plan->effect);
    double beyond = fabs(plan->effect) * sqrt(trials) - z_alpha(plan) * s.null;

    *out = begin(plan, out);
    out->power_ratio = ll_normal_cdf(beyond / s.alternative);
    collect(plan, plan->control_trials, trials, out);
}

/* Halves from an effect that is too small to one that is enough down to neighbouring doubles. */
static double smallest_effect(const llmlearn_plan *plan, const demand *ask, double trials,
                              double none, double enough)
{
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (none + enough);
        if (middle == none || middle == enough)
            break;
        if (trials_for(plan, ask, middle) > trials)
            none = middle;
        else
            enough = middle;
    }
    return enough;
}

void ll_plan_detectable_effect(const llmlearn_plan *plan, llmlearn_planned *out)
{
    enum { CELLS = 64 };
    double trials = plan->control_trials / inflation(plan);
    double limit = plan->effect < 0 ? -plan->control_rate : 1.0 - plan->control_rate;
    demand ask = demand_of(plan);
    double none = 0.0;

    *out = begin(plan, out);
    out->effect = 0.0;
    /* A power below one half may come and go as the effect grows, so the first cell that has it
     * is sought from below. */
    for (int i = 1; i <= CELLS; i++) {
        double enough = limit * i / CELLS;
        if (trials_for(plan, &ask, enough) <= trials) {
            out->effect = smallest_effect(plan, &ask, trials, none, enough);
            collect(plan, plan->control_trials, trials, out);
            return;
        }
        none = enough;
    }
    out->status = LLMLEARN_STATS_UNREACHABLE;
}
