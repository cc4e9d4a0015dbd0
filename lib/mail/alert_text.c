#include "mail/alert_text.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json_writer.h"
#include "mail/shown.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_BYTES_MAX 256
#define NANOUSD_PER_USD INT64_C(1000000000)
#define NANOUSD_PER_CENT INT64_C(10000000)

/* ---- parts ------------------------------------------------------------- */

typedef struct name {
    char text[LL_ALERT_NAME_BYTES_MAX + 1];
} name;

typedef struct sentence {
    char text[LL_ALERT_SENTENCE_BYTES_MAX + 1];
} sentence;

static name show_name(const char *text)
{
    name shown;

    ll_shown_write(text, shown.text, sizeof shown.text);
    return shown;
}

static sentence show_sentence(const char *text)
{
    sentence shown;

    ll_shown_write(text, shown.text, sizeof shown.text);
    return shown;
}

typedef struct draft {
    ll_buffer subject, text;
    ll_json_writer details;
} draft;

static draft begin(void)
{
    draft d = { .subject = { 0 } };

    ll_json_writer_open(&d.details, '{');
    return d;
}

static void put_count(draft *d, const char *key, uint64_t count)
{
    ll_json_writer_put_int(&d->details, key, count < INT64_MAX ? (int64_t)count : INT64_MAX);
}

static void begin_with_test(draft *d, const name *signal, uint64_t test)
{
    *d = begin();
    ll_json_writer_put_string(&d->details, "signal", signal->text);
    put_count(d, "test", test);
}

/* A paragraph, if there is anything to say. */
static void put_evidence(draft *d, const char *key, const sentence *evidence)
{
    ll_json_writer_put_string(&d->details, key, evidence->text);
    if (evidence->text[0] != '\0')
        ll_buffer_printf(&d->text, "\n%s\n", evidence->text);
}

static void put_advice(draft *d, const char *advice)
{
    ll_buffer_printf(&d->text, "\nWhat to do: %s\n", advice);
}

static llmlearn_err end(draft *d, ll_alert_text *out_text)
{
    ll_json_writer_close(&d->details, '}');
    assert(d->subject.length <= SUBJECT_BYTES_MAX);
    ll_alert_text made = { .subject = ll_buffer_take(&d->subject),
                           .text = ll_buffer_take(&d->text),
                           .details = ll_buffer_take(&d->details.buffer) };

    if (made.subject == NULL || made.text == NULL || made.details == NULL) {
        ll_alert_text_free(&made);
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for an alert");
    }
    *out_text = made;
    return LLMLEARN_OK;
}

void ll_alert_text_free(ll_alert_text *text)
{
    if (text == NULL)
        return;
    free(text->subject);
    free(text->text);
    free(text->details);
    *text = (ll_alert_text){ 0 };
}

/* ---- tests ------------------------------------------------------------- */

static void put_versions(draft *d, const char *const *versions, uint32_t count)
{
    uint32_t shown = count;

    if (shown > LL_ALERT_VARIANTS_MAX)
        shown = LL_ALERT_VARIANTS_MAX;
    ll_json_writer_key(&d->details, "versions");
    ll_json_writer_open(&d->details, '[');
    for (uint32_t i = 0; i < shown; i++) {
        const name version = show_name(versions[i]);

        ll_buffer_printf(&d->text, "%s%s", i == 0 ? "" : ", ", version.text);
        ll_json_writer_string(&d->details, version.text);
    }
    ll_json_writer_close(&d->details, ']');
    if (shown < count)
        ll_buffer_printf(&d->text, " and %" PRIu32 " more", count - shown);
}

llmlearn_err ll_alert_test_started_text(const ll_alert_test_started *alert, ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), champion = show_name(alert->champion);
    draft d;

    begin_with_test(&d, &signal, alert->test);
    ll_json_writer_put_string(&d.details, "champion", champion.text);
    ll_json_writer_put_int(&d.details, "days_max", alert->days_max);
    ll_buffer_printf(&d.subject, "%s: a test of %" PRIu32 " prompts has begun", signal.text,
                     alert->version_count);
    ll_buffer_printf(&d.text, "Test %" PRIu64 " of %s has begun. It compares ", alert->test,
                     signal.text);
    put_versions(&d, alert->versions, alert->version_count);
    ll_buffer_printf(&d.text,
                     "; %s is the champion until one of the others is shown to be better.\n",
                     champion.text);
    if (alert->days_max > 0)
        ll_buffer_printf(&d.text, "It ends by itself after %" PRIu32 " days at the latest.\n",
                         alert->days_max);
    put_advice(&d, "nothing. If the new prompts look wrong to you, stop the test; the champion "
                   "then serves everybody again.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_winner_promoted_text(const ll_alert_winner_promoted *alert,
                                           ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), winner = show_name(alert->winner),
               before = show_name(alert->before);
    const sentence evidence = show_sentence(alert->evidence);
    draft d;

    begin_with_test(&d, &signal, alert->test);
    ll_json_writer_put_string(&d.details, "winner", winner.text);
    ll_json_writer_put_string(&d.details, "before", before.text);
    ll_buffer_printf(&d.subject, "%s: %s is the new champion", signal.text, winner.text);
    ll_buffer_printf(&d.text,
                     "Test %" PRIu64 " of %s has ended, and %s took the place of %s. It serves "
                     "everybody from now on.\n",
                     alert->test, signal.text, winner.text, before.text);
    put_evidence(&d, "evidence", &evidence);
    put_advice(&d, "nothing, if you agree. A rollback brings the champion before it back.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_test_invalid_text(const ll_alert_test_invalid *alert, ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), champion = show_name(alert->champion);
    const sentence reason = show_sentence(alert->reason);
    draft d;

    begin_with_test(&d, &signal, alert->test);
    ll_json_writer_put_string(&d.details, "champion", champion.text);
    ll_buffer_printf(&d.subject, "%s: test %" PRIu64 " cannot be trusted and was stopped",
                     signal.text, alert->test);
    ll_buffer_printf(&d.text,
                     "Test %" PRIu64 " of %s was stopped, because its numbers cannot be trusted. "
                     "Nothing was promoted; %s stays the champion.\n",
                     alert->test, signal.text, champion.text);
    put_evidence(&d, "reason", &reason);
    put_advice(&d, "find out what sends users to the wrong prompt or loses their votes: a cache "
                   "in front, a filter, two processes with different settings. No new test of "
                   "this signal begins before somebody starts one.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_guardrail_tripped_text(const ll_alert_guardrail_tripped *alert,
                                             ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), version = show_name(alert->version),
               guardrail = show_name(alert->guardrail);
    const sentence evidence = show_sentence(alert->evidence);
    draft d;

    begin_with_test(&d, &signal, alert->test);
    ll_json_writer_put_string(&d.details, "version", version.text);
    ll_json_writer_put_string(&d.details, "guardrail", guardrail.text);
    ll_json_writer_put_bool(&d.details, "switched_off", alert->switched_off);
    ll_buffer_printf(&d.subject, "%s: %s is worse in %s", signal.text, version.text,
                     guardrail.text);
    ll_buffer_printf(
        &d.text, "In test %" PRIu64 " of %s, %s is worse than the champion in %s. %s\n",
        alert->test, signal.text, version.text, guardrail.text,
        alert->switched_off ? "It is switched off: its users are served the champion's prompt."
                            : "It cannot win as long as that is so, but goes on being served.");
    put_evidence(&d, "evidence", &evidence);
    put_advice(&d, alert->switched_off
                       ? "look at what its prompt makes the model answer, before it is tried again."
                       : "nothing, if that is not worth a stop; else stop the test.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_auto_revert_text(const ll_alert_auto_revert *alert, ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), from = show_name(alert->from),
               to = show_name(alert->to);
    const sentence evidence = show_sentence(alert->evidence);
    draft d = begin();

    ll_json_writer_put_string(&d.details, "signal", signal.text);
    ll_json_writer_put_string(&d.details, "from", from.text);
    ll_json_writer_put_string(&d.details, "to", to.text);
    ll_buffer_printf(&d.subject, "%s: back to %s", signal.text, to.text);
    ll_buffer_printf(&d.text,
                     "The champion of %s, %s, did worse than the one before it. It was taken back: "
                     "%s serves everybody again.\n",
                     signal.text, from.text, to.text);
    put_evidence(&d, "evidence", &evidence);
    put_advice(&d, "look at what changed since it won: the model behind it, the data in its "
                   "prompt, the users. Promote it again by hand if it was none of its fault.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_cannot_finish_text(const ll_alert_cannot_finish *alert,
                                         ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), champion = show_name(alert->champion);
    const sentence reason = show_sentence(alert->reason);
    bool known = isfinite(alert->days_needed) && alert->days_needed >= 0;
    draft d;

    begin_with_test(&d, &signal, alert->test);
    ll_json_writer_put_string(&d.details, "champion", champion.text);
    ll_json_writer_key(&d.details, "days_needed");
    if (known)
        ll_json_writer_real(&d.details, alert->days_needed);
    else
        ll_json_writer_null(&d.details);
    ll_json_writer_put_int(&d.details, "days_max", alert->days_max);
    ll_buffer_printf(&d.subject, "%s: test %" PRIu64 " will not come to an end", signal.text,
                     alert->test);
    ll_buffer_printf(&d.text,
                     "Test %" PRIu64
                     " of %s gets too few votes to decide anything within its %" PRIu32 " days.",
                     alert->test, signal.text, alert->days_max);
    if (known && alert->days_needed < 1e5)
        ll_buffer_printf(&d.text, " At this rate it would take some %.0f.", alert->days_needed);
    ll_buffer_printf(&d.text, " %s stays the champion meanwhile.\n", champion.text);
    put_evidence(&d, "reason", &reason);
    put_advice(&d, "ask more users for their vote, compare fewer prompts, or be content with "
                   "finding larger differences only; or stop it.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_approval_needed_text(const ll_alert_approval_needed *alert,
                                           ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), champion = show_name(alert->champion);
    const char *plural = alert->version_count == 1 ? "" : "s";
    const char *verb = alert->version_count == 1 ? "waits" : "wait";
    draft d = begin();

    ll_json_writer_put_string(&d.details, "signal", signal.text);
    ll_json_writer_put_string(&d.details, "champion", champion.text);
    ll_buffer_printf(&d.subject, "%s: %" PRIu32 " new prompt%s %s for approval", signal.text,
                     alert->version_count, plural, verb);
    ll_buffer_printf(&d.text,
                     "A model has written %" PRIu32 " prompt%s for %s, from its champion %s: ",
                     alert->version_count, plural, signal.text, champion.text);
    put_versions(&d, alert->versions, alert->version_count);
    ll_buffer_printf(&d.text,
                     ". They serve nobody, and no new test of %s begins, before a person "
                     "has read and approved at least one.\n",
                     signal.text);
    put_advice(&d, "read their texts (llmlearn_variants), approve those that you would let users "
                   "see (llmlearn_approve_variant), archive the others (llmlearn_archive_variant). "
                   "The next run of the weekly job tests what was approved.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_job_failed_text(const ll_alert_job_failed *alert, ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal), step = show_name(alert->step);
    const sentence reason = show_sentence(alert->reason);
    draft d = begin();

    ll_json_writer_put_string(&d.details, "signal", signal.text);
    ll_json_writer_put_string(&d.details, "step", step.text);
    ll_buffer_printf(&d.subject, "%s: the weekly job failed", signal.text);
    ll_buffer_printf(&d.text,
                     "The weekly job could not do its step \"%s\" for %s and left the rest of this "
                     "run out. What is served to users goes on as before; other signals are not "
                     "concerned.\n",
                     step.text, signal.text);
    put_evidence(&d, "reason", &reason);
    put_advice(&d, "see whether the reason tells; the next run tries again.");
    return end(&d, out_text);
}

/* ---- everything else --------------------------------------------------- */

/* "$12.34", rounded down; "$0.0007" for what is less than a cent. */
static void put_usd(ll_buffer *out, int64_t nanousd)
{
    assert(nanousd >= 0);
    if (nanousd > 0 && nanousd < NANOUSD_PER_CENT)
        ll_buffer_printf(out, "$0.%04" PRId64, nanousd / (NANOUSD_PER_CENT / 100));
    else
        ll_buffer_printf(out, "$%" PRId64 ".%02" PRId64, nanousd / NANOUSD_PER_USD,
                         nanousd % NANOUSD_PER_USD / NANOUSD_PER_CENT);
}

llmlearn_err ll_alert_budget_reached_text(const ll_alert_budget_reached *alert,
                                          ll_alert_text *out_text)
{
    const name budget = show_name(alert->budget);
    char until[LL_TIME_TEXT_BYTES] = "";
    draft d = begin();

    if (alert->until_us > 0)
        ll_clock_format_time(alert->until_us, until);
    ll_json_writer_put_string(&d.details, "budget", budget.text);
    ll_json_writer_put_int(&d.details, "spent_nanousd", alert->spent_nanousd);
    ll_json_writer_put_int(&d.details, "limit_nanousd", alert->limit_nanousd);
    ll_json_writer_put_string(&d.details, "until", until[0] != '\0' ? until : NULL);
    ll_buffer_printf(&d.subject, "The budget of the %s for models is %s", budget.text,
                     alert->spent_nanousd > 0 ? "used up" : "too small");
    ll_buffer_printf(&d.text, "Of the %s's budget of ", budget.text);
    put_usd(&d.text, alert->limit_nanousd);
    if (alert->spent_nanousd > 0) {
        ll_buffer_printf(&d.text, " for calls of models, ");
        put_usd(&d.text, alert->spent_nanousd);
        ll_buffer_printf(&d.text,
                         " are spent or reserved, and the next call could cost more than is left.");
    } else {
        ll_buffer_printf(&d.text, " for calls of models nothing is spent, since the first call "
                                  "alone could cost more.");
    }
    ll_buffer_printf(&d.text,
                     " No new prompts are written %s%s; what is "
                     "served to users goes on as before.\n",
                     until[0] != '\0' ? "until " : "until somebody raises it", until);
    put_advice(&d, "raise the limit if that is too early, or leave it.");
    return end(&d, out_text);
}

llmlearn_err ll_alert_model_retires_text(const ll_alert_model_retires *alert,
                                         ll_alert_text *out_text)
{
    const name model = show_name(alert->model), replacement = show_name(alert->replacement);
    char day[LL_TIME_TEXT_BYTES];
    int64_t left = alert->retires_day - alert->today;
    draft d = begin();

    ll_clock_format_day(alert->retires_day, day);
    ll_json_writer_put_string(&d.details, "model", model.text);
    ll_json_writer_put_string(&d.details, "replacement",
                              alert->replacement != NULL ? replacement.text : NULL);
    ll_json_writer_put_string(&d.details, "day", day);
    ll_json_writer_put_int(&d.details, "days_left", left);
    ll_buffer_printf(&d.subject, "%s %s on %s", model.text, left < 0 ? "was retired" : "retires",
                     day);
    ll_buffer_printf(&d.text, "The model %s %s served by its provider after %s", model.text,
                     left < 0 ? "was to be no longer" : "will not be", day);
    if (left >= 0)
        ll_buffer_printf(&d.text, ", in %" PRId64 " %s", left, left == 1 ? "day" : "days");
    ll_buffer_printf(&d.text, ". Calls of it then fail.\n");
    if (alert->replacement != NULL)
        ll_buffer_printf(&d.text, "The provider names %s in its place.\n", replacement.text);
    put_advice(&d, "configure another model in time. Prompts that won with the old one may do "
                   "worse with the new one: start a test of them.");
    return end(&d, out_text);
}

/* In tenths of a percent, rounded down. */
static unsigned per_mille(double ratio)
{
    if (!(ratio > 0))
        return 0;
    return ratio >= 1 ? 1000 : (unsigned)(ratio * 1000);
}

llmlearn_err ll_alert_low_feedback_text(const ll_alert_low_feedback *alert, ll_alert_text *out_text)
{
    const name signal = show_name(alert->signal);
    double ratio =
        alert->explanations == 0 ? 0.0 : (double)alert->votes / (double)alert->explanations;
    unsigned is = per_mille(ratio), least = per_mille(alert->ratio_min);
    draft d = begin();

    ll_json_writer_put_string(&d.details, "signal", signal.text);
    put_count(&d, "votes", alert->votes);
    put_count(&d, "explanations", alert->explanations);
    ll_json_writer_put_int(&d.details, "days", alert->days);
    ll_buffer_printf(&d.subject, "%s: few users vote", signal.text);
    ll_buffer_printf(&d.text,
                     "In the last %" PRIu32 " days %" PRIu64 " of %" PRIu64
                     " explanations of %s got a vote: %u.%u %%, less than %u.%u %%. With so few, "
                     "tests take long, and what they find holds for those who vote.\n",
                     alert->days, alert->votes, alert->explanations, signal.text, is / 10, is % 10,
                     least / 10, least % 10);
    put_advice(&d, "see whether the buttons are there and work on every device, and ask for a vote "
                   "where the explanation has been read.");
    return end(&d, out_text);
}

/* ---- for webhooks ------------------------------------------------------ */

char *ll_alert_payload(const ll_alert_kept *alert)
{
    char at[LL_TIME_TEXT_BYTES];
    ll_json_writer w = { .comma = false };

    ll_clock_format_time(alert->at_us, at);
    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "id", (int64_t)alert->id);
    ll_json_writer_put_string(&w, "at", at);
    ll_json_writer_put_string(&w, "rule", alert->rule);
    ll_json_writer_put_string(&w, "about", alert->about);
    ll_json_writer_put_string(&w, "subject", alert->subject);
    ll_json_writer_put_string(&w, "text", alert->text);
    ll_json_writer_key(&w, "details");
    ll_json_writer_json(&w, alert->details, strlen(alert->details));
    ll_json_writer_close(&w, '}');
    return ll_buffer_take(&w.buffer);
}
