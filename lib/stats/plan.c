#include "stats/plan.h"

#include "stats/limits.h"
#include "stats/normal.h"

#include <assert.h>
#include <math.h>

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

/* Independent trials of the control that find the effect with the power. */
static double trials_for(const llmlearn_plan *plan, double effect)
{
    spread s = spread_of(plan, effect);
    double z_power = -ll_normal_isf(plan->power_ratio);
    double root = (z_alpha(plan) * s.null + z_power * s.alternative) / effect;

    return root * root;
}

static bool fits(double trials)
{
    return trials <= (double)LL_STATS_COUNT_MAX;
}

/* From independent trials of the control to what has to be collected. */
static void collect(const llmlearn_plan *plan, double trials, llmlearn_planned *out)
{
    double control = ceil(trials * inflation(plan));
    double variant = ceil(trials * inflation(plan) * plan->allocation);
    double units = ceil((control + variant * (plan->arm_count - 1)) / plan->response_ratio);

    if (!fits(control) || !fits(variant) || !fits(units)) {
        out->status = LLMLEARN_STATS_UNREACHABLE;
        return;
    }
    out->control_trials = trials;
    out->control_trials_up = (uint64_t)control;
    out->variant_trials_up = (uint64_t)variant;
    out->units_up = (uint64_t)units;
    if (plan->units_per_day > 0)
        out->days = units / plan->units_per_day;
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
    *out = begin(plan, out);
    double trials = plan->effect == 0 ? INFINITY : trials_for(plan, plan->effect);
    if (fits(trials))
        collect(plan, trials, out);
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
    collect(plan, trials, out);
}

/* The effect lies between none and this. */
static double effect_limit(const llmlearn_plan *plan)
{
    return plan->effect < 0 ? -plan->control_rate : 1.0 - plan->control_rate;
}

void ll_plan_detectable_effect(const llmlearn_plan *plan, llmlearn_planned *out)
{
    double trials = plan->control_trials / inflation(plan);
    double none = 0.0, enough = effect_limit(plan);

    *out = begin(plan, out);
    out->effect = 0.0;
    if (trials_for(plan, enough) > trials) {
        out->status = LLMLEARN_STATS_UNREACHABLE;
        return;
    }
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (none + enough);
        if (trials_for(plan, middle) > trials)
            none = middle;
        else
            enough = middle;
    }
    out->effect = enough;
    collect(plan, trials, out);
}
