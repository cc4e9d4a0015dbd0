/* Jobs, the budget, lineage and lessons when memory runs out: the n-th
 * allocation of a call fails, ours or SQLite's, once or from then on, for n = 1, 2, 3, ... Each
 * failure is an error, leaves outputs and, after the rollback, the database as they were. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
#include "store/ledger.h"
#include "store/lessons.h"
#include "store/lineage.h"
#include "store/names.h"
#include "store/schedule.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW (INT64_C(1760000000) * 1000000)
#define LEASE (600 * LL_US_PER_S)

/* ---- allocators that fail ---------------------------------------------- */

static long left; /* counts down to the failing one; 0 fails none */
static bool for_ever;
static long failed;

static bool fails_now(void)
{
    if (left == 0)
        return false;
    if (left > 1) {
        left--;
        return false;
    }
    if (!for_ever)
        left = 0;
    failed++;
    return true;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

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

static sqlite3_mem_methods real_memory;

static void *failing_malloc(int bytes)
{
    return fails_now() ? NULL : real_memory.xMalloc(bytes);
}

static void *failing_realloc(void *old, int bytes)
{
    return fails_now() ? NULL : real_memory.xRealloc(old, bytes);
}

static bool set_up_memory(void)
{
    sqlite3_mem_methods failing;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK)
        return false;
    failing = real_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK;
}

/* ---- what is attempted ------------------------------------------------- */

static char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
static ll_store *store;
static ll_connection *connection;
static int64_t signal_id;

static llmlearn_err each_week(void *user, const char *schedule, size_t bytes, int64_t after_us,
                              int64_t *out_us)
{
    (void)user;
    (void)schedule;
    (void)bytes;
    *out_us = after_us - after_us % (7 * LL_US_PER_DAY) + 7 * LL_US_PER_DAY;
    return LLMLEARN_OK;
}

static const ll_schedule_rule weekly = { each_week, NULL };
static const ll_ledger_limits limits = { INT64_C(1000000), INT64_C(1000000) };
static const ll_ledger_call call = { .kind = LL_LEDGER_GENERATE,
                                     .run = "r",
                                     .ceiling_nanousd = 10 };

/* libcheck itself needs memory: what an attempt sees is told after it. */
static bool as_promised;

static void expect(bool is_so)
{
    as_promised = as_promised && is_so;
}

/* A week's job from beginning to end, in one transaction; each output is checked. */
static llmlearn_err run_job(void)
{
    const ll_job_step step = { "BUY", "look", "fine" };
    const int64_t due = NOW - NOW % (7 * LL_US_PER_DAY) + 7 * LL_US_PER_DAY;
    ll_lease lease = { .epoch = -7 };
    int64_t look = -7;
    bool done = true;
    llmlearn_err err = ll_schedule_register(connection, "job", "line", &weekly, NOW);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_schedule_take(connection, "job", LEASE, &weekly, due, &lease, &look);
    expect((err == LLMLEARN_OK) == (lease.epoch == 1) && (look == -7) == (lease.epoch == -7));
    if (err != LLMLEARN_OK)
        return err;
    err = ll_schedule_has_step(connection, "job", &lease, &step, &done);
    expect(done == (err != LLMLEARN_OK));
    if (err == LLMLEARN_OK)
        err = ll_schedule_note_step(connection, "job", &lease, &step, due);
    if (err == LLMLEARN_OK)
        err = ll_schedule_renew(connection, "job", &lease, LEASE, due);
    if (err == LLMLEARN_OK)
        err = ll_schedule_finish(connection, "job", &lease, "hm", &weekly, due);
    return err;
}

static llmlearn_err generate(void)
{
    const ll_ledger_result result = { 1, 2, 5, NULL };
    int64_t id = -7, variant = -7;
    llmlearn_err err = ll_ledger_reserve(connection, &call, &limits, NOW, &id);

    expect((err == LLMLEARN_OK) == (id != -7));
    if (err == LLMLEARN_OK)
        err = ll_ledger_settle(connection, id, &result, NOW);
    if (err != LLMLEARN_OK)
        return err;
    const ll_lineage_candidate candidate = { .variant = { .signal = signal_id,
                                                          .version = "v1.1",
                                                          .version_bytes = 4,
                                                          .text = "text",
                                                          .text_bytes = 4 },
                                             .generation = id };
    err = ll_lineage_add(connection, &candidate, NOW, &variant);
    expect((err == LLMLEARN_OK) == (variant != -7));
    return err == LLMLEARN_OK ? ll_lineage_approve(connection, variant, "ann", NOW) : err;
}

static llmlearn_err count_lesson(void *context, const ll_lesson *lesson)
{
    (void)lesson;
    ++*(int *)context;
    return LLMLEARN_OK;
}

static llmlearn_err count_comment(void *context, const ll_lesson_comment *comment)
{
    (void)comment;
    ++*(int *)context;
    return LLMLEARN_OK;
}

static llmlearn_err learn(void)
{
    const ll_lesson_query query = { .variant = 1, .limit = 10, .excerpt_bytes = 5 };
    ll_lesson_counts counts = { .votes = -7 };
    int seen = 0;
    llmlearn_err err = ll_lessons_counts(connection, 1, 0, 100000, &counts);

    expect((err == LLMLEARN_OK) == (counts.votes == 0));
    if (err == LLMLEARN_OK)
        err = ll_lessons_best(connection, &query, count_lesson, &seen);
    if (err == LLMLEARN_OK)
        err = ll_lessons_worst(connection, &query, count_lesson, &seen);
    if (err == LLMLEARN_OK)
        err = ll_lessons_comments(connection, &query, count_comment, &seen);
    expect(err != LLMLEARN_OK || seen == 3);
    return err;
}

/* ---- the tests --------------------------------------------------------- */

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    store = store_open(path);
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_names_intern(connection, LL_NAME_SIGNAL, "BUY", 3, &signal_id));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    raw_exec_no_checkpoint(
        path, "INSERT INTO llm_variants (id, signal, version, text, status, created_us,"
              " changed_us) VALUES (1, 1, 'v1.0', 't', 'draft', 0, 0);"
              "INSERT INTO llm_names VALUES (2, 1, 'AAPL');"
              "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant,"
              " flags, counted, digest, text) VALUES (1, randomblob(16), 0, 2, 1, 0, 0, 0, 'why'),"
              " (2, randomblob(16), 0, 2, 1, 0, 0, 0, 'how');"
              "INSERT INTO llm_feedback VALUES (1, -1, 1, 5, 0, 1, 'good'),"
              " (2, -2, 0, 1, 0, 2, NULL);");
}

static void tear_down(void)
{
    ll_store_close(store);
    folder_remove(folder);
}

static int64_t rows(void)
{
    static const ll_statement count = {
        "SELECT (SELECT count(*) FROM llm_jobs) + (SELECT count(*) FROM llm_job_steps)"
        " + (SELECT count(*) FROM llm_generations) + (SELECT count(*) FROM llm_variants)"
    };

    return store_number(store, &count);
}

/* With a new connection each time, so that statements are prepared again. */
static llmlearn_err try_once(llmlearn_err (*attempt)(void), long n)
{
    llmlearn_err err;

    ck_assert(ll_store_pause(store, soon()));
    ll_store_resume(store);
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    as_promised = true;
    failed = 0;
    left = n;
    err = attempt();
    left = 0;
    ck_assert(as_promised);
    ll_store_rollback(store);
    ll_store_unlock(store);
    return err;
}

static void run_out(llmlearn_err (*attempt)(void))
{
    for (int mode = 0; mode < 2; mode++) {
        int failures = 0;
        long n = 0;
        for_ever = mode == 1;
        do {
            llmlearn_err err = try_once(attempt, ++n);
            ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_ENOMEM, "n = %ld: %s: %s", n,
                          llmlearn_error_name(err), llmlearn_error_detail());
            failures += err != LLMLEARN_OK;
            ck_assert_int_eq(rows(), 1);
            ck_assert(failed > 0 || err == LLMLEARN_OK);
        } while (failed > 0);
        ck_assert_int_gt(failures, 20);
        ck_assert_int_lt(n, 20000);
    }
}

START_TEST(a_job_runs_out_of_memory)
{
    run_out(run_job);
}
END_TEST

START_TEST(a_generation_runs_out_of_memory)
{
    run_out(generate);
}
END_TEST

START_TEST(learning_runs_out_of_memory)
{
    run_out(learn);
}
END_TEST

/* A rule that fails: nothing is registered, taken or finished by half. */
static llmlearn_err no_week(void *user, const char *schedule, size_t bytes, int64_t after_us,
                            int64_t *out_us)
{
    (void)user;
    (void)schedule;
    (void)bytes;
    (void)after_us;
    (void)out_us;
    return LLMLEARN_EINVAL;
}

START_TEST(a_rule_that_fails_leaves_the_run_as_it_was)
{
    static const ll_schedule_rule broken = { no_week, NULL };
    const int64_t due = NOW - NOW % (7 * LL_US_PER_DAY) + 7 * LL_US_PER_DAY;
    ll_lease lease = { .epoch = 0 };
    int64_t look = 0;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_assert_int_eq(ll_schedule_register(connection, "job", "line", &broken, NOW),
                     LLMLEARN_EINVAL);
    ck_ok(ll_schedule_register(connection, "job", "line", &weekly, NOW));
    ck_ok(ll_schedule_take(connection, "job", LEASE, &broken, due, &lease, &look));
    ck_assert_int_eq(ll_schedule_finish(connection, "job", &lease, NULL, &broken, due),
                     LLMLEARN_EINVAL);
    ck_ok(ll_schedule_check(connection, "job", &lease));
    ll_store_rollback(store);
    ll_store_unlock(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule_memory");
    TCase *tc = tcase_create("schedule_memory");
    SRunner *runner = srunner_create(suite);
    int failures;

    if (!set_up_memory())
        return EXIT_FAILURE;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_job_runs_out_of_memory);
    tcase_add_test(tc, a_generation_runs_out_of_memory);
    tcase_add_test(tc, learning_runs_out_of_memory);
    tcase_add_test(tc, a_rule_that_fails_leaves_the_run_as_it_was);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
