#include "experiment/decide.h"

#include "experiment/outlook.h"
#include "experiment/rules.h"

#include <assert.h>

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

static bool any_variant_is_on(const ll_decide_input *in)
{
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i != in->champion && ll_input_is_on(in, i))
            return true;
    }
    return false;
}

static void ask_rule(const ll_decide_input *in, ll_decide_outcome *out)
{
    switch (in->test.rule) {
    case LLMLEARN_RULE_GROUP_SEQUENTIAL:
        ll_rule_group_sequential(in, &out->evidence, out);
        return;
    case LLMLEARN_RULE_ALWAYS_VALID:
        ll_rule_always_valid(in, &out->evidence, out);
        return;
    default:
        ll_rule_classic(in, &out->evidence, out);
        return;
    }
}

/* What ends a test whatever its rule says. */
static bool is_over(const ll_decide_input *in, ll_decide_outcome *out)
{
    bool srm = (out->blockers & LL_BLOCKER_SRM) != 0;

    if (out->blockers & LL_BLOCKERS_INVALID) {
        out->verdict = LLMLEARN_INVALID;
        out->status = ll_blockers_name(srm ? LL_BLOCKER_SRM : LL_BLOCKER_RESPONSE);
        return true;
    }
    if (any_variant_is_on(in))
        return false;
    out->verdict = LLMLEARN_NO_DIFFERENCE;
    out->status = "switched_off";
    return true;
}

/* Of the winner, else the highest of any variant; as always_valid goes by it, at the week's end. */
static double find_ln_e_value(const ll_decide_input *in, const ll_decide_outcome *outcome)
{
    bool weekly = in->test.rule == LLMLEARN_RULE_ALWAYS_VALID;
    double most = 0;
    bool any = false;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        const ll_evidence_arm *arm = &outcome->evidence.arms[i];
        double ln_e = weekly ? arm->ln_e_week_end : arm->ln_e_value;
        if (i == (uint32_t)outcome->winner)
            return ln_e;
        if (i == in->champion || (any && ln_e <= most))
            continue;
        most = ln_e;
        any = true;
    }
    return most;
}

void ll_decide(const ll_decide_input *in, ll_decide_outcome *out)
{
    *out = (ll_decide_outcome){ .winner = -1, .days_left = -1, .looks = in->look_count };
    ll_evidence_find(in, &out->evidence);
    out->blockers = ll_blockers_find(in, &out->evidence);
    if (!is_over(in, out))
        ask_rule(in, out);
    assert(out->status != NULL && out->verdict != 0);

    if (out->winner >= 0)
        out->blockers |= ll_blockers_of_winner(in, &out->evidence, (uint32_t)out->winner);
    out->advisories =
        ll_advisories_find(in, &out->evidence, out->verdict != LLMLEARN_KEEP_GOING, out->winner);
    out->promotable = out->promotable && out->blockers == 0;
    out->ln_e_value = find_ln_e_value(in, out);
    if (out->verdict == LLMLEARN_KEEP_GOING)
        ll_outlook_find(in, &out->days_left, &out->cannot_finish);
}
