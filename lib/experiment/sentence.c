#include "experiment/sentence.h"

#include "base/clock.h"
#include "base/locale.h"
#include "experiment/looks_taken.h"
#include "experiment/story.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool is_status(const ll_decide_outcome *o, const char *word)
{
    return strcmp(o->status, word) == 0;
}

/* ---- numbers ----------------------------------------------------------- */

/* "2.3 days", "5 hours". Rounded down, so that no test is said to have run what it has not. */
static void put_span(ll_buffer *out, int64_t us)
{
    bool days = us >= LL_US_PER_DAY || us <= 0;
    int64_t unit_us = days ? LL_US_PER_DAY : LL_US_PER_HOUR;
    double tenths = us <= 0 ? 0.0 : floor((double)us / (double)unit_us * 10);

    ll_buffer_printf(out, "%.4g %s", tenths / 10, days ? "days" : "hours");
}

/* An e-value says how often chance alone would have to be tried to see as much once. */
static void put_e(ll_buffer *out, double ln_e_value)
{
    if (ln_e_value > 690) {
        ll_buffer_printf(out, "an e-value over 1e+299");
        return;
    }
    ll_buffer_printf(out, "an e-value of %.3g", exp(ln_e_value));
}

/* ---- what the sequential rules go by ------------------------------------ */

/* "z = 2.61, where 2.24 is needed" or "an e-value of 71.3, where 60 is needed" */
static void put_standing(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o,
                         uint32_t arm)
{
    const ll_evidence_arm *found = &o->evidence.arms[arm];

    if (in->test.rule == LLMLEARN_RULE_ALWAYS_VALID) {
        put_e(out, found->ln_e_week_end);
        ll_buffer_printf(out, ", where %.3g is needed", (in->arm_count - 1) / in->test.alpha);
        return;
    }
    ll_buffer_printf(out, "z = %.2f", found->z);
    if (found->has_bound)
        ll_buffer_printf(out, ", where %.2f is needed", found->bound);
}

/* By which moment: "at look 3", "at look 2, by the end of week 3", "at the end of week 2" */
static void put_moment(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (in->test.rule == LLMLEARN_RULE_ALWAYS_VALID) {
        ll_buffer_printf(out, "at the end of week %" PRId64, in->week);
        return;
    }
    ll_buffer_printf(out, "at look %" PRIu32, o->looks);
    if (ll_looks_see_the_week(in))
        ll_buffer_printf(out, ", by the end of week %" PRId64, in->week);
}

/* The variant that is nearest to winning. */
static uint32_t foremost(const ll_decide_input *in, const ll_decide_outcome *o)
{
    bool weekly = in->test.rule == LLMLEARN_RULE_ALWAYS_VALID;
    double most = -HUGE_VAL;
    uint32_t arm = in->champion == 0 ? 1 : 0;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        const ll_evidence_arm *found = &o->evidence.arms[i];
        double now = weekly ? found->ln_e_week_end : found->z;
        if (i == in->champion || !ll_input_is_on(in, i) || now <= most)
            continue;
        most = now;
        arm = i;
    }
    return arm;
}

static void put_foremost(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    uint32_t arm = foremost(in, o);

    ll_buffer_printf(out, "%s, the nearest, has ", in->versions[arm]);
    put_standing(out, in, o, arm);
    ll_buffer_printf(out, ", ");
    put_moment(out, in, o);
}

/* ---- winners ----------------------------------------------------------- */

static void put_blockers(ll_buffer *out, uint32_t blockers)
{
    static const struct {
        uint32_t blocker;
        const char *what;
    } reasons[] = {
        { LL_BLOCKER_CACHED_SHARE, "more than 5 % of an arm's explanations came out of a cache" },
        { LL_BLOCKER_CONTAMINATION, "too many units met two arms" },
        { LL_BLOCKER_SWITCHED_OFF, "the breaker has switched it off" },
        { LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_LATENCY,
          "its latency is shown to be more than 20 % higher" },
        { LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_COST,
          "its cost is shown to be more than 20 % higher" },
        { LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_FAILURES,
          "it is shown to fail more often, by over 1 point" },
        { LL_BLOCKER_GUARDRAIL << LL_GUARDRAIL_RATING,
          "its rating is shown to be lower, by over 0.1 stars" },
    };

    for (size_t i = 0; i < LL_ARRAY_COUNT(reasons); i++) {
        if (blockers & reasons[i].blocker)
            ll_buffer_printf(out, " Promotion waits for a person: %s.", reasons[i].what);
    }
}

static void put_new_winner(const ll_story *s, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (in->test.rule == LLMLEARN_RULE_CLASSIC) {
        if (!ll_story_put_new_winner(s))
            ll_buffer_printf(s->out, ": promotion waits for a person.");
    } else {
        ll_story_put_rates(s, (uint32_t)o->winner);
        put_standing(s->out, in, o, (uint32_t)o->winner);
        ll_buffer_printf(s->out, ", ");
        put_moment(s->out, in, o);
        ll_buffer_printf(s->out, ".");
    }
    put_blockers(s->out, o->blockers);
}

/* ---- not yet ----------------------------------------------------------- */

static void put_votes_missing(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    const llmlearn_rate *looked = o->evidence.looked;
    bool classic = in->test.rule == LLMLEARN_RULE_CLASSIC;
    uint32_t least = in->champion;

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if ((classic || ll_input_is_on(in, i)) && looked[i].trials < looked[least].trials)
            least = i;
    }
    ll_buffer_printf(out, "%s has %" PRIu64 " of the %" PRId64 " first votes that each arm needs",
                     in->versions[least], looked[least].trials, in->test.trials_min);
    if (in->test.rule == LLMLEARN_RULE_ALWAYS_VALID || (!classic && ll_looks_see_the_week(in)))
        ll_buffer_printf(out, ", by the end of week %" PRId64, in->week);
    ll_buffer_printf(out, ".");
}

static void put_running(ll_buffer *out, const ll_decide_input *in)
{
    int64_t age_us = ll_input_age_us(in);

    ll_buffer_printf(out, "Too early to decide: the test has run ");
    put_span(out, age_us);
    if (age_us < in->test.duration_min_us) {
        ll_buffer_printf(out, " of at least ");
        put_span(out, in->test.duration_min_us);
    } else {
        ll_buffer_printf(out, ", and is looked at in whole weeks");
    }
    ll_buffer_printf(out, ".");
}

static void put_outlook(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (o->cannot_finish) {
        ll_buffer_printf(out,
                         " At the traffic of the last days it cannot get what it needs within ");
        put_span(out, in->test.duration_max_us);
        ll_buffer_printf(out, ".");
    } else if (o->days_left > 0) {
        ll_buffer_printf(out, " At the traffic of the last days it has what it needs in about ");
        put_span(out, (int64_t)(o->days_left * (double)LL_US_PER_DAY));
        ll_buffer_printf(out, ".");
    }
}

static void put_early(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (is_status(o, "running")) {
        put_running(out, in);
        return;
    }
    if (is_status(o, "between_looks")) {
        ll_buffer_printf(out, "Look %" PRIu32 " was taken already; the next one is due in ",
                         o->looks);
        put_span(out, ll_looks_next_us(in));
        ll_buffer_printf(out, ".");
    } else if (is_status(o, "not_yet")) {
        ll_buffer_printf(out, "Nothing is shown yet: ");
        put_foremost(out, in, o);
        ll_buffer_printf(out, ".");
    } else {
        ll_buffer_printf(out, "Too early to decide: ");
        put_votes_missing(out, in, o);
    }
    put_outlook(out, in, o);
}

/* ---- the champion stays ------------------------------------------------ */

static void put_not_shown(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (is_status(o, "switched_off")) {
        ll_buffer_printf(out, "No variant is left: the breaker has switched off all of them.");
        return;
    }
    if (is_status(o, "planned_votes_reached"))
        ll_buffer_printf(out, "No difference was shown by all the first votes that were planned: ");
    else
        ll_buffer_printf(out, "No difference was shown, and the time is up: ");
    put_foremost(out, in, o);
    ll_buffer_printf(out, ".");
}

static void put_out_of_time(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    ll_buffer_printf(out, "The test ran out of time after ");
    put_span(out, ll_input_age_us(in));
    ll_buffer_printf(out, ": ");
    put_votes_missing(out, in, o);
}

static void put_no_difference(const ll_story *s, const ll_decide_input *in,
                              const ll_decide_outcome *o)
{
    bool classic = in->test.rule == LLMLEARN_RULE_CLASSIC && !is_status(o, "switched_off");

    if (!classic)
        put_not_shown(s->out, in, o);
    else if (is_status(o, ll_classic_status_name(s->result->status)))
        ll_story_put_no_difference(s);
    else
        put_out_of_time(s->out, in, o);
}

/* "12.5 % of v1.0's 400 units, 25.0 % of v1.1's 410 units" */
static void put_responses(ll_buffer *out, const ll_decide_input *in)
{
    const char *before = "";

    for (uint32_t i = 0; i < in->arm_count; i++) {
        if (!ll_input_is_on(in, i))
            continue;
        double share = in->arms[i].units == 0
                           ? 0
                           : (double)in->arms[i].first_votes / (double)in->arms[i].units;
        ll_buffer_printf(out, "%s%.1f %% of %s's %" PRId64 " units", before, 100 * share,
                         in->versions[i], in->arms[i].units);
        before = ", ";
    }
}

static void put_invalid(ll_buffer *out, const ll_decide_input *in, const ll_decide_outcome *o)
{
    if (is_status(o, "srm")) {
        ll_buffer_printf(out, "The test is invalid: its split is broken. That its units follow the"
                              " weights has ");
        put_e(out, o->evidence.srm_ln_e_max);
        ll_buffer_printf(out,
                         " against it, where 1,000 is too much: look for rows that are lost, or"
                         " logged for the wrong arm.");
    } else {
        ll_buffer_printf(out, "The test is invalid: its arms' users do not answer alike, so their"
                              " votes cannot be compared. There voted ");
        put_responses(out, in);
        ll_buffer_printf(out, "; that they do has ");
        put_e(out, o->evidence.response.ln_e_value);
        ll_buffer_printf(out, " against it, where 100 is too much.");
    }
}

static void put_sentence(const ll_story *s, const ll_decide_input *in, const ll_decide_outcome *o)
{
    switch (o->verdict) {
    case LLMLEARN_KEEP_GOING:
        put_early(s->out, in, o);
        return;
    case LLMLEARN_WINNER:
        if ((uint32_t)o->winner == in->champion)
            ll_story_put_champion_won(s);
        else
            put_new_winner(s, in, o);
        return;
    case LLMLEARN_INVALID:
        put_invalid(s->out, in, o);
        break;
    default:
        put_no_difference(s, in, o);
        break;
    }
    ll_story_put_champion_stays(s);
}

void ll_sentence_write(const ll_decide_input *in, const ll_decide_outcome *outcome, ll_buffer *out)
{
    ll_classic_input asked = ll_evidence_classic_input(in, &outcome->evidence);
    const char *versions[LLMLEARN_ARMS_MAX];
    const ll_story s = {
        .in = &asked,
        .result = &outcome->evidence.classic,
        .versions = versions,
        .succeeded = "was found helpful by",
        .trials = "first votes",
        .out = out,
    };
    ll_locale numbers;

    asked.arms = outcome->evidence.looked;
    for (uint32_t i = 0; i < in->arm_count; i++)
        versions[i] = in->versions[i];
    ll_locale_enter(&numbers);
    put_sentence(&s, in, outcome);
    ll_locale_leave(&numbers);
}
