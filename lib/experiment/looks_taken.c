#include "experiment/looks_taken.h"

#include "stats/looks.h"
#include "stats/normal.h"

#include <assert.h>

#define DAYS_A_WEEK 7
/* Of all looks, the last is kept for the end. */
#define LOOKS_BEFORE_END (LLMLEARN_LOOKS_MAX - 1)
#define BOUND_ERROR 1e-6 /* of ll_looks_bounds, and more */
/* Bounds that are found whether they matter or not; 50 us each. */
#define BOUNDS_CHEAP 48

bool ll_looks_is_last(const ll_decide_input *in)
{
    return ll_input_age_us(in) >= in->test.duration_max_us;
}

bool ll_looks_are_weekly(const ll_decide_input *in)
{
    return in->has_eprocess && in->test.duration_min_us >= DAYS_A_WEEK * LL_US_PER_DAY;
}

/* In whole days, so that a job that runs at one time of the day never comes too early. */
static int64_t period_of_looks(const ll_decide_input *in)
{
    int64_t step_us = (ll_looks_are_weekly(in) ? DAYS_A_WEEK : 1) * LL_US_PER_DAY;
    int64_t span_us = LLMLEARN_LOOKS_MAX * step_us;
    int64_t steps = in->test.duration_max_us / span_us + (in->test.duration_max_us % span_us != 0);

    return (steps > 0 ? steps : 1) * step_us;
}

bool ll_looks_see_the_week(const ll_decide_input *in)
{
    return ll_looks_are_weekly(in) && !ll_looks_is_last(in);
}

int64_t ll_looks_age_us(const ll_decide_input *in)
{
    return ll_looks_see_the_week(in) ? in->week * DAYS_A_WEEK * LL_US_PER_DAY : ll_input_age_us(in);
}

llmlearn_rate ll_looks_votes(const ll_decide_input *in, uint32_t arm)
{
    if (ll_looks_see_the_week(in))
        return (llmlearn_rate){ .successes = in->eprocess_week_end.successes[arm],
                                .trials = in->eprocess_week_end.trials[arm] };
    return (llmlearn_rate){ .successes = (uint64_t)in->arms[arm].first_positive,
                            .trials = (uint64_t)in->arms[arm].first_votes };
}

bool ll_looks_is_due(const ll_decide_input *in)
{
    int64_t period_us = period_of_looks(in);

    if (ll_looks_is_last(in) || in->look_count == 0)
        return true;
    if (in->look_count >= LOOKS_BEFORE_END)
        return false;
    int64_t before_us = in->looks[in->look_count - 1].at_us - in->test.started_us;
    return ll_input_age_us(in) / period_us > before_us / period_us;
}

int64_t ll_looks_next_us(const ll_decide_input *in)
{
    int64_t period_us = period_of_looks(in), age_us = ll_input_age_us(in);
    int64_t last_us = in->test.duration_max_us;
    int64_t next_us =
        in->look_count < LOOKS_BEFORE_END ? (age_us / period_us + 1) * period_us : last_us;

    return (next_us < last_us ? next_us : last_us) - age_us;
}

double ll_looks_alpha(const ll_decide_input *in)
{
    return in->test.alpha / 2 / (in->arm_count - 1);
}

double ll_looks_information(uint64_t champion_trials, uint64_t variant_trials)
{
    double c = (double)champion_trials, v = (double)variant_trials;

    return champion_trials == 0 || variant_trials == 0 ? 0 : c * v / (c + v);
}

double ll_looks_information_planned(const ll_decide_input *in)
{
    return (double)in->test.trials_planned / 2;
}

/* What is known at the looks, each time more than before. */
typedef struct timeline {
    double information[LLMLEARN_LOOKS_MAX];
    uint32_t count;
    bool is_full; /* the last of them has all that was planned */
} timeline;

static void add_point(timeline *t, double information, double planned)
{
    double before = t->count == 0 ? 0 : t->information[t->count - 1];

    if (t->is_full || information <= before)
        return; /* nothing new: what was spent before stays spent */
    assert(t->count < LLMLEARN_LOOKS_MAX);
    t->information[t->count++] = information;
    t->is_full = information >= planned;
}

/* No bound is less than the z that alone comes to all of alpha. */
static bool is_out_of_reach(const ll_decide_input *in, const timeline *t, double z)
{
    return t->count * (in->arm_count - 1) > BOUNDS_CHEAP &&
           z < ll_normal_isf(ll_looks_alpha(in)) - BOUND_ERROR;
}

void ll_looks_judge(const ll_decide_input *in, uint32_t variant, ll_evidence_arm *out)
{
    uint64_t champion_trials = ll_looks_votes(in, in->champion).trials;
    double planned = ll_looks_information_planned(in);
    double bounds[LLMLEARN_LOOKS_MAX];
    timeline t = { .count = 0 };

    for (uint32_t i = 0; i < in->look_count; i++)
        add_point(&t,
                  ll_looks_information((uint64_t)in->looks[i].first_votes[in->champion],
                                       (uint64_t)in->looks[i].first_votes[variant]),
                  planned);
    out->is_done = t.is_full;
    out->information = ll_looks_information(champion_trials, ll_looks_votes(in, variant).trials);
    add_point(&t, out->information, planned);
    out->has_bound = t.count > 0 && !is_out_of_reach(in, &t, out->z);
    if (!out->has_bound)
        return;
    ll_looks_bounds(t.information, t.count, planned, ll_looks_alpha(in),
                    ll_looks_is_last(in) && !out->is_done, bounds, NULL);
    out->bound = bounds[t.count - 1];
}

void ll_looks_judge_all(const ll_decide_input *in, uint32_t variant, bool is_over,
                        ll_looks_bounds_taken *out)
{
    double planned = ll_looks_information_planned(in);
    double bounds[LLMLEARN_LOOKS_MAX];
    timeline t = { .count = 0 };

    for (uint32_t i = 0; i < in->look_count; i++) {
        uint32_t before = t.count;
        out->is_done[i] = t.is_full;
        add_point(&t,
                  ll_looks_information((uint64_t)in->looks[i].first_votes[in->champion],
                                       (uint64_t)in->looks[i].first_votes[variant]),
                  planned);
        out->has_bound[i] = t.count > before;
        out->bound[i] = t.count; /* which one it is; put right below */
    }
    if (t.count == 0)
        return;
    bool at_last = out->has_bound[in->look_count - 1];
    ll_looks_bounds(t.information, t.count, planned, ll_looks_alpha(in), is_over && at_last, bounds,
                    NULL);
    for (uint32_t i = 0; i < in->look_count; i++)
        out->bound[i] = out->has_bound[i] ? bounds[(uint32_t)out->bound[i] - 1] : 0;
}
