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

/* The arm's rate less the champion's. */
static void put_difference(ll_json_writer *w, const ll_ab_arm *arm, const ll_ab_arm *champion)
{
    uint64_t s = (uint64_t)arm->first_positive, n = (uint64_t)arm->first_votes;
    uint64_t s0 = (uint64_t)champion->first_positive, n0 = (uint64_t)champion->first_votes;

    if (arm == champion || n == 0 || n0 == 0) {
        ll_json_writer_put_null(w, "difference");
        ll_json_writer_put_null(w, "difference_interval");
        return;
    }
    ll_interval interval = ll_interval_newcombe(s0, n0, s, n, CONFIDENCE);
    ll_json_writer_put_real(w, "difference", (double)s / (double)n - (double)s0 / (double)n0);
    ll_json_put_pair(w, "difference_interval", interval.low, interval.high);
}

static void put_arm(ll_json_writer *w, const ll_decide_input *in, const ll_classic_result *e,
                    uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];
    const ll_ab_arm *champion = &in->arms[in->champion];
    uint64_t positive = (uint64_t)arm->first_positive, votes = (uint64_t)arm->first_votes;
    bool tested = e->computed && i != in->champion && votes > 0 && champion->first_votes > 0;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "arm", i);
    ll_json_writer_put_string(w, "version", in->versions[i]);
    ll_json_writer_put_int(w, "first_votes", arm->first_votes);
    ll_json_writer_put_int(w, "positive", arm->first_positive);
    ll_json_put_ratio(w, "positive_rate", positive, votes);
    ll_json_put_wilson(w, "positive_rate_interval", positive, votes);
    put_difference(w, arm, champion);
    ll_json_put_real(w, "p_champion", tested, e->champion_p[i]);
    ll_json_put_real(w, "holm_p_champion", tested, e->champion_holm_p[i]);
    ll_json_writer_close(w, '}');
}

static void put_evidence(ll_json_writer *w, const ll_classic_result *e)
{
    ll_json_put_real(w, "p_value", e->computed, e->p_value);
    ll_json_put_real(w, "ln_p_value", e->computed, e->ln_p_value);
    ll_json_put_real(w, "chi_square", e->computed, e->chi_square);
    if (e->computed)
        ll_json_writer_put_int(w, "degrees", e->degrees);
    else
        ll_json_writer_put_null(w, "degrees");
    ll_json_put_real(w, "cramers_v", e->computed, e->cramers_v);
    ll_json_writer_put_string(w, "method", e->method);
}

static void put_verdict(ll_json_writer *w, const ll_decide_input *in, const ll_decide_outcome *o)
{
    int32_t winner = o->evidence.winner;

    ll_json_writer_put_string(w, "verdict", ll_decide_verdict_name(o->verdict));
    ll_json_writer_put_string(w, "status", ll_classic_status_name(o->evidence.status));
    ll_json_writer_put_string(w, "winner", winner < 0 ? NULL : in->versions[winner]);
    if (winner < 0)
        ll_json_writer_put_null(w, "winner_arm");
    else
        ll_json_writer_put_int(w, "winner_arm", winner);
}

static void put_receipt(ll_json_writer *w, const ll_decide_input *in, const ll_decide_outcome *o,
                        bool promoted, const char *sentence)
{
    ll_json_writer_open(w, '{');
    put_verdict(w, in, o);
    ll_json_writer_put_string(w, "rule", "classic");
    put_evidence(w, &o->evidence);
    ll_json_writer_put_real(w, "alpha", in->test->alpha);
    ll_json_writer_put_real(w, "effect_min", in->test->effect_min);
    ll_json_writer_put_int(w, "trials_min", in->test->trials_min);
    ll_json_writer_put_int(w, "looks", o->verdict == LLMLEARN_KEEP_GOING ? 0 : 1);
    ll_json_writer_put_int(w, "vote_sequence", in->vote_sequence);
    ll_json_writer_put_string(w, "library_version", llmlearn_version());
    ll_json_writer_put_bool(w, "promotable", o->promotable);
    ll_json_writer_put_bool(w, "promoted", promoted);
    ll_json_put_names(w, "blockers", ll_decide_blocker_name, o->blockers);
    ll_json_put_names(w, "advisories", ll_advisory_name, o->advisories);
    ll_json_writer_put_string(w, "sentence", sentence);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < in->arm_count; i++)
        put_arm(w, in, &o->evidence, i);
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
}

llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              bool promoted, char **out_json, char **out_sentence)
{
    ll_buffer words = { 0 };
    ll_json_writer w = { .comma = false };

    ll_sentence_write(in, outcome, &words);
    char *sentence = ll_buffer_take(&words);
    ll_buffer_free(&words);
    if (sentence == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a receipt");
    put_receipt(&w, in, outcome, promoted, sentence);
    llmlearn_err err = ll_json_take(&w, out_json);
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
