#include "analytics/report.h"

#include "store/variants.h"
#include "support/raw_rows.h"
#include "support/stores.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- what stands below a report ---- */

static ll_analytics *analytics;
static _Atomic int64_t now_us;

static atomic_int drain_count;
static llmlearn_err drain_result;
static uint64_t drain_pending;
static ll_deadline drain_deadline;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static const ll_clock clock_under_control = { .now = read_clock };

static llmlearn_err drain(void *user, ll_deadline deadline, uint64_t *out_pending)
{
    ck_assert_ptr_eq(user, &drain_count);
    atomic_fetch_add(&drain_count, 1);
    drain_deadline = deadline;
    *out_pending = drain_pending;
    return drain_result;
}

static void set_up(void)
{
    ll_analytics_options options = {
        .clock = &clock_under_control, .ttl_ms = 300000, .drain = drain, .user = &drain_count
    };

    atomic_store(&now_us, ROWS_TODAY * LL_US_PER_DAY + 15 * LL_US_PER_HOUR);
    atomic_store(&drain_count, 0);
    drain_result = LLMLEARN_OK;
    drain_pending = 0;
    rows_open();
    options.store = rows_store;
    ck_ok(ll_analytics_open(&options, &analytics));
}

static void tear_down(void)
{
    ll_analytics_close(analytics);
    ll_analytics_close(NULL);
    rows_close();
}

/* ---- reading the JSON ---- */

/* Takes the keys in order, so that what was not asked for, or comes elsewhere, is noticed. */
typedef struct reader {
    json_t *object;
    void *at;
} reader;

static reader read_object(json_t *object)
{
    ck_assert(json_is_object(object));
    return (reader){ .object = object, .at = json_object_iter(object) };
}

static json_t *next(reader *r, const char *key)
{
    json_t *value;

    ck_assert_msg(r->at != NULL, "no key %s", key);
    ck_assert_str_eq(json_object_iter_key(r->at), key);
    value = json_object_iter_value(r->at);
    r->at = json_object_iter_next(r->object, r->at);
    return value;
}

static void check_end(const reader *r)
{
    ck_assert_ptr_null(r->at);
}

static void check_int(reader *r, const char *key, int64_t expected)
{
    json_t *value = next(r, key);

    ck_assert_msg(json_is_integer(value), "%s", key);
    ck_assert_msg(json_integer_value(value) == expected, "%s: %lld, not %lld", key,
                  (long long)json_integer_value(value), (long long)expected);
}

static void check_text(reader *r, const char *key, const char *expected)
{
    json_t *value = next(r, key);

    ck_assert_msg(json_is_string(value), "%s", key);
    ck_assert_str_eq(json_string_value(value), expected);
}

static void check_real(json_t *value, const char *key, double expected)
{
    ck_assert_msg(json_is_real(value), "%s", key);
    ck_assert_msg(fabs(json_real_value(value) - expected) <= 0.6e-9, "%s: %.15g, not %.15g", key,
                  json_real_value(value), expected);
}

static void check_ratio(reader *r, const char *key, int64_t part, int64_t whole)
{
    json_t *value = next(r, key);

    if (whole == 0)
        ck_assert_msg(json_is_null(value), "%s", key);
    else
        check_real(value, key, (double)part / (double)whole);
}

/* Wilson's formula as textbooks print it. */
static void check_interval(reader *r, int64_t positive, int64_t votes)
{
    const double z = 1.959963984540054;
    json_t *value = next(r, "positive_rate_interval");
    double n = (double)votes, p = (double)positive / n;

    if (votes == 0) {
        ck_assert(json_is_null(value));
        return;
    }
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

    ck_assert_uint_eq(json_array_size(value), 2);
    check_real(json_array_get(value, 0), "low", middle - half);
    check_real(json_array_get(value, 1), "high", middle + half);
}

static int64_t rating_count(const rows_tally *t)
{
    return t->rating[0] + t->rating[1] + t->rating[2] + t->rating[3] + t->rating[4];
}

static int64_t rating_sum(const rows_tally *t)
{
    return t->rating[0] + 2 * t->rating[1] + 3 * t->rating[2] + 4 * t->rating[3] + 5 * t->rating[4];
}

static void check_group(reader *r, const rows_tally *t)
{
    int64_t votes = t->positive + t->negative;

    check_int(r, "explanations", t->explanations);
    check_int(r, "feedback", votes);
    check_int(r, "positive", t->positive);
    check_ratio(r, "positive_rate", t->positive, votes);
    check_interval(r, t->positive, votes);
    check_int(r, "rating_count", rating_count(t));
    check_ratio(r, "average_rating", rating_sum(t), rating_count(t));
}

static void check_use(reader *r, const rows_tally *t)
{
    check_ratio(r, "cached_rate", t->cached, t->explanations);
    check_ratio(r, "fallback_rate", t->fallback, t->explanations);
    check_int(r, "prompt_tokens", t->prompt_tokens);
    check_int(r, "completion_tokens", t->completion_tokens);
    check_int(r, "cost_nanousd", t->cost_nanousd);
    check_int(r, "cost_known", t->cost_known);
}

static void check_percentile(reader *r, const char *key, const rows_tally *t, int percent)
{
    json_t *value = next(r, key);
    int rank = (t->latency_count * percent + 99) / 100;

    if (t->latency_count == 0) {
        ck_assert(json_is_null(value));
        return;
    }
    ck_assert(json_is_real(value));
    ck_assert_double_le(fabs(json_real_value(value) / t->latencies[rank - 1] - 1), 0.01);
}

static void check_totals(reader *r, const rows_tally *t)
{
    int64_t votes = t->positive + t->negative;
    json_t *histogram;

    check_int(r, "total_explanations", t->explanations);
    check_int(r, "total_feedback", votes);
    check_int(r, "positive", t->positive);
    check_int(r, "negative", t->negative);
    check_int(r, "rated_explanations", t->rated);
    check_ratio(r, "response_rate", t->rated, t->explanations);
    check_ratio(r, "positive_rate", t->positive, votes);
    check_interval(r, t->positive, votes);
    check_int(r, "rating_count", rating_count(t));
    check_ratio(r, "average_rating", rating_sum(t), rating_count(t));
    histogram = next(r, "rating_histogram");
    ck_assert_uint_eq(json_array_size(histogram), 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(json_integer_value(json_array_get(histogram, i)), t->rating[i]);
    check_use(r, t);
}

static void check_latency(reader *r, const rows_tally *t)
{
    reader latency = read_object(next(r, "latency_ms"));

    check_percentile(&latency, "p50", t, 50);
    check_percentile(&latency, "p95", t, 95);
    check_percentile(&latency, "p99", t, 99);
    check_end(&latency);
}

/* As many days, right before the window. */
static void check_previous(json_t *object, const rows_filter *window)
{
    static rows_tally t;
    rows_filter f = *window;
    reader r = read_object(object);
    char text[LL_TIME_TEXT_BYTES];

    f.last = window->first - 1;
    f.first = f.last - (window->last - window->first);
    rows_recount(&f, &t);
    ll_clock_format_day(f.first, text);
    check_text(&r, "from", text);
    ll_clock_format_day(f.last, text);
    check_text(&r, "to", text);
    check_group(&r, &t);
    check_use(&r, &t);
    check_int(&r, "rated_explanations", t.rated);
    check_ratio(&r, "response_rate", t.rated, t.explanations);
    check_end(&r);
}

static bool is_empty(const rows_tally *t)
{
    return t->explanations == 0 && t->positive + t->negative == 0;
}

static void check_by_signal(json_t *array, const rows_filter *window)
{
    static const int by_name[ROWS_SIGNALS] = { 1, 2, 0 };
    static rows_tally t;
    size_t at = 0;

    for (int i = 0; i < ROWS_SIGNALS; i++) {
        rows_filter f = *window;

        f.signal = by_name[i];
        rows_recount(&f, &t);
        if (is_empty(&t))
            continue;
        reader r = read_object(json_array_get(array, at++));
        check_text(&r, "signal", rows_signal_names[f.signal]);
        check_group(&r, &t);
        check_use(&r, &t);
        check_end(&r);
    }
    ck_assert_uint_eq(json_array_size(array), at);
}

static void check_by_variant(json_t *array, const rows_filter *window)
{
    static const int by_name[ROWS_SIGNALS] = { 1, 2, 0 };
    static const int by_version[ROWS_VERSIONS] = { 3, 1, 2, 0 };
    static rows_tally t;
    size_t at = 0;

    for (int i = 0; i < ROWS_SIGNALS * ROWS_VERSIONS; i++) {
        rows_filter f = *window;

        f.signal = by_name[i / ROWS_VERSIONS];
        f.version = by_version[i % ROWS_VERSIONS];
        rows_recount(&f, &t);
        if (is_empty(&t))
            continue;
        reader r = read_object(json_array_get(array, at++));
        check_text(&r, "signal", rows_signal_names[f.signal]);
        check_text(&r, "version", rows_version_names[f.version]);
        check_text(&r, "status", "draft");
        check_group(&r, &t);
        check_use(&r, &t);
        check_latency(&r, &t);
        check_end(&r);
    }
    ck_assert_uint_eq(json_array_size(array), at);
}

typedef struct ranked {
    int ticker;
    int64_t votes, explanations;
} ranked;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *left = a, *right = b;

    if (left->votes != right->votes)
        return left->votes > right->votes ? -1 : 1;
    if (left->explanations != right->explanations)
        return left->explanations > right->explanations ? -1 : 1;
    return strcmp(rows_ticker_names[left->ticker], rows_ticker_names[right->ticker]);
}

static void check_by_ticker(json_t *array, const rows_filter *window)
{
    static rows_tally t;
    ranked all[ROWS_TICKERS];
    size_t seen_count = 0;

    for (int i = 0; i < ROWS_TICKERS; i++) {
        rows_filter f = *window;

        f.ticker = i;
        rows_recount(&f, &t);
        if (!is_empty(&t))
            all[seen_count++] = (ranked){ i, t.positive + t.negative, t.explanations };
    }
    qsort(all, seen_count, sizeof all[0], compare_ranked);
    ck_assert_uint_eq(json_array_size(array), seen_count < 10 ? seen_count : 10);
    for (size_t i = 0; i < json_array_size(array); i++) {
        rows_filter f = *window;
        reader r = read_object(json_array_get(array, i));

        f.ticker = all[i].ticker;
        rows_recount(&f, &t);
        check_text(&r, "ticker", rows_ticker_names[f.ticker]);
        check_group(&r, &t);
        check_end(&r);
    }
}

static void check_series(json_t *array, const rows_filter *window)
{
    static rows_tally t;

    ck_assert_int_eq((int64_t)json_array_size(array), window->last - window->first + 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        rows_filter f = *window;
        reader r = read_object(json_array_get(array, i));
        char text[LL_TIME_TEXT_BYTES];

        f.first = f.last = window->first + (int64_t)i;
        ll_clock_format_day(f.first, text);
        rows_recount(&f, &t);
        check_text(&r, "day", text);
        check_group(&r, &t);
        check_use(&r, &t);
        check_end(&r);
    }
}

static json_t *get_report(uint32_t days, bool refresh)
{
    char *text = NULL;
    json_error_t error;
    json_t *report;

    ck_ok(ll_analytics_report(analytics, days, refresh, soon(), &text));
    report = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(report != NULL, "%s: %s", error.text, text);
    ck_assert_ptr_null(strpbrk(text, " \n"));
    free(text);
    return report;
}

/* Every field of a fresh report against a recount of the raw rows. */
static void check_report(uint32_t days)
{
    static rows_tally t;
    int64_t now = atomic_load(&now_us);
    const rows_filter window = { .first = ll_clock_day(now) - (int64_t)days + 1,
                                 .last = ll_clock_day(now),
                                 .signal = -1,
                                 .version = -1,
                                 .ticker = -1 };
    json_t *report = get_report(days, true);
    reader r = read_object(report), w;
    char text[LL_TIME_TEXT_BYTES];

    check_int(&r, "schema", 1);
    ll_clock_format_time(now, text);
    check_text(&r, "as_of", text);
    check_int(&r, "age_ms", 0);
    check_int(&r, "pending", 0);
    w = read_object(next(&r, "window"));
    check_int(&w, "days", days);
    ll_clock_format_day(window.first, text);
    check_text(&w, "from", text);
    ll_clock_format_day(window.last, text);
    check_text(&w, "to", text);
    check_end(&w);
    rows_recount(&window, &t);
    check_totals(&r, &t);
    check_latency(&r, &t);
    check_previous(next(&r, "previous"), &window);
    check_by_signal(next(&r, "by_signal"), &window);
    check_by_ticker(next(&r, "by_ticker"), &window);
    check_by_variant(next(&r, "by_variant"), &window);
    check_series(next(&r, "series"), &window);
    check_end(&r);
    json_decref(report);
}

/* ---- tests of the whole report ---- */

START_TEST(an_empty_database_gives_zeros_and_nulls)
{
    check_report(1);
    check_report(30);
    check_report(90);
}
END_TEST

START_TEST(one_row_gives_one_row)
{
    const rows_explanation e = { .created_us = ROWS_TODAY * LL_US_PER_DAY,
                                 .has_latency = true,
                                 .latency_ms = 812.5,
                                 .prompt_tokens = 3 };

    rows_log(&e);
    rows_store_all();
    check_report(1);
    check_report(30);
    check_report(90);
    rows_submit(&(rows_vote){ .created_us = atomic_load(&now_us), .helpful = true, .rating = 5 });
    rows_store_all();
    check_report(1);
    check_report(30);
}
END_TEST

START_TEST(every_field_equals_a_recount)
{
    static const uint32_t windows[] = { 1, 2, 7, 30, 89, 90 };

    for (int round = 0; round < 3; round++) {
        rows_add_random(1500, 2500, ROWS_TODAY - 190, 193);
        rows_store_all();
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
            check_report(windows[i]);
        atomic_fetch_add(&now_us, LL_US_PER_DAY); /* and the window moves */
    }
}
END_TEST

/* After a first report most days come from memory: only those that change may differ. */
START_TEST(changes_show_in_a_report_from_memory)
{
    rows_add_random(2000, 2000, ROWS_TODAY - 40, 41);
    rows_store_all();
    check_report(30);
    for (int round = 0; round < 15; round++) {
        rows_add_random(5, 5, ROWS_TODAY - rows_random_below(70), 1);
        rows_store_all();
        check_report(30);
        check_report(1 + (uint32_t)rows_random_below(90));
    }
}
END_TEST

START_TEST(a_row_of_the_future_waits_for_its_day)
{
    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY + 1) * LL_US_PER_DAY, .ticker = 3 });
    rows_submit(&(rows_vote){ .created_us = (ROWS_TODAY + 2) * LL_US_PER_DAY, .helpful = true });
    rows_store_all();
    check_report(30);
    json_t *report = get_report(30, true);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "total_explanations")), 0);
    json_decref(report);
    for (int day = 0; day < 3; day++) {
        atomic_fetch_add(&now_us, LL_US_PER_DAY);
        check_report(1);
        check_report(30);
    }
}
END_TEST

START_TEST(the_window_begins_at_a_midnight)
{
    int64_t edge = (ROWS_TODAY - 29) * LL_US_PER_DAY;

    rows_log(&(rows_explanation){ .created_us = edge, .ticker = 1 });
    rows_log(&(rows_explanation){ .created_us = edge - 1, .ticker = 2 });
    rows_store_all();
    check_report(29);
    check_report(30);
    check_report(31);
    json_t *report = get_report(30, false);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "total_explanations")), 1);
    json_decref(report);
    atomic_fetch_add(&now_us, LL_US_PER_DAY);
    check_report(30);
}
END_TEST

START_TEST(a_vote_counts_on_its_own_day)
{
    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - 40) * LL_US_PER_DAY });
    rows_submit(
        &(rows_vote){ .created_us = ROWS_TODAY * LL_US_PER_DAY, .helpful = false, .rating = 1 });
    rows_store_all();
    check_report(30); /* a vote, no explanation, nothing rated */
    check_report(90);
}
END_TEST

START_TEST(equal_tickers_stand_by_name)
{
    for (int i = 0; i < ROWS_TICKERS; i++) {
        rows_log(&(rows_explanation){ .created_us = ROWS_TODAY * LL_US_PER_DAY, .ticker = i });
        if (i % 3 == 0)
            rows_log(&(rows_explanation){ .created_us = ROWS_TODAY * LL_US_PER_DAY, .ticker = i });
    }
    rows_store_all();
    check_report(30);
    rows_submit(&(rows_vote){ .created_us = ROWS_TODAY * LL_US_PER_DAY, .explanation = 7 });
    rows_submit(&(rows_vote){ .created_us = ROWS_TODAY * LL_US_PER_DAY, .explanation = 9 });
    rows_store_all();
    check_report(30);
}
END_TEST

START_TEST(a_status_follows_the_configuration)
{
    json_t *report;
    const char *status;

    rows_log(&(rows_explanation){ .created_us = ROWS_TODAY * LL_US_PER_DAY });
    rows_store_all();
    check_report(30);
    ck_ok(ll_variants_set_status(rows_begin(), rows_variants[0][0], LL_VARIANT_ARCHIVED, 2));
    rows_commit();
    ll_connection *connection = rows_begin();
    ck_ok(ll_store_set_fact(connection, LL_FACT_CONFIG_VERSION, 77));
    rows_commit();
    report = get_report(30, true);
    status = json_string_value(
        json_object_get(json_array_get(json_object_get(report, "by_variant"), 0), "status"));
    ck_assert_str_eq(status, "archived");
    json_decref(report);
}
END_TEST

/* ---- cache and drain ---- */

START_TEST(only_a_miss_drains)
{
    json_t *report = get_report(30, false);

    json_decref(report);
    ck_assert_int_eq(atomic_load(&drain_count), 1);
    atomic_fetch_add(&now_us, 1234567);
    report = get_report(30, false);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "age_ms")), 1234);
    json_decref(report);
    ck_assert_int_eq(atomic_load(&drain_count), 1);
    json_decref(get_report(30, true));
    json_decref(get_report(7, false));
    ck_assert_int_eq(atomic_load(&drain_count), 3);
}
END_TEST

START_TEST(what_a_drain_left_is_pending_and_no_failure)
{
    static const struct {
        llmlearn_err result;
        uint64_t left;
        int64_t pending;
    } cases[] = { { LLMLEARN_OK, 0, 0 },
                  { LLMLEARN_OK, 5, 5 }, /* another process's */
                  { LLMLEARN_ETIMEDOUT, 17, 17 },
                  { LLMLEARN_EIO, 0, 1 },
                  { LLMLEARN_EIO, UINT64_MAX, INT64_MAX } };

    rows_log(&(rows_explanation){ .created_us = ROWS_TODAY * LL_US_PER_DAY });
    rows_store_all();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        drain_result = cases[i].result;
        drain_pending = cases[i].left;
        json_t *report = get_report(30, true);
        ck_assert_int_eq(json_integer_value(json_object_get(report, "pending")), cases[i].pending);
        ck_assert_int_eq(json_integer_value(json_object_get(report, "total_explanations")), 1);
        json_decref(report);
    }
}
END_TEST

START_TEST(a_drain_leaves_time_for_reading)
{
    ll_deadline deadline = ll_deadline_in_ms(20000);
    char *text = NULL;

    ck_ok(ll_analytics_report(analytics, 30, true, deadline, &text));
    ck_assert_uint_le(drain_deadline, deadline - UINT64_C(4000000000));
    free(text);
}
END_TEST

START_TEST(a_store_that_is_busy_beyond_the_deadline_is_an_error)
{
    ll_connection *connection = NULL;
    char *text = NULL;

    ck_ok(ll_store_read_begin(rows_store, soon(), &connection));
    ck_assert_int_eq(ll_analytics_report(analytics, 30, true, ll_deadline_in_ms(20), &text),
                     LLMLEARN_ETIMEDOUT);
    ck_assert_ptr_null(text);
    ll_store_read_end(rows_store);
    check_report(30);
}
END_TEST

START_TEST(numbers_without_a_name_are_damage)
{
    static const ll_statement damages[] = {
        { "UPDATE llm_metrics SET ticker = 999 WHERE ticker <> 0" },
        { "UPDATE llm_metrics SET ticker = 1 WHERE ticker = 999" }, /* a ticker again */
        { "UPDATE llm_metrics SET variant = 999 WHERE variant <> 0" },
        { "UPDATE llm_latency SET variant = 5" },
    };
    static const ll_statement bump = { "UPDATE llm_days SET version = version + 1" };
    char *text = NULL;

    rows_log(&(rows_explanation){
        .created_us = ROWS_TODAY * LL_US_PER_DAY, .has_latency = true, .latency_ms = 1 });
    rows_store_all();
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        store_write(rows_store, &damages[i], NULL, 0);
        store_write(rows_store, &bump, NULL, 0);
        ck_assert_int_eq(ll_analytics_report(analytics, 30, true, soon(), &text),
                         i == 1 ? LLMLEARN_OK : LLMLEARN_ECORRUPT);
    }
    free(text);
}
END_TEST

/* ---- beside a writer ---- */

static atomic_bool stop;

static void *ask_often(void *argument)
{
    uint32_t days = *(const uint32_t *)argument;

    while (!atomic_load(&stop)) {
        json_t *report = get_report(days, true);
        int64_t sum = 0;
        size_t i;
        json_t *day;

        json_array_foreach(json_object_get(report, "series"), i, day) sum +=
            json_integer_value(json_object_get(day, "explanations"));
        /* Every commit adds 7 rows: a report that sees half of one is torn. */
        ck_assert_int_eq(sum % 7, 0);
        ck_assert_int_eq(sum, json_integer_value(json_object_get(report, "total_explanations")));
        json_decref(report);
    }
    return NULL;
}

START_TEST(a_report_sees_whole_commits)
{
    static const uint32_t windows[] = { 30, 30, 7 };
    pthread_t threads[3];

    atomic_store(&stop, false);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, (void *)&windows[i]), 0);
    for (int i = 0; i < 150; i++) {
        for (int j = 0; j < 7; j++)
            rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - j % 7) * LL_US_PER_DAY,
                                          .ticker = (i + j) % ROWS_TICKERS,
                                          .version = i % ROWS_VERSIONS });
        rows_store_all();
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    check_report(30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_empty_database_gives_zeros_and_nulls);
    tcase_add_test(tests, one_row_gives_one_row);
    tcase_add_test(tests, every_field_equals_a_recount);
    tcase_add_test(tests, changes_show_in_a_report_from_memory);
    tcase_add_test(tests, a_row_of_the_future_waits_for_its_day);
    tcase_add_test(tests, the_window_begins_at_a_midnight);
    tcase_add_test(tests, a_vote_counts_on_its_own_day);
    tcase_add_test(tests, equal_tickers_stand_by_name);
    tcase_add_test(tests, a_status_follows_the_configuration);
    tcase_add_test(tests, only_a_miss_drains);
    tcase_add_test(tests, what_a_drain_left_is_pending_and_no_failure);
    tcase_add_test(tests, a_drain_leaves_time_for_reading);
    tcase_add_test(tests, a_store_that_is_busy_beyond_the_deadline_is_an_error);
    tcase_add_test(tests, numbers_without_a_name_are_damage);
    tcase_add_test(tests, a_report_sees_whole_commits);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
