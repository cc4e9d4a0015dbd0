/* The last step of the weekly job: the next test begins, or a person is told what it waits for. */
#include "api/test_plan.h"
#include "api/weekly_alerts.h"
#include "api/weekly_step.h"

#include "experiment/promote.h"
#include "experiment/start.h"

#include <string.h>

/* The arms of the test to be: the champion, what is new, the champion before. */
typedef struct arms {
    const char *versions[LLMLEARN_ARMS_MAX];
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count;
} arms;

/* Who was champion before, if that may and can be an arm; "" else. */
static llmlearn_err find_previous(const ll_weekly_step *step, const ll_write *write,
                                  const ll_variant *champion, ll_variant *out)
{
    int64_t id = 0;
    llmlearn_err err = LLMLEARN_OK;

    if (ll_weekly_wants(step, LLMLEARN_SCHEDULE_KEEP_PREVIOUS))
        err = ll_decisions_previous_champion(write->connection, champion->signal, &id);
    if (err == LLMLEARN_OK && id != 0 && id != champion->id)
        err = ll_variants_get(write->connection, id, out);
    if (err == LLMLEARN_OK && (!out->has_text || out->status == LL_VARIANT_REJECTED))
        *out = (ll_variant){ .id = 0 };
    return err;
}

static void add_arm(arms *a, const char *version)
{
    a->versions[a->count++] = version;
}

static llmlearn_err start_test(ll_weekly_step *step, const ll_write *write, arms *a)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    uint64_t test = 0;
    ll_start start = { .signal = step->signal,
                       .versions = a->versions,
                       .weights = a->weights,
                       .arm_count = a->count,
                       .baseline = step->settings->baseline,
                       .keep_previous = ll_weekly_wants(step, LLMLEARN_SCHEDULE_KEEP_PREVIOUS),
                       .actor = LL_WEEKLY_ACTOR,
                       .now_us = write->now_us };
    llmlearn_err err = ll_test_plan_make(&step->plan->test, &start.test);

    for (uint32_t i = 0; i < a->count; i++)
        a->weights[i] = 1.0 / a->count;
    step->job.changes_config = true;
    if (err == LLMLEARN_OK)
        err = ll_start_test(write->connection, &start, &test);
    if (err == LLMLEARN_OK)
        err = ll_weekly_note(step, write, "start", "a test began");
    if (err == LLMLEARN_OK)
        err = ll_weekly_alert_started(&scene, test, a->versions, a->count,
                                      start.test.duration_max_us);
    return err == LLMLEARN_OK ? ll_weekly_end(step, write, NULL) : err;
}

/* How many of the variants may be arms: those that are approved come first. */
static uint32_t count_allowed(const ll_weekly_step *step, const ll_rounds_variant *variants,
                              uint32_t count)
{
    uint32_t allowed = 0;

    while (allowed < count &&
           (variants[allowed].approved || ll_weekly_wants(step, LLMLEARN_SCHEDULE_UNAPPROVED)))
        allowed++;
    return allowed;
}

static llmlearn_err start_with(ll_weekly_step *step, const ll_write *write,
                               const ll_variant *champion, const ll_rounds_variant *variants,
                               uint32_t count)
{
    ll_variant previous = { .id = 0 };
    arms a = { .count = 0 };
    llmlearn_err err = find_previous(step, write, champion, &previous);

    add_arm(&a, champion->version);
    if (previous.id != 0)
        add_arm(&a, previous.version);
    for (uint32_t i = 0; i < count && a.count < LLMLEARN_ARMS_MAX; i++) {
        if (strcmp(variants[i].version, previous.version) != 0)
            add_arm(&a, variants[i].version);
    }
    return err == LLMLEARN_OK ? start_test(step, write, &a) : err;
}

static llmlearn_err wait_or_start(ll_weekly_step *step, const ll_write *write,
                                  const ll_variant *champion)
{
    const ll_weekly_scene scene = ll_weekly_scene_of(step, write);
    ll_rounds_variant variants[LL_ROUNDS_UNTESTED_MAX];
    uint32_t count = 0;
    llmlearn_err err = ll_rounds_list_untested(write->connection, champion->id, variants, &count);

    if (err != LLMLEARN_OK)
        return err;
    uint32_t allowed = count_allowed(step, variants, count);
    if (allowed > 0)
        return start_with(step, write, champion, variants, allowed);
    if (count == 0)
        return ll_weekly_end(step, write, "there is nothing to test");
    err = ll_weekly_alert_waiting(&scene, champion->version, variants, count);
    return err == LLMLEARN_OK ? ll_weekly_end(step, write, "a person has to approve") : err;
}

llmlearn_err ll_weekly_start(ll_weekly_step *step, const ll_write *write)
{
    ll_variant champion = { .id = 0 };
    ll_ab_test running = { .id = 0 };
    int64_t signal = 0;
    bool done = false;
    llmlearn_err err = ll_weekly_hold(step, write);

    step->next = LL_WEEKLY_DONE;
    if (err == LLMLEARN_OK)
        err = ll_weekly_has(step, write, "done", &done);
    if (err != LLMLEARN_OK || done)
        return err;
    err = ll_promote_find_signal(write->connection, step->signal, &signal);
    if (err == LLMLEARN_OK)
        err = ll_ab_tests_running(write->connection, signal, &running);
    if (err == LLMLEARN_OK)
        err = ll_variants_champion(write->connection, signal, &champion);
    if (err != LLMLEARN_OK)
        return err;
    if (running.id != 0)
        return ll_weekly_end(step, write, "somebody started a test");
    if (champion.id == 0)
        return ll_weekly_end(step, write, "it has no champion any more");
    return wait_or_start(step, write, &champion);
}
