#include "stats/eprocess.h"

#include "stats/limits.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

/* Normalised weights are at least the least over the sum of the most, and sum to 1 but for
 * rounding. Smaller ones could make a zero of a product that is divided by. */
static const double weight_min = LL_EPROCESS_WEIGHT_MIN / LL_EPROCESS_WEIGHT_MAX / 100.0;
static const double sum_error_max = 1e-12;

void ll_eprocess_begin(const double *weights, uint32_t arm_count, uint32_t champion, double kappa,
                       llmlearn_eprocess *out)
{
    double sum = 0.0;

    assert(arm_count >= 2 && arm_count <= LL_STATS_ARMS_MAX && champion < arm_count);
    assert(kappa >= LL_EPROCESS_KAPPA_MIN && kappa <= LL_EPROCESS_KAPPA_MAX);

    for (uint32_t i = 0; i < arm_count; i++)
        sum += weights[i];
    *out = (llmlearn_eprocess){
        .struct_size = out->struct_size,
        .arm_count = arm_count,
        .champion = champion,
        .kappa = kappa,
    };
    for (uint32_t i = 0; i < arm_count; i++) {
        assert(weights[i] >= LL_EPROCESS_WEIGHT_MIN && weights[i] <= LL_EPROCESS_WEIGHT_MAX);
        out->weights[i] = weights[i] / sum;
    }
}

bool ll_eprocess_head_is_sound(const llmlearn_eprocess *state)
{
    return state->arm_count >= 2 && state->arm_count <= LL_STATS_ARMS_MAX &&
           state->champion < state->arm_count && state->kappa >= LL_EPROCESS_KAPPA_MIN &&
           state->kappa <= LL_EPROCESS_KAPPA_MAX;
}

bool ll_eprocess_arm_is_sound(const llmlearn_eprocess *state, uint32_t arm)
{
    double ln_e = state->ln_e_value[arm];
    double ln_e_max = state->ln_e_max[arm];

    return state->weights[arm] >= weight_min && state->weights[arm] <= 1 &&
           state->successes[arm] <= state->trials[arm] &&
           state->trials[arm] <= LL_STATS_COUNT_MAX && isfinite(ln_e) && isfinite(ln_e_max) &&
           ln_e_max >= 0 && ln_e_max >= ln_e;
}

bool ll_eprocess_is_sound(const llmlearn_eprocess *state)
{
    double sum = 0.0;

    if (!ll_eprocess_head_is_sound(state))
        return false;
    for (uint32_t i = 0; i < state->arm_count; i++) {
        if (!ll_eprocess_arm_is_sound(state, i))
            return false;
        sum += state->weights[i];
    }
    return fabs(sum - 1.0) <= sum_error_max && state->ln_e_max[state->champion] <= 0 &&
           fabs(state->ln_e_value[state->champion]) <= 0;
}

/* One arm's part in a bet: how many of its votes had the outcome, and the shrunk share of it. */
static double shrunk(uint64_t count, uint64_t trials, double kappa, double pool)
{
    return ((double)count + kappa * pool) / ((double)trials + kappa);
}

/* ln of what a vote on `arm`, which is v or the champion, multiplies E_v by. Each outcome's
 * probabilities come from its own counts: 1 - theta would be 0 near theta = 1. */
static double ln_paid(const llmlearn_eprocess *s, uint32_t v, uint32_t arm, bool success)
{
    const uint32_t c = s->champion;
    const uint64_t fails_v = s->trials[v] - s->successes[v];
    const uint64_t fails_c = s->trials[c] - s->successes[c];
    const double trials = (double)(s->trials[v] + s->trials[c]);
    double pool = ((double)(s->successes[v] + s->successes[c]) + 0.5) / (trials + 1.0);
    double f_v = shrunk(s->successes[v], s->trials[v], s->kappa, pool);
    double f_c = shrunk(s->successes[c], s->trials[c], s->kappa, pool);

    if (f_v <= f_c)
        return 0.0; /* no bet, whatever the vote */
    if (!success) {
        pool = ((double)(fails_v + fails_c) + 0.5) / (trials + 1.0);
        f_v = shrunk(fails_v, s->trials[v], s->kappa, pool);
        f_c = shrunk(fails_c, s->trials[c], s->kappa, pool);
    }
    double mixture = s->weights[v] * f_v + s->weights[c] * f_c;
    return log((arm == v ? f_v : f_c) * (s->weights[v] + s->weights[c]) / mixture);
}

static void bet(llmlearn_eprocess *state, uint32_t variant, uint32_t arm, bool success)
{
    double ln_e = state->ln_e_value[variant] + ln_paid(state, variant, arm, success);

    state->ln_e_value[variant] = ln_e;
    state->ln_e_max[variant] = fmax(ln_e, state->ln_e_max[variant]);
}

void ll_eprocess_add(llmlearn_eprocess *state, uint32_t arm, bool success)
{
    assert(ll_eprocess_head_is_sound(state) && arm < state->arm_count);
    assert(state->trials[arm] < LL_STATS_COUNT_MAX);

    if (arm != state->champion) {
        bet(state, arm, arm, success);
    } else {
        for (uint32_t v = 0; v < state->arm_count; v++)
            if (v != arm)
                bet(state, v, arm, success);
    }
    state->trials[arm]++;
    state->successes[arm] += success;
}

/* Is arm a's rate above (1), equal to (0) or below (-1) that of arm b? */
static int compare_rates(const llmlearn_eprocess *s, uint32_t a, uint32_t b)
{
    ll_wide_u128 left = (ll_wide_u128)s->successes[a] * s->trials[b];
    ll_wide_u128 right = (ll_wide_u128)s->successes[b] * s->trials[a];

    return (left > right) - (left < right);
}

static bool is_better(const llmlearn_eprocess *s, uint32_t a, uint32_t b)
{
    int order = compare_rates(s, a, b);

    return order > 0 || (order == 0 && s->ln_e_value[a] > s->ln_e_value[b]);
}

int32_t ll_eprocess_winner(const llmlearn_eprocess *state, double alpha)
{
    int32_t winner = -1;

    assert(ll_eprocess_head_is_sound(state));
    assert(alpha > 0 && alpha < 1);

    double needed = log(state->arm_count - 1.0) - log(alpha);
    for (uint32_t i = 0; i < state->arm_count; i++) {
        /* E does not fall while the variant is behind: then nothing is bet. */
        if (i == state->champion || state->ln_e_value[i] < needed ||
            compare_rates(state, i, state->champion) <= 0)
            continue;
        if (winner < 0 || is_better(state, i, (uint32_t)winner))
            winner = (int32_t)i;
    }
    return winner;
}
