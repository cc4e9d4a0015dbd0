#include "experiment/promote.h"

#include "base/err.h"
#include "experiment/override.h"
#include "store/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

llmlearn_err ll_promote_find_signal(ll_connection *connection, const char *signal,
                                    int64_t *out_signal)
{
    int64_t id = 0;
    llmlearn_err err = ll_names_find(connection, LL_NAME_SIGNAL, signal, strlen(signal), &id);

    if (err == LLMLEARN_OK && id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "signal: nothing is known of %s yet", signal);
    if (err == LLMLEARN_OK)
        *out_signal = id;
    return err;
}

static llmlearn_err find_version(const ll_change *change, const char *version, ll_variant *out)
{
    llmlearn_err err =
        ll_variants_find(change->connection, change->signal, version, strlen(version), out);

    if (err == LLMLEARN_OK && out->id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "version: the signal has no %s", version);
    return err;
}

llmlearn_err ll_promote_set_champion(const ll_change *change, const ll_decision_row *row)
{
    ll_decision_row whole = *row;
    llmlearn_err err = LLMLEARN_OK;

    assert(row->to != 0 && row->from != row->to);
    whole.at_us = change->now_us;
    whole.signal = change->signal;
    whole.actor = change->actor;
    whole.reason = change->reason;
    /* In this order: the schema allows a signal one champion. */
    if (row->from != 0)
        err = ll_variants_set_status(change->connection, row->from, LL_VARIANT_ARCHIVED,
                                     change->now_us);
    if (err == LLMLEARN_OK)
        err = ll_variants_set_status(change->connection, row->to, LL_VARIANT_CHAMPION,
                                     change->now_us);
    if (err == LLMLEARN_OK)
        err = ll_decisions_add(change->connection, &whole, NULL);
    return err;
}

static llmlearn_err release_arm(const ll_change *change, int64_t variant, ll_variant_status status)
{
    ll_variant arm;
    llmlearn_err err = ll_variants_get(change->connection, variant, &arm);

    if (err == LLMLEARN_OK && arm.status == LL_VARIANT_ACTIVE)
        err = ll_variants_set_status(change->connection, variant, status, change->now_us);
    return err;
}

llmlearn_err ll_promote_by_test(const ll_change *change, const ll_ab_test *test, int64_t from,
                                int64_t to)
{
    const ll_decision_row row = {
        .kind = to == test->previous ? LL_DECISION_ROLLBACK : LL_DECISION_PROMOTION,
        .test = test->id,
        .from = from,
        .to = to,
    };

    return ll_promote_set_champion(change, &row);
}

static ll_variant_status status_after(const ll_ab_test *test, int64_t variant,
                                      ll_variant_status others, int64_t spared)
{
    if (variant == spared)
        return LL_VARIANT_DRAFT;
    return variant == test->previous ? LL_VARIANT_ARCHIVED : others;
}

llmlearn_err ll_promote_end_test(const ll_change *change, const ll_ab_test *test,
                                 ll_ab_status ending, ll_variant_status others, int64_t spared)
{
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    uint32_t arm_count = 0;
    llmlearn_err err = ll_ab_arms_read(change->connection, test->id, arms, &arm_count);

    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++)
        err = release_arm(change, arms[i].variant,
                          status_after(test, arms[i].variant, others, spared));
    if (err == LLMLEARN_OK)
        err = ll_ab_tests_end(change->connection, test->id, ending, change->now_us);
    return err;
}

static llmlearn_err stop_test(const ll_change *change, const ll_ab_test *test,
                              ll_variant_status others, int64_t spared)
{
    const ll_decision_row row = {
        .at_us = change->now_us,
        .signal = change->signal,
        .kind = LL_DECISION_STOP,
        .test = test->id,
        .actor = change->actor,
        .reason = change->reason,
    };
    llmlearn_err err = ll_promote_end_test(change, test, LL_AB_STOPPED, others, spared);

    if (err == LLMLEARN_OK)
        err = ll_decisions_add(change->connection, &row, NULL);
    return err;
}

static llmlearn_err stop_running_test(const ll_change *change, ll_variant_status others,
                                      int64_t spared)
{
    ll_ab_test running;
    llmlearn_err err = ll_ab_tests_running(change->connection, change->signal, &running);

    if (err == LLMLEARN_OK && running.id != 0)
        err = stop_test(change, &running, others, spared);
    return err;
}

llmlearn_err ll_promote_stop(const ll_change *change, uint64_t test)
{
    ll_change of_signal = *change;
    ll_ab_test found = { .id = 0 };
    llmlearn_err err = LLMLEARN_OK;

    if (test <= INT64_MAX)
        err = ll_ab_tests_get(change->connection, test, &found);
    if (err != LLMLEARN_OK)
        return err;
    if (found.id == 0)
        return ll_fail(LLMLEARN_ENOTFOUND, "test_id: there is no test %llu",
                       (unsigned long long)test);
    if (found.status != LL_AB_RUNNING)
        return ll_fail(LLMLEARN_ESTATE, "test_id: test %llu is %s already",
                       (unsigned long long)test, ll_ab_status_name(found.status));
    of_signal.signal = found.signal;
    return stop_test(&of_signal, &found, LL_VARIANT_DRAFT, 0);
}

static llmlearn_err replace_champion(const ll_change *change, const ll_variant *variant)
{
    ll_variant champion;
    char *overridden = NULL;
    llmlearn_err err = ll_override_find(change, variant, &overridden);

    if (err == LLMLEARN_OK)
        err = stop_running_test(change, LL_VARIANT_ARCHIVED, variant->id);
    if (err == LLMLEARN_OK)
        err = ll_variants_champion(change->connection, change->signal, &champion);
    if (err == LLMLEARN_OK) {
        const ll_decision_row row = {
            .kind = LL_DECISION_PROMOTION,
            .from = champion.id,
            .to = variant->id,
            .receipt = overridden,
        };
        err = ll_promote_set_champion(change, &row);
    }
    free(overridden);
    return err;
}

llmlearn_err ll_promote_by_hand(const ll_change *change, const char *version)
{
    ll_variant variant;
    llmlearn_err err = find_version(change, version, &variant);

    if (err != LLMLEARN_OK || variant.status == LL_VARIANT_CHAMPION)
        return err;
    if (!variant.has_text)
        return ll_fail(LLMLEARN_ESTATE, "version: %s has no text; add it with llmlearn_add_variant",
                       version);
    if (variant.status == LL_VARIANT_REJECTED)
        return ll_fail(LLMLEARN_ESTATE, "version: %s was rejected by a guardrail", version);

    return replace_champion(change, &variant);
}

llmlearn_err ll_promote_rollback(const ll_change *change)
{
    ll_variant champion = { .id = 0 };
    int64_t before = 0;
    llmlearn_err err = ll_variants_champion(change->connection, change->signal, &champion);

    if (err == LLMLEARN_OK)
        err = ll_decisions_previous_champion(change->connection, change->signal, &before);
    if (err != LLMLEARN_OK)
        return err;
    if (champion.id == 0)
        return ll_fail(LLMLEARN_ENOCHAMPION, "signal: it has no champion to roll back");
    if (before == 0)
        return ll_fail(LLMLEARN_ENOCHAMPION, "signal: there was no champion before %s",
                       champion.version);
    err = stop_running_test(change, LL_VARIANT_DRAFT, 0);
    if (err != LLMLEARN_OK)
        return err;
    const ll_decision_row row = { .kind = LL_DECISION_ROLLBACK, .from = champion.id, .to = before };
    return ll_promote_set_champion(change, &row);
}

llmlearn_err ll_promote_archive(const ll_change *change, const char *version)
{
    ll_variant variant;
    llmlearn_err err = find_version(change, version, &variant);

    if (err != LLMLEARN_OK || variant.status == LL_VARIANT_ARCHIVED ||
        variant.status == LL_VARIANT_REJECTED)
        return err;
    if (variant.status == LL_VARIANT_CHAMPION)
        return ll_fail(LLMLEARN_ESTATE, "version: %s is the champion; promote another one first",
                       version);
    if (variant.status == LL_VARIANT_ACTIVE)
        return ll_fail(LLMLEARN_ESTATE, "version: %s is an arm of a running test; stop it first",
                       version);

    const ll_decision_row row = {
        .at_us = change->now_us,
        .signal = change->signal,
        .kind = LL_DECISION_ARCHIVE,
        .actor = change->actor,
        .reason = change->reason,
        .from = variant.id,
    };
    err =
        ll_variants_set_status(change->connection, variant.id, LL_VARIANT_ARCHIVED, change->now_us);
    if (err == LLMLEARN_OK)
        err = ll_decisions_add(change->connection, &row, NULL);
    return err;
}
