/* Journal records become rows and sums: what must hold when numbers are at their limits, and when
 * records come twice. */
#include "ingest/batch.h"
#include "ingest/record.h"
#include "store/variants.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TESTS = 3, ARMS = LLMLEARN_ARMS_MAX, NOW_S = 1700000000 };

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static ll_store *store;
static ll_batch *batch;
static ll_ingest_options options;
static const ll_log silent = { 0 };

static llmlearn_err all_count(void *user, ll_connection *connection, const ll_exposure_claim *claim,
                              ll_exposure *out_exposure)
{
    (void)user;
    (void)connection;
    (void)claim;
    *out_exposure = LL_EXPOSURE_COUNTS;
    return LLMLEARN_OK;
}

static llmlearn_err intern_variant(void *user, ll_connection *connection, int64_t signal,
                                   const char *version, size_t version_bytes, int64_t now_us,
                                   int64_t *out_variant)
{
    (void)user;
    return ll_variants_intern(connection, signal, version, version_bytes, now_us, out_variant);
}

/* A store with three tests of 64 arms each; what an arm is does not matter here. */
static void set_up(void)
{
    char sql[512];

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    store = store_open(path);
    raw_exec_no_checkpoint(
        path, "INSERT INTO llm_names (id, kind, name) VALUES (91, 2, 'A'), (92, 2, 'B'),"
              " (93, 2, 'C');"
              "INSERT INTO llm_variants (id, signal, version, text, status, created_us,"
              " changed_us) VALUES (91, 91, 'v1', 't', 'active', 0, 0)");
    for (int test = 1; test <= TESTS; test++) {
        snprintf(
            sql, sizeof sql,
            "INSERT INTO llm_ab_tests (id, signal, status, rule, salt, champion, started_us,"
            " duration_min_us, duration_max_us, trials_min, alpha, effect_min, actor) VALUES"
            " (%d, %d, 'running', 'classic', randomblob(16), 91, 0, 0, 1, 1, 0.05, 0.1, 'x');"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
            " INSERT INTO llm_ab_arms (test, arm, variant, weight) SELECT %d, i, 91, 0.01 FROM n",
            test, 90 + test, ARMS - 1, test);
        raw_exec_no_checkpoint(path, sql);
    }
    options = (ll_ingest_options){ .store = store,
                                   .log = &silent,
                                   .check_exposure = all_count,
                                   .intern_variant = intern_variant };
    ck_ok(ll_batch_new(&options, &batch));
}

static void tear_down(void)
{
    ll_batch_free(batch);
    ll_store_close(store);
    folder_remove(folder);
}

/* ---- transactions ---- */

static void begin(void)
{
    ll_connection *connection = NULL;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ll_batch_begin(batch, connection, (int64_t)NOW_S * LL_US_PER_S);
}

static void commit(void)
{
    ck_ok(ll_batch_finish(batch));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
}

static int64_t number(const char *sql)
{
    char text[64];

    raw_text(path, sql, text, sizeof text);
    return strtoll(text, NULL, 10);
}

/* ---- records ---- */

/* Record n of an arm; the same n is the same record. */
static void store_row(int n, uint64_t test, uint32_t arm, int64_t cost, const char *metadata)
{
    const char *texts[LL_TEXT_COUNT] = { "NVDA", "A", "v1", NULL, NULL, NULL, NULL, metadata, "t" };
    ll_record_fixed fixed = { .flags = LLMLEARN_HAS_COST,
                              .arm = arm,
                              .created_us = (int64_t)NOW_S * LL_US_PER_S,
                              .cost_nanousd = cost,
                              .test = test };
    uint8_t payload[LL_RECORD_HEAD_BYTES + 256];
    char head[LL_RECORD_HEAD_BYTES];
    ll_record record = { .type = LL_RECORD_EXPLANATION, .payload = payload };
    size_t bytes;

    for (int i = 0; i < LL_TEXT_COUNT; i++)
        fixed.bytes[i] = texts[i] == NULL ? 0 : (uint32_t)strlen(texts[i]);
    bytes = ll_record_encode_head(&fixed, texts, head);
    memcpy(payload, head, bytes);
    for (int i = LL_TEXT_METADATA; i < LL_TEXT_COUNT; i++) {
        if (texts[i] != NULL)
            memcpy(payload + bytes, texts[i], fixed.bytes[i]);
        bytes += fixed.bytes[i];
    }
    record.bytes = (uint32_t)bytes;
    memcpy(record.id.bytes, &n, sizeof n);
    ck_ok(ll_batch_store(batch, &record));
}

/* ---- tests ---- */

/* One row may cost all there is; a second one must not stop the journal for ever. */
START_TEST(sums_of_costs_stop_at_the_largest_number)
{
    begin();
    store_row(1, 1, 0, INT64_MAX, NULL);
    store_row(2, 1, 0, INT64_MAX, NULL);
    commit();
    begin();
    store_row(3, 1, 0, INT64_MAX, NULL);
    commit();
    ck_assert_int_eq(number("SELECT cost_nanousd FROM llm_ab_arms WHERE test = 1 AND arm = 0"),
                     INT64_MAX);
    ck_assert_int_eq(number("SELECT cost_known FROM llm_ab_arms WHERE test = 1 AND arm = 0"), 3);
    ck_assert_int_eq(number("SELECT max(cost_nanousd) FROM llm_metrics"), INT64_MAX);
}
END_TEST

START_TEST(metadata_of_a_row_that_came_before_is_not_put_aside_again)
{
    begin();
    store_row(1, 0, 0, 1, "[1]");
    store_row(1, 0, 0, 1, "[1]");
    ck_assert_uint_eq(ll_batch_tallied(batch).rejected, 1);
    commit();
    begin();
    store_row(1, 0, 0, 1, "[1]");
    ck_assert_uint_eq(ll_batch_tallied(batch).rejected, 0);
    commit();
    ck_assert_int_eq(number("SELECT count(*) FROM llm_rejected"), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_explanations WHERE metadata IS NULL"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *tests = tcase_create("batch");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, sums_of_costs_stop_at_the_largest_number);
    tcase_add_test(tests, metadata_of_a_row_that_came_before_is_not_put_aside_again);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
