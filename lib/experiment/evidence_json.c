#include "experiment/evidence_json.h"

#include "experiment/guardrail.h"
#include "experiment/json.h"
#include "experiment/looks_taken.h"

static void put_count_or_null(ll_json_writer *w, const char *key, bool known, int64_t count)
{
    if (known)
        ll_json_writer_put_int(w, key, count);
    else
        ll_json_writer_put_null(w, key);
}

static void put_interval(ll_json_writer *w, const char *key, bool known, double low, double high)
{
    if (known)
        ll_json_put_pair(w, key, low, high);
    else
        ll_json_writer_put_null(w, key);
}

/* ---- the test ---------------------------------------------------------- */

static void put_association(ll_json_writer *w, const ll_evidence *e)
{
    const ll_classic_result *c = &e->classic;

    ll_json_put_real(w, "p_value", c->computed, c->p_value);
    ll_json_put_real(w, "ln_p_value", c->computed, c->ln_p_value);
    ll_json_put_real(w, "chi_square", c->computed, c->chi_square);
    put_count_or_null(w, "degrees", c->computed, c->degrees);
    ll_json_put_real(w, "cramers_v", c->computed, c->cramers_v);
    ll_json_put_real(w, "cramers_v_unbiased", c->computed, e->cramers_v_unbiased);
    ll_json_writer_put_string(w, "method", c->method);
}

static void put_srm(ll_json_writer *w, const ll_evidence *e)
{
    bool known = e->srm.status == LLMLEARN_STATS_OK;

    ll_json_writer_key(w, "srm");
    ll_json_writer_open(w, '{');
    ll_json_writer_put_real(w, "ln_e_value", e->srm.ln_e_value);
    ll_json_writer_put_real(w, "ln_e_value_max", e->srm_ln_e_max);
    ll_json_put_real(w, "p_value", known, e->srm.p_value);
    ll_json_put_real(w, "deviation_max", known, e->srm.deviation_max);
    ll_json_writer_close(w, '}');
}

static void put_response(ll_json_writer *w, const ll_evidence *e)
{
    bool known = e->response.status == LLMLEARN_STATS_OK;

    ll_json_writer_key(w, "differential_response");
    ll_json_writer_open(w, '{');
    ll_json_writer_put_real(w, "ln_e_value", e->response.ln_e_value);
    ll_json_put_real(w, "p_value", known, e->response.p_value);
    ll_json_put_real(w, "apart", known, e->response_apart);
    ll_json_writer_close(w, '}');
}

/* ---- its arms ---------------------------------------------------------- */

static void put_what_it_is(ll_json_writer *w, const ll_decide_input *in, uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];

    ll_json_writer_put_int(w, "arm", i);
    ll_json_writer_put_string(w, "version", in->versions[i]);
    ll_json_writer_put_bool(w, "champion", i == in->champion);
    ll_json_writer_put_real(w, "weight", arm->weight);
    if (ll_input_is_on(in, i))
        ll_json_writer_put_null(w, "off_since");
    else
        ll_json_put_time(w, "off_since", arm->off_us);
}

static void put_first_votes(ll_json_writer *w, const ll_ab_arm *arm, const llmlearn_rate *looked)
{
    uint64_t positive = (uint64_t)arm->first_positive, votes = (uint64_t)arm->first_votes;

    ll_json_writer_put_int(w, "units", arm->units);
    ll_json_writer_put_int(w, "first_votes", arm->first_votes);
    ll_json_writer_put_int(w, "positive", arm->first_positive);
    ll_json_put_ratio(w, "positive_rate", positive, votes);
    ll_json_put_wilson(w, "positive_rate_interval", positive, votes);
    ll_json_writer_put_int(w, "first_votes_seen", (int64_t)looked->trials);
    ll_json_writer_put_int(w, "positive_seen", (int64_t)looked->successes);
    ll_json_put_ratio(w, "response_rate", votes, (uint64_t)arm->units);
}

/* What the champion has none of is null. */
static void put_difference(ll_json_writer *w, const ll_decide_input *in, const ll_evidence *e,
                           uint32_t i)
{
    const llmlearn_difference *d = &e->arms[i].difference;
    bool other = i != in->champion;
    bool known = other && d->status == LLMLEARN_STATS_OK;

    ll_json_put_real(w, "difference", known, d->difference);
    put_interval(w, "difference_interval", known, d->low, d->high);
    ll_json_put_real(w, "lift", known && d->has_lift, d->lift_ratio);
    ll_json_put_real(w, "p_champion", known, e->classic.champion_p[i]);
    ll_json_put_real(w, "holm_p_champion", known, e->classic.champion_holm_p[i]);
}

static void put_sequential(ll_json_writer *w, const ll_decide_input *in, const ll_evidence_arm *arm,
                           bool other)
{
    bool planned = other && in->test.rule == LLMLEARN_RULE_GROUP_SEQUENTIAL;
    bool kept = other && in->has_eprocess;

    ll_json_put_real(w, "ln_e_value", kept, arm->ln_e_value);
    ll_json_put_real(w, "ln_e_value_week_end", kept, arm->ln_e_week_end);
    ll_json_put_real(w, "z", other, arm->z);
    ll_json_put_real(w, "bound", planned && arm->has_bound, arm->bound);
    ll_json_put_real(w, "information", planned, arm->information);
    ll_json_put_real(w, "information_planned", planned, ll_looks_information_planned(in));
}

static void put_all_votes(ll_json_writer *w, const ll_ab_arm *arm, const llmlearn_clustered *all)
{
    bool known = all->status == LLMLEARN_STATS_OK;

    ll_json_writer_put_int(w, "all_votes", arm->votes);
    ll_json_writer_put_int(w, "all_positive", arm->positive);
    ll_json_put_ratio(w, "all_positive_rate", (uint64_t)arm->positive, (uint64_t)arm->votes);
    put_interval(w, "all_positive_rate_interval", known, all->low, all->high);
    ll_json_put_real(w, "design_effect", known, all->design_effect);
}

static void put_ratings(ll_json_writer *w, const ll_ab_arm *arm, const llmlearn_ratings *ratings,
                        bool other)
{
    uint64_t count = 0, sum = 0;
    bool known = other && ratings->status != LLMLEARN_STATS_NO_DATA;

    for (uint64_t stars = 1; stars <= 5; stars++) {
        count += (uint64_t)arm->first_rating[stars - 1];
        sum += stars * (uint64_t)arm->first_rating[stars - 1];
    }
    ll_json_writer_put_int(w, "rating_count", (int64_t)count);
    ll_json_put_ratio(w, "average_rating", sum, count);
    ll_json_put_real(w, "rating_superiority", known, ratings->superiority);
    ll_json_put_real(w, "rating_p_value", known, ratings->p_value);
}

static void put_guardrails(ll_json_writer *w, const ll_evidence_arm *arm, bool other)
{
    ll_json_writer_key(w, "guardrails");
    if (!other) {
        ll_json_writer_null(w);
        return;
    }
    ll_json_writer_open(w, '{');
    for (uint32_t kind = 0; kind < LL_GUARDRAIL_COUNT; kind++)
        ll_json_writer_put_string(w, ll_guardrail_name((ll_guardrail_kind)kind),
                                  ll_guardrail_word(arm->guardrails[kind].guardrail));
    ll_json_writer_close(w, '}');
}

static void put_service(ll_json_writer *w, const ll_decide_input *in, uint32_t i)
{
    const ll_ab_arm *arm = &in->arms[i];
    double p50 = in->latency_p50_ms[i], p95 = in->latency_p95_ms[i];

    ll_json_writer_key(w, "latency_ms");
    ll_json_writer_open(w, '{');
    ll_json_put_real(w, "p50", p50 >= 0, p50);
    ll_json_put_real(w, "p95", p95 >= 0, p95);
    ll_json_writer_close(w, '}');
    ll_json_put_ratio(w, "cost_nanousd_mean", (uint64_t)arm->cost_nanousd,
                      (uint64_t)arm->cost_known);
    ll_json_writer_put_int(w, "exposures", arm->exposures);
    ll_json_writer_put_int(w, "failures", arm->failures);
    ll_json_put_ratio(w, "failure_rate", (uint64_t)arm->failures, (uint64_t)arm->exposures);
}

static void put_arm(ll_json_writer *w, const ll_decide_input *in, const ll_evidence *e, uint32_t i)
{
    const ll_evidence_arm *arm = &e->arms[i];
    bool other = i != in->champion;

    ll_json_writer_open(w, '{');
    put_what_it_is(w, in, i);
    put_first_votes(w, &in->arms[i], &e->looked[i]);
    put_difference(w, in, e, i);
    put_sequential(w, in, arm, other);
    ll_json_writer_put_real(w, "best_ratio", e->posterior.best_ratio[i]);
    ll_json_writer_put_real(w, "expected_loss", e->posterior.expected_loss[i]);
    put_all_votes(w, &in->arms[i], &arm->all_votes);
    put_ratings(w, &in->arms[i], &arm->ratings, other);
    put_service(w, in, i);
    put_guardrails(w, arm, other);
    ll_json_writer_close(w, '}');
}

void ll_evidence_put(ll_json_writer *w, const ll_decide_input *in, const ll_evidence *e,
                     bool decides)
{
    ll_json_writer_put_string(w, "fixed_sample_label",
                              decides ? NULL : "if this were the only look");
    put_association(w, e);
    ll_json_writer_put_real(w, "difference_confidence", 1 - in->test.alpha / (in->arm_count - 1));
    put_srm(w, e);
    put_response(w, e);
    ll_json_writer_put_int(w, "contaminated_units", in->test.contaminated);
    ll_json_writer_put_int(w, "mismatches", in->test.mismatches);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < in->arm_count; i++)
        put_arm(w, in, e, i);
    ll_json_writer_close(w, ']');
}
