#include "experiment/decide.h"

#include "stats/limits.h"
#include "stats/wide.h"

#include <assert.h>

_Static_assert(LLMLEARN_ARMS_MAX == LL_STATS_ARMS_MAX, "stats takes every test that can start");

#define CONTAMINATED_MIN 10

const char *ll_decide_verdict_name(llmlearn_verdict verdict)
{
    switch (verdict) {
    case LLMLEARN_KEEP_GOING:
        return "keep_going";
    case LLMLEARN_WINNER:
        return "winner";
    case LLMLEARN_NO_DIFFERENCE:
        return "no_difference";
    case LLMLEARN_INVALID:
        return "invalid";
    }
    return "invalid"; /* a number from elsewhere is not to be trusted */
}

static const char *name_of_bit(const char *const *names, uint32_t name_count, uint32_t bits,
                               uint32_t index)
{
    for (uint32_t i = 0; i < name_count; i++) {
        if ((bits >> i & 1) != 0 && index-- == 0)
            return names[i];
    }
    return NULL;
}

const char *ll_decide_blocker_name(uint32_t blockers, uint32_t index)
{
    static const char *const names[] = { "cached_share", "contamination" };

    return name_of_bit(names, LL_ARRAY_COUNT(names), blockers, index);
}

const char *ll_decide_advisory_name(uint32_t advisories, uint32_t index)
{
    static const char *const names[] = { "v_gate_blocks", "winner_not_separated", "low_expected" };

    return name_of_bit(names, LL_ARRAY_COUNT(names), advisories, index);
}

/* The counts that stats reads: first votes. */
typedef struct first_votes {
    uint64_t positive[LLMLEARN_ARMS_MAX];
    uint64_t all[LLMLEARN_ARMS_MAX];
} first_votes;

static void count_first_votes(const ll_decide_input *in, first_votes *out)
{
    for (uint32_t i = 0; i < in->arm_count; i++) {
        assert(in->arms[i].first_positive >= 0);
        assert(in->arms[i].first_positive <= in->arms[i].first_votes);
        out->positive[i] = (uint64_t)in->arms[i].first_positive;
        out->all[i] = (uint64_t)in->arms[i].first_votes;
    }
}

static uint32_t find_blockers(const ll_decide_input *in)
{
    uint32_t blockers = 0;
    int64_t units = 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        const ll_ab_arm *arm = &in->arms[i];
        units += arm->units;
        if (arm->cached > arm->explanations / 20)
            blockers |= LL_BLOCKER_CACHED_SHARE;
    }
    int64_t one_in_hundred = units / 100 + (units % 100 != 0);
    if (in->test->contaminated >= CONTAMINATED_MIN && in->test->contaminated >= one_in_hundred)
        blockers |= LL_BLOCKER_CONTAMINATION;
    return blockers;
}

/* The arm of highest rate but for the winner. */
static uint32_t runner_up(const ll_decide_input *in, const first_votes *votes, uint32_t winner)
{
    uint32_t best = winner;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i == winner || votes->all[i] == 0)
            continue;
        ll_wide_u128 this = (ll_wide_u128)votes->positive[i] * votes->all[best];
        ll_wide_u128 that = (ll_wide_u128)votes->positive[best] * votes->all[i];
        if (best == winner || this > that)
            best = i;
    }
    return best;
}

/* Asks the same counts another question: each arm against the winner. */
static bool is_separated(const ll_decide_input *in, const ll_classic_input *asked,
                         const first_votes *votes, const ll_classic_result *evidence)
{
    uint32_t winner = (uint32_t)evidence->winner;
    ll_classic_input against_winner = *asked;
    ll_classic_result result;

    if (winner != in->champion && evidence->champion_holm_p[winner] >= asked->alpha)
        return false;
    against_winner.champion = winner;
    ll_classic_decide(&against_winner, &result);
    return result.champion_holm_p[runner_up(in, votes, winner)] < asked->alpha;
}

static uint32_t find_advisories(const ll_decide_input *in, const ll_classic_input *asked,
                                const first_votes *votes, const ll_classic_result *evidence)
{
    uint32_t advisories = 0;

    if (evidence->status == LL_CLASSIC_EFFECT_TOO_SMALL)
        advisories |= LL_ADVISORY_V_GATE_BLOCKS;
    if (evidence->status == LL_CLASSIC_WINNER && !is_separated(in, asked, votes, evidence))
        advisories |= LL_ADVISORY_WINNER_NOT_SEPARATED;
    if (evidence->low_expected)
        advisories |= LL_ADVISORY_LOW_EXPECTED;
    return advisories;
}

static llmlearn_verdict verdict_of(const ll_decide_input *in, ll_classic_status status)
{
    int64_t age_us = in->now_us - in->test->started_us;

    switch (status) {
    case LL_CLASSIC_RUNNING:
        return LLMLEARN_KEEP_GOING;
    case LL_CLASSIC_INSUFFICIENT_SAMPLE:
    case LL_CLASSIC_INSUFFICIENT_VARIANTS:
        return age_us >= in->test->duration_max_us ? LLMLEARN_NO_DIFFERENCE : LLMLEARN_KEEP_GOING;
    case LL_CLASSIC_WINNER:
        return LLMLEARN_WINNER;
    default:
        return LLMLEARN_NO_DIFFERENCE;
    }
}

void ll_decide(const ll_decide_input *in, ll_decide_outcome *out)
{
    const ll_ab_test *test = in->test;
    first_votes votes = { .all = { 0 } };
    ll_classic_input asked = {
        .successes = votes.positive,
        .trials = votes.all,
        .arm_count = in->arm_count,
        .champion = in->champion,
        .trials_min = (uint64_t)test->trials_min,
        .alpha = test->alpha,
        .effect_min = test->effect_min,
        .duration_reached = in->now_us - test->started_us >= test->duration_min_us,
    };

    assert(test->rule == LLMLEARN_RULE_CLASSIC);
    assert(in->champion < in->arm_count);
    count_first_votes(in, &votes);
    *out = (ll_decide_outcome){ .blockers = find_blockers(in) };
    ll_classic_decide(&asked, &out->evidence);
    out->verdict = verdict_of(in, out->evidence.status);
    out->advisories = find_advisories(in, &asked, &votes, &out->evidence);
    out->promotable = out->evidence.winner_beats_champion && out->blockers == 0;
}
