#include "experiment/evidence.h"

#include "experiment/guardrail.h"
#include "experiment/looks_taken.h"
#include "stats/cluster.h"
#include "stats/cramer.h"
#include "stats/difference.h"
#include "stats/normal.h"
#include "stats/posterior.h"
#include "stats/ratings.h"
#include "stats/split.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* What a mismatch is looked for by: small ones among units, larger ones among votes. */
#define SRM_CONCENTRATION 1000.0
#define RESPONSE_CONCENTRATION 100.0

static llmlearn_rate looked(const ll_decide_input *in, uint32_t arm, const llmlearn_rate *now)
{
    switch (in->test.rule) {
    case LLMLEARN_RULE_GROUP_SEQUENTIAL:
        return ll_looks_votes(in, arm);
    case LLMLEARN_RULE_ALWAYS_VALID:
        return (llmlearn_rate){ .successes = in->eprocess_week_end.successes[arm],
                                .trials = in->eprocess_week_end.trials[arm] };
    default:
        return *now;
    }
}

static void count_first_votes(const ll_decide_input *in, ll_evidence *out)
{
    for (uint32_t i = 0; i < in->arm_count; i++) {
        out->first_votes[i] = (llmlearn_rate){ .successes = (uint64_t)in->arms[i].first_positive,
                                               .trials = (uint64_t)in->arms[i].first_votes };
        out->looked[i] = looked(in, i, &out->first_votes[i]);
    }
}

ll_classic_input ll_evidence_classic_input(const ll_decide_input *in, const ll_evidence *evidence)
{
    return (ll_classic_input){
        .arms = evidence->first_votes,
        .arm_count = in->arm_count,
        .champion = in->champion,
        .alpha = in->test.alpha,
        .effect_min = in->test.effect_min,
        .duration_reached = true,
    };
}

/* ---- the split, and who answers ---------------------------------------- */

/* An arm that was switched off takes no part: it got its share until then, and nothing since. */
static void test_split(const ll_decide_input *in, ll_evidence *out)
{
    uint64_t units[LLMLEARN_ARMS_MAX] = { 0 }, votes[LLMLEARN_ARMS_MAX] = { 0 };
    double weights[LLMLEARN_ARMS_MAX] = { 0 };

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (!ll_input_is_on(in, i))
            continue;
        units[i] = (uint64_t)in->arms[i].units;
        votes[i] = (uint64_t)in->arms[i].first_votes;
        weights[i] = in->arms[i].weight;
    }
    ll_split_test(units, weights, in->arm_count, SRM_CONCENTRATION, &out->srm);
    out->srm_ln_e_max = fmax(in->test.srm_ln_e_max, out->srm.ln_e_value);
    ll_split_test(votes, weights, in->arm_count, RESPONSE_CONCENTRATION, &out->response);
}

double ll_evidence_srm_gain(uint64_t units, uint64_t all_units, double share)
{
    return ll_split_gain(units, all_units, share, SRM_CONCENTRATION);
}

/* How much less often the units of the least willing arm vote than those of the most willing. */
static double find_response_apart(const ll_decide_input *in)
{
    double least = HUGE_VAL, most = 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        const ll_ab_arm *arm = &in->arms[i];
        if (!ll_input_is_on(in, i) || arm->units == 0)
            continue;
        double rate = (double)arm->first_votes / (double)arm->units;
        least = fmin(least, rate);
        most = fmax(most, rate);
    }
    return most > 0 ? 1 - least / most : 0;
}

/* ---- each variant against the champion --------------------------------- */

static void rating_counts(const ll_ab_arm *arm, uint64_t out_counts[LL_RATINGS_STARS])
{
    for (int i = 0; i < LL_RATINGS_STARS; i++)
        out_counts[i] = (uint64_t)arm->first_rating[i];
}

static void compare_ratings(const ll_ab_arm *champion, const ll_ab_arm *variant,
                            llmlearn_ratings *out)
{
    uint64_t theirs[LL_RATINGS_STARS], ours[LL_RATINGS_STARS];

    rating_counts(champion, theirs);
    rating_counts(variant, ours);
    ll_ratings_compare(theirs, ours, LL_CONFIDENCE, out);
}

double ll_evidence_difference_z(double alpha, uint32_t arm_count)
{
    return ll_normal_isf(alpha / 2 / (arm_count - 1));
}

/* With the variance that both share if they are alike. 0 where nothing varies. */
double ll_evidence_z(const llmlearn_rate *champion, const llmlearn_rate *variant)
{
    double information = ll_looks_information(champion->trials, variant->trials);
    double trials = (double)champion->trials + (double)variant->trials;
    double pool = ((double)champion->successes + (double)variant->successes) / trials;

    if (information <= 0 || pool <= 0 || pool >= 1)
        return 0;
    double apart = (double)variant->successes / (double)variant->trials -
                   (double)champion->successes / (double)champion->trials;
    return apart * sqrt(information / (pool * (1 - pool)));
}

static void compare_with_champion(const ll_decide_input *in, uint32_t i, ll_evidence *out)
{
    const ll_ab_arm *champion = &in->arms[in->champion], *variant = &in->arms[i];
    const llmlearn_rate *votes = out->first_votes;
    ll_evidence_arm *arm = &out->arms[i];

    ll_difference(&votes[in->champion], &votes[i], out->difference_z, LLMLEARN_INTERVAL_NEWCOMBE,
                  &arm->difference);
    compare_ratings(champion, variant, &arm->ratings);
    for (uint32_t kind = 0; kind < LL_GUARDRAIL_COUNT; kind++)
        ll_guardrail_test((ll_guardrail_kind)kind, champion, variant, &arm->guardrails[kind]);
    arm->z = ll_evidence_z(&votes[in->champion], &votes[i]);
    if (in->test.rule == LLMLEARN_RULE_GROUP_SEQUENTIAL) {
        arm->z = ll_evidence_z(&out->looked[in->champion], &out->looked[i]);
        ll_looks_judge(in, i, arm);
    }
    if (in->has_eprocess) {
        arm->ln_e_value = in->eprocess.ln_e_value[i];
        arm->ln_e_week_end = in->eprocess_week_end.ln_e_value[i];
    }
}

void ll_evidence_find(const ll_decide_input *in, ll_evidence *out)
{
    assert(ll_input_fault(in) == NULL);
    memset(out, 0, sizeof *out);
    count_first_votes(in, out);
    const ll_classic_input asked = ll_evidence_classic_input(in, out);
    ll_classic_decide(&asked, &out->classic);
    out->cramers_v_unbiased =
        out->classic.method == NULL
            ? 0
            : ll_cramer_unbiased(out->first_votes, in->arm_count, out->classic.chi_square);
    ll_posterior(out->first_votes, in->arm_count, 1, 1, LL_CONFIDENCE, &out->posterior);
    test_split(in, out);
    out->difference_z = ll_evidence_difference_z(in->test.alpha, in->arm_count);
    out->response_apart = find_response_apart(in);
    for (uint32_t i = 0; i < in->arm_count; i++) {
        const llmlearn_cluster votes = ll_input_cluster(&in->arms[i]);
        ll_cluster_rate(&votes, LL_CONFIDENCE, &out->arms[i].all_votes);
        if (i != in->champion)
            compare_with_champion(in, i, out);
    }
}
