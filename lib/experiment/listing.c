#include "experiment/listing.h"

#include "base/clock.h"
#include "base/err.h"
#include "stats/interval.h"
#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/names.h"
#include "store/variants.h"

#include <jansson.h>
#include <string.h>

#define CONFIDENCE 0.95
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))

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

static json_t *time_json(bool known, int64_t time_us)
{
    char text[LL_TIME_TEXT_BYTES];

    if (!known)
        return json_null();
    ll_clock_format_time(time_us, text);
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static json_t *number_or_null(uint64_t number)
{
    return number == 0 ? json_null() : json_integer((json_int_t)number);
}

static json_t *ratio_or_null(int64_t part, int64_t whole)
{
    return whole == 0 ? json_null() : json_real((double)part / (double)whole);
}

static json_t *interval_or_null(int64_t part, int64_t whole)
{
    if (whole == 0)
        return json_null();
    ll_interval interval = ll_interval_wilson((uint64_t)part, (uint64_t)whole, CONFIDENCE);
    return json_pack("[f,f]", interval.low, interval.high);
}

static llmlearn_err out_of_memory(void)
{
    return ll_fail(LLMLEARN_ENOMEM, "out of memory for a report");
}

static llmlearn_err append(json_t *array, json_t *item)
{
    return json_array_append_new(array, item) == 0 ? LLMLEARN_OK : out_of_memory();
}

/* Takes the report, which may be NULL. */
static llmlearn_err dump(json_t *report, char **out_json)
{
    char *text = report == NULL ? NULL : json_dumps(report, DUMP_FLAGS);

    json_decref(report);
    if (text == NULL)
        return out_of_memory();
    *out_json = text;
    return LLMLEARN_OK;
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

    return append(report->champions, json_pack("{s:s, s:s, s:o}", "signal", signal, "version",
                                               version, "since", time_json(true, since_us)));
}

static json_t *test_json(const ll_ab_listed *listed, int64_t now_us)
{
    const ll_ab_test *test = &listed->test;
    bool ended = test->status != LL_AB_RUNNING;
    int64_t until_us = ended ? test->ended_us : now_us;
    double day_us = (double)LL_US_PER_DAY;

    return json_pack(
        "{s:I, s:s, s:s, s:s, s:o, s:o, s:f, s:f, s:I, s:f, s:f, s:s, s:s, s:f, s:o, s:I, s:I,"
        " s:[]}",
        "test_id", (json_int_t)test->id, "signal", listed->signal, "status",
        ll_ab_status_name(test->status), "rule", "classic", "started_at",
        time_json(true, test->started_us), "ended_at", time_json(ended, test->ended_us),
        "duration_min_days", (double)test->duration_min_us / day_us, "duration_max_days",
        (double)test->duration_max_us / day_us, "trials_min", (json_int_t)test->trials_min, "alpha",
        test->alpha, "effect_min", test->effect_min, "champion", listed->champion, "actor",
        listed->actor, "days_running", (double)(until_us - test->started_us) / day_us,
        "decision_id", number_or_null(listed->decision), "contaminated_units",
        (json_int_t)test->contaminated, "mismatches", (json_int_t)test->mismatches, "arms");
}

static json_t *arm_json(const ll_ab_listed *listed)
{
    const ll_ab_arm *arm = &listed->sums;

    return json_pack(
        "{s:I, s:s, s:f, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o,"
        " s:I, s:o, s:I, s:I}",
        "arm", (json_int_t)listed->arm, "version", listed->version, "weight", arm->weight,
        "champion", (int)(arm->variant == listed->test.champion), "status", listed->status,
        "explanations", (json_int_t)arm->explanations, "cached", (json_int_t)arm->cached,
        "fallback", (json_int_t)arm->fallback, "rerouted", (json_int_t)arm->rerouted, "units",
        (json_int_t)arm->units, "first_votes", (json_int_t)arm->first_votes, "positive",
        (json_int_t)arm->first_positive, "positive_rate",
        ratio_or_null(arm->first_positive, arm->first_votes), "positive_rate_interval",
        interval_or_null(arm->first_positive, arm->first_votes), "all_votes",
        (json_int_t)arm->votes, "all_positive", (json_int_t)arm->positive, "all_positive_rate",
        ratio_or_null(arm->positive, arm->votes), "rating_count", (json_int_t)arm->rating_count,
        "average_rating", ratio_or_null(arm->rating_sum, arm->rating_count), "cost_nanousd",
        (json_int_t)arm->cost_nanousd, "cost_known", (json_int_t)arm->cost_known);
}

/* Rows come test by test, arm by arm. */
static llmlearn_err add_arm(void *context, const ll_ab_listed *listed)
{
    tests_report *report = context;
    llmlearn_err err = LLMLEARN_OK;

    if (listed->test.id != report->last_id) {
        json_t *test = test_json(listed, report->now_us);
        err = append(report->tests, test);
        report->arms = err == LLMLEARN_OK ? json_object_get(test, "arms") : NULL;
        report->last_id = listed->test.id;
    }
    if (err == LLMLEARN_OK)
        err = append(report->arms, arm_json(listed));
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
    return dump(json_pack("{s:i, s:o, s:o, s:o}", "schema", 1, "as_of", time_json(true, now_us),
                          "champions", report.champions, "tests", report.tests),
                out_json);
}

/* ---- decisions --------------------------------------------------------- */

static json_t *decision_json(const ll_decision_listed *listed, json_t *receipt)
{
    bool archives = strcmp(listed->kind, ll_decision_kind_name(LL_DECISION_ARCHIVE)) == 0;

    return json_pack("{s:I, s:o, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "decision_id",
                     (json_int_t)listed->id, "at", time_json(true, listed->at_us), "signal",
                     listed->signal, "kind", listed->kind, "test_id", number_or_null(listed->test),
                     "actor", listed->actor, "reason", listed->reason, "from",
                     text_or_null(archives ? NULL : listed->from), "to", text_or_null(listed->to),
                     "archived", text_or_null(archives ? listed->from : NULL), "receipt", receipt);
}

static llmlearn_err add_decision(void *context, const ll_decision_listed *listed)
{
    json_t *receipt = listed->receipt == NULL ? json_null() : json_loads(listed->receipt, 0, NULL);

    if (receipt == NULL)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_decisions: the receipt of %llu is damaged",
                       (unsigned long long)listed->id);
    return append(context, decision_json(listed, receipt));
}

llmlearn_err ll_listing_decisions(ll_connection *connection, const char *signal, uint32_t limit,
                                  char **out_json)
{
    json_t *decisions = json_array();
    int64_t filter = 0;
    llmlearn_err err = find_filter(connection, signal, &filter);

    if (err == LLMLEARN_OK)
        err = ll_decisions_list(connection, filter, limit, add_decision, decisions);
    if (err != LLMLEARN_OK) {
        json_decref(decisions);
        return err;
    }
    return dump(json_pack("{s:i, s:o}", "schema", 1, "decisions", decisions), out_json);
}
