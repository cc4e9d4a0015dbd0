#include "stats/classic.h"

#include "stats/association.h"
#include "stats/cramer.h"
#include "stats/holm.h"
#include "stats/pearson.h"
#include "stats/wide.h"

#include <assert.h>
#include <stddef.h>

const char *ll_classic_status_name(ll_classic_status status)
{
    switch (status) {
    case LL_CLASSIC_RUNNING:
        return "running";
    case LL_CLASSIC_INSUFFICIENT_VARIANTS:
        return "insufficient_variants";
    case LL_CLASSIC_INSUFFICIENT_SAMPLE:
        return "insufficient_sample";
    case LL_CLASSIC_NO_DIFFERENCE:
        return "no_difference";
    case LL_CLASSIC_NOT_SIGNIFICANT:
        return "not_significant";
    case LL_CLASSIC_EFFECT_TOO_SMALL:
        return "effect_too_small";
    case LL_CLASSIC_TIE:
        return "tie";
    case LL_CLASSIC_WINNER:
        return "winner";
    }
    return "unknown"; /* a number from elsewhere, such as a stored row */
}

static void check(const ll_classic_input *in)
{
    assert(in->arm_count >= 1 && in->arm_count <= LL_STATS_ARMS_MAX);
    assert(in->champion < in->arm_count || in->champion == LL_CLASSIC_NO_CHAMPION);
    assert(in->alpha > 0 && in->alpha < 1);
    assert(in->effect_min >= 0);
    for (uint32_t i = 0; i < in->arm_count; i++)
        assert(in->arms[i].successes <= in->arms[i].trials &&
               in->arms[i].trials <= LL_STATS_COUNT_MAX);
}

static void clear(const ll_classic_input *in, ll_classic_result *out)
{
    *out = (ll_classic_result){ .winner = -1, .p_value = 1.0 };
    for (uint32_t i = 0; i < in->arm_count; i++) {
        out->champion_p[i] = 1.0;
        out->champion_holm_p[i] = 1.0;
    }
}

/* Too early or too little for a test? 0 when it is time. */
static ll_classic_status status_before_test(const ll_classic_input *in)
{
    uint32_t with_trials = 0;
    bool short_of_trials = false;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (in->arms[i].trials > 0)
            with_trials++;
        if (in->arms[i].trials < in->trials_min)
            short_of_trials = true;
    }
    if (!in->duration_reached)
        return LL_CLASSIC_RUNNING;
    if (with_trials < 2)
        return LL_CLASSIC_INSUFFICIENT_VARIANTS;
    return short_of_trials ? LL_CLASSIC_INSUFFICIENT_SAMPLE : (ll_classic_status)0;
}

/* Of more than two arms Pearson's p stands even where the exact one could be had: the rule is
 * what it was when its first receipt was written. */
static void test_all_arms(const ll_classic_input *in, ll_classic_result *out)
{
    llmlearn_association found;

    ll_pearson_test(in->arms, in->arm_count, &found);
    out->low_expected = found.cells_low > 0;
    out->method = out->low_expected ? "pearson_low_expected" : "pearson";
    if (out->low_expected && found.arms_used == 2) {
        ll_association_test(in->arms, in->arm_count, &found);
        out->method = "fisher";
    }
    if (found.status != LLMLEARN_STATS_OK)
        out->method = NULL;
    out->computed = true;
    out->p_value = found.p_value;
    out->ln_p_value = found.ln_p_value;
    out->chi_square = found.chi_square;
    out->cramers_v = found.cramers_v;
    out->degrees = found.degrees;
}

static double p_of_pair(const ll_classic_input *in, uint32_t a, uint32_t b)
{
    const llmlearn_rate pair[2] = { in->arms[a], in->arms[b] };
    llmlearn_association found;

    ll_association_test(pair, 2, &found);
    return found.p_value;
}

/* An arm without trials keeps its place among the comparisons, with p = 1: how
 * many there are was settled when the test began. */
static void test_against_champion(const ll_classic_input *in, ll_classic_result *out)
{
    double adjusted[LL_STATS_ARMS_MAX];
    double p_values[LL_STATS_ARMS_MAX];
    uint32_t count = 0;

    if (in->champion == LL_CLASSIC_NO_CHAMPION)
        return;
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i == in->champion)
            continue;
        out->champion_p[i] = p_of_pair(in, i, in->champion);
        p_values[count++] = out->champion_p[i];
    }
    ll_holm_adjust(p_values, count, adjusted);
    count = 0;
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i != in->champion)
            out->champion_holm_p[i] = adjusted[count++];
    }
}

/* Is arm a's rate above (1), equal to (0) or below (-1) that of arm b? */
static int compare_rates(const ll_classic_input *in, uint32_t a, uint32_t b)
{
    ll_wide_u128 left = (ll_wide_u128)in->arms[a].successes * in->arms[b].trials;
    ll_wide_u128 right = (ll_wide_u128)in->arms[b].successes * in->arms[a].trials;
    return (left > right) - (left < right);
}

/* The arm of strictly highest rate, or -1 if that rate is shared. */
static int32_t strictly_best(const ll_classic_input *in)
{
    int32_t best = -1;
    bool shared = false;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (in->arms[i].trials == 0)
            continue;
        int order = best < 0 ? 1 : compare_rates(in, i, (uint32_t)best);
        if (order > 0)
            best = (int32_t)i;
        if (order >= 0)
            shared = order == 0;
    }
    return shared ? -1 : best;
}

static ll_classic_status status_after_test(const ll_classic_input *in, ll_classic_result *out)
{
    if (out->method == NULL)
        return LL_CLASSIC_NO_DIFFERENCE;
    if (out->p_value >= in->alpha)
        return LL_CLASSIC_NOT_SIGNIFICANT;
    if (!ll_cramer_exceeds(in->arms, in->arm_count, in->effect_min))
        return LL_CLASSIC_EFFECT_TOO_SMALL;

    out->winner = strictly_best(in);
    return out->winner < 0 ? LL_CLASSIC_TIE : LL_CLASSIC_WINNER;
}

void ll_classic_decide(const ll_classic_input *in, ll_classic_result *out)
{
    check(in);
    clear(in, out);

    out->status = status_before_test(in);
    if (out->status != 0)
        return;
    test_all_arms(in, out);
    test_against_champion(in, out);
    out->status = status_after_test(in, out);
    out->winner_beats_champion = out->winner >= 0 && (uint32_t)out->winner != in->champion &&
                                 out->champion_holm_p[out->winner] < in->alpha;
}
