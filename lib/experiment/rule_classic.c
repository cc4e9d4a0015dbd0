#include "experiment/looks_taken.h"
#include "experiment/rules.h"

static bool is_short_of_votes(const ll_decide_input *in)
{
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (in->arms[i].first_votes < in->test.trials_min)
            return true;
    }
    return false;
}

/* The evidence is what the one look would find; is it time for that look? */
static ll_classic_status status_now(const ll_decide_input *in, const ll_classic_result *found)
{
    if (ll_input_age_us(in) < in->test.duration_min_us)
        return LL_CLASSIC_RUNNING;
    if (found->status == LL_CLASSIC_INSUFFICIENT_VARIANTS || !is_short_of_votes(in))
        return found->status;
    return LL_CLASSIC_INSUFFICIENT_SAMPLE;
}

static llmlearn_verdict verdict_of(const ll_decide_input *in, ll_classic_status status)
{
    switch (status) {
    case LL_CLASSIC_RUNNING:
        return LLMLEARN_KEEP_GOING;
    case LL_CLASSIC_INSUFFICIENT_SAMPLE:
    case LL_CLASSIC_INSUFFICIENT_VARIANTS:
        return ll_looks_is_last(in) ? LLMLEARN_NO_DIFFERENCE : LLMLEARN_KEEP_GOING;
    case LL_CLASSIC_WINNER:
        return LLMLEARN_WINNER;
    default:
        return LLMLEARN_NO_DIFFERENCE;
    }
}

void ll_rule_classic(const ll_decide_input *in, const ll_evidence *evidence, ll_decide_outcome *out)
{
    const ll_classic_result *found = &evidence->classic;
    ll_classic_status status = status_now(in, found);

    out->verdict = verdict_of(in, status);
    out->status = ll_classic_status_name(status);
    out->looks = out->verdict == LLMLEARN_KEEP_GOING ? 0 : 1;
    if (out->verdict != LLMLEARN_WINNER)
        return;
    out->winner = found->winner;
    out->promotable = found->winner_beats_champion;
}
