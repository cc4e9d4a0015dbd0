#include "api/test_plan.h"

#include "base/err.h"
#include "base/random.h"
#include "stats/limits.h"

#include <math.h>

#define MIN_DAYS_DEFAULT 7.0
#define MIN_DAYS_MAX 365.0
#define MAX_DAYS_DEFAULT 56.0
#define MAX_DAYS_MAX 3650.0
#define TRIALS_DEFAULT 100u
#define ALPHA_DEFAULT 0.05
#define ALPHA_MIN 1e-6
#define ALPHA_MAX 0.5
#define EFFECT_DEFAULT 0.1
#define LIFT_DEFAULT 0.05
#define LIFT_MIN 0.001
#define LIFT_MAX 0.5
#define DAYS_A_WEEK 7.0

static llmlearn_err check_durations(const llmlearn_ab_test *t)
{
    bool no_minimum = (t->flags & LLMLEARN_AB_NO_MINIMUM_DURATION) != 0;
    double least = t->duration_min_days, most = t->duration_max_days;

    if (!(least >= 0 && least <= MIN_DAYS_MAX))
        return ll_fail(LLMLEARN_EINVAL, "duration_min_days: %g; 0 to 365 is allowed", least);
    if (no_minimum && least != 0)
        return ll_fail(LLMLEARN_EINVAL,
                       "duration_min_days: %g; with "
                       "LLMLEARN_AB_NO_MINIMUM_DURATION it must be 0",
                       least);
    if (least == 0 && !no_minimum)
        least = MIN_DAYS_DEFAULT;
    if (most == 0)
        most = MAX_DAYS_DEFAULT;
    if (!(most >= least && most <= MAX_DAYS_MAX))
        return ll_fail(LLMLEARN_EINVAL,
                       "duration_max_days: %g; at least the minimum (%g) and at most 3650", most,
                       least);
    if (t->rule == LLMLEARN_RULE_ALWAYS_VALID && most < DAYS_A_WEEK)
        return ll_fail(LLMLEARN_EINVAL,
                       "duration_max_days: %g; LLMLEARN_RULE_ALWAYS_VALID looks at whole weeks, so"
                       " at least 7",
                       most);
    return LLMLEARN_OK;
}

static llmlearn_err check_rule(const llmlearn_ab_test *t)
{
    if (t->rule < 0 || t->rule > LLMLEARN_RULE_ALWAYS_VALID)
        return ll_fail(LLMLEARN_EINVAL, "rule: %d; a llmlearn_rule is allowed (1 to 3), or 0",
                       t->rule);
    if (t->trials_min > LL_STATS_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "trials_min: %llu; at most 2^53 is allowed",
                       (unsigned long long)t->trials_min);
    if (!(t->alpha_ratio == 0 || (t->alpha_ratio >= ALPHA_MIN && t->alpha_ratio <= ALPHA_MAX)))
        return ll_fail(LLMLEARN_EINVAL, "alpha_ratio: %g; 1e-6 to 0.5 is allowed, or 0",
                       t->alpha_ratio);
    if (!(t->effect_min >= 0 && t->effect_min <= 1))
        return ll_fail(LLMLEARN_EINVAL, "effect_min: %g; 0 to 1 is allowed", t->effect_min);
    if (!(t->lift_min == 0 || (t->lift_min >= LIFT_MIN && t->lift_min <= LIFT_MAX)))
        return ll_fail(LLMLEARN_EINVAL, "lift_min: %g; 0.001 to 0.5 is allowed, or 0", t->lift_min);
    return LLMLEARN_OK;
}

llmlearn_err ll_test_plan_check(const llmlearn_ab_test *test)
{
    llmlearn_err err = check_durations(test);

    return err == LLMLEARN_OK ? check_rule(test) : err;
}

static int64_t us_of_days(double days)
{
    return (int64_t)llround(days * (double)LL_US_PER_DAY);
}

llmlearn_err ll_test_plan_make(const llmlearn_ab_test *test, ll_ab_test *out_plan)
{
    bool no_minimum = (test->flags & LLMLEARN_AB_NO_MINIMUM_DURATION) != 0;
    double least =
        test->duration_min_days == 0 && !no_minimum ? MIN_DAYS_DEFAULT : test->duration_min_days;
    double most = test->duration_max_days == 0 ? MAX_DAYS_DEFAULT : test->duration_max_days;

    *out_plan = (ll_ab_test){
        .rule = test->rule == 0 ? LLMLEARN_RULE_CLASSIC : test->rule,
        .duration_min_us = us_of_days(least),
        .duration_max_us = us_of_days(most),
        .trials_min = (int64_t)(test->trials_min == 0 ? TRIALS_DEFAULT : test->trials_min),
        .alpha = test->alpha_ratio == 0 ? ALPHA_DEFAULT : test->alpha_ratio,
        .effect_min = test->effect_min == 0 ? EFFECT_DEFAULT : test->effect_min,
        .lift_min = test->lift_min == 0 ? LIFT_DEFAULT : test->lift_min,
    };
    return ll_random_bytes(out_plan->salt, sizeof out_plan->salt);
}
