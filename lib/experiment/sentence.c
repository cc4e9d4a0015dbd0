#include "experiment/sentence.h"

#include "base/clock.h"
#include "base/locale.h"

#include <inttypes.h>
#include <math.h>

/* What is told, and the words for what was counted. */
typedef struct story {
    const ll_classic_input *in;
    const ll_classic_result *result;
    const char *const *versions;
    const char *succeeded; /* "was found helpful by" */
    const char *trials;    /* "first votes" */
    ll_buffer *out;
} story;

/* ---- numbers ----------------------------------------------------------- */

/* "71.2 % of 410" */
static void put_share(ll_buffer *out, const llmlearn_rate *arm)
{
    double share = arm->trials == 0 ? 0.0 : (double)arm->successes / (double)arm->trials;

    ll_buffer_printf(out, "%.1f %% of %" PRIu64, 100.0 * share, arm->trials);
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
static void put_test(const story *s)
{
    bool fisher = s->result->method != NULL && s->result->method[0] == 'f';

    put_p(s->out, s->result->p_value);
    ll_buffer_printf(s->out, " by %s test", fisher ? "Fisher's exact" : "the chi-square");
}

static void put_v(const story *s)
{
    ll_buffer_printf(s->out, "Cramer's V %.3g", s->result->cramers_v);
}

/* "v1.1 was found helpful by 71.2 % of 410 first votes" */
static void put_rate(const story *s, uint32_t arm)
{
    ll_buffer_printf(s->out, "%s %s ", s->versions[arm], s->succeeded);
    put_share(s->out, &s->in->arms[arm]);
    ll_buffer_printf(s->out, " %s", s->trials);
}

/* ---- verdicts ---------------------------------------------------------- */

/* False if it has not been shown to beat the champion: the last sentence is then left open. */
static bool put_new_winner(const story *s)
{
    uint32_t winner = (uint32_t)s->result->winner;

    put_rate(s, winner);
    ll_buffer_printf(s->out, ", against ");
    put_share(s->out, &s->in->arms[s->in->champion]);
    ll_buffer_printf(s->out, " for the champion %s: ", s->versions[s->in->champion]);
    put_test(s);
    ll_buffer_printf(s->out, ", ");
    put_v(s);
    ll_buffer_printf(s->out, ".");
    if (s->result->winner_beats_champion)
        return true;
    ll_buffer_printf(s->out, " The arms differ, but that it beats the champion is not shown"
                             " (Holm-adjusted ");
    put_p(s->out, s->result->champion_holm_p[winner]);
    ll_buffer_printf(s->out, ", not below %g)", s->in->alpha);
    return false;
}

static void put_champion_won(const story *s)
{
    ll_buffer_printf(s->out, "The champion stays: ");
    put_rate(s, s->in->champion);
    ll_buffer_printf(s->out, ", the highest rate of all arms; ");
    put_test(s);
    ll_buffer_printf(s->out, ", ");
    put_v(s);
    ll_buffer_printf(s->out, ".");
}

/* The arm that is furthest from enough trials. */
static uint32_t scarcest(const ll_classic_input *in)
{
    uint32_t least = 0;

    for (uint32_t i = 1; i < in->arm_count; i++) {
        if (in->arms[i].trials < in->arms[least].trials)
            least = i;
    }
    return least;
}

static void put_trials_missing(const story *s)
{
    uint32_t arm = scarcest(s->in);

    ll_buffer_printf(s->out, "%s has %" PRIu64 " of the %" PRIu64 " %s that each arm needs.",
                     s->versions[arm], s->in->arms[arm].trials, s->in->trials_min, s->trials);
}

/* Looked for and not found. */
static void put_no_difference(const story *s)
{
    switch (s->result->status) {
    case LL_CLASSIC_NO_DIFFERENCE:
        ll_buffer_printf(s->out, "No difference: the %s of all arms were alike.", s->trials);
        break;
    case LL_CLASSIC_NOT_SIGNIFICANT:
        ll_buffer_printf(s->out, "No difference was shown: ");
        put_test(s);
        ll_buffer_printf(s->out, ", not below %g.", s->in->alpha);
        break;
    case LL_CLASSIC_EFFECT_TOO_SMALL:
        ll_buffer_printf(s->out, "The arms differ (");
        put_test(s);
        ll_buffer_printf(s->out, "), but too little to count: ");
        put_v(s);
        ll_buffer_printf(s->out, " is not above %g.", s->in->effect_min);
        break;
    default:
        ll_buffer_printf(s->out, "The arms differ (");
        put_test(s);
        ll_buffer_printf(s->out, "), but two of them share the highest rate.");
        break;
    }
}

static void put_champion_stays(const story *s)
{
    ll_buffer_printf(s->out, " The champion %s stays.", s->versions[s->in->champion]);
}

/* ---- of a test --------------------------------------------------------- */

static void put_blockers(ll_buffer *out, uint32_t blockers)
{
    if (blockers & LL_BLOCKER_CACHED_SHARE)
        ll_buffer_printf(out, " Promotion waits for a person: more than 5 %% of an arm's"
                              " explanations came out of a cache.");
    if (blockers & LL_BLOCKER_CONTAMINATION)
        ll_buffer_printf(out, " Promotion waits for a person: too many units met two arms.");
}

static void put_early(const story *s, const ll_decide_input *in)
{
    ll_buffer_printf(s->out, "Too early to decide: ");
    if (s->result->status != LL_CLASSIC_RUNNING) {
        put_trials_missing(s);
        return;
    }
    ll_buffer_printf(s->out, "the test has run ");
    put_span(s->out, in->now_us - in->test->started_us);
    ll_buffer_printf(s->out, " of at least ");
    put_span(s->out, in->test->duration_min_us);
    ll_buffer_printf(s->out, ".");
}

static void put_out_of_time(const story *s, const ll_decide_input *in)
{
    ll_buffer_printf(s->out, "The test ran out of time after ");
    put_span(s->out, in->now_us - in->test->started_us);
    ll_buffer_printf(s->out, ": ");
    put_trials_missing(s);
}

static void put_winner(const story *s, uint32_t blockers)
{
    if ((uint32_t)s->result->winner == s->in->champion) {
        put_champion_won(s);
        return;
    }
    if (!put_new_winner(s))
        ll_buffer_printf(s->out, ": promotion waits for a person.");
    put_blockers(s->out, blockers);
}

void ll_sentence_write(const ll_decide_input *in, const ll_decide_outcome *outcome, ll_buffer *out)
{
    llmlearn_rate votes[LLMLEARN_ARMS_MAX];
    const ll_classic_input asked = ll_decide_question(in, votes);
    const story s = {
        .in = &asked,
        .result = &outcome->evidence,
        .versions = in->versions,
        .succeeded = "was found helpful by",
        .trials = "first votes",
        .out = out,
    };
    ll_locale numbers;

    ll_locale_enter(&numbers);
    if (outcome->verdict == LLMLEARN_WINNER) {
        put_winner(&s, outcome->blockers);
    } else if (outcome->verdict == LLMLEARN_KEEP_GOING) {
        put_early(&s, in);
    } else {
        if (outcome->evidence.computed)
            put_no_difference(&s);
        else
            put_out_of_time(&s, in);
        put_champion_stays(&s);
    }
    ll_locale_leave(&numbers);
}

/* ---- of counts --------------------------------------------------------- */

void ll_sentence_compare(const ll_classic_input *in, const ll_classic_result *result,
                         const char *const *versions, ll_buffer *out)
{
    const story s = {
        .in = in,
        .result = result,
        .versions = versions,
        .succeeded = "succeeded in",
        .trials = "trials",
        .out = out,
    };
    ll_locale numbers;

    ll_locale_enter(&numbers);
    if (result->status == LL_CLASSIC_INSUFFICIENT_VARIANTS) {
        ll_buffer_printf(out, "Nothing to compare: fewer than two arms have trials.");
    } else if (!result->computed) {
        ll_buffer_printf(out, "Too early to decide: ");
        put_trials_missing(&s);
    } else if (result->winner < 0) {
        put_no_difference(&s);
        put_champion_stays(&s);
    } else if ((uint32_t)result->winner == in->champion) {
        put_champion_won(&s);
    } else if (!put_new_winner(&s)) {
        ll_buffer_printf(out, ".");
    }
    ll_locale_leave(&numbers);
}
