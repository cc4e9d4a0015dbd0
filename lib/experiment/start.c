#include "experiment/start.h"

#include "base/clock.h"
#include "base/err.h"
#include "experiment/plan_json.h"
#include "stats/eprocess.h"
#include "stats/eprocess_bytes.h"
#include "store/ab_eprocess.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* previous: an archived version that may come back; 0: none. */
static llmlearn_err check_arm(uint32_t index, const char *version, const ll_variant *variant,
                              int64_t previous)
{
    if (variant->id == 0 || !variant->has_text)
        return ll_fail(LLMLEARN_ENOTFOUND,
                       "arms[%u].version: %s was never added; use llmlearn_add_variant", index,
                       version);
    if (variant->status == LL_VARIANT_ARCHIVED && variant->id == previous)
        return LLMLEARN_OK;
    if (variant->status == LL_VARIANT_ARCHIVED || variant->status == LL_VARIANT_REJECTED)
        return ll_fail(LLMLEARN_ESTATE, "arms[%u].version: %s is %s", index, version,
                       ll_variant_status_name(variant->status));
    return LLMLEARN_OK;
}

/* *out_previous is the champion before, if it may be an arm and is one; else 0. */
static llmlearn_err find_arms(ll_connection *connection, const ll_start *start, int64_t signal,
                              ll_ab_arm *arms, int64_t *out_previous)
{
    llmlearn_err err = LLMLEARN_OK;
    int64_t previous = 0;
    ll_variant variant;

    if (start->keep_previous)
        err = ll_decisions_previous_champion(connection, signal, &previous);
    for (uint32_t i = 0; i < start->arm_count && err == LLMLEARN_OK; i++) {
        const char *version = start->versions[i];
        err = ll_variants_find(connection, signal, version, strlen(version), &variant);
        if (err == LLMLEARN_OK)
            err = check_arm(i, version, &variant, previous);
        arms[i] = (ll_ab_arm){ .variant = variant.id, .weight = start->weights[i] };
        if (variant.id == previous)
            *out_previous = previous;
    }
    return err;
}

/* The arm that is champion, or will be: the baseline, if the signal has none. */
static llmlearn_err find_champion(ll_connection *connection, const ll_start *start, int64_t signal,
                                  uint32_t *out_champion, bool *out_is_new)
{
    ll_variant champion;
    llmlearn_err err = ll_variants_champion(connection, signal, &champion);
    const char *version = start->baseline;

    if (err != LLMLEARN_OK)
        return err;
    if (champion.id != 0)
        version = champion.version;
    for (uint32_t i = 0; i < start->arm_count; i++) {
        if (strcmp(start->versions[i], version) == 0) {
            *out_champion = i;
            *out_is_new = champion.id == 0;
            return LLMLEARN_OK;
        }
    }
    if (champion.id == 0)
        return ll_fail(LLMLEARN_ENOCHAMPION,
                       "arms: %s has no champion and the baseline %s is not among the arms",
                       start->signal, version);
    return ll_fail(LLMLEARN_ENOCHAMPION, "arms: the champion %s must be one of them", version);
}

static llmlearn_err activate(ll_connection *connection, const ll_start *start,
                             const ll_ab_arm *arms, int64_t champion)
{
    llmlearn_err err =
        ll_variants_set_status(connection, champion, LL_VARIANT_CHAMPION, start->now_us);

    for (uint32_t i = 0; i < start->arm_count && err == LLMLEARN_OK; i++) {
        if (arms[i].variant != champion)
            err = ll_variants_set_status(connection, arms[i].variant, LL_VARIANT_ACTIVE,
                                         start->now_us);
    }
    return err;
}

static llmlearn_err read_traffic(ll_connection *connection, const ll_ab_test *test, ll_traffic *out)
{
    int64_t today = ll_clock_day(test->started_us);

    return ll_traffic_read(connection, test->signal, test->champion, today - LL_TRAFFIC_DAYS, today,
                           out);
}

/* The e-process of the test, with nothing in it yet. */
static llmlearn_err begin_eprocess(ll_connection *connection, const ll_start *start, uint64_t test,
                                   uint32_t champion, double kappa)
{
    llmlearn_eprocess state = { .struct_size = sizeof state };
    ll_ab_eprocess kept = { .week = 0 };

    ll_eprocess_begin(start->weights, start->arm_count, champion, kappa, &state);
    kept.now_bytes = ll_eprocess_bytes_write(&state, kept.now);
    return ll_ab_eprocess_write(connection, test, &kept);
}

static llmlearn_err note(ll_connection *connection, const ll_start *start, const ll_ab_test *test,
                         const ll_plan *plan, bool champion_is_new)
{
    char *receipt = NULL;
    llmlearn_err err = ll_plan_write(test, plan, &receipt);
    const ll_decision_row row = {
        .at_us = start->now_us,
        .signal = test->signal,
        .kind = LL_DECISION_START,
        .test = test->id,
        .actor = start->actor,
        .reason = champion_is_new ? "test started; the baseline became champion" : "test started",
        .to = champion_is_new ? test->champion : 0,
        .receipt = receipt,
    };

    if (err == LLMLEARN_OK)
        err = ll_decisions_add(connection, &row, NULL);
    free(receipt);
    return err;
}

/* What the test will need, from what came before it. */
static llmlearn_err make_plan(ll_connection *connection, const ll_start *start,
                              const ll_ab_arm *arms, uint32_t champion, ll_ab_test *test,
                              ll_plan *out)
{
    ll_traffic traffic;
    llmlearn_err err = read_traffic(connection, test, &traffic);

    if (err != LLMLEARN_OK)
        return err;
    ll_outlook_plan(test, arms, start->arm_count, champion, &traffic,
                    ll_clock_day(test->started_us), out);
    test->rate_planned = out->rate;
    test->trials_planned = out->trials;
    return LLMLEARN_OK;
}

/* Writes the rows of a test of which everything is known. */
static llmlearn_err insert(ll_connection *connection, const ll_start *start, const ll_ab_arm *arms,
                           uint32_t champion, double kappa, ll_ab_test *test)
{
    llmlearn_err err =
        ll_ab_tests_insert(connection, test, arms, start->arm_count, start->actor, &test->id);

    if (err == LLMLEARN_OK)
        err = begin_eprocess(connection, start, test->id, champion, kappa);
    if (err == LLMLEARN_OK)
        err = activate(connection, start, arms, test->champion);
    return err;
}

llmlearn_err ll_start_test(ll_connection *connection, const ll_start *start, uint64_t *out_test)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    ll_ab_test test = start->test;
    ll_plan plan;
    uint32_t champion = 0;
    bool champion_is_new = false;

    assert(start->arm_count >= 2 && start->arm_count <= LLMLEARN_ARMS_MAX);
    test.started_us = start->now_us;
    llmlearn_err err = ll_names_intern(connection, LL_NAME_SIGNAL, start->signal,
                                       strlen(start->signal), &test.signal);
    if (err == LLMLEARN_OK)
        err = find_arms(connection, start, test.signal, arms, &test.previous);
    if (err == LLMLEARN_OK)
        err = find_champion(connection, start, test.signal, &champion, &champion_is_new);
    if (err != LLMLEARN_OK)
        return err;
    test.champion = arms[champion].variant;
    err = make_plan(connection, start, arms, champion, &test, &plan);
    if (err == LLMLEARN_OK)
        err = insert(connection, start, arms, champion, plan.kappa, &test);
    if (err == LLMLEARN_OK)
        err = note(connection, start, &test, &plan, champion_is_new);
    if (err == LLMLEARN_OK)
        *out_test = test.id;
    return err;
}
