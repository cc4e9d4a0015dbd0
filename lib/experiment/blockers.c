#include "experiment/blockers.h"

#include <math.h>

#define SRM_E_VALUE 1000.0
#define RESPONSE_E_VALUE 100.0
#define RESPONSE_APART 0.1
#define DESIGN_EFFECT_MAX 1.2
/* Fewer than that may happen to anybody. */
#define ODD_ROWS_MIN 10

/* Enough to be no accident, and at least one in a hundred? */
static bool is_one_in_hundred(int64_t odd, int64_t all)
{
    return odd >= ODD_ROWS_MIN && odd >= all / 100 + (all % 100 != 0);
}

static bool is_response_apart(const ll_evidence *evidence)
{
    return evidence->response.ln_e_value >= log(RESPONSE_E_VALUE) &&
           evidence->response_apart > RESPONSE_APART;
}

uint32_t ll_blockers_find(const ll_decide_input *in, const ll_evidence *evidence)
{
    uint32_t blockers = 0;
    int64_t units = 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        const ll_ab_arm *arm = &in->arms[i];
        units += arm->units;
        if (arm->cached > arm->explanations / 20)
            blockers |= LL_BLOCKER_CACHED_SHARE;
    }
    if (is_one_in_hundred(in->test.contaminated, units))
        blockers |= LL_BLOCKER_CONTAMINATION;
    if (evidence->srm_ln_e_max >= log(SRM_E_VALUE))
        blockers |= LL_BLOCKER_SRM;
    if (is_response_apart(evidence))
        blockers |= LL_BLOCKER_RESPONSE;
    return blockers;
}

uint32_t ll_blockers_of_winner(const ll_decide_input *in, const ll_evidence *evidence,
                               uint32_t winner)
{
    uint32_t blockers = ll_input_is_on(in, winner) ? 0 : LL_BLOCKER_SWITCHED_OFF;

    if (winner == in->champion)
        return 0;
    for (uint32_t kind = 0; kind < LL_GUARDRAIL_COUNT; kind++) {
        if (evidence->arms[winner].guardrails[kind].guardrail == LLMLEARN_GUARDRAIL_FAIL)
            blockers |= LL_BLOCKER_GUARDRAIL << kind;
    }
    return blockers;
}

/* As stats sees them from the counts; what only the classic rule says, only if it has spoken. */
static uint32_t find_in_counts(const ll_decide_input *in, const ll_evidence *evidence, bool final,
                               int32_t winner)
{
    const ll_classic_input asked = ll_evidence_classic_input(in, evidence);
    ll_classic_result result = evidence->classic;

    if (in->test.rule != LLMLEARN_RULE_CLASSIC || !final) {
        result.status = winner < 0 ? LL_CLASSIC_NOT_SIGNIFICANT : LL_CLASSIC_WINNER;
        result.winner = winner;
    }
    return ll_advisory_find(&asked, &result);
}

uint32_t ll_advisories_find(const ll_decide_input *in, const ll_evidence *evidence, bool final,
                            int32_t winner)
{
    uint32_t advisories = find_in_counts(in, evidence, final, winner);
    int64_t rows = 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        rows += in->arms[i].explanations;
        if (evidence->arms[i].all_votes.design_effect > DESIGN_EFFECT_MAX)
            advisories |= LL_ADVISORY_CLUSTERED;
        if (!ll_input_is_on(in, i))
            advisories |= LL_ADVISORY_ARM_SWITCHED_OFF;
    }
    if (is_one_in_hundred(in->test.mismatches, rows))
        advisories |= LL_ADVISORY_MISMATCHES;
    return advisories;
}

const char *ll_blockers_name(uint32_t blocker)
{
    switch (blocker) {
    case LL_BLOCKER_CACHED_SHARE:
        return "cached_share";
    case LL_BLOCKER_CONTAMINATION:
        return "contamination";
    case LL_BLOCKER_SRM:
        return "srm";
    case LL_BLOCKER_RESPONSE:
        return "differential_response";
    case LL_BLOCKER_SWITCHED_OFF:
        return "switched_off";
    case LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_LATENCY:
        return "guardrail_latency";
    case LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_COST:
        return "guardrail_cost";
    case LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_FAILURES:
        return "guardrail_failures";
    case LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_RATING:
        return "guardrail_rating";
    }
    return "unknown";
}

const char *ll_advisories_name(uint32_t advisory)
{
    switch (advisory) {
    case LL_ADVISORY_CLUSTERED:
        return "clustered";
    case LL_ADVISORY_MISMATCHES:
        return "mismatches";
    case LL_ADVISORY_ARM_SWITCHED_OFF:
        return "arm_switched_off";
    }
    return ll_advisory_name(advisory);
}
