#include "experiment/listing.h"

#include "base/clock.h"
#include "base/err.h"
#include "experiment/json.h"
#include "experiment/members.h"
#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

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
    ll_json_writer writer;
    uint64_t last_id; /* of the test that is open; 0: none */
    int64_t now_us;
} tests_report;

static llmlearn_err add_champion(void *context, const char *signal, const char *version,
                                 int64_t since_us)
{
    tests_report *report = context;
    ll_json_writer *w = &report->writer;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_string(w, "signal", signal);
    ll_json_writer_put_string(w, "version", version);
    ll_json_put_time(w, "since", since_us);
    ll_json_writer_close(w, '}');
    return LLMLEARN_OK;
}

static void put_days(ll_json_writer *w, const char *key, int64_t us)
{
    ll_json_writer_put_real(w, key, (double)us / (double)LL_US_PER_DAY);
}

/* 0: null */
static void put_id(ll_json_writer *w, const char *key, uint64_t id)
{
    if (id == 0)
        ll_json_writer_put_null(w, key);
    else
        ll_json_writer_put_int(w, key, (int64_t)id);
}

/* Up to its arms, which follow. */
static void open_test(ll_json_writer *w, const ll_ab_listed *listed, int64_t now_us)
{
    const ll_ab_test *test = &listed->test;
    bool ended = test->status != LL_AB_RUNNING;
    int64_t until_us = ended ? test->ended_us : now_us;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "test_id", (int64_t)test->id);
    ll_json_writer_put_string(w, "signal", listed->signal);
    ll_json_writer_put_string(w, "status", ll_ab_status_name(test->status));
    ll_json_writer_put_string(w, "rule", "classic");
    ll_json_put_time(w, "started_at", test->started_us);
    if (ended)
        ll_json_put_time(w, "ended_at", test->ended_us);
    else
        ll_json_writer_put_null(w, "ended_at");
    put_days(w, "duration_min_days", test->duration_min_us);
    put_days(w, "duration_max_days", test->duration_max_us);
    ll_json_writer_put_int(w, "trials_min", test->trials_min);
    ll_json_writer_put_real(w, "alpha", test->alpha);
    ll_json_writer_put_real(w, "effect_min", test->effect_min);
    ll_json_writer_put_string(w, "champion", listed->champion);
    ll_json_writer_put_string(w, "actor", listed->actor);
    put_days(w, "days_running", until_us - test->started_us);
    put_id(w, "decision_id", listed->decision);
    ll_json_writer_put_int(w, "contaminated_units", test->contaminated);
    ll_json_writer_put_int(w, "mismatches", test->mismatches);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
}

static void close_test(ll_json_writer *w)
{
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
}

static void put_first_votes(ll_json_writer *w, const ll_ab_arm *arm)
{
    uint64_t positive = (uint64_t)arm->first_positive, votes = (uint64_t)arm->first_votes;

    ll_json_writer_put_int(w, "first_votes", arm->first_votes);
    ll_json_writer_put_int(w, "positive", arm->first_positive);
    ll_json_put_ratio(w, "positive_rate", positive, votes);
    ll_json_put_wilson(w, "positive_rate_interval", positive, votes);
}

static void put_arm(ll_json_writer *w, const ll_ab_listed *listed)
{
    const ll_ab_arm *arm = &listed->sums;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "arm", listed->arm);
    ll_json_writer_put_string(w, "version", listed->version);
    ll_json_writer_put_real(w, "weight", arm->weight);
    ll_json_writer_put_bool(w, "champion", arm->variant == listed->test.champion);
    ll_json_writer_put_string(w, "status", listed->status);
    ll_json_writer_put_int(w, "explanations", arm->explanations);
    ll_json_writer_put_int(w, "cached", arm->cached);
    ll_json_writer_put_int(w, "fallback", arm->fallback);
    ll_json_writer_put_int(w, "rerouted", arm->rerouted);
    ll_json_writer_put_int(w, "units", arm->units);
    put_first_votes(w, arm);
    ll_json_writer_put_int(w, "all_votes", arm->votes);
    ll_json_writer_put_int(w, "all_positive", arm->positive);
    ll_json_put_ratio(w, "all_positive_rate", (uint64_t)arm->positive, (uint64_t)arm->votes);
    ll_json_writer_put_int(w, "rating_count", arm->rating_count);
    ll_json_put_ratio(w, "average_rating", (uint64_t)arm->rating_sum, (uint64_t)arm->rating_count);
    ll_json_writer_put_int(w, "cost_nanousd", arm->cost_nanousd);
    ll_json_writer_put_int(w, "cost_known", arm->cost_known);
    ll_json_writer_close(w, '}');
}

/* Rows come test by test, arm by arm. */
static llmlearn_err add_arm(void *context, const ll_ab_listed *listed)
{
    tests_report *report = context;

    if (listed->test.id != report->last_id) {
        if (report->last_id != 0)
            close_test(&report->writer);
        open_test(&report->writer, listed, report->now_us);
        report->last_id = listed->test.id;
    }
    put_arm(&report->writer, listed);
    return LLMLEARN_OK;
}

static llmlearn_err put_tests(ll_connection *connection, int64_t filter, uint32_t limit,
                              tests_report *report)
{
    ll_json_writer *w = &report->writer;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "schema", 1);
    ll_json_put_time(w, "as_of", report->now_us);
    ll_json_writer_key(w, "champions");
    ll_json_writer_open(w, '[');
    llmlearn_err err = ll_variants_list_champions(connection, filter, add_champion, report);
    ll_json_writer_close(w, ']');
    ll_json_writer_key(w, "tests");
    ll_json_writer_open(w, '[');
    if (err == LLMLEARN_OK)
        err = ll_ab_tests_list(connection, filter, limit, add_arm, report);
    if (report->last_id != 0)
        close_test(w);
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
    return err;
}

llmlearn_err ll_listing_tests(ll_connection *connection, const char *signal, uint32_t limit,
                              int64_t now_us, char **out_json)
{
    tests_report report = { .now_us = now_us };
    int64_t filter = 0;
    llmlearn_err err = find_filter(connection, signal, &filter);

    if (err == LLMLEARN_OK)
        err = put_tests(connection, filter, limit, &report);
    if (err == LLMLEARN_OK)
        err = ll_json_take(&report.writer, out_json);
    ll_buffer_free(&report.writer.buffer);
    return err;
}

/* ---- decisions --------------------------------------------------------- */

/* Its receipt stands as a text already. */
static llmlearn_err add_decision(void *context, const ll_decision_listed *listed)
{
    ll_json_writer *w = context;
    bool archives = strcmp(listed->kind, ll_decision_kind_name(LL_DECISION_ARCHIVE)) == 0;

    if (listed->receipt != NULL && !ll_members_read(listed->receipt, NULL, NULL))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the receipt of %llu is damaged",
                       (unsigned long long)listed->id);
    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "decision_id", (int64_t)listed->id);
    ll_json_put_time(w, "at", listed->at_us);
    ll_json_writer_put_string(w, "signal", listed->signal);
    ll_json_writer_put_string(w, "kind", listed->kind);
    put_id(w, "test_id", listed->test);
    ll_json_writer_put_string(w, "actor", listed->actor);
    ll_json_writer_put_string(w, "reason", listed->reason);
    ll_json_writer_put_string(w, "from", archives ? NULL : listed->from);
    ll_json_writer_put_string(w, "to", listed->to);
    ll_json_writer_put_string(w, "archived", archives ? listed->from : NULL);
    if (listed->receipt == NULL) {
        ll_json_writer_put_null(w, "receipt");
    } else {
        ll_json_writer_key(w, "receipt");
        ll_json_writer_json(w, listed->receipt, strlen(listed->receipt));
    }
    ll_json_writer_close(w, '}');
    return LLMLEARN_OK;
}

llmlearn_err ll_listing_decisions(ll_connection *connection, const char *signal, uint32_t limit,
                                  char **out_json)
{
    ll_json_writer w = { .comma = false };
    int64_t filter = 0;
    llmlearn_err err = find_filter(connection, signal, &filter);

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_int(&w, "schema", 1);
    ll_json_writer_key(&w, "decisions");
    ll_json_writer_open(&w, '[');
    if (err == LLMLEARN_OK)
        err = ll_decisions_list(connection, filter, limit, add_decision, &w);
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, '}');
    if (err == LLMLEARN_OK)
        err = ll_json_take(&w, out_json);
    ll_buffer_free(&w.buffer);
    return err;
}
