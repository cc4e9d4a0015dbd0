#include "store/ab_count.h"

#include <assert.h>

#define MILLION INT64_C(1000000)

static void add_first_vote(ll_ab_arm *arm, const ll_unit *unit, int sign)
{
    if (!unit->voted)
        return;
    arm->first_votes += sign;
    arm->first_positive += sign * unit->first_positive;
    if (unit->first_rating >= 1 && unit->first_rating <= 5)
        arm->first_rating[unit->first_rating - 1] += sign;
}

static void add_live_votes(ll_ab_arm *arm, const ll_unit *unit, int sign)
{
    int64_t n = unit->votes, s = unit->positive;

    arm->votes += sign * n;
    arm->positive += sign * s;
    arm->voting_units += sign * (n > 0);
    arm->votes_squared += sign * n * n;
    arm->products += sign * s * n;
    arm->positive_squared += sign * s * s;
}

static void add_exposures(ll_ab_arm *arm, const ll_unit *unit, int sign)
{
    arm->exposures += sign * unit->exposures;
    arm->failures += sign * unit->failures;
    ll_ab_moments_add(&arm->latency_us, unit->latency_us, unit->latency_known, sign);
    ll_ab_moments_add(&arm->cost_nanousd_mean, unit->cost_nanousd, unit->cost_known, sign);
    ll_ab_moments_add(&arm->failure_ppm, unit->failures * MILLION, unit->exposures, sign);
}

/* An arm that is switched off takes no part: no units come there that could be compared. */
static void step_split(ll_ab_open *open, uint32_t arm)
{
    ll_ab_test *test = &open->test;
    int64_t units = 0;
    double weight = 0;

    if (open->stepper == NULL || open->arms[arm].off_us != 0)
        return;
    for (uint32_t i = 0; i < open->arm_count; i++) {
        if (open->arms[i].off_us != 0)
            continue;
        units += open->arms[i].units;
        weight += open->arms[i].weight;
    }
    test->srm_ln_e += open->stepper->split_gain((uint64_t)open->arms[arm].units, (uint64_t)units,
                                                open->arms[arm].weight / weight);
    if (test->srm_ln_e > test->srm_ln_e_max)
        test->srm_ln_e_max = test->srm_ln_e;
    open->test_changed = true;
}

void ll_ab_count_exposure(ll_ab_open *open, uint32_t arm, uint64_t hash, const ll_unit *before,
                          const ll_unit *after)
{
    ll_ab_arm *sums = ll_ab_change_arm(open, arm);
    bool failed = after->failures > before->failures;

    assert(arm < open->arm_count && after->exposures == before->exposures + 1);
    add_exposures(sums, before, -1);
    add_exposures(sums, after, 1);
    if (!before->found) {
        step_split(open, arm);
        sums->units++;
        open->came[arm].units++;
    }
    open->failed |= failed && open->test.status == LL_AB_RUNNING;
    ll_ab_recent_push(&sums->recent, hash, failed);
}

/* Nothing that could be read fails to take a step, short of 2^53 votes. */
static void step(ll_ab_open *open, uint32_t arm, bool positive)
{
    if (open->has_state && open->stepper->add(&open->state, arm, positive) == LLMLEARN_OK)
        open->stepped = true;
}

void ll_ab_count_vote(ll_ab_open *open, uint32_t arm, const ll_unit *before, const ll_unit *after)
{
    ll_ab_arm *sums = ll_ab_change_arm(open, arm);

    assert(arm < open->arm_count);
    add_live_votes(sums, before, -1);
    add_live_votes(sums, after, 1);
    add_first_vote(sums, before, -1);
    add_first_vote(sums, after, 1);
    if (after->voted && !before->voted) {
        open->came[arm].first_votes++;
        open->came[arm].first_positive += after->first_positive;
        step(open, arm, after->first_positive);
    }
}
