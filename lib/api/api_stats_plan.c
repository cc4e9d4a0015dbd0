/* The header's section "statistics": how many votes, how long? */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/chi_square_power.h"
#include "stats/plan.h"

#include <float.h>

#define ALPHA_DEFAULT 0.05
#define POWER_DEFAULT 0.8

static double or_default(double value, double otherwise)
{
    return value == 0 ? otherwise : value;
}

static llmlearn_err check_shape(const llmlearn_plan *p)
{
    if (p->design < LLMLEARN_PLAN_FIXED || p->design > LLMLEARN_PLAN_ALWAYS_VALID)
        return ll_fail(LLMLEARN_EINVAL, "design: %d; LLMLEARN_PLAN_FIXED (1) to _ALWAYS_VALID (3)",
                       p->design);
    if (p->arm_count < 2 || p->arm_count > LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arm_count: %u; 2 to %d are allowed, or 0", p->arm_count,
                       LLMLEARN_ARMS_MAX);
    if (p->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "reserved: %u; must be 0", p->reserved);
    return LLMLEARN_OK;
}

static llmlearn_err check_numbers(const llmlearn_plan *p)
{
    llmlearn_err err = ll_stats_check_open_ratio("control_rate", p->control_rate);

    if (err == LLMLEARN_OK &&
        !(p->effect == 0 || (p->control_rate + p->effect > 0 && p->control_rate + p->effect < 1)))
        err = ll_fail(LLMLEARN_EINVAL, "effect: %g; with control_rate it must be between 0 and 1",
                      p->effect);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("alpha_ratio", p->alpha_ratio);
    if (err == LLMLEARN_OK && p->power_ratio != 0 &&
        !(p->power_ratio > p->alpha_ratio && p->power_ratio < 1))
        err = ll_fail(LLMLEARN_EINVAL, "power_ratio: %g; must be above alpha (%g) and below 1",
                      p->power_ratio, p->alpha_ratio);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("allocation", p->allocation, 1e-6, 1e6);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("design_effect", p->design_effect, 1e-3, 1e6);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("response_ratio", p->response_ratio, 1e-9, 1e6);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("units_per_day", p->units_per_day, 0, DBL_MAX);
    return err;
}

/* The plan with its defaults in place. Whoever asks for the power needs none. */
static llmlearn_err read_plan(const llmlearn_plan *plan, bool needs_power, llmlearn_plan *out)
{
    llmlearn_err err = ll_arguments_read("plan", plan, sizeof *plan, out, sizeof *out);

    if (err != LLMLEARN_OK)
        return err;
    out->design = out->design == 0 ? LLMLEARN_PLAN_FIXED : out->design;
    out->arm_count = out->arm_count == 0 ? 2 : out->arm_count;
    out->alpha_ratio = or_default(out->alpha_ratio, ALPHA_DEFAULT);
    if (needs_power)
        out->power_ratio = or_default(out->power_ratio, POWER_DEFAULT);
    out->allocation = or_default(out->allocation, 1.0);
    out->design_effect = or_default(out->design_effect, 1.0);
    out->response_ratio = or_default(out->response_ratio, 1.0);
    err = check_shape(out);
    return err == LLMLEARN_OK ? check_numbers(out) : err;
}

static llmlearn_err solve(const llmlearn_plan *plan, bool needs_trials, bool needs_power,
                          void (*solver)(const llmlearn_plan *, llmlearn_planned *),
                          llmlearn_planned *out_planned)
{
    llmlearn_planned planned = { .struct_size = sizeof planned };
    llmlearn_plan ours;
    llmlearn_err err = ll_arguments_check_out("out_planned", out_planned, sizeof *out_planned);

    if (err == LLMLEARN_OK)
        err = read_plan(plan, needs_power, &ours);
    if (err == LLMLEARN_OK && needs_trials)
        err = ll_stats_check_range("control_trials", ours.control_trials, 1.0,
                                   (double)LLMLEARN_COUNT_MAX);
    if (err != LLMLEARN_OK)
        return err;
    solver(&ours, &planned);
    ll_arguments_write(out_planned, &planned, sizeof planned);
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_sample_size(const llmlearn_plan *plan, llmlearn_planned *out_planned)
{
    return solve(plan, false, true, ll_plan_sample_size, out_planned);
}

llmlearn_err llmlearn_stats_power(const llmlearn_plan *plan, llmlearn_planned *out_planned)
{
    return solve(plan, true, false, ll_plan_power, out_planned);
}

llmlearn_err llmlearn_stats_detectable_effect(const llmlearn_plan *plan,
                                              llmlearn_planned *out_planned)
{
    return solve(plan, true, true, ll_plan_detectable_effect, out_planned);
}

llmlearn_err llmlearn_stats_association_power(const double *rates, uint32_t arm_count,
                                              double trials_per_arm, double alpha_ratio,
                                              double *out_power)
{
    llmlearn_err err = ll_stats_check_pointer("rates", rates);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_power", out_power);
    if (err == LLMLEARN_OK && (arm_count < 2 || arm_count > LLMLEARN_ARMS_MAX))
        err = ll_fail(LLMLEARN_EINVAL, "arm_count: %u; 2 to %d are required", arm_count,
                      LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++)
        err = ll_stats_check_open_ratio("rates", rates[i]);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("trials_per_arm", trials_per_arm, 0, (double)LLMLEARN_COUNT_MAX);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("alpha_ratio", alpha_ratio);
    if (err == LLMLEARN_OK)
        *out_power = ll_chi_square_power(rates, arm_count, trials_per_arm, alpha_ratio);
    return err;
}
