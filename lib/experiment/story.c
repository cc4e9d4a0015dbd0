#include "experiment/story.h"

#include "base/locale.h"

#include <inttypes.h>

/* ---- numbers ----------------------------------------------------------- */

/* "71.2 % of 410" */
void ll_story_put_share(ll_buffer *out, const llmlearn_rate *arm)
{
    double share = arm->trials == 0 ? 0.0 : (double)arm->successes / (double)arm->trials;

    ll_buffer_printf(out, "%.1f %% of %" PRIu64, 100.0 * share, arm->trials);
}

void ll_story_put_p(ll_buffer *out, double p_value)
{
    if (p_value < 1e-300) {
        ll_buffer_printf(out, "p < 1e-300");
        return;
    }
    ll_buffer_printf(out, "p = %.2g", p_value);
}

/* "p = 0.0011 by the chi-square test" */
static void put_test(const ll_story *s)
{
    bool fisher = s->result->method != NULL && s->result->method[0] == 'f';

    ll_story_put_p(s->out, s->result->p_value);
    ll_buffer_printf(s->out, " by %s test", fisher ? "Fisher's exact" : "the chi-square");
}

static void put_v(const ll_story *s)
{
    ll_buffer_printf(s->out, "Cramer's V %.3g", s->result->cramers_v);
}

/* "v1.1 was found helpful by 71.2 % of 410 first votes" */
void ll_story_put_rate(const ll_story *s, uint32_t arm)
{
    ll_buffer_printf(s->out, "%s %s ", s->versions[arm], s->succeeded);
    ll_story_put_share(s->out, &s->in->arms[arm]);
    ll_buffer_printf(s->out, " %s", s->trials);
}

/* ---- verdicts ---------------------------------------------------------- */

void ll_story_put_rates(const ll_story *s, uint32_t winner)
{
    ll_story_put_rate(s, winner);
    ll_buffer_printf(s->out, ", against ");
    ll_story_put_share(s->out, &s->in->arms[s->in->champion]);
    ll_buffer_printf(s->out, " for the champion %s: ", s->versions[s->in->champion]);
}

bool ll_story_put_new_winner(const ll_story *s)
{
    uint32_t winner = (uint32_t)s->result->winner;

    ll_story_put_rates(s, winner);
    put_test(s);
    ll_buffer_printf(s->out, ", ");
    put_v(s);
    ll_buffer_printf(s->out, ".");
    if (s->result->winner_beats_champion)
        return true;
    ll_buffer_printf(s->out, " The arms differ, but that it beats the champion is not shown"
                             " (Holm-adjusted ");
    ll_story_put_p(s->out, s->result->champion_holm_p[winner]);
    ll_buffer_printf(s->out, ", not below %g)", s->in->alpha);
    return false;
}

void ll_story_put_champion_won(const ll_story *s)
{
    ll_buffer_printf(s->out, "The champion stays: ");
    ll_story_put_rate(s, s->in->champion);
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

static void put_trials_missing(const ll_story *s)
{
    uint32_t arm = scarcest(s->in);

    ll_buffer_printf(s->out, "%s has %" PRIu64 " of the %" PRIu64 " %s that each arm needs.",
                     s->versions[arm], s->in->arms[arm].trials, s->in->trials_min, s->trials);
}

void ll_story_put_no_difference(const ll_story *s)
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

void ll_story_put_champion_stays(const ll_story *s)
{
    ll_buffer_printf(s->out, " The champion %s stays.", s->versions[s->in->champion]);
}

/* ---- of counts --------------------------------------------------------- */

void ll_story_compare(const ll_classic_input *in, const ll_classic_result *result,
                      const char *const *versions, ll_buffer *out)
{
    const ll_story s = {
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
        ll_story_put_no_difference(&s);
        ll_story_put_champion_stays(&s);
    } else if ((uint32_t)result->winner == in->champion) {
        ll_story_put_champion_won(&s);
    } else if (!ll_story_put_new_winner(&s)) {
        ll_buffer_printf(out, ".");
    }
    ll_locale_leave(&numbers);
}
