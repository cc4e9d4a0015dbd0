#include "experiment/start.h"

#include "base/err.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

#include <assert.h>
#include <string.h>

static llmlearn_err check_arm(uint32_t index, const char *version, const ll_variant *variant)
{
    if (variant->id == 0 || !variant->has_text)
        return ll_fail(LLMLEARN_ENOTFOUND,
                       "arms[%u].version: %s was never added; use llmlearn_add_variant", index,
                       version);
    if (variant->status == LL_VARIANT_ARCHIVED || variant->status == LL_VARIANT_REJECTED)
        return ll_fail(LLMLEARN_ESTATE, "arms[%u].version: %s is %s", index, version,
                       ll_variant_status_name(variant->status));
    return LLMLEARN_OK;
}

static llmlearn_err find_arms(ll_connection *connection, const ll_start *start, int64_t signal,
                              ll_ab_arm *arms)
{
    llmlearn_err err = LLMLEARN_OK;
    ll_variant variant;

    for (uint32_t i = 0; i < start->arm_count && err == LLMLEARN_OK; i++) {
        const char *version = start->versions[i];
        err = ll_variants_find(connection, signal, version, strlen(version), &variant);
        if (err == LLMLEARN_OK)
            err = check_arm(i, version, &variant);
        arms[i] = (ll_ab_arm){ .variant = variant.id, .weight = start->weights[i] };
    }
    return err;
}

/* The arm that is champion, or will be: the baseline, if the signal has none. */
static llmlearn_err find_champion(ll_connection *connection, const ll_start *start, int64_t signal,
                                  const ll_ab_arm *arms, int64_t *out_champion, bool *out_is_new)
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
            *out_champion = arms[i].variant;
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

static llmlearn_err note(ll_connection *connection, const ll_start *start, const ll_ab_test *test,
                         uint64_t id, bool champion_is_new)
{
    const ll_decision_row row = {
        .at_us = start->now_us,
        .signal = test->signal,
        .kind = LL_DECISION_START,
        .test = id,
        .actor = start->actor,
        .reason = champion_is_new ? "test started; the baseline became champion" : "test started",
        .to = champion_is_new ? test->champion : 0,
    };

    return ll_decisions_add(connection, &row, NULL);
}

llmlearn_err ll_start_test(ll_connection *connection, const ll_start *start, uint64_t *out_test)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    ll_ab_test test = start->test;
    bool champion_is_new = false;
    uint64_t id = 0;

    assert(start->arm_count >= 2 && start->arm_count <= LLMLEARN_ARMS_MAX);
    test.started_us = start->now_us;
    llmlearn_err err = ll_names_intern(connection, LL_NAME_SIGNAL, start->signal,
                                       strlen(start->signal), &test.signal);
    if (err == LLMLEARN_OK)
        err = find_arms(connection, start, test.signal, arms);
    if (err == LLMLEARN_OK)
        err = find_champion(connection, start, test.signal, arms, &test.champion, &champion_is_new);
    if (err == LLMLEARN_OK)
        err = ll_ab_tests_insert(connection, &test, arms, start->arm_count, start->actor, &id);
    if (err == LLMLEARN_OK)
        err = activate(connection, start, arms, test.champion);
    if (err == LLMLEARN_OK)
        err = note(connection, start, &test, id, champion_is_new);
    if (err == LLMLEARN_OK)
        *out_test = id;
    return err;
}
