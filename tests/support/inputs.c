#include "support/inputs.h"

#include "base/err.h"
#include "experiment/receipt.h"
#include "stats/eprocess.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void look_begin(look *l, llmlearn_rule rule, uint32_t arm_count)
{
    double weights[LLMLEARN_ARMS_MAX];
    ll_decide_input *in = &l->in;

    memset(l, 0, sizeof *l);
    in->test = (ll_ab_test){ .id = 1,
                             .status = LL_AB_RUNNING,
                             .rule = (int32_t)rule,
                             .started_us = INPUT_START,
                             .duration_min_us = 7 * INPUT_DAY,
                             .duration_max_us = 56 * INPUT_DAY,
                             .trials_min = 100,
                             .alpha = 0.05,
                             .effect_min = 0.1,
                             .lift_min = 0.05,
                             .rate_planned = 0.6,
                             .trials_planned = 1000 };
    in->arm_count = arm_count;
    in->now_us = INPUT_START + 8 * INPUT_DAY;
    in->vote_sequence = 4711;
    for (uint32_t i = 0; i < arm_count; i++) {
        weights[i] = 1.0 / arm_count;
        snprintf(in->versions[i], sizeof in->versions[i], "v1.%u", i);
        in->latency_p50_ms[i] = in->latency_p95_ms[i] = -1;
        in->arms[i] = (ll_ab_arm){ .variant = i + 1, .weight = weights[i] };
    }
    in->has_eprocess = true;
    in->week = 1;
    in->eprocess.struct_size = sizeof in->eprocess;
    ll_eprocess_begin(weights, arm_count, 0, 100, &in->eprocess);
    in->eprocess_week_end = in->eprocess;
}

void look_set_arm(look *l, uint32_t arm, int64_t positive, int64_t votes)
{
    ll_ab_arm *a = &l->in.arms[arm];
    llmlearn_eprocess *states[] = { &l->in.eprocess, &l->in.eprocess_week_end };

    *a = (ll_ab_arm){ .variant = arm + 1,
                      .weight = a->weight,
                      .explanations = 2 * votes,
                      .units = votes,
                      .first_votes = votes,
                      .first_positive = positive,
                      .votes = votes,
                      .positive = positive,
                      .voting_units = votes,
                      .votes_squared = votes,
                      .products = positive,
                      .positive_squared = positive };
    for (int i = 0; i < 2; i++) {
        states[i]->successes[arm] = (uint64_t)positive;
        states[i]->trials[arm] = (uint64_t)votes;
    }
}

void look_set_week_end(look *l, uint32_t arm, int64_t positive, int64_t votes)
{
    l->in.eprocess_week_end.successes[arm] = (uint64_t)positive;
    l->in.eprocess_week_end.trials[arm] = (uint64_t)votes;
}

void look_set_e(look *l, uint32_t arm, double ln_e_value)
{
    llmlearn_eprocess *states[] = { &l->in.eprocess, &l->in.eprocess_week_end };

    for (int i = 0; i < 2; i++) {
        states[i]->ln_e_value[arm] = ln_e_value;
        states[i]->ln_e_max[arm] = fmax(ln_e_value, 0);
    }
}

static int64_t us_of(double days)
{
    return (int64_t)llround(days * (double)INPUT_DAY);
}

void look_add_before(look *l, double days, int64_t votes)
{
    ll_ab_look *before = &l->in.looks[l->in.look_count++];

    before->at_us = INPUT_START + us_of(days);
    for (uint32_t i = 0; i < l->in.arm_count; i++) {
        before->first_votes[i] = votes;
        before->first_positive[i] = votes / 2;
    }
}

void look_set_age(look *l, double days)
{
    l->in.now_us = INPUT_START + us_of(days);
    l->in.week = (int64_t)floor(days / 7);
}

void look_decide(look *l)
{
    ck_assert_msg(ll_input_fault(&l->in) == NULL, "%s", ll_input_fault(&l->in));
    ll_decide(&l->in, &l->out);
}

const char *look_sentence(const look *l)
{
    static char text[2048];
    const ll_receipt_made made = { .version = llmlearn_version() };
    char *json = NULL, *sentence = NULL;

    ck_assert_int_eq(ll_receipt_write(&l->in, &l->out, &made, &json, &sentence), LLMLEARN_OK);
    snprintf(text, sizeof text, "%s", sentence);
    free(json);
    free(sentence);
    return text;
}

void moments_set(ll_ab_moments *moments, int64_t units, int64_t mean, int64_t deviation)
{
    *moments = (ll_ab_moments){ .units = 0 };
    for (int64_t i = 0; i < units; i++)
        ll_ab_moments_add(moments, mean + (i % 2 == 0 ? deviation : -deviation), 1, 1);
}
