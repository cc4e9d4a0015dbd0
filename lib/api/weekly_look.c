/* The first step of the weekly job: what became of the signal's test, and what comes next? */
#include "api/weekly_alerts.h"
#include "api/weekly_step.h"

#include "base/err.h"
#include "experiment/promote.h"

#include <stdlib.h>
#include <string.h>

/* ---- who is champion ---------------------------------------------------- */

static bool can_be_champion(const ll_variant *v)
{
    return v->id != 0 && v->has_text &&
           (v->status == LL_VARIANT_DRAFT || v->status == LL_VARIANT_ACTIVE);
}

/* The signal's champion; id 0: it has none, and its baseline cannot be it. */
static llmlearn_err find_champion(ll_weekly_step *step, const ll_write *write, int64_t signal,
                                  ll_variant *out)
{
    const char *baseline = step->settings->baseline;
    ll_variant version;
    const ll_change change = { .connection = write->connection,
                               .now_us = write->now_us,
                               .signal = signal,
                               .actor = LL_WEEKLY_ACTOR,
                               .reason = "the first champion",
                               .vote_sequence = *write->vote_sequence };
    llmlearn_err err = ll_variants_champion(write->connection, signal, out);

    if (err != LLMLEARN_OK || out->id != 0)
        return err;
    err = ll_variants_find(write->connection, signal, baseline, strlen(baseline), &version);
    if (err != LLMLEARN_OK || !can_be_champion(&version))
        return err;
    const ll_decision_row row = { .kind = LL_DECISION_PROMOTION, .to = version.id };
    step->job.changes_config = true;
    *out = version;
    return ll_promote_set_champion(&change, &row);
}

/* ---- the look ----------------------------------------------------------- */

/* Nobody has promoted, rolled back or started anything since the verdict. */
static llmlearn_err waits_for_a_person(const ll_write *write, const ll_ab_test *test,
                                       const ll_selection *selection, bool *out_waits)
{
    bool moved_on = true;
    llmlearn_err err =
        ll_decisions_moved_on(write->connection, test->signal, selection->decision, &moved_on);

    *out_waits = !moved_on;
    return err;
}

static llmlearn_err act_on(ll_weekly_step *step, const ll_write *write, const ll_ab_test *test,
                           const ll_selection *selection)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    bool waits = false;
    llmlearn_err err = LLMLEARN_OK;

    if (selection->told.verdict != LLMLEARN_INVALID) {
        err = ll_weekly_alert_look(&scene, test, &selection->told);
        if (err == LLMLEARN_OK && selection->told.verdict == LLMLEARN_KEEP_GOING)
            err = ll_weekly_end(step, write, "its test goes on");
        return err;
    }
    err = waits_for_a_person(write, test, selection, &waits);
    if (err == LLMLEARN_OK && waits)
        err = ll_weekly_alert_invalid(&scene, test, &selection->told);
    if (err == LLMLEARN_OK && waits)
        err = ll_weekly_end(step, write, "its test is invalid: a person has to act");
    return err;
}

static llmlearn_err decide(ll_weekly_step *step, const ll_write *write, const ll_ab_test *test)
{
    ll_selection selection = { .decision = 0 };
    llmlearn_err err = ll_select_winner(write->connection, step->signal, true, write->now_us,
                                        *write->vote_sequence, &selection);

    if (err != LLMLEARN_OK)
        return err;
    step->job.changes_config |= selection.changed;
    err = ll_weekly_note(step, write, "look", selection.told.status);
    if (err == LLMLEARN_OK)
        err = act_on(step, write, test, &selection);
    free(selection.receipt_json);
    return err;
}

/* Sets next to LL_WEEKLY_DONE where nothing else is to happen. */
static llmlearn_err look_at(ll_weekly_step *step, const ll_write *write, int64_t signal)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    ll_ab_test test;
    llmlearn_err err = ll_ab_tests_last(write->connection, signal, &test);

    if (err == LLMLEARN_OK && test.status == LL_AB_RUNNING && !step->job.drained)
        return LL_JOB_AGAIN_AFTER_DRAIN;
    if (err == LLMLEARN_OK && step->plan->response_rate_min > 0)
        err = ll_weekly_alert_feedback(&scene, signal, step->plan->response_rate_min);
    if (err != LLMLEARN_OK)
        return err;
    if (test.id == 0 || test.status == LL_AB_STOPPED)
        err = ll_weekly_note(step, write, "look", test.id == 0 ? "no test" : "stopped");
    else
        err = decide(step, write, &test);
    if (err == LLMLEARN_OK && step->next != LL_WEEKLY_DONE &&
        ll_weekly_wants(step, LLMLEARN_SCHEDULE_ONLY_DECIDE))
        err = ll_weekly_end(step, write, "only deciding was asked for");
    return err;
}

/* ---- what comes next ---------------------------------------------------- */

/* Is there enough to test, or for a person to read, without asking a model again? */
static bool is_enough(const ll_weekly_step *step, const ll_rounds_variant *variants, uint32_t count)
{
    if (count == 0)
        return false;
    return variants[0].approved || ll_weekly_wants(step, LLMLEARN_SCHEDULE_UNAPPROVED) ||
           count >= step->plan->variants;
}

static llmlearn_err see_next(ll_weekly_step *step, const ll_write *write,
                             const ll_variant *champion)
{
    ll_rounds_variant variants[LL_ROUNDS_UNTESTED_MAX];
    uint32_t count = 0;
    bool generated = false;
    llmlearn_err err = ll_weekly_has(step, write, "generate", &generated);

    if (err == LLMLEARN_OK && !generated)
        err = ll_rounds_list_untested(write->connection, champion->id, variants, &count);
    if (err != LLMLEARN_OK)
        return err;
    step->next =
        generated || is_enough(step, variants, count) ? LL_WEEKLY_START : LL_WEEKLY_GENERATE;
    return LLMLEARN_OK;
}

static llmlearn_err leave_alone(ll_weekly_step *step, const ll_write *write, const char *why)
{
    ll_log_write(&step->settings->log, LLMLEARN_LOG_INFO, "signal-left-alone",
                 "the weekly job leaves %s alone: %s", step->signal, why);
    return ll_weekly_end(step, write, why);
}

static llmlearn_err go_on(ll_weekly_step *step, const ll_write *write, int64_t signal)
{
    ll_variant champion = { .id = 0 };
    llmlearn_err err = find_champion(step, write, signal, &champion);

    if (err != LLMLEARN_OK)
        return err;
    if (champion.id == 0)
        return leave_alone(step, write, "it has no champion, and its baseline has no text");
    return see_next(step, write, &champion);
}

llmlearn_err ll_weekly_look(ll_weekly_step *step, const ll_write *write)
{
    bool done = false, looked = false;
    int64_t signal = 0;
    llmlearn_err err = ll_weekly_hold(step, write);

    step->next = LL_WEEKLY_GENERATE;
    if (err == LLMLEARN_OK)
        err = ll_weekly_has(step, write, "done", &done);
    if (err == LLMLEARN_OK && !done)
        err = ll_weekly_has(step, write, "look", &looked);
    if (err == LLMLEARN_OK && !done)
        err = ll_names_find(write->connection, LL_NAME_SIGNAL, step->signal, strlen(step->signal),
                            &signal);
    if (done)
        step->next = LL_WEEKLY_DONE;
    if (err != LLMLEARN_OK || done)
        return err;
    if (signal == 0)
        return leave_alone(step, write, "nothing is known of it yet");
    if (!looked)
        err = look_at(step, write, signal);
    return err == LLMLEARN_OK && step->next != LL_WEEKLY_DONE ? go_on(step, write, signal) : err;
}
