#include "experiment/receipt.h"

#include "base/err.h"
#include "experiment/evidence_json.h"
#include "experiment/json.h"
#include "experiment/members.h"
#include "experiment/sentence.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The classic rule has looked, as was planned. */
static bool is_planned_look(const ll_decide_input *in, const ll_decide_outcome *o)
{
    return in->test.rule == LLMLEARN_RULE_CLASSIC && o->looks > 0;
}

static const char *winner_of(const ll_decide_input *in, const ll_decide_outcome *o)
{
    return o->winner < 0 ? NULL : in->versions[o->winner];
}

static void put_verdict(ll_json_writer *w, const ll_decide_input *in, const ll_decide_outcome *o)
{
    ll_json_writer_put_string(w, "verdict", ll_decide_verdict_name(o->verdict));
    ll_json_writer_put_string(w, "status", o->status);
    ll_json_writer_put_string(w, "winner", winner_of(in, o));
    if (o->winner < 0)
        ll_json_writer_put_null(w, "winner_arm");
    else
        ll_json_writer_put_int(w, "winner_arm", o->winner);
    ll_json_put_real(w, "ln_e_value", in->has_eprocess, o->ln_e_value);
}

static void put_rule(ll_json_writer *w, const ll_decide_input *in, const ll_decide_outcome *o)
{
    bool going = o->verdict == LLMLEARN_KEEP_GOING;

    ll_json_writer_put_string(w, "rule", ll_ab_rule_name(in->test.rule));
    ll_json_writer_put_real(w, "alpha", in->test.alpha);
    ll_json_writer_put_real(w, "effect_min", in->test.effect_min);
    ll_json_writer_put_real(w, "lift_min", in->test.lift_min);
    ll_json_writer_put_int(w, "trials_min", in->test.trials_min);
    ll_json_writer_put_int(w, "trials_planned", in->test.trials_planned);
    ll_json_put_time(w, "looked_at", in->now_us);
    ll_json_writer_put_int(w, "looks", o->looks);
    ll_json_put_real(w, "days_left", going && o->days_left >= 0, o->days_left);
    if (going)
        ll_json_writer_put_bool(w, "cannot_finish", o->cannot_finish);
    else
        ll_json_writer_put_null(w, "cannot_finish");
    ll_json_writer_put_int(w, "vote_sequence", in->vote_sequence);
}

static void put_receipt(ll_json_writer *w, const ll_decide_input *in, const ll_decide_outcome *o,
                        const ll_receipt_made *made, const char *sentence)
{
    ll_json_writer_open(w, '{');
    put_verdict(w, in, o);
    put_rule(w, in, o);
    ll_json_writer_put_string(w, "library_version", made->version);
    ll_json_writer_put_bool(w, "promotable", o->promotable);
    ll_json_writer_put_bool(w, "promoted", made->promoted);
    ll_json_put_names(w, "blockers", ll_blockers_name, o->blockers);
    ll_json_put_names(w, "advisories", ll_advisories_name, o->advisories);
    ll_json_writer_put_string(w, "sentence", sentence);
    ll_evidence_put(w, in, &o->evidence, is_planned_look(in, o));
    ll_json_writer_close(w, '}');
}

llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              const ll_receipt_made *made, char **out_json, char **out_sentence)
{
    ll_buffer words = { 0 };
    ll_json_writer w = { .comma = false };

    ll_sentence_write(in, outcome, &words);
    char *sentence = ll_buffer_take(&words);
    ll_buffer_free(&words);
    if (sentence == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a receipt");
    put_receipt(&w, in, outcome, made, sentence);
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
    const char *winner = winner_of(in, outcome);

    *out = (ll_receipt){
        .verdict = outcome->verdict,
        .winner_arm = outcome->winner,
        .p_value = outcome->evidence.classic.p_value,
        .cramers_v = outcome->evidence.classic.cramers_v,
        .ln_e_value = outcome->ln_e_value,
        .days_left = outcome->days_left,
        .cannot_finish = outcome->cannot_finish,
        .looks = outcome->looks,
        .blockers = outcome->blockers,
        .promotable = outcome->promotable,
        .promoted = promoted,
    };
    snprintf(out->status, sizeof out->status, "%s", outcome->status);
    snprintf(out->winner, sizeof out->winner, "%s", winner == NULL ? "" : winner);
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

/* False if the member is no text of a receipt. */
static bool read_text(reading *r, const ll_member *member)
{
    const struct {
        const char *key;
        char *out;
        size_t bytes;
    } texts[] = {
        { "verdict", r->verdict, sizeof r->verdict },
        { "status", r->receipt.status, sizeof r->receipt.status },
        { "winner", r->receipt.winner, sizeof r->receipt.winner },
        { "library_version", r->receipt.version, sizeof r->receipt.version },
        { "sentence", r->receipt.sentence, sizeof r->receipt.sentence },
    };

    for (size_t i = 0; i < LL_ARRAY_COUNT(texts); i++) {
        if (ll_member_is(member, texts[i].key)) {
            ll_member_text(member, texts[i].out, texts[i].bytes);
            return true;
        }
    }
    return false;
}

static void read_member(void *context, const ll_member *member)
{
    reading *r = context;
    ll_receipt *receipt = &r->receipt;

    if (read_text(r, member))
        return;
    if (ll_member_is(member, "winner_arm"))
        receipt->winner_arm = (int64_t)ll_member_number(member, -1);
    else if (ll_member_is(member, "p_value"))
        receipt->p_value = ll_member_number(member, 1);
    else if (ll_member_is(member, "cramers_v"))
        receipt->cramers_v = ll_member_number(member, 0);
    else if (ll_member_is(member, "ln_e_value"))
        receipt->ln_e_value = ll_member_number(member, 0);
    else if (ll_member_is(member, "looks"))
        receipt->looks = (uint32_t)fmin(fabs(ll_member_number(member, 0)), UINT32_MAX);
    else if (ll_member_is(member, "promotable"))
        receipt->promotable = ll_member_is_true(member);
    else if (ll_member_is(member, "promoted"))
        receipt->promoted = ll_member_is_true(member);
}

llmlearn_err ll_receipt_read(const char *text, ll_receipt *out)
{
    reading r = { .receipt = { .winner_arm = -1, .p_value = 1, .days_left = -1 } };

    assert(text != NULL);
    if (!ll_members_read(text, read_member, &r) || verdict_of_name(r.verdict) == 0 ||
        r.receipt.status[0] == '\0')
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: a receipt is damaged");
    r.receipt.verdict = (llmlearn_verdict)verdict_of_name(r.verdict);
    *out = r.receipt;
    return LLMLEARN_OK;
}
