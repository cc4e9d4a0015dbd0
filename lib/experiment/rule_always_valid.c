#include "experiment/looks_taken.h"
#include "experiment/rules.h"
#include "stats/eprocess.h"

#include <assert.h>

#define US_PER_WEEK (7 * LL_US_PER_DAY)

/* By what was counted until the end of the last whole week. */
static const char *reason_to_wait(const ll_decide_input *in)
{
    const llmlearn_eprocess *state = &in->eprocess_week_end;

    if (in->week < 1 || in->week * US_PER_WEEK < in->test.duration_min_us)
        return "running";
    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (ll_input_is_on(in, i) && state->trials[i] < (uint64_t)in->test.trials_min)
            return "insufficient_sample";
    }
    return NULL;
}

static int32_t find_winner(const ll_decide_input *in)
{
    llmlearn_eprocess on = in->eprocess_week_end;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (!ll_input_is_on(in, i))
            on.ln_e_value[i] = 0;
    }
    return ll_eprocess_winner(&on, in->test.alpha);
}

void ll_rule_always_valid(const ll_decide_input *in, const ll_evidence *evidence,
                          ll_decide_outcome *out)
{
    const char *wait = reason_to_wait(in);

    (void)evidence;
    assert(in->test.rule == LLMLEARN_RULE_ALWAYS_VALID && in->has_eprocess);
    out->looks = (uint32_t)in->week;
    out->winner = wait == NULL ? find_winner(in) : -1;
    out->promotable = out->winner >= 0;
    if (out->winner >= 0) {
        out->verdict = LLMLEARN_WINNER;
        out->status = "winner";
    } else if (ll_looks_is_last(in)) {
        out->verdict = LLMLEARN_NO_DIFFERENCE;
        out->status = "time_is_up";
    } else {
        out->verdict = LLMLEARN_KEEP_GOING;
        out->status = wait == NULL ? "not_yet" : wait;
    }
}
