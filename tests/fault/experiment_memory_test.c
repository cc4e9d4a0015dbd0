/* Experiments when memory runs out: the n-th allocation of a call fails, alone or with all that
 * follow, for n = 1, 2, 3, ... until the call needs no more. Each failure is LLMLEARN_ENOMEM,
 * leaves the outputs and, after the rollback, the database as they were; a call that gets through
 * has done all of its work; the leak checker says whether anything was lost. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc */
#include "experiment/experiment.h"
#include "experiment/listing.h"
#include "experiment/promote.h"
#include "experiment/replay.h"
#include "experiment/select.h"
#include "experiment/start.h"
#include "store/names.h"
#include "store/variants.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW (INT64_C(1760000000) * 1000000)
#define TRIES_MAX 2000

/* ---- the allocator ----------------------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

static _Thread_local long allocations_left = -1; /* -1: as many as are wanted */
static bool only_once; /* after the one that fails there is memory again */

static bool fails_now(void)
{
    if (allocations_left < 0)
        return false;
    if (allocations_left > 0) {
        allocations_left--;
        return false;
    }
    if (only_once)
        allocations_left = -1;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails_now() ? NULL : __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails_now() ? NULL : __real_aligned_alloc(alignment, bytes);
}

/* ---- the store --------------------------------------------------------- */

static const ll_log silent = { 0 };
static char folder[FOLDER_PATH_BYTES];
static ll_store *store;
static ll_connection *connection;

static void begin(void)
{
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
}

static void end(bool commit)
{
    if (commit)
        ck_ok(ll_store_commit(store));
    else
        ll_store_rollback(store);
    ll_store_unlock(store);
}

static int64_t signal_id(void)
{
    int64_t id = 0;

    ck_ok(ll_names_intern(connection, LL_NAME_SIGNAL, "BUY", 3, &id));
    return id;
}

static void add(const char *version, const char *text)
{
    const ll_variant_text variant = { .signal = signal_id(),
                                      .version = version,
                                      .version_bytes = strlen(version),
                                      .text = text,
                                      .text_bytes = strlen(text) };

    ck_ok(ll_variants_add(connection, &variant, NOW));
}

static llmlearn_err start(uint64_t *out_test)
{
    static const char *const versions[] = { "v1.0", "v1.1" };
    static const double weights[] = { 0.5, 0.5 };
    const ll_start plan = { .signal = "BUY",
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

    return ll_start_test(connection, &plan, out_test);
}

static const ll_statement set_votes = {
    "UPDATE llm_ab_arms SET explanations = 100, units = 100, first_votes = 100,"
    " first_positive = CASE arm WHEN 0 THEN 40 ELSE 80 END"
};

static void setup(void)
{
    char path[FOLDER_PATH_BYTES + 16];
    uint64_t test = 0;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    store = store_open(path);
    begin();
    add("v1.0", "zero");
    add("v1.1", "one");
    ck_ok(start(&test));
    ck_ok(ll_connection_run(connection, &set_votes, NULL, 0, NULL, NULL));
    end(true);
}

static void teardown(void)
{
    ll_store_close(store);
    folder_remove(folder);
}

/* How many allocations the call under test may make; everything around it makes what it wants. */
static long scarce_allocations;
static bool was_short;

#define SCARCE(err, call)                                                                          \
    do {                                                                                           \
        allocations_left = scarce_allocations;                                                     \
        (err) = (call);                                                                            \
        was_short = was_short || allocations_left <= 0;                                            \
        allocations_left = -1;                                                                     \
    } while (0)

/* Calls `attempt` with ever more memory until it has enough. */
static void run_out_so(llmlearn_err (*attempt)(void))
{
    int failures = 0;

    for (int n = 0; n < TRIES_MAX; n++) {
        scarce_allocations = n;
        was_short = false;
        llmlearn_err err = attempt();
        ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_ENOMEM, "allocation %d: %s: %s", n + 1,
                      llmlearn_error_name(err), llmlearn_error_detail());
        failures += err != LLMLEARN_OK;
        if (was_short)
            continue;
        ck_assert_int_eq(err, LLMLEARN_OK);
        ck_assert_int_gt(failures, 0);
        printf("%d of %d allocations that failed made the call fail\n", failures, n);
        return;
    }
    ck_abort_msg("it never had enough");
}

static void run_out(llmlearn_err (*attempt)(void))
{
    only_once = false;
    run_out_so(attempt);
    only_once = true;
    run_out_so(attempt);
}

/* ---- attempts ---------------------------------------------------------- */

static llmlearn_err open_and_load(void)
{
    ll_experiment *experiment = NULL;
    llmlearn_assignment served = { .struct_size = sizeof served };
    ll_connection *reader = NULL;
    llmlearn_err err;

    SCARCE(err, ll_experiment_open("v1.0", &silent, &experiment));
    if (err != LLMLEARN_OK) {
        ck_assert_ptr_null(experiment);
        return err;
    }
    ck_ok(ll_store_read_begin(store, soon(), &reader));
    SCARCE(err, ll_experiment_load(experiment, reader));
    ll_store_read_end(store);
    ll_experiment_assign(experiment, "BUY", 3, "someone", 7, &served);
    ck_assert_uint_eq(served.test_id, err == LLMLEARN_OK ? 1 : 0);
    ll_experiment_close(experiment);
    return err;
}

START_TEST(loading_runs_out_of_memory)
{
    run_out(open_and_load);
}
END_TEST

static llmlearn_err load_twice(void)
{
    static ll_experiment *experiment;
    ll_connection *reader = NULL;
    llmlearn_err err;

    if (experiment == NULL)
        ck_ok(ll_experiment_open("v1.0", &silent, &experiment));
    ck_ok(ll_store_read_begin(store, soon(), &reader));
    SCARCE(err, ll_experiment_load(experiment, reader));
    ll_store_read_end(store);
    if (err == LLMLEARN_OK) {
        ll_experiment_close(experiment);
        experiment = NULL;
    }
    return err;
}

/* One experiment that fails and fails and then gets there, as one that reloads does. */
START_TEST(loading_again_and_again_gets_there)
{
    run_out(load_twice);
}
END_TEST

static llmlearn_err check_an_exposure(void)
{
    const ll_exposure_claim claim = { .test = 1, .signal = 1, .variant = 1 };
    ll_experiment *experiment = NULL;
    ll_exposure exposure = (ll_exposure)0;
    llmlearn_err err;

    ck_ok(ll_experiment_open("v1.0", &silent, &experiment));
    begin();
    SCARCE(err, ll_experiment_check_exposure(experiment, connection, &claim, &exposure));
    end(false);
    ck_assert_int_eq(exposure, err == LLMLEARN_OK ? LL_EXPOSURE_COUNTS : 0);
    ll_experiment_close(experiment);
    return err;
}

START_TEST(checking_an_exposure_runs_out_of_memory)
{
    run_out(check_an_exposure);
}
END_TEST

static bool deciding_for_good;

static llmlearn_err decide(void)
{
    ll_selection selection = { .decision = 7 };
    llmlearn_err err;

    begin();
    SCARCE(err, ll_select_winner(connection, "BUY", true, NOW, 200, &selection));
    end(deciding_for_good && err == LLMLEARN_OK);
    if (err != LLMLEARN_OK) {
        ck_assert_uint_eq(selection.decision, 7);
        ck_assert_ptr_null(selection.receipt_json);
        return err;
    }
    ck_assert_str_eq(selection.told.winner, "v1.1");
    ck_assert(selection.told.promoted);
    free(selection.receipt_json);
    return err;
}

static void decide_for_good(void)
{
    deciding_for_good = true;
    scarce_allocations = TRIES_MAX;
    ck_ok(decide());
}

START_TEST(deciding_runs_out_of_memory_and_then_decides_once)
{
    static const ll_statement count = { "SELECT count(*) FROM llm_decisions" };

    run_out(decide);
    ck_assert_int_eq(store_number(store, &count), 1); /* start: nothing was committed */
    decide_for_good();
    ck_assert_int_eq(store_number(store, &count), 3); /* start, verdict, promotion */
    run_out(decide);                                  /* the frozen verdict */
    ck_assert_int_eq(store_number(store, &count), 3);
}
END_TEST

/* ---- what a person does, and what is decided again ---------------------- */

/* A person overrules the running test: what that showed is kept with it, or nothing happens. */
static llmlearn_err overrule(void)
{
    llmlearn_err err;

    begin();
    const ll_change change = { .connection = connection,
                               .now_us = NOW,
                               .signal = signal_id(),
                               .actor = "me",
                               .reason = "it is better" };
    SCARCE(err, ll_promote_by_hand(&change, "v1.1"));
    end(false);
    return err;
}

START_TEST(overruling_runs_out_of_memory)
{
    run_out(overrule);
    decide_for_good();
}
END_TEST

static uint64_t verdict;

static llmlearn_err replay(void)
{
    ll_connection *reader = NULL;
    char *json = NULL;
    llmlearn_err err;

    ck_ok(ll_store_read_begin(store, soon(), &reader));
    SCARCE(err, ll_replay_decision(reader, verdict, &json));
    ll_store_read_end(store);
    ck_assert_int_eq(json != NULL, err == LLMLEARN_OK);
    if (json != NULL)
        ck_assert_ptr_nonnull(strstr(json, "\"same\":true"));
    free(json);
    return err;
}

START_TEST(replaying_runs_out_of_memory)
{
    static const ll_statement find = { "SELECT id FROM llm_decisions WHERE kind = 'verdict'" };

    decide_for_good();
    verdict = (uint64_t)store_number(store, &find);
    run_out(replay);
}
END_TEST

/* The next test of the signal; undone each time. */
static llmlearn_err start_another(void)
{
    static const ll_statement stop = { "UPDATE llm_ab_tests SET status = 'stopped'" };
    uint64_t test = 0;
    llmlearn_err err;

    begin();
    ck_ok(ll_connection_run(connection, &stop, NULL, 0, NULL, NULL));
    SCARCE(err, start(&test));
    end(false);
    ck_assert_int_eq(test != 0, err == LLMLEARN_OK);
    return err;
}

START_TEST(starting_runs_out_of_memory)
{
    run_out(start_another);
}
END_TEST

/* Both outputs are filled or neither is. */
static llmlearn_err compare(void)
{
    static const llmlearn_rate arms[2] = { { 243, 402 }, { 292, 410 } };
    const llmlearn_comparison comparison = { .struct_size = sizeof comparison,
                                             .arm_count = 2,
                                             .arms = arms };
    llmlearn_compared compared = { .struct_size = sizeof compared, .winner = 7 };
    char *json = NULL;
    llmlearn_err err;

    SCARCE(err, llmlearn_compare_variants(&comparison, &compared, &json));
    ck_assert_int_eq(compared.winner, err == LLMLEARN_OK ? 1 : 7);
    ck_assert_int_eq(json != NULL, err == LLMLEARN_OK);
    if (json != NULL)
        ck_assert_ptr_nonnull(strstr(json, "\"expected_loss\":5."));
    llmlearn_free(json);
    return err;
}

START_TEST(comparing_runs_out_of_memory)
{
    run_out(compare);
}
END_TEST

static char *whole_tests, *whole_decisions; /* what a list with all the memory says */

/* A list is whole or is not given out. */
static void check_list(llmlearn_err err, char **list, const char *whole)
{
    ck_assert_int_eq(*list != NULL, err == LLMLEARN_OK);
    if (*list != NULL && whole != NULL)
        ck_assert_str_eq(*list, whole);
    free(*list);
    *list = NULL;
}

static llmlearn_err list(void)
{
    ll_connection *reader = NULL;
    char *tests = NULL, *decisions = NULL;
    llmlearn_err err;

    ck_ok(ll_store_read_begin(store, soon(), &reader));
    SCARCE(err, ll_listing_tests(reader, NULL, 10, NOW, &tests));
    check_list(err, &tests, whole_tests);
    if (err == LLMLEARN_OK) {
        SCARCE(err, ll_listing_decisions(reader, "BUY", 10, &decisions));
        check_list(err, &decisions, whole_decisions);
    }
    ll_store_read_end(store);
    return err;
}

/* With the evidence on a test that runs, and then of one that has ended. */
START_TEST(listing_runs_out_of_memory)
{
    ll_connection *reader = NULL;

    run_out(list);
    decide_for_good();
    ck_ok(ll_store_read_begin(store, soon(), &reader));
    ck_ok(ll_listing_tests(reader, NULL, 10, NOW, &whole_tests));
    ck_ok(ll_listing_decisions(reader, "BUY", 10, &whole_decisions));
    ll_store_read_end(store);
    run_out(list);
    free(whole_tests);
    free(whole_decisions);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("experiment_memory");
    TCase *tc = tcase_create("experiment_memory");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, loading_runs_out_of_memory);
    tcase_add_test(tc, loading_again_and_again_gets_there);
    tcase_add_test(tc, checking_an_exposure_runs_out_of_memory);
    tcase_add_test(tc, deciding_runs_out_of_memory_and_then_decides_once);
    tcase_add_test(tc, overruling_runs_out_of_memory);
    tcase_add_test(tc, replaying_runs_out_of_memory);
    tcase_add_test(tc, starting_runs_out_of_memory);
    tcase_add_test(tc, comparing_runs_out_of_memory);
    tcase_add_test(tc, listing_runs_out_of_memory);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
