#include "experiment/input.h"

#include "experiment/unit_mean.h"
#include "stats/cluster.h"
#include "stats/eprocess.h"
#include "stats/limits.h"

#include <math.h>
#include <string.h>

/* Far from where the difference of two times overflows. */
#define TIME_MAX_US (INT64_MAX / 4)
#define LATENCY_MAX_MS 1e12
/* More than 2^53 units could gain. */
#define LN_E_MAX 1e18

static bool is_count(int64_t count)
{
    return count >= 0 && (uint64_t)count <= LL_STATS_COUNT_MAX;
}

static bool are_counts(const int64_t *counts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_count(counts[i]))
            return false;
    }
    return true;
}

static bool is_time(int64_t time_us)
{
    return time_us >= -TIME_MAX_US && time_us <= TIME_MAX_US;
}

static bool is_within(double value, double low, double high)
{
    return value >= low && value <= high; /* NaN is not */
}

static const char *fault_of_test(const ll_ab_test *t)
{
    if (t->rule < LLMLEARN_RULE_CLASSIC || t->rule > LLMLEARN_RULE_ALWAYS_VALID)
        return "an unknown rule";
    if (!is_time(t->started_us) || t->duration_min_us < 0 || t->duration_max_us > TIME_MAX_US ||
        t->duration_min_us > t->duration_max_us)
        return "impossible times";
    if (!(t->alpha > 0 && t->alpha < 1) || !is_within(t->effect_min, 0, 1) ||
        !is_within(t->lift_min, 1e-9, 1) || !(t->rate_planned > 0 && t->rate_planned < 1))
        return "impossible thresholds";
    if (!is_count(t->trials_min) || !is_count(t->trials_planned) || !is_count(t->contaminated) ||
        !is_count(t->mismatches) ||
        (t->rule == LLMLEARN_RULE_GROUP_SEQUENTIAL && t->trials_planned == 0))
        return "impossible counts of the test";
    if (!is_within(t->srm_ln_e_max, 0, LN_E_MAX))
        return "an impossible e-value of the split";
    return NULL;
}

static bool is_version(const char version[LL_VERSION_BYTES_MAX + 1])
{
    size_t bytes = strnlen(version, LL_VERSION_BYTES_MAX + 1);

    for (size_t i = 0; i < bytes; i++) {
        if (version[i] <= ' ' || version[i] > '~')
            return false;
    }
    return bytes > 0 && bytes <= LL_VERSION_BYTES_MAX;
}

static const char *fault_of_counts(const ll_ab_arm *arm)
{
    const int64_t counts[] = { arm->explanations, arm->cached,       arm->fallback,
                               arm->rerouted,     arm->units,        arm->first_votes,
                               arm->votes,        arm->rating_count, arm->cost_known,
                               arm->reported,     arm->failures,     arm->exposures,
                               arm->voting_units, arm->votes_squared };
    int64_t rated = 0;

    if (!are_counts(counts, LL_ARRAY_COUNT(counts)) || !are_counts(arm->first_rating, 5))
        return "impossible counts of an arm";
    if (arm->first_positive < 0 || arm->first_positive > arm->first_votes || arm->positive < 0 ||
        arm->positive > arm->votes)
        return "more positive votes than votes";
    for (int i = 0; i < 5; i++)
        rated += arm->first_rating[i];
    if (rated > arm->first_votes)
        return "more ratings of first votes than first votes";
    if (arm->rating_sum < 0 || arm->cost_nanousd < 0 || arm->off_us < 0)
        return "impossible sums of an arm";
    return NULL;
}

static const char *fault_of_arm(const ll_decide_input *in, uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];
    const llmlearn_cluster cluster = ll_input_cluster(arm);
    const char *fault = fault_of_counts(arm);

    if (fault != NULL)
        return fault;
    if (!(arm->weight >= 1e-12 && arm->weight < 2) || !is_version(in->versions[i]))
        return "an impossible weight or version";
    if (ll_cluster_fault(&cluster) != NULL || !ll_unit_mean_is_sound(&arm->latency_us) ||
        !ll_unit_mean_is_sound(&arm->cost_nanousd_mean) ||
        !ll_unit_mean_is_sound(&arm->failure_ppm))
        return "impossible sums over units";
    if (!is_within(in->latency_p50_ms[i], -1, LATENCY_MAX_MS) ||
        !is_within(in->latency_p95_ms[i], -1, LATENCY_MAX_MS))
        return "impossible latencies";
    return NULL;
}

static bool is_sound_eprocess(const ll_decide_input *in, const llmlearn_eprocess *state)
{
    return state->arm_count == in->arm_count && state->champion == in->champion &&
           ll_eprocess_is_sound(state);
}

static const char *fault_of_history(const ll_decide_input *in)
{
    if (in->has_eprocess &&
        (in->week < 0 || in->week > TIME_MAX_US / (7 * LL_US_PER_DAY) ||
         !is_sound_eprocess(in, &in->eprocess) || !is_sound_eprocess(in, &in->eprocess_week_end)))
        return "an impossible e-process";
    if (in->test.rule == LLMLEARN_RULE_ALWAYS_VALID && !in->has_eprocess)
        return "no e-process for a rule that needs one";
    /* This look is one more. */
    if (in->look_count >= LLMLEARN_LOOKS_MAX || in->recent.day_count > LL_RECENT_DAYS_MAX)
        return "too many looks or days";
    for (uint32_t j = 0; j < in->look_count; j++) {
        for (uint32_t i = 0; i < in->arm_count; i++) {
            int64_t votes = in->looks[j].first_votes[i], positive = in->looks[j].first_positive[i];
            if (!is_count(votes) || positive < 0 || positive > votes)
                return "impossible votes of a look";
        }
        if (!is_time(in->looks[j].at_us))
            return "an impossible time of a look";
    }
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (!is_count(in->recent.units[i]) || !is_count(in->recent.first_votes[i]))
            return "impossible counts of days";
    }
    return NULL;
}

const char *ll_input_fault(const ll_decide_input *in)
{
    const char *fault = fault_of_test(&in->test);

    if (fault != NULL)
        return fault;
    if (in->arm_count < 2 || in->arm_count > LLMLEARN_ARMS_MAX || in->champion >= in->arm_count)
        return "impossible arms";
    if (!is_time(in->now_us) || in->vote_sequence < 0)
        return "an impossible moment";
    if (!ll_input_is_on(in, in->champion))
        return "a champion that is switched off";
    for (uint32_t i = 0; i < in->arm_count; i++) {
        fault = fault_of_arm(in, i);
        if (fault != NULL)
            return fault;
    }
    return fault_of_history(in);
}

llmlearn_cluster ll_input_cluster(const ll_ab_arm *arm)
{
    return (llmlearn_cluster){
        .units = (uint64_t)arm->voting_units,
        .trials = (uint64_t)arm->votes,
        .successes = (uint64_t)arm->positive,
        .trials_squared = (uint64_t)arm->votes_squared,
        .products = (uint64_t)arm->products,
        .successes_squared = (uint64_t)arm->positive_squared,
    };
}
