#include "experiment/experiment.h"
#include "experiment/promote.h"
#include "experiment/start.h"
#include "store/names.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW (INT64_C(1760000000) * 1000000)

static const ll_log silent = { 0 };
static char folder[FOLDER_PATH_BYTES];
static ll_store *store;
static ll_connection *connection; /* of the transaction that begin() began */
static ll_experiment *experiment;

static void setup(void)
{
    char path[FOLDER_PATH_BYTES + 16];

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    store = store_open(path);
    ck_ok(ll_experiment_open("v1.0", &silent, &experiment));
}

static void teardown(void)
{
    ll_experiment_close(experiment);
    ll_store_close(store);
    folder_remove(folder);
}

static void begin(void)
{
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
}

/* With the config version that every change brings. */
static void commit(void)
{
    int64_t version = 0;

    ck_ok(ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &version));
    ck_ok(ll_store_set_fact(connection, LL_FACT_CONFIG_VERSION, version + 1));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
}

static void load(void)
{
    ll_connection *reader = NULL;

    ck_ok(ll_store_read_begin(store, soon(), &reader));
    ck_ok(ll_experiment_load(experiment, reader));
    ll_store_read_end(store);
}

static int64_t signal_id(const char *signal)
{
    int64_t id = 0;

    ck_ok(ll_names_intern(connection, LL_NAME_SIGNAL, signal, strlen(signal), &id));
    return id;
}

static int64_t add(const char *signal, const char *version, const char *text)
{
    const ll_variant_text variant = { .signal = signal_id(signal),
                                      .version = version,
                                      .version_bytes = strlen(version),
                                      .text = text,
                                      .text_bytes = strlen(text) };
    int64_t id = 0;

    ck_ok(ll_variants_add(connection, &variant, NOW));
    ck_ok(ll_variants_intern(connection, variant.signal, version, strlen(version), NOW, &id));
    return id;
}

static uint64_t start(const char *signal)
{
    static const char *const versions[] = { "v1.0", "v1.1" };
    static const double weights[] = { 0.5, 0.5 };
    uint64_t id = 0;
    ll_start plan = { .signal = signal,
                      .versions = versions,
                      .weights = weights,
                      .arm_count = 2,
                      .baseline = "v1.0",
                      .actor = "me",
                      .now_us = NOW,
                      .test = { .rule = LLMLEARN_RULE_CLASSIC,
                                .duration_max_us = 1,
                                .trials_min = 1,
                                .alpha = 0.05,
                                .effect_min = 0.1,
                                .lift_min = 0.05 } };

    add(signal, "v1.0", "zero");
    add(signal, "v1.1", "one");
    memcpy(plan.test.salt, "0123456789abcdef", LL_AB_SALT_BYTES);
    ck_ok(ll_start_test(connection, &plan, &id));
    return id;
}

static ll_change change_of(const char *signal)
{
    return (ll_change){ .connection = connection,
                        .now_us = NOW,
                        .signal = signal_id(signal),
                        .actor = "me",
                        .reason = "a test" };
}

static void stop(uint64_t test)
{
    ll_change change = change_of("BUY");

    ck_ok(ll_promote_stop(&change, test));
}

static llmlearn_assignment assign(const char *signal, const char *unit)
{
    llmlearn_assignment out;

    memset(&out, 0xa5, sizeof out);
    ll_experiment_assign(experiment, signal, strlen(signal), unit, unit == NULL ? 0 : strlen(unit),
                         &out);
    return out;
}

/* ---- what is served ---------------------------------------------------- */

START_TEST(an_empty_snapshot_serves_the_baseline)
{
    llmlearn_assignment out = assign("BUY", NULL);

    ck_assert_str_eq(out.version, "v1.0");
    ck_assert_ptr_null(out.text);
    ck_assert_uint_eq(out.test_id, 0);
    ck_assert_uint_eq(out.arm, 0);
    ck_assert_uint_eq(out.flags, 0);
    ck_assert_uint_eq(out.reserved, 0);
}
END_TEST

START_TEST(nothing_is_reread_while_the_config_version_stands)
{
    int64_t champion;

    begin();
    champion = add("BUY", "v5", "five");
    ck_ok(ll_variants_set_status(connection, champion, LL_VARIANT_CHAMPION, NOW));
    commit();
    load();
    ck_assert_str_eq(assign("BUY", NULL).text, "five");
    begin();
    ck_ok(ll_variants_set_status(connection, champion, LL_VARIANT_ARCHIVED, NOW));
    ck_ok(ll_store_commit(store)); /* and the version stays */
    ll_store_unlock(store);
    load();
    ck_assert_str_eq(assign("BUY", NULL).text, "five");
    begin();
    commit();
    load();
    ck_assert_str_eq(assign("BUY", NULL).version, "v1.0");
}
END_TEST

/* Names of every length, among them beginnings of one another. */
START_TEST(every_signal_finds_its_own)
{
    const char all[] = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";
    char signal[33];

    begin();
    for (size_t bytes = 1; bytes <= 32; bytes++) {
        memcpy(signal, all, bytes);
        signal[bytes] = '\0';
        ck_ok(ll_variants_set_status(connection, add(signal, "v1", signal), LL_VARIANT_CHAMPION,
                                     NOW));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(signal, sizeof signal, "S%d", i);
        ck_ok(ll_variants_set_status(connection, add(signal, "v1", signal), LL_VARIANT_CHAMPION,
                                     NOW));
    }
    commit();
    load();
    for (size_t bytes = 1; bytes <= 32; bytes++) {
        memcpy(signal, all, bytes);
        signal[bytes] = '\0';
        ck_assert_str_eq(assign(signal, NULL).text, signal);
        signal[bytes - 1] = '-';
        ck_assert_ptr_null(assign(signal, NULL).text);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(signal, sizeof signal, "S%d", i);
        ck_assert_str_eq(assign(signal, NULL).text, signal);
    }
}
END_TEST

START_TEST(texts_stay_where_they_are)
{
    uint64_t test;
    const char *text;

    begin();
    test = start("BUY");
    commit();
    load();
    text = assign("BUY", "someone").text;
    for (int i = 0; i < 100; i++) {
        begin();
        ck_ok(ll_variants_set_status(connection, add("SELL", "v1", "x"),
                                     i % 2 == 0 ? LL_VARIANT_CHAMPION : LL_VARIANT_DRAFT, NOW));
        commit();
        load();
        ck_assert_ptr_eq(assign("BUY", "someone").text, text);
    }
    begin();
    stop(test);
    commit();
    load();
    ck_assert_uint_eq(assign("BUY", "someone").test_id, 0);
    ck_assert(strcmp(text, "zero") == 0 || strcmp(text, "one") == 0);
}
END_TEST

START_TEST(equal_texts_are_kept_once)
{
    const char *first = NULL, *second = NULL, *other = NULL;
    char text[32];

    ck_ok(ll_experiment_intern(experiment, "abc", 3, &first));
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "text %d", i);
        ck_ok(ll_experiment_intern(experiment, text, strlen(text), &other));
        ck_assert_str_eq(other, text);
    }
    ck_ok(ll_experiment_intern(experiment, "abcd", 3, &second));
    ck_assert_ptr_eq(first, second);
    ck_assert_str_eq(first, "abc");
}
END_TEST

/* ---- exposures --------------------------------------------------------- */

static ll_exposure check(ll_exposure_claim claim)
{
    ll_exposure out = (ll_exposure)0;

    ck_ok(ll_experiment_check_exposure(experiment, connection, &claim, &out));
    return out;
}

/* A claim that is right: what assign said about this unit. */
static ll_exposure_claim right_claim(uint64_t test, const char *unit)
{
    ll_exposure_claim claim = { .test = test, .unit = unit, .signal = signal_id("BUY") };
    llmlearn_assignment served = assign("BUY", unit);

    claim.unit_bytes = unit == NULL ? 0 : strlen(unit);
    claim.arm = served.arm;
    ck_ok(ll_variants_intern(connection, claim.signal, served.version, strlen(served.version), NOW,
                             &claim.variant));
    return claim;
}

START_TEST(claims_are_checked_against_the_test_running_or_ended)
{
    uint64_t test;
    ll_exposure_claim claim, wrong;

    begin();
    test = start("BUY");
    commit();
    load();
    for (int ended = 0; ended < 2; ended++) {
        begin();
        if (ended == 0) {
            claim = right_claim(test, "someone");
        } else {
            stop(test);
            commit();
            ll_experiment_close(experiment); /* a process that never saw it run */
            ck_ok(ll_experiment_open("v1.0", &silent, &experiment));
            load();
            begin();
        }
        ck_assert_int_eq(check(claim), LL_EXPOSURE_COUNTS);
        ck_assert_int_eq(check(claim), LL_EXPOSURE_COUNTS);
        wrong = claim;
        wrong.test = 77;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_UNKNOWN);
        wrong.test = UINT64_MAX;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_UNKNOWN);
        wrong = claim;
        wrong.signal++;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_MISMATCH);
        wrong = claim;
        wrong.variant++;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_MISMATCH);
        wrong = claim;
        wrong.arm = 1 - wrong.arm;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_MISMATCH);
        wrong = claim;
        wrong.arm = 63;
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_MISMATCH);
        wrong = claim;
        wrong.unit = NULL; /* drawn at random: any arm may be right */
        ck_assert_int_eq(check(wrong), LL_EXPOSURE_COUNTS);
        ll_store_rollback(store);
        ll_store_unlock(store);
    }
}
END_TEST

/* Another arm with the other arm's version: only the unit's own hash can tell. */
START_TEST(a_unit_in_another_arm_than_its_own_is_a_mismatch)
{
    int found = 0;

    begin();
    uint64_t test = start("BUY");
    commit();
    load();
    begin();
    ll_exposure_claim first = right_claim(test, "someone");
    for (int i = 0; i < 100; i++) {
        char unit[24];
        snprintf(unit, sizeof unit, "unit-%d", i);
        ll_exposure_claim other = right_claim(test, unit);
        ck_assert_int_eq(check(other), LL_EXPOSURE_COUNTS);
        if (other.arm == first.arm)
            continue;
        found++;
        other.unit = first.unit;
        other.unit_bytes = first.unit_bytes;
        ck_assert_int_eq(check(other), LL_EXPOSURE_MISMATCH);
    }
    ck_assert_int_gt(found, 10);
    ll_store_rollback(store);
    ll_store_unlock(store);
}
END_TEST

/* A test read inside a transaction that is then rolled back must not be remembered: its id comes
 * again, with another salt and other arms. */
START_TEST(a_test_that_was_rolled_back_is_forgotten)
{
    begin();
    commit();
    load();
    begin();
    uint64_t gone = start("BUY");
    ll_exposure_claim claim = { .test = gone, .signal = signal_id("BUY") };
    ck_ok(ll_variants_intern(connection, claim.signal, "v1.0", 4, NOW, &claim.variant));
    ck_assert_int_eq(check(claim), LL_EXPOSURE_COUNTS);
    ll_store_rollback(store);
    ll_store_unlock(store);

    begin();
    signal_id("OTHER");
    signal_id("BUY");
    ck_assert_int_eq(check(claim), LL_EXPOSURE_UNKNOWN);
    uint64_t again = start("HOLD");
    ck_assert_uint_eq(again, gone);
    commit();
    load();
    begin();
    ck_assert_int_eq(check(claim), LL_EXPOSURE_MISMATCH);
    ll_store_rollback(store);
    ll_store_unlock(store);
}
END_TEST

/* ---- damage ------------------------------------------------------------ */

static const ll_statement spoil_weight = { "UPDATE llm_ab_arms SET weight = ?1 WHERE arm = 1" };
static const ll_statement lose_arms = { "DELETE FROM llm_ab_arms WHERE ?1 = 0" };

START_TEST(a_damaged_test_is_refused_and_what_was_published_stays)
{
    const ll_value arguments[] = { ll_real(0) };
    ll_connection *reader = NULL;

    begin();
    ck_ok(ll_variants_set_status(connection, add("SELL", "v1", "kept"), LL_VARIANT_CHAMPION, NOW));
    commit();
    load();
    for (int i = 0; i < 2; i++) {
        begin();
        if (i == 0)
            start("BUY");
        ck_ok(ll_connection_run(connection, i == 0 ? &spoil_weight : &lose_arms, arguments, 1, NULL,
                                NULL));
        commit();
        ck_ok(ll_store_read_begin(store, soon(), &reader));
        ck_fails(ll_experiment_load(experiment, reader), LLMLEARN_ECORRUPT, "llm_ab_arms");
        ll_store_read_end(store);
        ck_assert_str_eq(assign("SELL", NULL).text, "kept");
        ck_assert_uint_eq(assign("BUY", NULL).test_id, 0);
    }
}
END_TEST

/* ---- readers and a publisher ------------------------------------------- */

static atomic_bool stopping;
static atomic_ulong wrong_answers;

/* Whatever is published meanwhile, an answer is one of the whole ones. */
static void *read_on(void *unused)
{
    (void)unused;
    while (!atomic_load(&stopping)) {
        llmlearn_assignment out = assign("BUY", "someone");
        bool champion = out.test_id == 0 && strcmp(out.version, "v1.0") == 0 && out.arm == 0 &&
                        strcmp(out.text, "zero") == 0;
        bool test =
            out.test_id != 0 && out.arm < 2 && strcmp(out.text, out.arm == 0 ? "zero" : "one") == 0;
        if (!champion && !test)
            atomic_fetch_add(&wrong_answers, 1);
    }
    return NULL;
}

START_TEST(readers_see_whole_snapshots_while_tests_come_and_go)
{
    pthread_t readers[2];
    uint64_t test;

    begin();
    test = start("BUY");
    commit();
    load();
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_on, NULL), 0);
    for (int i = 0; i < 50; i++) {
        begin();
        stop(test);
        commit();
        load();
        begin();
        test = start("BUY");
        commit();
        load();
    }
    atomic_store(&stopping, true);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    ck_assert_uint_eq(atomic_load(&wrong_answers), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("experiment");
    TCase *tc = tcase_create("experiment");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_empty_snapshot_serves_the_baseline);
    tcase_add_test(tc, nothing_is_reread_while_the_config_version_stands);
    tcase_add_test(tc, every_signal_finds_its_own);
    tcase_add_test(tc, texts_stay_where_they_are);
    tcase_add_test(tc, equal_texts_are_kept_once);
    tcase_add_test(tc, claims_are_checked_against_the_test_running_or_ended);
    tcase_add_test(tc, a_unit_in_another_arm_than_its_own_is_a_mismatch);
    tcase_add_test(tc, a_test_that_was_rolled_back_is_forgotten);
    tcase_add_test(tc, a_damaged_test_is_refused_and_what_was_published_stays);
    tcase_add_test(tc, readers_see_whole_snapshots_while_tests_come_and_go);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
