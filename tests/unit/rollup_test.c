#include "analytics/rollup.h"

#include "analytics/summary.h"
#include "support/raw_rows.h"
#include "support/stores.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

typedef struct seen {
    int day_count;
    int64_t explanations, tickers;
} seen;

static llmlearn_err see_day(void *user, const ll_rollup_day *day)
{
    seen *s = user;
    int64_t by_ticker = 0;

    for (uint32_t i = 0; i < day->ticker_count; i++)
        by_ticker += day->tickers[i].explanations;
    ck_assert_int_eq(by_ticker, day->total.explanations);
    s->day_count++;
    s->explanations += by_ticker;
    s->tickers += day->ticker_count;
    return LLMLEARN_OK;
}

static seen see_days(ll_rollup *rollup, int64_t first, int64_t last)
{
    ll_connection *connection = NULL;
    seen s = { 0 };

    ck_ok(ll_store_read_begin(rows_store, soon(), &connection));
    ck_ok(ll_rollup_each(rollup, connection, first, last, see_day, &s));
    ll_store_read_end(rows_store);
    return s;
}

START_TEST(only_changed_days_are_read_again)
{
    ll_rollup rollup = { 0 };

    rows_add_random(3000, 3000, ROWS_TODAY - 99, 100);
    rows_store_all();
    ck_assert_int_eq(see_days(&rollup, ROWS_TODAY - 29, ROWS_TODAY).day_count, 30);
    ck_assert_uint_eq(rollup.days_read, 30);
    see_days(&rollup, ROWS_TODAY - 29, ROWS_TODAY);
    see_days(&rollup, ROWS_TODAY - 6, ROWS_TODAY);
    ck_assert_uint_eq(rollup.days_read, 30);
    ck_assert_int_eq(see_days(&rollup, ROWS_TODAY - 89, ROWS_TODAY).day_count, 90);
    ck_assert_uint_eq(rollup.days_read, 90);

    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - 3) * LL_US_PER_DAY });
    rows_log(&(rows_explanation){ .created_us = (ROWS_TODAY - 70) * LL_US_PER_DAY });
    rows_store_all();
    see_days(&rollup, ROWS_TODAY - 29, ROWS_TODAY);
    ck_assert_uint_eq(rollup.days_read, 91);
    see_days(&rollup, ROWS_TODAY - 89, ROWS_TODAY);
    ck_assert_uint_eq(rollup.days_read, 92);

    see_days(&rollup, ROWS_TODAY - 88, ROWS_TODAY + 1); /* nothing tomorrow; the oldest day goes */
    ck_assert_uint_eq(rollup.days_read, 92);
    see_days(&rollup, ROWS_TODAY - 89, ROWS_TODAY);
    ck_assert_uint_eq(rollup.days_read, 93);
    ll_rollup_clear(&rollup);
    ck_assert_uint_eq(rollup.bytes, 0);
}
END_TEST

/* 90 days of 1,300 tickers are 3.7 MB. */
START_TEST(a_flood_of_tickers_costs_no_memory)
{
    const ll_counts one = { .explanations = 1 };
    ll_rollup rollup = { 0 };

    for (int64_t day = ROWS_TODAY - 89; day <= ROWS_TODAY; day++) {
        for (int64_t ticker = 1; ticker <= 1300; ticker++)
            ck_ok(ll_metrics_add(rows_changes, day, rows_variants[0][0], ticker, &one));
        rows_store_all();
    }
    for (int round = 0; round < 3; round++) {
        seen s = see_days(&rollup, ROWS_TODAY - 89, ROWS_TODAY);

        ck_assert_int_eq(s.explanations, 90 * 1300);
        ck_assert_uint_le(rollup.bytes, LL_ROLLUP_BYTES_MAX);
        ck_assert_uint_ge(rollup.bytes, LL_ROLLUP_BYTES_MAX * 9 / 10);
    }
    ck_assert_uint_lt(rollup.days_read, 3 * 90); /* the newest were kept */
    uint64_t before = rollup.days_read;
    see_days(&rollup, ROWS_TODAY - 19, ROWS_TODAY);
    ck_assert_uint_eq(rollup.days_read, before);
    ll_rollup_clear(&rollup);
}
END_TEST

/* Known cases of the nearest rank: 1 of 1, 50 of 100, 95 of 100, the last. */
START_TEST(percentiles_are_of_the_nearest_rank)
{
    int64_t counts[300] = { 0 };
    ll_spread spread = { .first = 500, .count = 300, .explanations = counts };
    double ms;

    ck_assert(!ll_spread_percentile(&spread, 50, &ms));
    ck_assert(!ll_spread_percentile(&(ll_spread){ 0 }, 50, &ms));
    counts[7] = 1;
    for (int percent = 1; percent <= 100; percent++) {
        ck_assert(ll_spread_percentile(&spread, percent, &ms));
        ck_assert_double_eq(ms, ll_latency_of_bucket(507));
    }
    for (int i = 0; i < 200; i++)
        counts[i] = i < 100 ? 1 : 0;
    for (int percent = 1; percent <= 100; percent++) {
        ck_assert(ll_spread_percentile(&spread, percent, &ms));
        ck_assert_double_eq(ms, ll_latency_of_bucket(500 + (uint32_t)percent - 1));
    }
    counts[299] = 1; /* 101: the 95th percent is rank 96 of them */
    ck_assert(ll_spread_percentile(&spread, 95, &ms));
    ck_assert_double_eq(ms, ll_latency_of_bucket(595));
    ck_assert(ll_spread_percentile(&spread, 100, &ms));
    ck_assert_double_eq(ms, ll_latency_of_bucket(799));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rollup");
    TCase *tests = tcase_create("rollup");

    tcase_add_checked_fixture(tests, rows_open, rows_close);
    tcase_add_test(tests, only_changed_days_are_read_again);
    tcase_add_test(tests, a_flood_of_tickers_costs_no_memory);
    tcase_add_test(tests, percentiles_are_of_the_nearest_rank);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
