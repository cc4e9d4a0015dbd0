#include "experiment/receipt.h"

#include "base/err.h"
#include "experiment/json.h"
#include "experiment/members.h"
#include "experiment/sentence.h"
#include "stats/interval.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

/* Of the bits that are set, the lowest first. */
static json_t *names_of(const char *(*name_of)(uint32_t bit), uint32_t bits)
{
    json_t *names = json_array();

    for (; bits != 0; bits &= bits - 1)
        ll_json_add(&names, json_string(name_of(bits & (0 - bits))));
    return names;
}

/* The arm's rate less the champion's. */
static void put_difference(json_t **json, const ll_ab_arm *arm, const ll_ab_arm *champion)
{
    uint64_t s = (uint64_t)arm->first_positive, n = (uint64_t)arm->first_votes;
    uint64_t s0 = (uint64_t)champion->first_positive, n0 = (uint64_t)champion->first_votes;

    if (arm == champion || n == 0 || n0 == 0) {
        ll_json_put(json, "difference", json_null());
        ll_json_put(json, "difference_interval", json_null());
        return;
    }
    ll_interval interval = ll_interval_newcombe(s0, n0, s, n, CONFIDENCE);
    ll_json_put(json, "difference", json_real((double)s / (double)n - (double)s0 / (double)n0));
    ll_json_put(json, "difference_interval", ll_json_pair(interval.low, interval.high));
}

static json_t *arm_json(const ll_decide_input *in, const ll_classic_result *e, uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];
    const ll_ab_arm *champion = &in->arms[in->champion];
    bool tested =
        e->computed && i != in->champion && arm->first_votes > 0 && champion->first_votes > 0;
    json_t *json = json_object();

    ll_json_put(&json, "arm", json_integer(i));
    ll_json_put(&json, "version", json_string(in->versions[i]));
    ll_json_put(&json, "first_votes", json_integer(arm->first_votes));
    ll_json_put(&json, "positive", json_integer(arm->first_positive));
    ll_json_put(&json, "positive_rate", ll_json_ratio(arm->first_positive, arm->first_votes));
    ll_json_put(&json, "positive_rate_interval",
                ll_json_wilson(arm->first_positive, arm->first_votes));
    put_difference(&json, arm, champion);
    ll_json_put(&json, "p_champion", ll_json_real(tested, e->champion_p[i]));
    ll_json_put(&json, "holm_p_champion", ll_json_real(tested, e->champion_holm_p[i]));
    return json;
}

static json_t *arms_json(const ll_decide_input *in, const ll_classic_result *evidence)
{
    json_t *arms = json_array();

    for (uint32_t i = 0; i < in->arm_count; i++)
        ll_json_add(&arms, arm_json(in, evidence, i));
    return arms;
}

static void put_evidence(json_t **json, const ll_classic_result *e)
{
    ll_json_put(json, "p_value", ll_json_real(e->computed, e->p_value));
    ll_json_put(json, "ln_p_value", ll_json_real(e->computed, e->ln_p_value));
    ll_json_put(json, "chi_square", ll_json_real(e->computed, e->chi_square));
    ll_json_put(json, "degrees", e->computed ? json_integer(e->degrees) : json_null());
    ll_json_put(json, "cramers_v", ll_json_real(e->computed, e->cramers_v));
    ll_json_put(json, "method", ll_json_text(e->method));
}

static json_t *receipt_json(const ll_decide_input *in, const ll_decide_outcome *o, bool promoted,
                            const char *sentence)
{
    int32_t winner = o->evidence.winner;
    bool final = o->verdict != LLMLEARN_KEEP_GOING;
    json_t *json = json_object();

    ll_json_put(&json, "verdict", json_string(ll_decide_verdict_name(o->verdict)));
    ll_json_put(&json, "status", json_string(ll_classic_status_name(o->evidence.status)));
    ll_json_put(&json, "winner", ll_json_text(winner < 0 ? NULL : in->versions[winner]));
    ll_json_put(&json, "winner_arm", winner < 0 ? json_null() : json_integer(winner));
    ll_json_put(&json, "rule", json_string("classic"));
    put_evidence(&json, &o->evidence);
    ll_json_put(&json, "alpha", json_real(in->test->alpha));
    ll_json_put(&json, "effect_min", json_real(in->test->effect_min));
    ll_json_put(&json, "trials_min", json_integer(in->test->trials_min));
    ll_json_put(&json, "looks", json_integer(final ? 1 : 0));
    ll_json_put(&json, "vote_sequence", json_integer(in->vote_sequence));
    ll_json_put(&json, "library_version", json_string(llmlearn_version()));
    ll_json_put(&json, "promotable", json_boolean(o->promotable));
    ll_json_put(&json, "promoted", json_boolean(promoted));
    ll_json_put(&json, "blockers", names_of(ll_decide_blocker_name, o->blockers));
    ll_json_put(&json, "advisories", names_of(ll_advisory_name, o->advisories));
    ll_json_put(&json, "sentence", json_string(sentence));
    ll_json_put(&json, "arms", arms_json(in, &o->evidence));
    return json;
}

llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              bool promoted, char **out_json, char **out_sentence)
{
    ll_buffer words = { 0 };

    ll_sentence_write(in, outcome, &words);
    char *sentence = ll_buffer_take(&words);
    ll_buffer_free(&words);
    if (sentence == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a receipt");
    llmlearn_err err = ll_json_write(receipt_json(in, outcome, promoted, sentence), out_json);
    if (err != LLMLEARN_OK) {
        free(sentence);
        return err;
    }
    *out_sentence = sentence;
    return LLMLEARN_OK;
}

void ll_receipt_tell(const ll_decide_input *in, const ll_decide_outcome *outcome, bool promoted,
                     ll_receipt *out)
{
    int32_t winner = outcome->evidence.winner;

    *out = (ll_receipt){
        .verdict = outcome->verdict,
        .winner_arm = winner,
        .p_value = outcome->evidence.p_value,
        .cramers_v = outcome->evidence.cramers_v,
        .promotable = outcome->promotable,
        .promoted = promoted,
    };
    snprintf(out->status, sizeof out->status, "%s",
             ll_classic_status_name(outcome->evidence.status));
    snprintf(out->winner, sizeof out->winner, "%s", winner < 0 ? "" : in->versions[winner]);
}

/* 0 if it is none. */
static int verdict_of_name(const char *name)
{
    int verdict = LLMLEARN_INVALID;

    while (verdict > 0 && strcmp(ll_decide_verdict_name((llmlearn_verdict)verdict), name) != 0)
        verdict--;
    return verdict;
}

typedef struct reading {
    ll_receipt receipt;
    char verdict[32];
} reading;

static void read_member(void *context, const ll_member *member)
{
    reading *r = context;
    ll_receipt *receipt = &r->receipt;

    if (ll_member_is(member, "verdict"))
        ll_member_text(member, r->verdict, sizeof r->verdict);
    else if (ll_member_is(member, "status"))
        ll_member_text(member, receipt->status, sizeof receipt->status);
    else if (ll_member_is(member, "winner"))
        ll_member_text(member, receipt->winner, sizeof receipt->winner);
    else if (ll_member_is(member, "winner_arm"))
        receipt->winner_arm = (int64_t)ll_member_number(member, -1);
    else if (ll_member_is(member, "p_value"))
        receipt->p_value = ll_member_number(member, 1);
    else if (ll_member_is(member, "cramers_v"))
        receipt->cramers_v = ll_member_number(member, 0);
    else if (ll_member_is(member, "promotable"))
        receipt->promotable = ll_member_is_true(member);
    else if (ll_member_is(member, "promoted"))
        receipt->promoted = ll_member_is_true(member);
}

llmlearn_err ll_receipt_read(const char *text, ll_receipt *out)
{
    reading r = { .receipt = { .winner_arm = -1, .p_value = 1 } };

    assert(text != NULL);
    if (!ll_members_read(text, read_member, &r) || verdict_of_name(r.verdict) == 0 ||
        r.receipt.status[0] == '\0')
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: a receipt is damaged");
    r.receipt.verdict = (llmlearn_verdict)verdict_of_name(r.verdict);
    *out = r.receipt;
    return LLMLEARN_OK;
}
