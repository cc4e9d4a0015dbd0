#include "store/metrics.h"

#include "store/metrics_read.h"
#include "store/tally.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers, the same in every run ---- */

static uint64_t random_state = 1;

static uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int64_t random_below(int64_t limit)
{
    return (int64_t)(random_u64() % (uint64_t)limit);
}

static double random_unit(void)
{
    return (double)(random_u64() >> 11) / (double)(UINT64_C(1) << 53);
}

/* ---- latency buckets ---- */

START_TEST(a_bucket_begins_at_its_border)
{
    for (uint32_t b = 1; b < LL_LATENCY_BUCKETS; b++) {
        double border = (double)(0.01L * powl(1.02L, (long double)b));

        ck_assert_uint_eq(ll_latency_bucket(border * (1 + 1.5e-15)), b);
        ck_assert_uint_eq(ll_latency_bucket(border * (1 - 1.5e-15)), b - 1);
    }
}
END_TEST

/* Number by number over every border: never down, up by one once. */
START_TEST(buckets_never_fall_as_latencies_rise)
{
    for (uint32_t b = 1; b < LL_LATENCY_BUCKETS; b++) {
        double latency = (double)(0.01L * powl(1.02L, (long double)b));
        uint32_t before = b - 1;

        for (int i = 0; i < 40; i++)
            latency = nextafter(latency, 0);
        for (int i = 0; i < 80; i++) {
            uint32_t bucket = ll_latency_bucket(latency);

            ck_assert_uint_ge(bucket, before);
            ck_assert_uint_le(bucket, b);
            ck_assert_uint_eq(bucket, ll_latency_bucket(latency));
            before = bucket;
            latency = nextafter(latency, INFINITY);
        }
        ck_assert_uint_eq(before, b);
    }
}
END_TEST

START_TEST(a_bucket_stands_for_its_latencies_within_one_percent)
{
    double worst = 0;

    for (int i = 0; i < 200000; i++) {
        double latency = 0.01 * exp(random_unit() * 1000 * log(1.02));
        double shown = ll_latency_of_bucket(ll_latency_bucket(latency));

        worst = fmax(worst, fabs(shown / latency - 1));
    }
    ck_assert_double_le(worst, 0.01);
    ck_assert_double_ge(worst, 0.0095); /* the test reaches the borders */
}
END_TEST

START_TEST(latencies_beyond_the_buckets_fall_into_the_first_and_the_last)
{
    ck_assert_uint_eq(ll_latency_bucket(0), 0);
    ck_assert_uint_eq(ll_latency_bucket(-0.0), 0);
    ck_assert_uint_eq(ll_latency_bucket(DBL_TRUE_MIN), 0);
    ck_assert_uint_eq(ll_latency_bucket(0.01), 0);
    ck_assert_uint_eq(ll_latency_bucket(1e9), LL_LATENCY_BUCKETS - 1);
    ck_assert_uint_eq(ll_latency_bucket(DBL_MAX), LL_LATENCY_BUCKETS - 1);
    ck_assert_uint_eq(ll_latency_bucket(INFINITY), LL_LATENCY_BUCKETS - 1);
}
END_TEST

START_TEST(a_latency_that_is_no_number_is_a_bug)
{
    ll_latency_bucket(NAN);
}
END_TEST

START_TEST(a_negative_latency_is_a_bug)
{
    ll_latency_bucket(-DBL_TRUE_MIN);
}
END_TEST

/* ---- tally ---- */

START_TEST(a_tally_adds_up_as_a_list_does)
{
    enum { KEYS = 7 * 11 * 13 };
    static int64_t expected[KEYS][2];
    ll_tally t;
    uint32_t distinct = 0;

    ck_ok(ll_tally_init(&t, 2));
    for (int round = 0; round < 3; round++) {
        memset(expected, 0, sizeof expected);
        for (int i = 0; i < 5000; i++) {
            /* Runs of neighbours, as rows of a day come, and jumps. */
            int64_t k = i % 3 == 0 ? random_below(KEYS) : i % KEYS;
            const int64_t key[] = { k / 143 - 3, k / 13 % 11 * INT64_C(1000000007), k % 13 };
            const int64_t deltas[] = { random_below(100) - 50, 1 };

            ck_ok(ll_tally_reserve(&t, 1));
            ll_tally_add(&t, key, deltas);
            const int64_t *row = ll_tally_row(&t, t.latest);
            ck_assert_mem_eq(row, key, sizeof key);
            expected[k][0] += deltas[0];
            expected[k][1] += deltas[1];
        }
        if (round == 1)
            ll_tally_sort(&t);
        distinct = 0;
        for (int64_t k = 0; k < KEYS; k++)
            distinct += expected[k][1] > 0;
        ck_assert_uint_eq(t.count, distinct);
        for (uint32_t i = 0; i < t.count; i++) {
            const int64_t *row = ll_tally_row(&t, i);
            int64_t k = (row[0] + 3) * 143 + row[1] / INT64_C(1000000007) * 13 + row[2];

            ck_assert_mem_eq(row + 3, expected[k], sizeof expected[k]);
            if (round == 1 && i > 0)
                ck_assert_int_ge(row[0], ll_tally_row(&t, i - 1)[0]);
        }
        ll_tally_clear(&t);
        ck_assert_uint_eq(t.count, 0);
    }
    ll_tally_free(&t);
}
END_TEST

START_TEST(a_tally_gives_back_what_a_flood_of_keys_took)
{
    ll_tally t;
    const int64_t one = 1;

    ck_ok(ll_tally_init(&t, 1));
    for (int64_t i = 0; i < 100000; i++) {
        const int64_t key[] = { i, -i, 0 };

        ck_ok(ll_tally_reserve(&t, 1));
        ll_tally_add(&t, key, &one);
        ck_assert_int_eq(t.latest, i);
    }
    ck_assert_uint_ge(t.capacity, 100000);
    ll_tally_clear(&t);
    ck_assert_uint_le(t.capacity, 4096);
    ll_tally_free(&t);
}
END_TEST

/* ---- change sets ---- */

enum { DAYS = 4, VARIANTS = 3, TICKERS = 5, BUCKETS_SEEN = LL_LATENCY_BUCKETS };

static const int64_t first_day = -2; /* days before 1970 are days too */

static char folder[FOLDER_PATH_BYTES];
static ll_store *store;
static ll_metrics_changes *changes;

/* What the tables should hold, and what they do. */
typedef struct tables {
    ll_counts by_variant[DAYS][VARIANTS + 1];
    ll_counts by_ticker[DAYS][TICKERS + 1];
    bool has_variant[DAYS][VARIANTS + 1];
    bool has_ticker[DAYS][TICKERS + 1];
    int64_t latency[DAYS][VARIANTS + 1][BUCKETS_SEEN];
    int64_t version[DAYS];
    int at; /* the day being read */
} tables;

static const ll_statement count_metrics = { "SELECT count(*) FROM llm_metrics" };
static const ll_statement count_days = { "SELECT count(*) FROM llm_days" };

static tables expected, found;

static void set_up(void)
{
    char path[FOLDER_PATH_BYTES + 16];

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/test.db", folder);
    store = store_open(path);
    ck_ok(ll_metrics_changes_new(&changes));
    memset(&expected, 0, sizeof expected);
}

static void tear_down(void)
{
    ll_metrics_changes_free(changes);
    ll_metrics_changes_free(NULL);
    ll_store_close(store);
    folder_remove(folder);
}

static ll_connection *begin_write(void)
{
    ll_connection *connection = NULL;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    return connection;
}

static void write_changes(void)
{
    ck_ok(ll_metrics_write(changes, begin_write()));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
}

static llmlearn_err take_version(void *user, int64_t day, int64_t version)
{
    ((tables *)user)->version[day - first_day] = version;
    return LLMLEARN_OK;
}

static llmlearn_err take_counts(void *user, int64_t ticker, int64_t variant,
                                const ll_counts *counts)
{
    tables *t = user;

    ck_assert((ticker == 0) != (variant == 0));
    if (ticker == 0)
        t->by_variant[t->at][variant] = *counts;
    else
        t->by_ticker[t->at][ticker] = *counts;
    *(ticker == 0 ? &t->has_variant[t->at][variant] : &t->has_ticker[t->at][ticker]) = true;
    return LLMLEARN_OK;
}

static llmlearn_err take_latency(void *user, int64_t variant, uint32_t bucket, int64_t explanations)
{
    tables *t = user;

    ck_assert_int_ne(explanations, 0);
    t->latency[t->at][variant][bucket] = explanations;
    return LLMLEARN_OK;
}

static void read_tables(tables *out)
{
    const ll_metrics_reader reader = {
        .day = take_version, .counts = take_counts, .latency = take_latency, .user = out
    };
    ll_connection *connection = NULL;

    memset(out, 0, sizeof *out);
    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_ok(ll_metrics_read_versions(connection, first_day, first_day + DAYS - 1, &reader));
    for (out->at = 0; out->at < DAYS; out->at++)
        ck_ok(ll_metrics_read_day(connection, first_day + out->at, &reader));
    ll_store_read_end(store);
}

/* Versions aside, which know what was taken back. */
static void check_tables(void)
{
    read_tables(&found);
    ck_assert_mem_eq(found.by_variant, expected.by_variant, sizeof found.by_variant);
    ck_assert_mem_eq(found.by_ticker, expected.by_ticker, sizeof found.by_ticker);
    ck_assert_mem_eq(found.has_variant, expected.has_variant, sizeof found.has_variant);
    ck_assert_mem_eq(found.has_ticker, expected.has_ticker, sizeof found.has_ticker);
    ck_assert_mem_eq(found.latency, expected.latency, sizeof found.latency);
}

/* A sum written the plain way; INT64_MAX only ever in the tests that say so. */
static void expect(int day, int variant, int ticker, const ll_counts *delta)
{
    int64_t *to[] = { (int64_t *)&expected.by_variant[day][variant],
                      (int64_t *)&expected.by_ticker[day][ticker] };

    for (int i = 0; i < 2; i++) {
        bool *has =
            i == 0 ? &expected.has_variant[day][variant] : &expected.has_ticker[day][ticker];

        *has = false;
        for (int j = 0; j < LL_COUNTS_FIELDS; j++) {
            to[i][j] += ((const int64_t *)delta)[j];
            *has |= to[i][j] != 0;
        }
    }
}

static void add(int day, int variant, int ticker, const ll_counts *delta)
{
    ck_ok(ll_metrics_add(changes, first_day + day, variant, ticker, delta));
    expect(day, variant, ticker, delta);
}

static ll_counts random_counts(void)
{
    ll_counts c = { .explanations = 1 };

    c.cached = random_below(2);
    c.fallback = random_below(2);
    c.rated = random_below(2);
    c.positive = random_below(2);
    c.negative = 1 - c.positive;
    c.rating[random_below(5)] = random_below(2);
    c.prompt_tokens = random_below(5000);
    c.completion_tokens = random_below(500);
    c.cost_nanousd = random_below(1000000000);
    c.cost_known = random_below(2);
    return c;
}

static ll_counts negated(const ll_counts *c)
{
    ll_counts n;

    for (int i = 0; i < LL_COUNTS_FIELDS; i++)
        ((int64_t *)&n)[i] = -((const int64_t *)c)[i];
    return n;
}

START_TEST(the_tables_are_the_sums_of_what_was_added)
{
    for (int batch = 0; batch < 20; batch++) {
        for (int i = 0; i < 500; i++) {
            int day = (int)random_below(DAYS), variant = 1 + (int)random_below(VARIANTS);
            ll_counts c = random_counts();
            double latency_ms = exp(random_unit() * 12);

            add(day, variant, 1 + (int)random_below(TICKERS), &c);
            ck_ok(ll_metrics_add_latency(changes, first_day + day, variant, latency_ms));
            expected.latency[day][variant][ll_latency_bucket(latency_ms)]++;
        }
        write_changes();
    }
    check_tables();
}
END_TEST

/* Votes come, change and go, within a transaction and over several. */
START_TEST(what_is_taken_back_leaves_no_trace)
{
    enum { PENDING = 300 };
    static struct {
        int day, variant, ticker;
        ll_counts counts;
    } pending[PENDING];

    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < PENDING; i++) {
            pending[i].day = (int)random_below(DAYS);
            pending[i].variant = 1 + (int)random_below(VARIANTS);
            pending[i].ticker = 1 + (int)random_below(TICKERS);
            pending[i].counts = random_counts();
            add(pending[i].day, pending[i].variant, pending[i].ticker, &pending[i].counts);
        }
        if (round % 2 == 1)
            write_changes();
        for (int i = 0; i < PENDING; i++) {
            ll_counts back = negated(&pending[i].counts);

            if (round < 2 && i % 3 == 0)
                continue; /* of the first rounds some stay */
            add(pending[i].day, pending[i].variant, pending[i].ticker, &back);
        }
        write_changes();
        check_tables();
    }
}
END_TEST

START_TEST(everything_taken_back_is_an_empty_table)
{
    const ll_counts one = { .explanations = 1, .positive = 1, .rating = { 0, 0, 1 } };
    const ll_counts back = negated(&one);

    add(0, 1, 1, &one);
    write_changes();
    add(1, 2, 2, &one);
    add(1, 2, 2, &back);
    add(0, 1, 1, &back);
    write_changes();
    check_tables();
    ck_assert_int_eq(store_number(store, &count_metrics), 0);
    ck_assert_int_eq(found.version[0], 2);
    ck_assert_int_eq(found.version[1], 0); /* nothing came of it */
}
END_TEST

START_TEST(a_changed_day_gets_one_version_more_at_each_write)
{
    const ll_counts one = { .explanations = 1 };

    for (int write = 1; write <= 3; write++) {
        for (int i = 0; i < 10; i++) {
            add(1, 1 + i % VARIANTS, 1 + i % TICKERS, &one);
            add(3, 1 + i % VARIANTS, 1 + i % TICKERS, &one);
        }
        write_changes();
        read_tables(&found);
        ck_assert_int_eq(found.version[0], 0);
        ck_assert_int_eq(found.version[1], write);
        ck_assert_int_eq(found.version[3], write);
    }
    ck_ok(ll_metrics_add_latency(changes, first_day + 2, 1, 5.0));
    write_changes();
    write_changes(); /* the set is empty: nothing changes */
    read_tables(&found);
    ck_assert_int_eq(found.version[1], 3);
    ck_assert_int_eq(found.version[2], 1);
    ck_assert_int_eq(store_number(store, &count_days), 3);
}
END_TEST

START_TEST(a_cleared_set_writes_nothing)
{
    const ll_counts one = { .explanations = 1 };

    ck_ok(ll_metrics_add(changes, first_day, 1, 1, &one));
    ck_ok(ll_metrics_add_latency(changes, first_day, 1, 7));
    ll_metrics_changes_clear(changes);
    write_changes();
    check_tables();
    ck_assert_int_eq(store_number(store, &count_days), 0);
}
END_TEST

/* A commit that failed is replayed with the same set. */
START_TEST(a_set_survives_a_write_that_failed)
{
    static const ll_statement drop_latency = { "DROP TABLE llm_latency" };
    ll_connection *connection;
    ll_counts c = random_counts();

    add(2, 1, 1, &c);
    add(0, 2, 2, &c);
    ck_ok(ll_metrics_add_latency(changes, first_day, 2, 0.01));
    expected.latency[0][2][0]++;

    connection = begin_write();
    ck_ok(ll_connection_run(connection, &drop_latency, NULL, 0, NULL, NULL));
    ck_assert_int_ne(ll_metrics_write(changes, connection), LLMLEARN_OK);
    ll_store_rollback(store);
    ll_store_unlock(store);
    write_changes();
    check_tables();
    ck_assert_int_eq(found.version[0], 1);
    ck_assert_int_eq(found.version[2], 1);
}
END_TEST

/* Any single cost is allowed; their sum must neither wrap nor break the transaction. */
START_TEST(a_sum_stops_at_the_largest_number)
{
    const ll_counts rich = { .explanations = 1,
                             .prompt_tokens = INT64_MAX,
                             .completion_tokens = INT64_MAX - 1,
                             .cost_nanousd = INT64_MAX / 2 + 1,
                             .cost_known = 1 };

    for (int write = 0; write < 2; write++) {
        ck_ok(ll_metrics_add(changes, first_day, 1, 1, &rich));
        ck_ok(ll_metrics_add(changes, first_day, 1, 1, &rich));
        write_changes();
    }
    read_tables(&found);
    ck_assert_int_eq(found.by_variant[0][1].explanations, 4);
    ck_assert_int_eq(found.by_variant[0][1].prompt_tokens, INT64_MAX);
    ck_assert_int_eq(found.by_ticker[0][1].completion_tokens, INT64_MAX);
    ck_assert_int_eq(found.by_ticker[0][1].cost_nanousd, INT64_MAX);
}
END_TEST

START_TEST(damaged_rows_are_an_error)
{
    static const ll_statement delete_metrics = { "DELETE FROM llm_metrics" };
    static const ll_statement delete_latency = { "DELETE FROM llm_latency" };
    static const ll_statement damages[] = {
        { "UPDATE llm_metrics SET positive = -1 WHERE ticker = 1" },
        { "UPDATE llm_metrics SET explanations = 1 << 50 WHERE variant = 1" },
        { "UPDATE llm_metrics SET variant = 7 WHERE ticker = 1" },
        { "UPDATE llm_latency SET bucket = 1000" },
        { "UPDATE llm_latency SET explanations = -5" },
    };
    const ll_metrics_reader reader = {
        .day = take_version, .counts = take_counts, .latency = take_latency, .user = &found
    };
    const ll_counts one = { .explanations = 1 };
    ll_connection *connection = NULL;

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        store_write(store, &delete_metrics, NULL, 0);
        store_write(store, &delete_latency, NULL, 0);
        ck_ok(ll_metrics_add(changes, first_day, 1, 1, &one));
        ck_ok(ll_metrics_add_latency(changes, first_day, 1, 1));
        write_changes();
        store_write(store, &damages[i], NULL, 0);
        memset(&found, 0, sizeof found);
        ck_ok(ll_store_read_begin(store, soon(), &connection));
        ck_assert_int_eq(ll_metrics_read_day(connection, first_day, &reader), LLMLEARN_ECORRUPT);
        ll_store_read_end(store);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *buckets = tcase_create("buckets"), *tally = tcase_create("tally"),
          *sets = tcase_create("change sets");

    tcase_add_test(buckets, a_bucket_begins_at_its_border);
    tcase_add_test(buckets, buckets_never_fall_as_latencies_rise);
    tcase_add_test(buckets, a_bucket_stands_for_its_latencies_within_one_percent);
    tcase_add_test(buckets, latencies_beyond_the_buckets_fall_into_the_first_and_the_last);
    tcase_add_test_raise_signal(buckets, a_latency_that_is_no_number_is_a_bug, SIGABRT);
    tcase_add_test_raise_signal(buckets, a_negative_latency_is_a_bug, SIGABRT);
    suite_add_tcase(suite, buckets);

    tcase_add_test(tally, a_tally_adds_up_as_a_list_does);
    tcase_add_test(tally, a_tally_gives_back_what_a_flood_of_keys_took);
    suite_add_tcase(suite, tally);

    tcase_add_checked_fixture(sets, set_up, tear_down);
    tcase_add_test(sets, the_tables_are_the_sums_of_what_was_added);
    tcase_add_test(sets, what_is_taken_back_leaves_no_trace);
    tcase_add_test(sets, everything_taken_back_is_an_empty_table);
    tcase_add_test(sets, a_changed_day_gets_one_version_more_at_each_write);
    tcase_add_test(sets, a_cleared_set_writes_nothing);
    tcase_add_test(sets, a_set_survives_a_write_that_failed);
    tcase_add_test(sets, a_sum_stops_at_the_largest_number);
    tcase_add_test(sets, damaged_rows_are_an_error);
    suite_add_tcase(suite, sets);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
