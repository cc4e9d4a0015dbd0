#include "experiment/listing.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "experiment/json.h"
#include "experiment/members.h"
#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

#include <stdlib.h>
#include <string.h>

/* The filter that the store's lists take: 0 for all signals, -1 for one nobody knows. */
static llmlearn_err find_filter(ll_connection *connection, const char *signal, int64_t *out_filter)
{
    int64_t id = 0;
    llmlearn_err err = LLMLEARN_OK;

    if (signal != NULL) {
        err = ll_names_find(connection, LL_NAME_SIGNAL, signal, strlen(signal), &id);
        id = id == 0 ? -1 : id;
    }
    *out_filter = id;
    return err;
}

/* ---- tests ------------------------------------------------------------- */

typedef struct tests_report {
    json_t *champions, *tests;
    json_t *arms; /* of the last test; borrowed */
    uint64_t last_id;
    int64_t now_us;
} tests_report;

static llmlearn_err add_champion(void *context, const char *signal, const char *version,
                                 int64_t since_us)
{
    tests_report *report = context;
    json_t *json = json_object();

    ll_json_put(&json, "signal", json_string(signal));
    ll_json_put(&json, "version", json_string(version));
    ll_json_put(&json, "since", ll_json_time(true, since_us));
    return ll_json_append(report->champions, json);
}

static json_t *days_json(int64_t us)
{
    return json_real((double)us / (double)LL_US_PER_DAY);
}

static json_t *test_json(const ll_ab_listed *listed, int64_t now_us)
{
    const ll_ab_test *test = &listed->test;
    bool ended = test->status != LL_AB_RUNNING;
    int64_t until_us = ended ? test->ended_us : now_us;
    json_t *json = json_object();

    ll_json_put(&json, "test_id", json_integer((json_int_t)test->id));
    ll_json_put(&json, "signal", json_string(listed->signal));
    ll_json_put(&json, "status", json_string(ll_ab_status_name(test->status)));
    ll_json_put(&json, "rule", json_string("classic"));
    ll_json_put(&json, "started_at", ll_json_time(true, test->started_us));
    ll_json_put(&json, "ended_at", ll_json_time(ended, test->ended_us));
    ll_json_put(&json, "duration_min_days", days_json(test->duration_min_us));
    ll_json_put(&json, "duration_max_days", days_json(test->duration_max_us));
    ll_json_put(&json, "trials_min", json_integer(test->trials_min));
    ll_json_put(&json, "alpha", json_real(test->alpha));
    ll_json_put(&json, "effect_min", json_real(test->effect_min));
    ll_json_put(&json, "champion", json_string(listed->champion));
    ll_json_put(&json, "actor", json_string(listed->actor));
    ll_json_put(&json, "days_running", days_json(until_us - test->started_us));
    ll_json_put(&json, "decision_id", ll_json_count(listed->decision));
    ll_json_put(&json, "contaminated_units", json_integer(test->contaminated));
    ll_json_put(&json, "mismatches", json_integer(test->mismatches));
    ll_json_put(&json, "arms", json_array());
    return json;
}

static void put_first_votes(json_t **json, const ll_ab_arm *arm)
{
    ll_json_put(json, "first_votes", json_integer(arm->first_votes));
    ll_json_put(json, "positive", json_integer(arm->first_positive));
    ll_json_put(json, "positive_rate", ll_json_ratio(arm->first_positive, arm->first_votes));
    ll_json_put(json, "positive_rate_interval",
                ll_json_wilson(arm->first_positive, arm->first_votes));
}

static json_t *arm_json(const ll_ab_listed *listed)
{
    const ll_ab_arm *arm = &listed->sums;
    json_t *json = json_object();

    ll_json_put(&json, "arm", json_integer(listed->arm));
    ll_json_put(&json, "version", json_string(listed->version));
    ll_json_put(&json, "weight", json_real(arm->weight));
    ll_json_put(&json, "champion", json_boolean(arm->variant == listed->test.champion));
    ll_json_put(&json, "status", json_string(listed->status));
    ll_json_put(&json, "explanations", json_integer(arm->explanations));
    ll_json_put(&json, "cached", json_integer(arm->cached));
    ll_json_put(&json, "fallback", json_integer(arm->fallback));
    ll_json_put(&json, "rerouted", json_integer(arm->rerouted));
    ll_json_put(&json, "units", json_integer(arm->units));
    put_first_votes(&json, arm);
    ll_json_put(&json, "all_votes", json_integer(arm->votes));
    ll_json_put(&json, "all_positive", json_integer(arm->positive));
    ll_json_put(&json, "all_positive_rate", ll_json_ratio(arm->positive, arm->votes));
    ll_json_put(&json, "rating_count", json_integer(arm->rating_count));
    ll_json_put(&json, "average_rating", ll_json_ratio(arm->rating_sum, arm->rating_count));
    ll_json_put(&json, "cost_nanousd", json_integer(arm->cost_nanousd));
    ll_json_put(&json, "cost_known", json_integer(arm->cost_known));
    return json;
}

/* Rows come test by test, arm by arm. */
static llmlearn_err add_arm(void *context, const ll_ab_listed *listed)
{
    tests_report *report = context;
    llmlearn_err err = LLMLEARN_OK;

    if (listed->test.id != report->last_id) {
        json_t *test = test_json(listed, report->now_us);
        err = ll_json_append(report->tests, test);
        report->arms = err == LLMLEARN_OK ? json_object_get(test, "arms") : NULL;
        report->last_id = listed->test.id;
    }
    if (err == LLMLEARN_OK)
        err = ll_json_append(report->arms, arm_json(listed));
    return err;
}

llmlearn_err ll_listing_tests(ll_connection *connection, const char *signal, uint32_t limit,
                              int64_t now_us, char **out_json)
{
    tests_report report = { .champions = json_array(), .tests = json_array(), .now_us = now_us };
    int64_t filter = 0;
    llmlearn_err err = find_filter(connection, signal, &filter);

    if (err == LLMLEARN_OK)
        err = ll_variants_list_champions(connection, filter, add_champion, &report);
    if (err == LLMLEARN_OK)
        err = ll_ab_tests_list(connection, filter, limit, add_arm, &report);
    if (err != LLMLEARN_OK) {
        json_decref(report.champions);
        json_decref(report.tests);
        return err;
    }
    json_t *json = json_object();
    ll_json_put(&json, "schema", json_integer(1));
    ll_json_put(&json, "as_of", ll_json_time(true, now_us));
    ll_json_put(&json, "champions", report.champions);
    ll_json_put(&json, "tests", report.tests);
    return ll_json_write(json, out_json);
}

/* ---- decisions --------------------------------------------------------- */

/* All of it but the receipt, which stands as a text already. */
static json_t *decision_json(const ll_decision_listed *listed)
{
    bool archives = strcmp(listed->kind, ll_decision_kind_name(LL_DECISION_ARCHIVE)) == 0;
    json_t *json = json_object();

    ll_json_put(&json, "decision_id", json_integer((json_int_t)listed->id));
    ll_json_put(&json, "at", ll_json_time(true, listed->at_us));
    ll_json_put(&json, "signal", json_string(listed->signal));
    ll_json_put(&json, "kind", json_string(listed->kind));
    ll_json_put(&json, "test_id", ll_json_count(listed->test));
    ll_json_put(&json, "actor", json_string(listed->actor));
    ll_json_put(&json, "reason", json_string(listed->reason));
    ll_json_put(&json, "from", ll_json_text(archives ? NULL : listed->from));
    ll_json_put(&json, "to", ll_json_text(listed->to));
    ll_json_put(&json, "archived", ll_json_text(archives ? listed->from : NULL));
    return json;
}

typedef struct decisions_report {
    ll_buffer out;
    uint32_t count;
} decisions_report;

static llmlearn_err add_decision(void *context, const ll_decision_listed *listed)
{
    decisions_report *report = context;
    char *text = NULL;

    if (listed->receipt != NULL && !ll_members_read(listed->receipt, NULL, NULL))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the receipt of %llu is damaged",
                       (unsigned long long)listed->id);
    llmlearn_err err = ll_json_write(decision_json(listed), &text);
    if (err != LLMLEARN_OK)
        return err;
    if (report->count++ > 0)
        ll_buffer_append(&report->out, ",", 1);
    ll_buffer_append(&report->out, text, strlen(text) - 1); /* without its closing brace */
    ll_buffer_printf(&report->out, ",\"receipt\":%s}",
                     listed->receipt == NULL ? "null" : listed->receipt);
    free(text);
    return LLMLEARN_OK;
}

llmlearn_err ll_listing_decisions(ll_connection *connection, const char *signal, uint32_t limit,
                                  char **out_json)
{
    decisions_report report = { .count = 0 };
    int64_t filter = 0;
    char *text = NULL;
    llmlearn_err err = find_filter(connection, signal, &filter);

    ll_buffer_printf(&report.out, "{\"schema\":1,\"decisions\":[");
    if (err == LLMLEARN_OK)
        err = ll_decisions_list(connection, filter, limit, add_decision, &report);
    ll_buffer_printf(&report.out, "]}");
    if (err == LLMLEARN_OK) {
        text = ll_buffer_take(&report.out);
        err = text == NULL ? ll_fail(LLMLEARN_ENOMEM, "out of memory for a report") : LLMLEARN_OK;
    }
    ll_buffer_free(&report.out);
    if (err == LLMLEARN_OK)
        *out_json = text;
    return err;
}
