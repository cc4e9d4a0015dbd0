#include "experiment/looks_taken.h"
#include "experiment/rules.h"
#include "stats/wide.h"

#include <assert.h>

/* On the last day it looks whatever there is. */
static const char *reason_to_wait(const ll_decide_input *in, const ll_evidence *evidence)
{
    if (ll_looks_is_last(in))
        return NULL;
    if (ll_looks_age_us(in) < in->test.duration_min_us)
        return "running";
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (ll_input_is_on(in, i) && evidence->looked[i].trials < (uint64_t)in->test.trials_min)
            return "insufficient_sample";
    }
    return ll_looks_is_due(in) ? NULL : "between_looks";
}

static bool crosses(const ll_decide_input *in, const ll_evidence *evidence, uint32_t i)
{
    const ll_evidence_arm *arm = &evidence->arms[i];

    return i != in->champion && ll_input_is_on(in, i) && arm->has_bound && !arm->is_done &&
           arm->z >= arm->bound;
}

/* By rate; if that is shared, by the evidence for it. */
static bool is_better(const ll_evidence *evidence, uint32_t a, uint32_t b)
{
    const llmlearn_rate *votes = evidence->looked;
    ll_wide_u128 left = (ll_wide_u128)votes[a].successes * votes[b].trials;
    ll_wide_u128 right = (ll_wide_u128)votes[b].successes * votes[a].trials;

    return left != right ? left > right : evidence->arms[a].z > evidence->arms[b].z;
}

static int32_t find_winner(const ll_decide_input *in, const ll_evidence *evidence)
{
    int32_t winner = -1;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (crosses(in, evidence, i) && (winner < 0 || is_better(evidence, i, (uint32_t)winner)))
            winner = (int32_t)i;
    }
    return winner;
}

/* Is all known of every variant that was planned? */
static bool is_all_known(const ll_decide_input *in, const ll_evidence *evidence)
{
    double planned = ll_looks_information_planned(in);

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (i != in->champion && ll_input_is_on(in, i) && evidence->arms[i].information < planned)
            return false;
    }
    return true;
}

static void look(const ll_decide_input *in, const ll_evidence *evidence, ll_decide_outcome *out)
{
    out->winner = find_winner(in, evidence);
    out->promotable = out->winner >= 0;
    if (out->winner >= 0) {
        out->verdict = LLMLEARN_WINNER;
        out->status = "winner";
    } else if (is_all_known(in, evidence)) {
        out->verdict = LLMLEARN_NO_DIFFERENCE;
        out->status = "planned_votes_reached";
    } else if (ll_looks_is_last(in)) {
        out->verdict = LLMLEARN_NO_DIFFERENCE;
        out->status = "time_is_up";
    } else {
        out->verdict = LLMLEARN_KEEP_GOING;
        out->status = "not_yet";
    }
}

void ll_rule_group_sequential(const ll_decide_input *in, const ll_evidence *evidence,
                              ll_decide_outcome *out)
{
    const char *wait = reason_to_wait(in, evidence);

    assert(in->test.rule == LLMLEARN_RULE_GROUP_SEQUENTIAL);
    out->looks = in->look_count;
    if (wait != NULL) {
        out->verdict = LLMLEARN_KEEP_GOING;
        out->status = wait;
        return;
    }
    out->takes_look = true;
    out->looks++;
    look(in, evidence, out);
}
