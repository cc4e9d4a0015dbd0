#include "experiment/sentence.h"

#include "base/clock.h"
#include "base/locale.h"

#include <inttypes.h>
#include <math.h>

/* ---- numbers ----------------------------------------------------------- */

/* "71.2 %" */
static void put_percent(ll_buffer *out, int64_t part, int64_t whole)
{
    ll_buffer_printf(out, "%.1f %%", whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole);
}

/* "2.3 days", "5 hours". Rounded down, so that no test is said to have run what it has not. */
static void put_span(ll_buffer *out, int64_t us)
{
    bool days = us >= LL_US_PER_DAY || us <= 0;
    int64_t unit_us = days ? LL_US_PER_DAY : LL_US_PER_HOUR;
    double tenths = us <= 0 ? 0.0 : floor((double)us / (double)unit_us * 10);

    ll_buffer_printf(out, "%.4g %s", tenths / 10, days ? "days" : "hours");
}

static void put_p(ll_buffer *out, double p_value)
{
    if (p_value < 1e-300) {
        ll_buffer_printf(out, "p < 1e-300");
        return;
    }
    ll_buffer_printf(out, "p = %.2g", p_value);
}

/* "p = 0.0011 by the chi-square test" */
static void put_test(ll_buffer *out, const ll_classic_result *evidence)
{
    bool fisher = evidence->method != NULL && evidence->method[0] == 'f';

    put_p(out, evidence->p_value);
    ll_buffer_printf(out, " by %s test", fisher ? "Fisher's exact" : "the chi-square");
}

static void put_v(ll_buffer *out, const ll_classic_result *evidence)
{
    ll_buffer_printf(out, "Cramer's V %.3g", evidence->cramers_v);
}

/* "v1.1 was found helpful by 71.2 % of 410 first votes" */
static void put_rate(ll_buffer *out, const ll_decide_input *in, uint32_t arm)
{
    ll_buffer_printf(out, "%s was found helpful by ", in->versions[arm]);
    put_percent(out, in->arms[arm].first_positive, in->arms[arm].first_votes);
    ll_buffer_printf(out, " of %" PRId64 " first votes", in->arms[arm].first_votes);
}

/* ", against 60.4 % of 402 for the champion v1.0" */
static void put_against_champion(ll_buffer *out, const ll_decide_input *in)
{
    const ll_ab_arm *champion = &in->arms[in->champion];

    ll_buffer_printf(out, ", against ");
    put_percent(out, champion->first_positive, champion->first_votes);
    ll_buffer_printf(out, " of %" PRId64 " for the champion %s", champion->first_votes,
                     in->versions[in->champion]);
}

/* ---- verdicts ---------------------------------------------------------- */

static void put_blockers(ll_buffer *out, uint32_t blockers)
{
    if (blockers & LL_BLOCKER_CACHED_SHARE)
        ll_buffer_printf(out, " Promotion waits for a person: more than 5 %% of an arm's"
                              " explanations came out of a cache.");
    if (blockers & LL_BLOCKER_CONTAMINATION)
        ll_buffer_printf(out, " Promotion waits for a person: too many units met two arms.");
}

static void put_new_winner(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    uint32_t winner = (uint32_t)o->evidence.winner;

    put_rate(out, in, winner);
    put_against_champion(out, in);
    ll_buffer_printf(out, ": ");
    put_test(out, &o->evidence);
    ll_buffer_printf(out, ", ");
    put_v(out, &o->evidence);
    ll_buffer_printf(out, ".");
    if (!o->evidence.winner_beats_champion) {
        ll_buffer_printf(out, " The arms differ, but that it beats the champion is not shown"
                              " (Holm-adjusted ");
        put_p(out, o->evidence.champion_holm_p[winner]);
        ll_buffer_printf(out, ", not below %g): promotion waits for a person.", in->test->alpha);
    }
    put_blockers(out, o->blockers);
}

static void put_champion_won(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    ll_buffer_printf(out, "The champion stays: ");
    put_rate(out, in, in->champion);
    ll_buffer_printf(out, ", the highest rate of all arms; ");
    put_test(out, &o->evidence);
    ll_buffer_printf(out, ", ");
    put_v(out, &o->evidence);
    ll_buffer_printf(out, ".");
}

/* The arm that is furthest from enough votes. */
static uint32_t scarcest(const ll_decide_input *in)
{
    uint32_t least = 0;

    for (uint32_t i = 1; i < in->arm_count; i++) {
        if (in->arms[i].first_votes < in->arms[least].first_votes)
            least = i;
    }
    return least;
}

static void put_votes_missing(ll_buffer *out, const ll_decide_input *in)
{
    uint32_t arm = scarcest(in);

    ll_buffer_printf(out, "%s has %" PRId64 " of the %" PRId64 " first votes that each arm needs.",
                     in->versions[arm], in->arms[arm].first_votes, in->test->trials_min);
}

static void put_early(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (o->evidence.status == LL_CLASSIC_RUNNING) {
        ll_buffer_printf(out, "Too early to decide: the test has run ");
        put_span(out, in->now_us - in->test->started_us);
        ll_buffer_printf(out, " of at least ");
        put_span(out, in->test->duration_min_us);
        ll_buffer_printf(out, ".");
        return;
    }
    ll_buffer_printf(out, "Too early to decide: ");
    put_votes_missing(out, in);
}

static void put_no_difference(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    switch (o->evidence.status) {
    case LL_CLASSIC_NO_DIFFERENCE:
        ll_buffer_printf(out, "No difference: the first votes of all arms were alike.");
        break;
    case LL_CLASSIC_NOT_SIGNIFICANT:
        ll_buffer_printf(out, "No difference was shown: ");
        put_test(out, &o->evidence);
        ll_buffer_printf(out, ", not below %g.", in->test->alpha);
        break;
    case LL_CLASSIC_EFFECT_TOO_SMALL:
        ll_buffer_printf(out, "The arms differ (");
        put_test(out, &o->evidence);
        ll_buffer_printf(out, "), but too little to count: ");
        put_v(out, &o->evidence);
        ll_buffer_printf(out, " is not above %g.", in->test->effect_min);
        break;
    case LL_CLASSIC_TIE:
        ll_buffer_printf(out, "The arms differ (");
        put_test(out, &o->evidence);
        ll_buffer_printf(out, "), but two of them share the highest rate.");
        break;
    default:
        ll_buffer_printf(out, "The test ran out of time after ");
        put_span(out, in->now_us - in->test->started_us);
        ll_buffer_printf(out, ": ");
        put_votes_missing(out, in);
        break;
    }
    ll_buffer_printf(out, " The champion %s stays.", in->versions[in->champion]);
}

void ll_sentence_write(const ll_decide_input *in, const ll_decide_outcome *outcome, ll_buffer *out)
{
    ll_locale numbers;

    ll_locale_enter(&numbers);
    if (outcome->verdict == LLMLEARN_KEEP_GOING)
        put_early(out, in, outcome);
    else if (outcome->verdict == LLMLEARN_NO_DIFFERENCE)
        put_no_difference(out, in, outcome);
    else if ((uint32_t)outcome->evidence.winner == in->champion)
        put_champion_won(out, in, outcome);
    else
        put_new_winner(out, in, outcome);
    ll_locale_leave(&numbers);
}
