/* Rows that come alone, in transactions without any job: what they do to a test reaches those who
 * serve it at once, and the time of the database does not go back for them either. */
#include "ingest/ingest.h"
#include "ingest/record.h"
#include "store/variants.h"
#include "support/ab_fixture.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ll_log silent = { 0 };
static ll_journal *journal;
static ll_ingest *ingest;
static uint64_t test;
static atomic_int_fast64_t now_us, served_version;

/* ---- what ingest asks others for --------------------------------------- */

static int64_t tell_time(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

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
                                   const char *version, size_t version_bytes, int64_t at_us,
                                   int64_t *out_variant)
{
    (void)user;
    return ll_variants_intern(connection, signal, version, version_bytes, at_us, out_variant);
}

static llmlearn_err switch_off(void *user, ll_connection *connection, ll_ab_open *open,
                               int64_t at_us, bool *out_switched)
{
    (void)user;
    (void)connection;
    *out_switched = open->arms[1].off_us == 0;
    if (*out_switched)
        ll_ab_change_arm(open, 1)->off_us = at_us;
    return LLMLEARN_OK;
}

/* On the ingest thread, before those who wait for the transaction are told. */
static void reload_config(void *user)
{
    ll_connection *reader = NULL;
    int64_t version = 0;

    (void)user;
    if (ll_store_read_begin(ab_store, soon(), &reader) != LLMLEARN_OK)
        return;
    if (ll_store_get_fact(reader, LL_FACT_CONFIG_VERSION, &version) == LLMLEARN_OK)
        atomic_store(&served_version, version);
    ll_store_read_end(ab_store);
}

/* ---- fixture ----------------------------------------------------------- */

static void set_up(void)
{
    static const ll_clock clock = { .now = tell_time };
    char directory[512];
    ll_journal_options journaling = {
        .directory = directory, .bytes_max = 1 << 20, .segment_bytes = 64 << 10, .log = &silent
    };

    ab_set_up();
    test = ab_add_test(2);
    atomic_store(&now_us, AB_START_US);
    snprintf(directory, sizeof directory, "%s.journal", ab_path);
    memcpy(journaling.store_id, ll_store_id(ab_store), sizeof journaling.store_id);
    ck_ok(ll_journal_open(&journaling, &journal));
    const ll_ingest_options options = { .journal = journal,
                                        .store = ab_store,
                                        .clock = &clock,
                                        .log = &silent,
                                        .batch_interval_ms = 5,
                                        .batch_rows_max = 1000,
                                        .check_exposure = all_count,
                                        .intern_variant = intern_variant,
                                        .check_breaker = switch_off,
                                        .reload_config = reload_config };
    ck_ok(ll_ingest_open(&options, &ingest));
    ck_ok(ll_ingest_start(ingest));
}

static void tear_down(void)
{
    ll_ingest_close(ingest);
    ll_journal_close(journal);
    ab_tear_down();
}

/* ---- rows -------------------------------------------------------------- */

static void log_row(uint32_t arm, uint32_t flags)
{
    const char *texts[LL_TEXT_COUNT] = { "NVDA", "S1", "v1", NULL, NULL, NULL, NULL, NULL, "" };
    ll_record_fixed fixed = {
        .flags = flags, .arm = arm, .created_us = atomic_load(&now_us), .test = test
    };
    char head[LL_RECORD_HEAD_BYTES];
    llmlearn_id id;

    for (int i = 0; i < LL_TEXT_COUNT; i++)
        fixed.bytes[i] = texts[i] == NULL ? 0 : (uint32_t)strlen(texts[i]);
    const ll_journal_part part = { .data = head,
                                   .bytes = ll_record_encode_head(&fixed, texts, head) };
    ck_ok(ll_journal_append(journal, LL_RECORD_EXPLANATION, &part, 1, fixed.created_us, &id));
}

static int64_t fact(const char *key)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT value FROM llm_meta WHERE key = '%s'", key);
    return ab_number(sql);
}

/* Stored by rows alone: nobody asks before they are. */
static void wait_for_rows(int64_t count)
{
    while (ab_number("SELECT count(*) FROM llm_explanations") < count)
        ll_clock_sleep_us(1000);
    ck_ok(ll_ingest_drain(ingest, false, soon())); /* its after-work, too */
}

START_TEST(an_arm_that_rows_switch_off_is_told_of_at_once)
{
    int64_t version = fact("config_version");

    log_row(0, LLMLEARN_HAS_LATENCY);
    wait_for_rows(1);
    ck_assert_int_eq(fact("config_version"), version);
    log_row(1, LLMLEARN_FALLBACK);
    wait_for_rows(2);
    ck_assert_int_eq(fact("config_version"), version + 1);
    ck_assert_int_eq(atomic_load(&served_version), version + 1);
    ck_assert_int_eq(ab_number("SELECT off_us FROM llm_ab_arms WHERE arm = 1"), AB_START_US);
    log_row(1, LLMLEARN_FALLBACK);
    wait_for_rows(3);
    ck_assert_int_eq(fact("config_version"), version + 1);
}
END_TEST

START_TEST(a_clock_that_is_set_back_takes_no_test_back)
{
    int64_t day = ll_clock_day(AB_START_US) + 1;

    atomic_store(&now_us, day * LL_US_PER_DAY + 5);
    log_row(0, 0);
    wait_for_rows(1);
    ck_assert_int_eq(fact("clock_us"), day * LL_US_PER_DAY + 5);
    atomic_store(&now_us, day * LL_US_PER_DAY - LL_US_PER_HOUR);
    log_row(0, 0);
    wait_for_rows(2);
    ck_assert_int_eq(fact("clock_us"), day * LL_US_PER_DAY + 5);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_days"), 1);
    ck_assert_int_eq(ab_number("SELECT day FROM llm_ab_days WHERE units = 2"), day);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_ingest");
    TCase *tests = tcase_create("ab_ingest");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_arm_that_rows_switch_off_is_told_of_at_once);
    tcase_add_test(tests, a_clock_that_is_set_back_takes_no_test_back);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
