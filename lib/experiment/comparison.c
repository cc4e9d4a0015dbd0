#include "experiment/comparison.h"

#include "base/err.h"
#include "experiment/json.h"
#include "experiment/story.h"
#include "stats/advisory.h"
#include "stats/association.h"
#include "stats/difference.h"
#include "stats/normal.h"
#include "stats/posterior.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95

double ll_comparison_confidence(const ll_comparison *c)
{
    return c->result.winner >= 0 ? 1.0 - c->result.p_value : 0.0;
}

/* ---- what the rule found ----------------------------------------------- */

static void put_verdict(ll_json_writer *w, const ll_comparison *c)
{
    const ll_classic_result *r = &c->result;

    ll_json_writer_put_string(w, "winner", r->winner < 0 ? NULL : c->versions[r->winner]);
    ll_json_writer_put_string(w, "status", ll_classic_status_name(r->status));
    ll_json_writer_put_real(w, "confidence", ll_comparison_confidence(c));
    ll_json_writer_put_real(w, "p_value", r->p_value);
    ll_json_writer_put_real(w, "effect_size", r->cramers_v);
    ll_json_writer_put_bool(w, "promotable", r->winner_beats_champion);
    ll_json_writer_put_real(w, "alpha", c->asked.alpha);
    ll_json_writer_put_real(w, "effect_min", c->asked.effect_min);
    ll_json_writer_put_int(w, "trials_min", (int64_t)c->asked.trials_min);
}

static void put_evidence(ll_json_writer *w, const ll_comparison *c)
{
    const ll_classic_result *r = &c->result;
    llmlearn_association found = { .method = LLMLEARN_METHOD_NONE };

    if (r->computed)
        ll_association_test(c->asked.arms, c->asked.arm_count, &found);
    bool fisher = found.method == LLMLEARN_METHOD_FISHER;
    bool exact = fisher || found.method == LLMLEARN_METHOD_FREEMAN_HALTON;

    ll_json_writer_put_string(w, "method", r->method);
    ll_json_put_real(w, "chi_square", r->computed, r->chi_square);
    if (r->computed)
        ll_json_writer_put_int(w, "degrees", r->degrees);
    else
        ll_json_writer_put_null(w, "degrees");
    ll_json_put_real(w, "ln_p_value", r->computed, r->ln_p_value);
    ll_json_put_real(w, "mid_p_value", r->computed, fisher ? found.mid_p_value : r->p_value);
    ll_json_put_real(w, "exact_p_value", exact, found.p_value);
    ll_json_put_real(w, "cramers_v_unbiased", r->computed, found.cramers_v_unbiased);
}

/* ---- each arm ---------------------------------------------------------- */

/* How many arms are compared with the champion. */
static uint32_t rivals(const ll_comparison *c)
{
    return c->asked.arm_count - 1;
}

/* The quantile for intervals that hold all at once, with probability 1 - alpha. */
static double adjusted_z(const ll_comparison *c)
{
    return ll_normal_isf(fmax(c->asked.alpha / (2.0 * rivals(c)), DBL_MIN));
}

static void put_difference(ll_json_writer *w, const ll_comparison *c, uint32_t arm, double z)
{
    const llmlearn_rate *arms = c->asked.arms;
    uint32_t champion = c->asked.champion;
    bool compared = arm != champion && arms[arm].trials > 0 && arms[champion].trials > 0;
    bool tested = compared && c->result.computed;
    llmlearn_difference d = { .has_lift = 0 };

    if (compared) {
        ll_difference(&arms[champion], &arms[arm], z, LLMLEARN_INTERVAL_NEWCOMBE, &d);
        ll_json_writer_put_real(w, "difference", d.difference);
        ll_json_put_pair(w, "difference_interval", d.low, d.high);
    } else {
        ll_json_writer_put_null(w, "difference");
        ll_json_writer_put_null(w, "difference_interval");
    }
    ll_json_put_real(w, "lift", d.has_lift != 0, d.lift_ratio);
    ll_json_put_real(w, "p_champion", tested, c->result.champion_p[arm]);
    ll_json_put_real(w, "holm_p_champion", tested, c->result.champion_holm_p[arm]);
}

static void put_arms(ll_json_writer *w, const ll_comparison *c)
{
    double z = rivals(c) > 0 ? adjusted_z(c) : 0.0;
    llmlearn_posterior posterior;

    ll_posterior(c->asked.arms, c->asked.arm_count, 1.0, 1.0, CONFIDENCE, &posterior);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < c->asked.arm_count; i++) {
        const llmlearn_rate *arm = &c->asked.arms[i];

        ll_json_writer_open(w, '{');
        ll_json_writer_put_int(w, "arm", i);
        ll_json_writer_put_string(w, "version", c->versions[i]);
        ll_json_writer_put_bool(w, "champion", i == c->asked.champion);
        ll_json_writer_put_int(w, "successes", (int64_t)arm->successes);
        ll_json_writer_put_int(w, "trials", (int64_t)arm->trials);
        ll_json_put_ratio(w, "rate", arm->successes, arm->trials);
        ll_json_put_wilson(w, "interval", arm->successes, arm->trials);
        put_difference(w, c, i, z);
        ll_json_writer_put_real(w, "best_ratio", posterior.best_ratio[i]);
        ll_json_writer_put_real(w, "expected_loss", posterior.expected_loss[i]);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

llmlearn_err ll_comparison_json(const ll_comparison *c, char **out_json)
{
    ll_json_writer w = { .comma = false };
    ll_buffer words = { 0 };

    assert(c->asked.champion < c->asked.arm_count);
    ll_story_compare(&c->asked, &c->result, c->versions, &words);
    char *sentence = ll_buffer_take(&words);
    if (sentence == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for JSON");

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "schema", 1);
    ll_json_writer_put_string(&w, "rule", "classic");
    put_verdict(&w, c);
    put_evidence(&w, c);
    ll_json_writer_put_string(&w, "sentence", sentence);
    ll_json_put_names(&w, "advisories", ll_advisory_name, ll_advisory_find(&c->asked, &c->result));
    ll_json_put_real(&w, "difference_confidence", rivals(c) > 0,
                     1.0 - c->asked.alpha / fmax(rivals(c), 1.0));
    put_arms(&w, c);
    ll_json_writer_close(&w, '}');
    free(sentence);
    return ll_json_take(&w, out_json);
}
