#include "experiment/breaker.h"

#include "base/err.h"
#include "experiment/json.h"
#include "mail/alert_add.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(LL_BREAKER_EXCESS >= LL_BREAKER_UNITS, "one failure cannot be several units'");
_Static_assert(LL_BREAKER_EXCESS <= LL_AB_RECENT_MAX, "else it would never trip");

#define ACTOR "llmlearn"
#define REASON_BYTES_MAX 400

static bool is_new(const uint64_t *units, uint32_t count, uint64_t unit)
{
    for (uint32_t i = 0; i < count; i++) {
        if (units[i] == unit)
            return false;
    }
    return true;
}

ll_breaker_count ll_breaker_count_failures(const ll_ab_recent *recent)
{
    ll_breaker_count found = { .exposures = recent->count };
    uint64_t units[LL_BREAKER_UNITS];

    assert(recent->count <= LL_AB_RECENT_MAX);
    for (uint32_t i = 0; i < recent->count; i++) {
        uint64_t unit = recent->entries[i] >> 1;
        if ((recent->entries[i] & 1) == 0)
            continue;
        found.failures++;
        if (found.units < LL_BREAKER_UNITS && is_new(units, found.units, unit))
            units[found.units++] = unit;
    }
    return found;
}

bool ll_breaker_trips(const ll_breaker_count *arm, const ll_breaker_count *champion)
{
    return arm->failures >= champion->failures + LL_BREAKER_EXCESS &&
           arm->units >= LL_BREAKER_UNITS &&
           champion->failures * LL_BREAKER_CHAMPION_SHARE <= champion->exposures;
}

/* ---- switching off ----------------------------------------------------- */

/* An arm that trips, for the decision and the log. */
typedef struct trip {
    uint32_t arm;
    ll_breaker_count count, champion;
    ll_variant variant;
} trip;

static llmlearn_err write_receipt(const trip *t, char **out_json)
{
    ll_json_writer w = { .comma = false };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "arm", t->arm);
    ll_json_writer_put_string(&w, "version", t->variant.version);
    ll_json_writer_put_int(&w, "failures", t->count.failures);
    ll_json_writer_put_int(&w, "exposures", t->count.exposures);
    ll_json_writer_put_int(&w, "champion_failures", t->champion.failures);
    ll_json_writer_put_int(&w, "champion_exposures", t->champion.exposures);
    ll_json_writer_close(&w, '}');
    return ll_json_take(&w, out_json);
}

static void write_reason(const trip *t, char reason[REASON_BYTES_MAX])
{
    snprintf(reason, REASON_BYTES_MAX,
             "%s failed in %u of its last %u exposures, the champion in %u of %u: until the test"
             " ends its units are served the champion's prompt",
             t->variant.version, t->count.failures, t->count.exposures, t->champion.failures,
             t->champion.exposures);
}

static llmlearn_err note(ll_connection *connection, const ll_ab_test *test, const trip *t,
                         int64_t now_us, const char *reason)
{
    char *receipt = NULL;
    llmlearn_err err = write_receipt(t, &receipt);
    const ll_decision_row row = {
        .at_us = now_us,
        .signal = test->signal,
        .kind = LL_DECISION_BREAKER,
        .test = test->id,
        .actor = ACTOR,
        .reason = reason,
        .from = t->variant.id,
        .receipt = receipt,
    };

    if (err == LLMLEARN_OK)
        err = ll_decisions_add(connection, &row, NULL);
    free(receipt);
    return err;
}

/* The same as a look would say of the guardrail "failures": told once. */
static llmlearn_err alert(ll_connection *connection, const ll_ab_test *test, const trip *t,
                          int64_t now_us, const char *reason)
{
    char signal[LL_NAME_BYTES_MAX + 1], about[LL_OUTBOX_ABOUT_BYTES_MAX];
    ll_alert_text text;
    llmlearn_err err = ll_names_get(connection, test->signal, signal);
    const ll_alert_guardrail_tripped tripped = { .signal = signal,
                                                 .test = test->id,
                                                 .version = t->variant.version,
                                                 .guardrail = "failures",
                                                 .evidence = reason,
                                                 .switched_off = true };

    if (err == LLMLEARN_OK)
        err = ll_alert_guardrail_tripped_text(&tripped, &text);
    snprintf(about, sizeof about, "test %llu, %s, %s", (unsigned long long)test->id,
             tripped.version, tripped.guardrail);
    if (err == LLMLEARN_OK)
        err = ll_alert_add(connection, LL_ALERT_GUARDRAIL_TRIPPED, about, &text, now_us);
    return err;
}

static llmlearn_err switch_off(ll_connection *connection, ll_ab_open *open, trip *t, int64_t now_us,
                               const ll_log *log)
{
    char reason[REASON_BYTES_MAX];
    llmlearn_err err = ll_variants_get(connection, open->arms[t->arm].variant, &t->variant);

    if (err != LLMLEARN_OK)
        return err;
    write_reason(t, reason);
    err = note(connection, &open->test, t, now_us, reason);
    if (err == LLMLEARN_OK)
        err = alert(connection, &open->test, t, now_us, reason);
    if (err != LLMLEARN_OK)
        return err;
    ll_ab_change_arm(open, t->arm)->off_us = now_us;
    ll_log_write(log, LLMLEARN_LOG_WARNING, "arm-switched-off", "test %llu, arm %u: %s",
                 (unsigned long long)open->test.id, t->arm, reason);
    return LLMLEARN_OK;
}

static uint32_t champion_of(const ll_ab_open *open)
{
    uint32_t arm = 0;

    while (arm < open->arm_count && open->arms[arm].variant != open->test.champion)
        arm++;
    return arm;
}

llmlearn_err ll_breaker_check(ll_connection *connection, ll_ab_open *open, int64_t now_us,
                              const ll_log *log, bool *out_switched)
{
    uint32_t champion = champion_of(open);
    llmlearn_err err = LLMLEARN_OK;
    trip t = { .arm = 0 };

    *out_switched = false;
    if (open->test.status != LL_AB_RUNNING || champion == open->arm_count)
        return LLMLEARN_OK;
    t.champion = ll_breaker_count_failures(&open->arms[champion].recent);
    for (t.arm = 0; t.arm < open->arm_count && err == LLMLEARN_OK; t.arm++) {
        if (t.arm == champion || open->arms[t.arm].off_us != 0)
            continue;
        t.count = ll_breaker_count_failures(&open->arms[t.arm].recent);
        if (!ll_breaker_trips(&t.count, &t.champion))
            continue;
        err = switch_off(connection, open, &t, now_us, log);
        *out_switched = true;
    }
    return err;
}
