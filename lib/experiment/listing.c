#include "experiment/listing.h"

#include "base/clock.h"
#include "base/err.h"
#include "experiment/decide.h"
#include "experiment/evidence_json.h"
#include "experiment/json.h"
#include "experiment/look.h"
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

/* Where in the text the evidence on a running test belongs. It takes statements of its own, and
 * none may run inside the list's. */
typedef struct gap {
    size_t at;
    ll_ab_test test;
} gap;

typedef struct tests_report {
    ll_json_writer writer;
    ll_ab_test last; /* that is open; id 0: none */
    int64_t now_us;
    gap *gaps;
    uint32_t gap_count, gap_capacity;
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

/* JSON that stands as a text already; NULL: null. */
static void put_text(ll_json_writer *w, const char *key, const char *json)
{
    ll_json_writer_key(w, key);
    if (json == NULL)
        ll_json_writer_null(w);
    else
        ll_json_writer_json(w, json, strlen(json));
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
    ll_json_writer_put_string(w, "rule", ll_ab_rule_name(test->rule));
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
    ll_json_writer_put_real(w, "lift_min", test->lift_min);
    ll_json_writer_put_int(w, "trials_planned", test->trials_planned);
    ll_json_writer_put_string(w, "champion", listed->champion);
    ll_json_writer_put_string(w, "actor", listed->actor);
    put_days(w, "days_running", until_us - test->started_us);
    put_id(w, "decision_id", listed->decision);
    ll_json_writer_put_int(w, "contaminated_units", test->contaminated);
    ll_json_writer_put_int(w, "mismatches", test->mismatches);
    put_text(w, "plan", listed->plan);
    ll_json_writer_key(w, "arms");
    ll_json_writer_open(w, '[');
}

static llmlearn_err add_gap(tests_report *report)
{
    if (report->gap_count == report->gap_capacity) {
        uint32_t capacity = report->gap_capacity == 0 ? 8 : 2 * report->gap_capacity;
        gap *gaps = realloc(report->gaps, capacity * sizeof(gap));
        if (gaps == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "out of memory for a list of tests");
        report->gaps = gaps;
        report->gap_capacity = capacity;
    }
    report->gaps[report->gap_count++] =
        (gap){ .at = report->writer.buffer.length, .test = report->last };
    return LLMLEARN_OK;
}

/* The evidence comes last. Of a test that has ended it is in the receipt of its verdict. */
static llmlearn_err close_test(tests_report *report)
{
    ll_json_writer *w = &report->writer;
    llmlearn_err err = LLMLEARN_OK;

    if (report->last.id == 0)
        return LLMLEARN_OK;
    ll_json_writer_close(w, ']');
    ll_json_writer_key(w, "evidence");
    if (report->last.status == LL_AB_RUNNING)
        err = add_gap(report);
    else
        ll_json_writer_null(w);
    w->comma = true; /* for the test behind it, though the gap's value is missing */
    ll_json_writer_close(w, '}');
    return err;
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
    ll_json_writer_put_string(w, "hypothesis", listed->hypothesis);
    ll_json_writer_put_bool(w, "off", arm->off_us != 0);
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
    llmlearn_err err = LLMLEARN_OK;

    if (listed->plan != NULL && !ll_members_read(listed->plan, NULL, NULL))
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the plan of test %llu is damaged",
                       (unsigned long long)listed->test.id);
    if (listed->test.id != report->last.id) {
        err = close_test(report);
        open_test(&report->writer, listed, report->now_us);
        report->last = listed->test;
    }
    put_arm(&report->writer, listed);
    return err;
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
    if (err == LLMLEARN_OK)
        err = close_test(report);
    ll_json_writer_close(w, ']');
    ll_json_writer_close(w, '}');
    return err;
}

/* ---- the evidence on those that run ------------------------------------ */

typedef struct moment {
    ll_decide_input in;
    ll_decide_outcome outcome;
} moment;

static void put_moment(ll_json_writer *w, const moment *m)
{
    const ll_decide_outcome *o = &m->outcome;
    bool known = o->verdict == LLMLEARN_KEEP_GOING && o->days_left >= 0;

    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "looks", m->in.look_count);
    ll_json_put_real(w, "days_left", known, o->days_left);
    ll_json_writer_put_bool(w, "cannot_finish", o->cannot_finish);
    ll_json_put_names(w, "blockers", ll_blockers_name, o->blockers);
    ll_json_put_names(w, "advisories", ll_advisories_name, o->advisories);
    ll_evidence_put(w, &m->in, &o->evidence, false);
    ll_json_writer_close(w, '}');
}

/* As a look would find it now; but nobody looks. */
static llmlearn_err fill_gap(ll_connection *connection, const gap *g, int64_t now_us, moment *m,
                             ll_buffer *out)
{
    ll_json_writer w = { .comma = false };
    llmlearn_err err = ll_look_read(connection, &g->test, now_us, 0, &m->in);

    if (err != LLMLEARN_OK)
        return err;
    ll_decide(&m->in, &m->outcome);
    put_moment(&w, m);
    ll_buffer_append(out, w.buffer.data, w.buffer.length);
    out->failed |= w.buffer.failed;
    ll_buffer_free(&w.buffer);
    return LLMLEARN_OK;
}

/* The whole text, with the evidence where it belongs. */
static llmlearn_err fill_gaps(ll_connection *connection, tests_report *report)
{
    const ll_buffer *list = &report->writer.buffer;
    moment *m = calloc(1, sizeof *m); /* 170 KiB: not for a thread's stack */
    ll_json_writer whole = { .comma = true };
    llmlearn_err err = LLMLEARN_OK;
    size_t at = 0;

    if (m == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a list of tests");
    for (uint32_t i = 0; i < report->gap_count && err == LLMLEARN_OK; i++) {
        const gap *g = &report->gaps[i];
        ll_buffer_append(&whole.buffer, list->data + at, g->at - at);
        err = fill_gap(connection, g, report->now_us, m, &whole.buffer);
        at = g->at;
    }
    free(m);
    ll_buffer_append(&whole.buffer, list->data + at, list->length - at);
    ll_buffer_free(&report->writer.buffer);
    report->writer = whole;
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
    if (err == LLMLEARN_OK && !report.writer.buffer.failed)
        err = fill_gaps(connection, &report);
    if (err == LLMLEARN_OK)
        err = ll_json_take(&report.writer, out_json);
    ll_buffer_free(&report.writer.buffer);
    free(report.gaps);
    return err;
}

/* ---- decisions --------------------------------------------------------- */

/* Its receipt stands as a text already. */
static llmlearn_err add_decision(void *context, const ll_decision_listed *listed)
{
    ll_json_writer *w = context;
    bool archives = strcmp(listed->kind, ll_decision_kind_name(LL_DECISION_ARCHIVE)) == 0;
    bool breaks = strcmp(listed->kind, ll_decision_kind_name(LL_DECISION_BREAKER)) == 0;

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
    ll_json_writer_put_string(w, "from", archives || breaks ? NULL : listed->from);
    ll_json_writer_put_string(w, "to", listed->to);
    ll_json_writer_put_string(w, "archived", archives ? listed->from : NULL);
    put_text(w, "receipt", listed->receipt);
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
