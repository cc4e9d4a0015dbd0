#include "stats/advisory.h"

#include "stats/wide.h"

const char *ll_advisory_name(uint32_t advisory)
{
    switch (advisory) {
    case LL_ADVISORY_V_GATE_BLOCKS:
        return "v_gate_blocks";
    case LL_ADVISORY_WINNER_NOT_SEPARATED:
        return "winner_not_separated";
    case LL_ADVISORY_LOW_EXPECTED:
        return "low_expected";
    }
    return "unknown";
}

/* The arm of highest rate but for the winner. */
static uint32_t runner_up(const ll_classic_input *in, uint32_t winner)
{
    uint32_t best = winner;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i == winner || in->arms[i].trials == 0)
            continue;
        ll_wide_u128 this = (ll_wide_u128)in->arms[i].successes * in->arms[best].trials;
        ll_wide_u128 that = (ll_wide_u128)in->arms[best].successes * in->arms[i].trials;
        if (best == winner || this > that)
            best = i;
    }
    return best;
}

/* Asks the same counts another question: each arm against the winner. */
static bool is_separated(const ll_classic_input *in, const ll_classic_result *result)
{
    uint32_t winner = (uint32_t)result->winner;
    ll_classic_input against_winner = *in;
    ll_classic_result compared;

    if (winner != in->champion && result->champion_holm_p[winner] >= in->alpha)
        return false;
    against_winner.champion = winner;
    ll_classic_decide(&against_winner, &compared);
    return compared.champion_holm_p[runner_up(in, winner)] < in->alpha;
}

uint32_t ll_advisory_find(const ll_classic_input *in, const ll_classic_result *result)
{
    uint32_t advisories = 0;

    if (result->status == LL_CLASSIC_EFFECT_TOO_SMALL)
        advisories |= LL_ADVISORY_V_GATE_BLOCKS;
    if (result->status == LL_CLASSIC_WINNER && !is_separated(in, result))
        advisories |= LL_ADVISORY_WINNER_NOT_SEPARATED;
    if (result->low_expected)
        advisories |= LL_ADVISORY_LOW_EXPECTED;
    return advisories;
}
