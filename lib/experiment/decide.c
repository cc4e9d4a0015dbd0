#include "experiment/decide.h"

#include <assert.h>

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

const char *ll_decide_blocker_name(uint32_t blocker)
{
    switch (blocker) {
    case LL_BLOCKER_CACHED_SHARE:
        return "cached_share";
    case LL_BLOCKER_CONTAMINATION:
        return "contamination";
    }
    return "unknown";
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

ll_classic_input ll_decide_question(const ll_decide_input *in, llmlearn_rate *out_votes)
{
    const ll_ab_test *test = in->test;

    assert(test->rule == LLMLEARN_RULE_CLASSIC);
    assert(in->champion < in->arm_count);
    for (uint32_t i = 0; i < in->arm_count; i++) {
        assert(in->arms[i].first_positive >= 0);
        assert(in->arms[i].first_positive <= in->arms[i].first_votes);
        out_votes[i].successes = (uint64_t)in->arms[i].first_positive;
        out_votes[i].trials = (uint64_t)in->arms[i].first_votes;
    }
    return (ll_classic_input){
        .arms = out_votes,
        .arm_count = in->arm_count,
        .champion = in->champion,
        .trials_min = (uint64_t)test->trials_min,
        .alpha = test->alpha,
        .effect_min = test->effect_min,
        .duration_reached = in->now_us - test->started_us >= test->duration_min_us,
    };
}

void ll_decide(const ll_decide_input *in, ll_decide_outcome *out)
{
    llmlearn_rate votes[LLMLEARN_ARMS_MAX];
    const ll_classic_input asked = ll_decide_question(in, votes);

    *out = (ll_decide_outcome){ .blockers = find_blockers(in) };
    ll_classic_decide(&asked, &out->evidence);
    out->verdict = verdict_of(in, out->evidence.status);
    out->advisories = ll_advisory_find(&asked, &out->evidence);
    out->promotable = out->evidence.winner_beats_champion && out->blockers == 0;
}
