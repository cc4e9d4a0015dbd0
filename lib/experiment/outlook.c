#include "experiment/outlook.h"

#include "experiment/looks_taken.h"
#include "stats/eprocess.h"
#include "stats/plan.h"

#include <assert.h>
#include <math.h>

#define POWER 0.8
/* How much is thought to be known of a rate before anything was counted: 20 votes, half of them
 * positive; the rate is where most votes are needed. */
#define PRIOR_VOTES 20
/* Rates that a plan may start from, so that rate + lift stays a rate. */
#define RATE_MARGIN 0.01
#define DAYS_A_WEEK 7.0
#define NEVER HUGE_VAL

static double days_of(int64_t us)
{
    return (double)us / (double)LL_US_PER_DAY;
}

/* ---- before ------------------------------------------------------------ */

static double assumed_rate(const ll_traffic *traffic, double lift)
{
    double rate =
        ((double)traffic->positive + 0.5 * PRIOR_VOTES) / ((double)traffic->votes + PRIOR_VOTES);

    return fmax(RATE_MARGIN, fmin(rate, 1 - lift - RATE_MARGIN));
}

static int64_t planned_trials(const ll_ab_test *test, uint32_t arm_count, double rate)
{
    const llmlearn_plan asked = {
        .design = test->rule == LLMLEARN_RULE_ALWAYS_VALID ? LLMLEARN_PLAN_ALWAYS_VALID
                                                           : LLMLEARN_PLAN_GROUP_SEQUENTIAL,
        .arm_count = arm_count,
        .control_rate = rate,
        .effect = test->lift_min,
        .alpha_ratio = test->alpha,
        .power_ratio = POWER,
        .allocation = 1,
        .design_effect = 1,
        .response_ratio = 1,
    };
    llmlearn_planned planned = { .status = LLMLEARN_STATS_OK };

    ll_plan_sample_size(&asked, &planned);
    assert(planned.status == LLMLEARN_STATS_OK);
    return (int64_t)planned.control_trials_up;
}

/* The variant of the smallest share. */
static uint32_t scarcest_variant(const ll_ab_arm *arms, uint32_t arm_count, uint32_t champion)
{
    uint32_t least = champion == 0 ? 1 : 0;

    for (uint32_t i = 0; i < arm_count; i++) {
        if (i != champion && arms[i].weight < arms[least].weight)
            least = i;
    }
    return least;
}

/* One arm of share w better by d, all others at the rate p: V^2 is w(1-w) d^2 over q(1-q), where
 * q = p + w d is the rate over all. Solved for d. */
static double lift_of_v(double v, double w, double p)
{
    double a = w * (1 - w) + v * v * w * w;
    double b = v * v * w * (2 * p - 1);
    double c = v * v * p * (1 - p); /* taken off */
    double lift = (sqrt(b * b + 4 * a * c) - b) / (2 * a);

    return lift <= 1 - p ? lift : -1;
}

/* With what comes in until the classic rule looks. */
static double detectable_lift(const ll_ab_test *test, double champion_share, double variant_share,
                              uint32_t arm_count, const ll_plan *plan)
{
    double least = fmin(champion_share, variant_share);
    double votes = fmax((double)test->trials_min / least,
                        plan->first_votes_per_day * days_of(test->duration_min_us));
    const llmlearn_plan asked = {
        .design = LLMLEARN_PLAN_FIXED,
        .arm_count = arm_count,
        .control_rate = plan->rate,
        .alpha_ratio = test->alpha,
        .power_ratio = POWER,
        .allocation = variant_share / champion_share,
        .control_trials = fmax(votes * champion_share, 1),
        .design_effect = 1,
        .response_ratio = 1,
    };
    llmlearn_planned found = { .status = LLMLEARN_STATS_OK };

    ll_plan_detectable_effect(&asked, &found);
    return found.status == LLMLEARN_STATS_OK ? found.effect : -1;
}

static double days_planned(const ll_ab_test *test, double champion_share, double variant_share,
                           const ll_plan *plan)
{
    double shared = champion_share * variant_share / (champion_share + variant_share);
    double votes = (double)plan->trials / 2 / shared;
    double trials_min = (double)test->trials_min / fmin(champion_share, variant_share);

    if (plan->first_votes_per_day <= 0)
        return -1;
    votes = test->rule == LLMLEARN_RULE_CLASSIC ? trials_min : fmax(votes, trials_min);
    return fmax(votes / plan->first_votes_per_day, days_of(test->duration_min_us));
}

/* Every explanation is taken for a unit of its own: rollups know no units. */
static void count_traffic(const ll_traffic *traffic, int64_t today, ll_plan *out)
{
    if (traffic->explanations <= 0 || traffic->first_day >= today)
        return;
    out->explanations_per_day =
        (double)traffic->explanations / (double)(today - traffic->first_day);
    out->response_ratio = (double)traffic->rated / (double)traffic->explanations;
    out->first_votes_per_day = out->explanations_per_day * out->response_ratio;
}

void ll_outlook_plan(const ll_ab_test *test, const ll_ab_arm *arms, uint32_t arm_count,
                     uint32_t champion, const ll_traffic *traffic, int64_t today, ll_plan *out)
{
    uint32_t scarcest = scarcest_variant(arms, arm_count, champion);
    double ours = arms[champion].weight, theirs = arms[scarcest].weight;
    double lift = test->lift_min;

    assert(arm_count >= 2 && champion < arm_count);
    *out = (ll_plan){ .rate = assumed_rate(traffic, lift) };
    out->trials = planned_trials(test, arm_count, out->rate);
    out->kappa = fmax(LL_EPROCESS_KAPPA_MIN,
                      fmin(2 * out->rate * (1 - out->rate) / (lift * lift), LL_EPROCESS_KAPPA_MAX));
    count_traffic(traffic, today, out);
    out->days = days_planned(test, ours, theirs, out);
    out->cannot_finish = out->days > days_of(test->duration_max_us);
    out->lift_v_gate = lift_of_v(test->effect_min, theirs, out->rate);
    out->lift_detectable = detectable_lift(test, ours, theirs, arm_count, out);
}

/* ---- while it runs ----------------------------------------------------- */

static double votes_per_day(const ll_decide_input *in, uint32_t arm)
{
    const ll_ab_days *recent = &in->recent;

    return recent->day_count == 0 ? 0 : (double)recent->first_votes[arm] / recent->day_count;
}

static double days_to_trials_min(const ll_decide_input *in, uint32_t arm)
{
    double missing = (double)(in->test.trials_min - in->arms[arm].first_votes);
    double rate = votes_per_day(in, arm);

    if (missing <= 0)
        return 0;
    return rate > 0 ? missing / rate : NEVER;
}

/* When (c + rc d)(v + rv d) / (c + v + (rc + rv) d) comes to `needed`, c and v being first votes
 * and rc and rv those that come each day. */
static double days_to_information(const ll_decide_input *in, uint32_t variant, double needed)
{
    double c = (double)in->arms[in->champion].first_votes;
    double v = (double)in->arms[variant].first_votes;
    double rc = votes_per_day(in, in->champion), rv = votes_per_day(in, variant);
    double quadratic = rc * rv;
    double linear = c * rv + v * rc - needed * (rc + rv);
    double missing = needed * (c + v) - c * v;

    if (missing <= 0 && c > 0 && v > 0)
        return 0;
    if (quadratic > 0)
        return (sqrt(linear * linear + 4 * quadratic * missing) - linear) / (2 * quadratic);
    return linear > 0 ? missing / linear : NEVER;
}

static double days_needed(const ll_decide_input *in)
{
    bool classic = in->test.rule == LLMLEARN_RULE_CLASSIC;
    double needed = ll_looks_information_planned(in);
    double days = 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (!classic && !ll_input_is_on(in, i))
            continue;
        days = fmax(days, days_to_trials_min(in, i));
        if (!classic && i != in->champion)
            days = fmax(days, days_to_information(in, i, needed));
    }
    return fmax(days, days_of(in->test.duration_min_us - ll_input_age_us(in)));
}

/* What is there after so many days is looked at when the week is over, and not again in this one.
 */
static double to_weeks_end(double age, double days)
{
    double week = ceil((age + days) / DAYS_A_WEEK - 1e-9);

    return fmax(week, floor(age / DAYS_A_WEEK) + 1) * DAYS_A_WEEK - age;
}

void ll_outlook_find(const ll_decide_input *in, double *out_days_left, bool *out_cannot_finish)
{
    double days = days_needed(in), age = days_of(ll_input_age_us(in));

    *out_days_left = -1;
    *out_cannot_finish = false;
    if (in->recent.day_count == 0 && days >= NEVER)
        return; /* too early to tell */
    *out_cannot_finish = age + days > days_of(in->test.duration_max_us);
    if (days >= NEVER)
        return;
    bool weekly = in->test.rule == LLMLEARN_RULE_ALWAYS_VALID ||
                  (in->test.rule == LLMLEARN_RULE_GROUP_SEQUENTIAL && ll_looks_are_weekly(in));
    *out_days_left = weekly ? to_weeks_end(age, days) : days;
}
