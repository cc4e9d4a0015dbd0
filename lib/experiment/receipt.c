#include "experiment/receipt.h"

#include "base/err.h"
#include "experiment/sentence.h"
#include "stats/interval.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))

static json_t *real_if(bool known, double value)
{
    return known ? json_real(value) : json_null();
}

static json_t *string_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static json_t *interval_or_null(ll_interval interval)
{
    return interval.no_data ? json_null() : json_pack("[f,f]", interval.low, interval.high);
}

static json_t *names_of(const char *(*name_of)(uint32_t bits, uint32_t index), uint32_t bits)
{
    json_t *names = json_array();

    for (uint32_t i = 0; name_of(bits, i) != NULL; i++)
        json_array_append_new(names, json_string(name_of(bits, i)));
    return names;
}

static json_t *arm_json(const ll_decide_input *in, const ll_classic_result *evidence, uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];
    const ll_ab_arm *champion = &in->arms[in->champion];
    uint64_t n = (uint64_t)arm->first_votes, s = (uint64_t)arm->first_positive;
    uint64_t n0 = (uint64_t)champion->first_votes, s0 = (uint64_t)champion->first_positive;
    bool compared = i != in->champion && n > 0 && n0 > 0;
    bool tested = compared && evidence->computed;
    double rate = n > 0 ? (double)s / (double)n : 0, rate0 = n0 > 0 ? (double)s0 / (double)n0 : 0;

    return json_pack("{s:I, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "arm", (json_int_t)i,
                     "version", in->versions[i], "first_votes", (json_int_t)n, "positive",
                     (json_int_t)s, "positive_rate", real_if(n > 0, rate), "positive_rate_interval",
                     interval_or_null(ll_interval_wilson(s, n, CONFIDENCE)), "difference",
                     real_if(compared, rate - rate0), "difference_interval",
                     compared ? interval_or_null(ll_interval_newcombe(s0, n0, s, n, CONFIDENCE))
                              : json_null(),
                     "p_champion", real_if(tested, evidence->champion_p[i]), "holm_p_champion",
                     real_if(tested, evidence->champion_holm_p[i]));
}

static json_t *arms_json(const ll_decide_input *in, const ll_classic_result *evidence)
{
    json_t *arms = json_array();

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (json_array_append_new(arms, arm_json(in, evidence, i)) != 0) {
            json_decref(arms);
            return NULL;
        }
    }
    return arms;
}

/* NULL when out of memory: json_pack gives back what it was given. */
static json_t *receipt_json(const ll_decide_input *in, const ll_decide_outcome *o, bool promoted,
                            const char *sentence)
{
    const ll_classic_result *e = &o->evidence;
    const ll_ab_test *test = in->test;
    bool won = o->verdict == LLMLEARN_WINNER;

    return json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:f, s:f, s:I, s:I, s:I, s:s,"
        " s:b, s:b, s:o, s:o, s:s, s:o}",
        "verdict", ll_decide_verdict_name(o->verdict), "status", ll_classic_status_name(e->status),
        "winner", won ? json_string(in->versions[e->winner]) : json_null(), "winner_arm",
        won ? json_integer(e->winner) : json_null(), "rule", "classic", "p_value",
        real_if(e->computed, e->p_value), "ln_p_value", real_if(e->computed, e->ln_p_value),
        "chi_square", real_if(e->computed, e->chi_square), "degrees",
        e->computed ? json_integer(e->degrees) : json_null(), "cramers_v",
        real_if(e->computed, e->cramers_v), "method", string_or_null(e->method), "alpha",
        test->alpha, "effect_min", test->effect_min, "trials_min", (json_int_t)test->trials_min,
        "looks", (json_int_t)(o->verdict != LLMLEARN_KEEP_GOING), "vote_sequence",
        (json_int_t)in->vote_sequence, "library_version", llmlearn_version(), "promotable",
        (int)o->promotable, "promoted", (int)promoted, "blockers",
        names_of(ll_decide_blocker_name, o->blockers), "advisories",
        names_of(ll_decide_advisory_name, o->advisories), "sentence", sentence, "arms",
        arms_json(in, e));
}

llmlearn_err ll_receipt_write(const ll_decide_input *in, const ll_decide_outcome *outcome,
                              bool promoted, char **out_json, char **out_sentence)
{
    ll_buffer words = { 0 };

    ll_sentence_write(in, outcome, &words);
    char *sentence = ll_buffer_take(&words);
    json_t *receipt = sentence == NULL ? NULL : receipt_json(in, outcome, promoted, sentence);
    char *text = receipt == NULL ? NULL : json_dumps(receipt, DUMP_FLAGS);

    json_decref(receipt);
    if (text == NULL) {
        free(sentence);
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a receipt");
    }
    *out_json = text;
    *out_sentence = sentence;
    return LLMLEARN_OK;
}

/* 0 if it is none. */
static int verdict_of_name(const char *name)
{
    int verdict = LLMLEARN_INVALID;

    while (verdict > 0 && strcmp(ll_decide_verdict_name((llmlearn_verdict)verdict), name) != 0)
        verdict--;
    return verdict;
}

llmlearn_err ll_receipt_read(const char *json, ll_receipt *out)
{
    const char *verdict = NULL, *status = NULL;
    json_t *winner = NULL, *arm = NULL, *p_value = NULL, *v = NULL;
    int promotable = 0, promoted = 0;

    assert(json != NULL);
    json_t *root = json_loads(json, 0, NULL);
    if (json_unpack(root, "{s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:b}", "verdict", &verdict, "status",
                    &status, "winner", &winner, "winner_arm", &arm, "p_value", &p_value,
                    "cramers_v", &v, "promotable", &promotable, "promoted", &promoted) != 0 ||
        verdict_of_name(verdict) == 0) {
        json_decref(root);
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: a receipt is damaged");
    }
    *out = (ll_receipt){
        .verdict = (llmlearn_verdict)verdict_of_name(verdict),
        .winner_arm = json_is_integer(arm) ? json_integer_value(arm) : -1,
        .p_value = json_is_number(p_value) ? json_number_value(p_value) : 1.0,
        .cramers_v = json_number_value(v),
        .promotable = promotable != 0,
        .promoted = promoted != 0,
    };
    snprintf(out->status, sizeof out->status, "%s", status);
    if (json_is_string(winner))
        snprintf(out->winner, sizeof out->winner, "%s", json_string_value(winner));
    json_decref(root);
    return LLMLEARN_OK;
}
