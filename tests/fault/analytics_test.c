/* link: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc */
#include "analytics/report.h"

#include "support/raw_rows.h"
#include "support/stores.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- the n-th allocation of ours fails ---- */

static long until_failure; /* 0: none will */
static long failure_count;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static bool is_this_one(void)
{
    if (until_failure == 0 || --until_failure > 0)
        return false;
    failure_count++;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return is_this_one() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return is_this_one() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return is_this_one() ? NULL : __real_realloc(old, bytes);
}

/* Disarming says whether the failure was met. */
static void arm(long n)
{
    until_failure = n;
    failure_count = 0;
}

static bool disarm(void)
{
    until_failure = 0;
    return failure_count > 0;
}

/* ---- reports ---- */

static ll_analytics *analytics;

static int64_t read_clock(void *user)
{
    (void)user;
    return ROWS_TODAY * LL_US_PER_DAY + LL_US_PER_HOUR;
}

static const ll_clock fixed_clock = { .now = read_clock };

static llmlearn_err drain(void *user, ll_deadline deadline, uint64_t *out_pending)
{
    (void)user;
    (void)deadline;
    *out_pending = 0;
    return LLMLEARN_OK;
}

static llmlearn_err open_analytics(void)
{
    const ll_analytics_options options = {
        .store = rows_store, .clock = &fixed_clock, .ttl_ms = 300000, .drain = drain
    };

    return ll_analytics_open(&options, &analytics);
}

START_TEST(opening_without_memory_fails_and_leaves_nothing)
{
    long n = 1;
    llmlearn_err err;

    for (;; n++) {
        analytics = NULL;
        arm(n);
        err = open_analytics();
        if (!disarm())
            break;
        ck_assert_int_eq(err, LLMLEARN_ENOMEM);
        ck_assert_ptr_null(analytics);
    }
    ck_assert_int_eq(err, LLMLEARN_OK);
    ck_assert_int_gt(n, 2);
    ll_analytics_close(analytics);
}
END_TEST

/* Each failure leaves analytics that can still answer, and right. */
START_TEST(a_report_without_memory_fails_and_the_next_is_right)
{
    char *expected = NULL, *text;
    long n = 1;
    llmlearn_err err;

    rows_add_random(500, 500, ROWS_TODAY - 9, 10);
    rows_store_all();
    ck_ok(open_analytics());
    ck_ok(ll_analytics_report(analytics, 30, true, soon(), &expected));
    ll_analytics_close(analytics);

    for (;; n++) {
        ck_ok(open_analytics()); /* so that days and names are read again */
        text = NULL;
        arm(n);
        err = ll_analytics_report(analytics, 30, true, soon(), &text);
        if (!disarm())
            break;
        ck_assert_int_eq(err, LLMLEARN_ENOMEM);
        ck_assert_ptr_null(text);
        ck_ok(ll_analytics_report(analytics, 30, false, soon(), &text));
        ck_assert_str_eq(text, expected);
        free(text);
        ll_analytics_close(analytics);
    }
    ck_assert_int_eq(err, LLMLEARN_OK);
    ck_assert_str_eq(text, expected);
    ck_assert_int_gt(n, 100);
    free(text);
    free(expected);
    ll_analytics_close(analytics);
}
END_TEST

/* ---- change sets ---- */

START_TEST(a_change_set_without_memory_fails_and_leaves_nothing)
{
    ll_metrics_changes *changes = NULL;
    long n = 1;
    llmlearn_err err;

    for (;; n++) {
        changes = NULL;
        arm(n);
        err = ll_metrics_changes_new(&changes);
        if (!disarm())
            break;
        ck_assert_int_eq(err, LLMLEARN_ENOMEM);
        ck_assert_ptr_null(changes);
    }
    ck_assert_int_eq(err, LLMLEARN_OK);
    ck_assert_int_gt(n, 6);
    ll_metrics_changes_free(changes);
}
END_TEST

/* Adds what failed once more, and writes once more: nothing is missing and nothing twice. */
START_TEST(adding_without_memory_adds_all_or_nothing)
{
    static const ll_statement both = {
        "SELECT (SELECT sum(explanations) FROM llm_metrics WHERE ticker = 0) * 1000000"
        " + (SELECT sum(explanations) FROM llm_metrics WHERE variant = 0)"
    };
    static const ll_statement latencies = { "SELECT sum(explanations) FROM llm_latency" };
    const ll_counts one = { .explanations = 1 };
    long failures = 0;

    for (long i = 0; i < 6000; i++) {
        int64_t day = ROWS_TODAY - i % 90;
        llmlearn_err err;

        arm(1);
        err = ll_metrics_add(rows_changes, day, 1 + i % 7, 100 + i, &one);
        if (disarm()) {
            ck_assert_int_eq(err, LLMLEARN_ENOMEM);
            failures++;
            ck_ok(ll_metrics_add(rows_changes, day, 1 + i % 7, 100 + i, &one));
        }
        arm(1);
        err = ll_metrics_add_latency(rows_changes, day, 1 + i % 7, (double)i);
        if (disarm()) {
            ck_assert_int_eq(err, LLMLEARN_ENOMEM);
            failures++;
            ck_ok(ll_metrics_add_latency(rows_changes, day, 1 + i % 7, (double)i));
        }
    }
    ck_assert_int_gt(failures, 10);
    for (long n = 1;; n++) {
        ll_connection *connection = rows_begin();
        llmlearn_err err;

        arm(n);
        err = ll_metrics_write(rows_changes, connection);
        if (!disarm() || err == LLMLEARN_OK) { /* giving memory back may fail in peace */
            ck_assert_int_eq(err, LLMLEARN_OK);
            rows_commit();
            break;
        }
        ck_assert_int_eq(err, LLMLEARN_ENOMEM);
        ll_store_rollback(rows_store);
        ll_store_unlock(rows_store);
    }
    ck_assert_int_eq(store_number(rows_store, &both), 6000 * 1000000L + 6000);
    ck_assert_int_eq(store_number(rows_store, &latencies), 6000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("analytics");
    TCase *tests = tcase_create("without memory");

    tcase_add_checked_fixture(tests, rows_open, rows_close);
    tcase_add_test(tests, opening_without_memory_fails_and_leaves_nothing);
    tcase_add_test(tests, a_report_without_memory_fails_and_the_next_is_right);
    tcase_add_test(tests, a_change_set_without_memory_fails_and_leaves_nothing);
    tcase_add_test(tests, adding_without_memory_adds_all_or_nothing);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
