#include "api/weekly_alerts.h"

#include "base/calendar.h"
#include "experiment/guardrail.h"
#include "mail/alert_add.h"
#include "store/traffic.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FEEDBACK_DAYS 7
#define GUARDRAILS 4u

/* ---- tests ------------------------------------------------------------- */

typedef struct about {
    char text[LL_OUTBOX_ABOUT_BYTES_MAX + 1];
} about;

static about about_test(uint64_t test)
{
    about a;

    snprintf(a.text, sizeof a.text, "test %llu", (unsigned long long)test);
    return a;
}

static llmlearn_err add(const ll_weekly_scene *scene, const char *rule, const char *what,
                        llmlearn_err made, ll_alert_text *text)
{
    return made == LLMLEARN_OK ? ll_alert_add(scene->connection, rule, what, text, scene->now_us)
                               : made;
}

static llmlearn_err add_promoted(const ll_weekly_scene *scene, const ll_ab_test *test,
                                 const ll_receipt *told, const char *before)
{
    const ll_alert_winner_promoted alert = { .signal = scene->signal,
                                             .test = test->id,
                                             .winner = told->winner,
                                             .before = before,
                                             .evidence = told->sentence };
    const about a = about_test(test->id);
    ll_alert_text text;
    llmlearn_err err = ll_alert_winner_promoted_text(&alert, &text);

    return add(scene, LL_ALERT_WINNER_PROMOTED, a.text, err, &text);
}

static llmlearn_err add_revert(const ll_weekly_scene *scene, const ll_ab_test *test,
                               const ll_receipt *told, const char *before)
{
    const ll_alert_auto_revert alert = {
        .signal = scene->signal, .from = before, .to = told->winner, .evidence = told->sentence
    };
    const about a = about_test(test->id);
    ll_alert_text text;
    llmlearn_err err = ll_alert_auto_revert_text(&alert, &text);

    return add(scene, LL_ALERT_AUTO_REVERT, a.text, err, &text);
}

/* The one that the winner would have brought back is `previous`. */
static llmlearn_err alert_promoted(const ll_weekly_scene *scene, const ll_ab_test *test,
                                   const ll_receipt *told, const char *before)
{
    ll_variant previous = { .id = 0 };
    llmlearn_err err = LLMLEARN_OK;

    if (test->previous != 0)
        err = ll_variants_get(scene->connection, test->previous, &previous);
    if (err != LLMLEARN_OK)
        return err;
    if (previous.id != 0 && strcmp(previous.version, told->winner) == 0)
        return add_revert(scene, test, told, before);
    return add_promoted(scene, test, told, before);
}

static llmlearn_err add_guardrail(const ll_weekly_scene *scene, const ll_ab_test *test,
                                  const ll_receipt *told, const char *guardrail)
{
    const ll_alert_guardrail_tripped alert = { .signal = scene->signal,
                                               .test = test->id,
                                               .version = told->winner,
                                               .guardrail = guardrail,
                                               .evidence = told->sentence };
    ll_alert_text text;
    about a;
    llmlearn_err err = ll_alert_guardrail_tripped_text(&alert, &text);

    snprintf(a.text, sizeof a.text, "test %llu, %s, %s", (unsigned long long)test->id, told->winner,
             guardrail);
    return add(scene, LL_ALERT_GUARDRAIL_TRIPPED, a.text, err, &text);
}

static llmlearn_err alert_guardrails(const ll_weekly_scene *scene, const ll_ab_test *test,
                                     const ll_receipt *told)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < GUARDRAILS && err == LLMLEARN_OK; i++) {
        if ((told->blockers & LL_BLOCKER_GUARDRAIL << i) != 0)
            err = add_guardrail(scene, test, told, ll_guardrail_name((ll_guardrail_kind)i));
    }
    return err;
}

static uint32_t days_of(int64_t duration_us)
{
    return (uint32_t)((duration_us + LL_US_PER_DAY - 1) / LL_US_PER_DAY);
}

static llmlearn_err alert_endless(const ll_weekly_scene *scene, const ll_ab_test *test,
                                  const ll_receipt *told, const char *champion)
{
    const ll_alert_cannot_finish alert = { .signal = scene->signal,
                                           .test = test->id,
                                           .champion = champion,
                                           .reason = told->sentence,
                                           .days_needed = told->days_left,
                                           .days_max = days_of(test->duration_max_us) };
    const about a = about_test(test->id);
    ll_alert_text text;
    llmlearn_err err = ll_alert_cannot_finish_text(&alert, &text);

    return add(scene, LL_ALERT_CANNOT_FINISH, a.text, err, &text);
}

llmlearn_err ll_weekly_alert_look(const ll_weekly_scene *scene, const ll_ab_test *test,
                                  const ll_receipt *told)
{
    ll_variant champion;
    llmlearn_err err = ll_variants_get(scene->connection, test->champion, &champion);

    if (err != LLMLEARN_OK)
        return err;
    if (told->promoted)
        return alert_promoted(scene, test, told, champion.version);
    if (told->verdict == LLMLEARN_KEEP_GOING && told->cannot_finish)
        return alert_endless(scene, test, told, champion.version);
    return told->verdict == LLMLEARN_WINNER ? alert_guardrails(scene, test, told) : LLMLEARN_OK;
}

llmlearn_err ll_weekly_alert_invalid(const ll_weekly_scene *scene, const ll_ab_test *test,
                                     const ll_receipt *told)
{
    const about a = about_test(test->id);
    ll_variant champion;
    ll_alert_text text;
    llmlearn_err err = ll_variants_get(scene->connection, test->champion, &champion);

    if (err != LLMLEARN_OK)
        return err;
    const ll_alert_test_invalid alert = { .signal = scene->signal,
                                          .test = test->id,
                                          .champion = champion.version,
                                          .reason = told->sentence };
    err = ll_alert_test_invalid_text(&alert, &text);
    return add(scene, LL_ALERT_TEST_INVALID, a.text, err, &text);
}

llmlearn_err ll_weekly_alert_started(const ll_weekly_scene *scene, uint64_t test,
                                     const char *const *versions, uint32_t count,
                                     int64_t duration_max_us)
{
    const ll_alert_test_started alert = { .signal = scene->signal,
                                          .test = test,
                                          .champion = versions[0],
                                          .versions = versions,
                                          .version_count = count,
                                          .days_max = days_of(duration_max_us) };
    const about a = about_test(test);
    ll_alert_text text;
    llmlearn_err err = ll_alert_test_started_text(&alert, &text);

    return add(scene, LL_ALERT_TEST_STARTED, a.text, err, &text);
}

/* ---- signals ----------------------------------------------------------- */

llmlearn_err ll_weekly_alert_waiting(const ll_weekly_scene *scene, const char *champion,
                                     const ll_rounds_variant *variants, uint32_t count)
{
    const char *versions[LL_ROUNDS_UNTESTED_MAX];
    ll_alert_text text;

    assert(count <= LL_ROUNDS_UNTESTED_MAX);
    for (uint32_t i = 0; i < count; i++)
        versions[i] = variants[i].version;
    const ll_alert_approval_needed alert = {
        .signal = scene->signal, .champion = champion, .versions = versions, .version_count = count
    };
    llmlearn_err err = ll_alert_approval_needed_text(&alert, &text);
    return add(scene, LL_ALERT_APPROVAL_NEEDED, scene->signal, err, &text);
}

llmlearn_err ll_weekly_alert_failed(const ll_weekly_scene *scene, const char *step,
                                    const char *reason)
{
    const ll_alert_job_failed alert = { .signal = scene->signal, .step = step, .reason = reason };
    ll_alert_text text;
    llmlearn_err err = ll_alert_job_failed_text(&alert, &text);

    return add(scene, LL_ALERT_JOB_FAILED, scene->signal, err, &text);
}

static llmlearn_err alert_run_budget(const ll_weekly_scene *scene, const ll_ledger_limits *limits,
                                     const ll_date *today)
{
    const ll_alert_budget_reached alert = { .budget = "run",
                                            .limit_nanousd = limits->per_run_nanousd };
    ll_alert_text text;
    about a;
    llmlearn_err err = ll_alert_budget_reached_text(&alert, &text);

    snprintf(a.text, sizeof a.text, "%s in %04lld-%02u", scene->signal, (long long)today->year,
             today->month);
    return add(scene, LL_ALERT_BUDGET_REACHED, a.text, err, &text);
}

static llmlearn_err alert_month_budget(const ll_weekly_scene *scene, const ll_ledger_limits *limits,
                                       const ll_date *today)
{
    int64_t first = ll_calendar_day(today->year, today->month, 1);
    int64_t next = first + ll_calendar_month_days(today->year, today->month);
    ll_ledger_sum sum = { .nanousd = 0 };
    ll_alert_text text;
    about a;
    llmlearn_err err = ll_ledger_sum_month(scene->connection, scene->now_us, &sum);
    const ll_alert_budget_reached alert = { .budget = "month",
                                            .spent_nanousd = sum.nanousd,
                                            .limit_nanousd = limits->per_month_nanousd,
                                            .until_us = next * LL_US_PER_DAY };

    if (err == LLMLEARN_OK)
        err = ll_alert_budget_reached_text(&alert, &text);
    snprintf(a.text, sizeof a.text, "month %04lld-%02u", (long long)today->year, today->month);
    return add(scene, LL_ALERT_BUDGET_REACHED, a.text, err, &text);
}

/* The ledger's line says which budget it was. A price that is not known is no budget reached, but
 * somebody has to do something about it. */
llmlearn_err ll_weekly_alert_budget(const ll_weekly_scene *scene, const ll_ledger_limits *limits,
                                    const char *detail)
{
    const ll_date today = ll_calendar_date(ll_clock_day(scene->now_us));

    if (strstr(detail, "budget of this month") != NULL)
        return alert_month_budget(scene, limits, &today);
    if (strstr(detail, "budget of this run") != NULL)
        return alert_run_budget(scene, limits, &today);
    return ll_weekly_alert_failed(scene, "generate", detail);
}

llmlearn_err ll_weekly_alert_feedback(const ll_weekly_scene *scene, int64_t signal_id,
                                      double ratio_min)
{
    int64_t today = ll_clock_day(scene->now_us);
    ll_traffic traffic;
    ll_alert_text text;
    llmlearn_err err =
        ll_traffic_read(scene->connection, signal_id, 0, today - FEEDBACK_DAYS, today, &traffic);

    if (err != LLMLEARN_OK || traffic.explanations <= 0 ||
        (double)traffic.rated >= ratio_min * (double)traffic.explanations)
        return err;
    const ll_alert_low_feedback alert = { .signal = scene->signal,
                                          .votes = (uint64_t)traffic.rated,
                                          .explanations = (uint64_t)traffic.explanations,
                                          .days = FEEDBACK_DAYS,
                                          .ratio_min = ratio_min };
    err = ll_alert_low_feedback_text(&alert, &text);
    return add(scene, LL_ALERT_LOW_FEEDBACK, scene->signal, err, &text);
}

/* ---- models ------------------------------------------------------------ */

llmlearn_err ll_weekly_alert_model(const ll_weekly_scene *scene, const char *model,
                                   int64_t retires_day)
{
    const ll_alert_model_retires alert = { .model = model,
                                           .retires_day = retires_day,
                                           .today = ll_clock_day(scene->now_us) };
    ll_alert_text text;
    llmlearn_err err = ll_alert_model_retires_text(&alert, &text);

    return add(scene, LL_ALERT_MODEL_RETIRES, model, err, &text);
}
