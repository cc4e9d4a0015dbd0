#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];

static void set_up(void)
{
    folder_make(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
}

static void tear_down(void)
{
    folder_remove(folder);
}

static const char *beside(const char *suffix)
{
    static char name[sizeof path + 16];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return name;
}

/* ---- statements -------------------------------------------------------- */

static const ll_statement make_values = {
    "CREATE TABLE v (id INTEGER PRIMARY KEY, i ANY, t TEXT, b BLOB, r REAL) STRICT"
};
static const ll_statement add_values = { "INSERT INTO v (i, t, b, r) VALUES (?1, ?2, ?3, ?4)" };
static const ll_statement all_values = { "SELECT i, t, b, r FROM v ORDER BY id" };

typedef struct expected {
    uint32_t rows;
    const char *blob;
} expected;

static llmlearn_err check_row(void *context, const ll_row *row)
{
    expected *want = context;
    size_t bytes = 99;

    switch (want->rows++) {
    case 0:
        ck_assert_int_eq(ll_row_int(row, 0), INT64_MIN);
        ck_assert_str_eq(ll_row_text(row, 1, &bytes), "t\xc3\xa9xt");
        ck_assert_uint_eq(bytes, 5);
        ck_assert_mem_eq(ll_row_blob(row, 2, &bytes), want->blob, 4);
        ck_assert_uint_eq(bytes, 4);
        ck_assert(fabs(ll_row_real(row, 3) - 0.1) <= 0);
        break;
    case 1: /* empty is not NULL */
        ck_assert(!ll_row_is_null(row, 1));
        ck_assert_ptr_nonnull(ll_row_text(row, 1, &bytes));
        ck_assert_uint_eq(bytes, 0);
        ck_assert(!ll_row_is_null(row, 2));
        bytes = 99;
        ck_assert_ptr_nonnull(ll_row_blob(row, 2, &bytes));
        ck_assert_uint_eq(bytes, 0);
        ck_assert_int_eq(ll_row_int(row, 0), INT64_MAX);
        break;
    default: /* NULL reads 0 and NULL */
        for (int column = 0; column < 4; column++)
            ck_assert(ll_row_is_null(row, column));
        ck_assert_int_eq(ll_row_int(row, 0), 0);
        ck_assert_ptr_null(ll_row_text(row, 1, &bytes));
        ck_assert_uint_eq(bytes, 0);
        ck_assert_ptr_null(ll_row_blob(row, 2, NULL));
        ck_assert(fabs(ll_row_real(row, 3)) <= 0);
    }
    return LLMLEARN_OK;
}

START_TEST(values_of_each_kind_come_back_as_they_went_in)
{
    expected want = { .blob = "\0\1\xff\2" };
    const ll_value rows[][4] = {
        { ll_int(INT64_MIN), ll_string("t\xc3\xa9xt"), ll_blob(want.blob, 4), ll_real(0.1) },
        { ll_int(INT64_MAX), ll_text("", 0), ll_blob("", 0), ll_real(-INFINITY) },
        { ll_null(), ll_string(NULL), ll_blob(NULL, 7), ll_real(NAN) },
    };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_connection_run(connection, &make_values, NULL, 0, NULL, NULL));
    for (size_t i = 0; i < 3; i++) {
        ck_ok(ll_connection_run(connection, &add_values, rows[i], 4, NULL, NULL));
        ck_assert_int_eq(ll_connection_changes(connection), 1);
        ck_assert_int_eq(ll_connection_last_row(connection), (int64_t)i + 1);
    }
    ck_ok(ll_connection_run(connection, &all_values, NULL, 0, check_row, &want));
    ck_assert_int_eq(ll_connection_changes(connection), 0);
    ck_assert_uint_eq(want.rows, 3);
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    ll_store_close(store);
}
END_TEST

static const ll_statement count_up = {
    "WITH n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < ?1) SELECT x FROM n"
};
static const ll_statement nothing_at_all = { "SELECT 1 WHERE 0" };
static const ll_statement two_rows = { "VALUES (5), (6)" };
static const ll_statement a_null = { "SELECT NULL" };

static llmlearn_err stop_at_three(void *context, const ll_row *row)
{
    int64_t *seen = context;

    *seen = ll_row_int(row, 0);
    return *seen == 3 ? LLMLEARN_ESTATE : LLMLEARN_OK;
}

START_TEST(a_callback_ends_its_run_and_the_statement_runs_again)
{
    const ll_value arguments[] = { ll_int(10) };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    int64_t seen = 0;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(
            ll_connection_run(connection, &count_up, arguments, 1, stop_at_three, &seen),
            LLMLEARN_ESTATE);
        ck_assert_int_eq(seen, 3);
    }
    ll_store_read_end(store);
    ll_store_close(store);
}
END_TEST

START_TEST(the_small_question_knows_absence)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    bool found = true;
    int64_t value = 77;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_ok(ll_connection_int(connection, &nothing_at_all, NULL, 0, &found, &value));
    ck_assert(!found);
    ck_assert_int_eq(value, 77);
    ck_fails(ll_connection_int(connection, &nothing_at_all, NULL, 0, NULL, &value),
             LLMLEARN_ENOTFOUND, "SELECT 1");
    ck_assert_int_eq(value, 77);
    ck_ok(ll_connection_int(connection, &two_rows, NULL, 0, &found, &value));
    ck_assert(found);
    ck_assert_int_eq(value, 5);
    ck_ok(ll_connection_int(connection, &a_null, NULL, 0, &found, &value));
    ck_assert(found);
    ck_assert_int_eq(value, 0);
    ck_ok(ll_connection_int(connection, &two_rows, NULL, 0, NULL, NULL));
    ll_store_read_end(store);
    ll_store_close(store);
}
END_TEST

/* More statements than the table begins with, each run twice. */
START_TEST(any_number_of_statements_is_kept)
{
    enum { COUNT = 500 };
    static ll_statement statements[COUNT];
    static char texts[COUNT][32];
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    for (int i = 0; i < 2 * COUNT; i++) {
        int64_t value = -1;
        snprintf(texts[i % COUNT], sizeof texts[0], "SELECT %d", i % COUNT);
        statements[i % COUNT].sql = texts[i % COUNT];
        ck_ok(ll_connection_int(connection, &statements[i % COUNT], NULL, 0, NULL, &value));
        ck_assert_int_eq(value, i % COUNT);
    }
    ll_store_read_end(store);
    ll_store_close(store);
}
END_TEST

static const ll_statement add_two_users = { "INSERT INTO llm_users (name) VALUES (?1), (?2)" };
static const ll_statement bad_type = { "INSERT INTO llm_users (id, name) VALUES ('x', ?1)" };
static const ll_statement count_users = { "SELECT count(*) FROM llm_users" };

START_TEST(a_broken_rule_undoes_its_statement_alone)
{
    const ll_value a[] = { ll_string("a"), ll_string("b") };
    const ll_value again[] = { ll_string("c"), ll_string("a") };
    const size_t huge_bytes = 5 << 20;
    char *huge = calloc(1, huge_bytes);
    const ll_value too_big[] = { ll_blob(huge, huge_bytes), ll_string("d") };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    int64_t count = 0;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_connection_run(connection, &add_two_users, a, 2, NULL, NULL));
    ck_fails(ll_connection_run(connection, &add_two_users, again, 2, NULL, NULL), LLMLEARN_EINVAL,
             "UNIQUE constraint failed: llm_users.name");
    ck_fails(ll_connection_run(connection, &bad_type, again, 1, NULL, NULL), LLMLEARN_EINVAL,
             "datatype mismatch");
    ck_fails(ll_connection_run(connection, &add_two_users, too_big, 2, NULL, NULL), LLMLEARN_EINVAL,
             "too big");
    ck_ok(ll_connection_int(connection, &count_users, NULL, 0, NULL, &count));
    ck_assert_int_eq(count, 2);
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    ck_assert_int_eq(store_count_users(store), 2);
    ll_store_close(store);
    free(huge);
}
END_TEST

START_TEST(marks_nest_and_undo_the_latest)
{
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES (?1)" };
    const ll_value a[] = { ll_string("a") };
    const ll_value b[] = { ll_string("b") };
    const ll_value c[] = { ll_string("c") };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    int64_t count = 0;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_connection_mark(connection));
    ck_ok(ll_connection_run(connection, &add, a, 1, NULL, NULL));
    ck_ok(ll_connection_mark(connection));
    ck_ok(ll_connection_run(connection, &add, b, 1, NULL, NULL));
    ck_ok(ll_connection_mark(connection));
    ck_ok(ll_connection_run(connection, &add, c, 1, NULL, NULL));
    ck_ok(ll_connection_undo(connection)); /* c */
    ck_ok(ll_connection_keep(connection)); /* b, into the first mark */
    ck_ok(ll_connection_int(connection, &count_users, NULL, 0, NULL, &count));
    ck_assert_int_eq(count, 2);
    ck_ok(ll_connection_undo(connection)); /* a and b */
    ck_ok(ll_connection_int(connection, &count_users, NULL, 0, NULL, &count));
    ck_assert_int_eq(count, 0);
    ck_ok(ll_connection_run(connection, &add, c, 1, NULL, NULL));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

/* SQLite undoes a whole transaction by itself when memory or disk fail it; OR ROLLBACK asks
 * for the same. What follows must not slip in as transactions of their own. */
START_TEST(an_undone_transaction_takes_nothing_more_and_does_not_commit)
{
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES (?1)" };
    static const ll_statement fatal = { "INSERT OR ROLLBACK INTO llm_users (name) VALUES (?1)" };
    const ll_value a[] = { ll_string("a") };
    const ll_value b[] = { ll_string("b") };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    for (int round = 0; round < 2; round++) {
        ck_ok(ll_store_lock(store, soon()));
        ck_ok(ll_store_begin(store, &connection));
        ck_ok(ll_connection_run(connection, &add, a, 1, NULL, NULL));
        ck_fails(ll_connection_run(connection, &fatal, a, 1, NULL, NULL), LLMLEARN_EINVAL,
                 "UNIQUE");
        ck_fails(ll_connection_run(connection, &add, b, 1, NULL, NULL), LLMLEARN_EINVAL, "undone");
        ck_fails(ll_connection_mark(connection), LLMLEARN_EINVAL, "undone");
        if (round == 0)
            ck_fails(ll_store_commit(store), LLMLEARN_EINVAL, "undone");
        else
            ll_store_rollback(store);
        ll_store_unlock(store);
        ck_assert_int_eq(store_count_users(store), 0);
    }
    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

START_TEST(what_is_not_committed_is_gone)
{
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES ('a')" };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    for (int round = 0; round < 3; round++) {
        ck_ok(ll_store_lock(store, soon()));
        ck_ok(ll_store_begin(store, &connection));
        ck_ok(ll_connection_run(connection, &add, NULL, 0, NULL, NULL));
        if (round == 0)
            ll_store_rollback(store);
        if (round < 2) {
            ll_store_unlock(store);
            ll_store_unlock(store);
        } else {
            ll_store_close(store);
            store = store_open(path);
        }
        ck_assert_int_eq(store_count_users(store), 0);
    }
    ll_store_close(store);
}
END_TEST

START_TEST(several_transactions_fit_under_one_lock)
{
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES (?1)" };
    ll_store *store = store_open(path);

    ck_ok(ll_store_lock(store, soon()));
    for (int i = 0; i < 10; i++) {
        const ll_value arguments[] = { ll_text(&"abcdefghij"[i], 1) };
        ll_connection *connection = NULL;
        ck_ok(ll_store_begin(store, &connection));
        ck_ok(ll_connection_run(connection, &add, arguments, 1, NULL, NULL));
        if (i % 2 == 0)
            ck_ok(ll_store_commit(store));
        else
            ll_store_rollback(store);
    }
    ll_store_unlock(store);
    ck_assert_int_eq(store_count_users(store), 5);
    ll_store_close(store);
}
END_TEST

/* ---- reading ----------------------------------------------------------- */

START_TEST(a_deadline_ends_a_long_question_and_not_the_connection)
{
    const ll_value for_ever[] = { ll_int(INT64_MAX) };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    ck_ok(ll_store_read_begin(store, ll_deadline_in_ms(30), &connection));
    ck_fails(ll_connection_run(connection, &count_up, for_ever, 1, NULL, NULL), LLMLEARN_ETIMEDOUT,
             "interrupted");
    ll_store_read_end(store);
    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

START_TEST(a_reader_sees_the_moment_it_began)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    int64_t count = -1;

    store_add_user(store, "a");
    ck_ok(ll_store_read_begin(store, soon(), &connection));
    store_add_user(store, "b");
    ck_ok(ll_connection_int(connection, &count_users, NULL, 0, NULL, &count));
    ck_assert_int_eq(count, 1);
    ll_store_read_end(store);
    ck_assert_int_eq(store_count_users(store), 2);
    ll_store_close(store);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES ('a')" };
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_fails(ll_connection_run(connection, &add, NULL, 0, NULL, NULL), LLMLEARN_EIO, "readonly");
    ll_store_read_end(store);
    ck_assert_int_eq(store_count_users(store), 0);
    ll_store_close(store);
}
END_TEST

START_TEST(readers_take_turns_and_a_pause_waits_for_them)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    ll_connection *second = NULL;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_fails(ll_store_read_begin(store, ll_deadline_in_ms(5), &second), LLMLEARN_ETIMEDOUT,
             "readers");
    ck_assert(!ll_store_pause(store, ll_deadline_in_ms(5)));
    ll_store_read_end(store);
    ck_assert(ll_store_pause(store, ll_deadline_in_ms(5)));
    ck_fails(ll_store_read_begin(store, ll_deadline_in_ms(5), &second), LLMLEARN_ETIMEDOUT,
             "readers");
    ll_store_resume(store);
    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

enum { THREADS = 3, ROUNDS = 300 };

static void *read_rounds(void *argument)
{
    static const ll_statement pairs = {
        "SELECT (SELECT count(*) FROM llm_users) - (SELECT max(id) FROM llm_users)"
    };
    ll_store *store = argument;

    for (int i = 0; i < ROUNDS; i++)
        ck_assert_int_eq(store_number(store, &pairs), 0);
    return NULL;
}

START_TEST(readers_in_threads_beside_a_writer_see_whole_transactions)
{
    pthread_t threads[THREADS];
    ll_store *store = store_open(path);

    store_add_user(store, "first");
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_rounds, store), 0);
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "user-%d", i);
        store_add_user(store, name);
        (void)ll_store_is_contended(store);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(store_count_users(store), ROUNDS + 1);
    ll_store_close(store);
}
END_TEST

/* ---- the rest ---------------------------------------------------------- */

START_TEST(facts_are_kept)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;
    int64_t value = -1;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &value));
    ck_assert_int_eq(value, 1);
    ck_ok(ll_store_set_fact(connection, LL_FACT_CONFIG_VERSION, INT64_MAX));
    ck_ok(ll_store_set_fact(connection, "new", -5));
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_ok(ll_store_get_fact(connection, LL_FACT_CONFIG_VERSION, &value));
    ck_assert_int_eq(value, INT64_MAX);
    ck_ok(ll_store_get_fact(connection, "new", &value));
    ck_assert_int_eq(value, -5);
    ck_fails(ll_store_get_fact(connection, "none", &value), LLMLEARN_ENOTFOUND, "llm_meta");
    ll_store_read_end(store);
    ll_store_close(store);
}
END_TEST

START_TEST(a_file_that_was_removed_or_replaced_is_not_written_any_more)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    store_add_user(store, "a");
    ck_assert_int_eq(rename(path, beside(".away")), 0);
    ck_fails(ll_store_lock(store, soon()), LLMLEARN_EIO, "removed");
    ck_fails(ll_store_read_begin(store, soon(), &connection), LLMLEARN_EIO, "removed");
    ck_assert(!file_exists(path));
    file_write(path, "", 0);
    ck_fails(ll_store_lock(store, soon()), LLMLEARN_EIO, "replaced");
    ck_assert_int_eq(file_bytes(path), 0);
    ck_assert_int_eq(rename(beside(".away"), path), 0);
    store_add_user(store, "b");
    ck_assert_int_eq(store_count_users(store), 2);
    ll_store_close(store);
}
END_TEST

typedef struct heard {
    int count;
    char id[64];
} heard;

static void hear(void *user, llmlearn_log_level level, const char *message_id, const char *text)
{
    heard *h = user;

    (void)level;
    (void)text;
    h->count++;
    snprintf(h->id, sizeof h->id, "%s", message_id);
}

static const ll_statement add_rejected = {
    "INSERT INTO llm_rejected (at_us, reason, payload) VALUES (0, 'test', zeroblob(1000000))"
};

static void add_megabytes(ll_store *store, int count)
{
    for (int i = 0; i < count; i++)
        store_write(store, &add_rejected, NULL, 0);
}

/* A reader that stays keeps the log from beginning anew: it grows, we say so once, and
 * when the reader is gone it shrinks again. */
START_TEST(a_log_kept_large_by_a_reader_is_reported_once_and_shrinks_after)
{
    heard h = { 0 };
    const ll_log log = { .write = hear, .user = &h };
    const ll_store_options options = { .path = path, .log = &log };
    ll_connection *connection = NULL;
    ll_store *store = NULL;

    ck_ok(ll_store_open(&options, soon(), &store));
    add_megabytes(store, 60);
    ck_assert_int_lt(file_bytes(beside("-wal")), 20 << 20);
    ck_ok(ll_store_read_begin(store, soon(), &connection));
    add_megabytes(store, 50);
    ck_assert_int_eq(h.count, 0);
    add_megabytes(store, 50);
    ck_assert_int_eq(h.count, 1);
    ck_assert_str_eq(h.id, "store-wal-large");
    ll_store_read_end(store);
    add_megabytes(store, 40);
    ck_assert_int_eq(h.count, 1);
    ck_assert_int_le(file_bytes(beside("-wal")), 34 << 20);
    ll_store_close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");
    SRunner *runner;
    int failed_count;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, values_of_each_kind_come_back_as_they_went_in);
    tcase_add_test(tests, a_callback_ends_its_run_and_the_statement_runs_again);
    tcase_add_test(tests, the_small_question_knows_absence);
    tcase_add_test(tests, any_number_of_statements_is_kept);
    tcase_add_test(tests, a_broken_rule_undoes_its_statement_alone);
    tcase_add_test(tests, marks_nest_and_undo_the_latest);
    tcase_add_test(tests, an_undone_transaction_takes_nothing_more_and_does_not_commit);
    tcase_add_test(tests, what_is_not_committed_is_gone);
    tcase_add_test(tests, several_transactions_fit_under_one_lock);
    tcase_add_test(tests, a_deadline_ends_a_long_question_and_not_the_connection);
    tcase_add_test(tests, a_reader_sees_the_moment_it_began);
    tcase_add_test(tests, a_reader_cannot_write);
    tcase_add_test(tests, readers_take_turns_and_a_pause_waits_for_them);
    tcase_add_test(tests, readers_in_threads_beside_a_writer_see_whole_transactions);
    tcase_add_test(tests, facts_are_kept);
    tcase_add_test(tests, a_file_that_was_removed_or_replaced_is_not_written_any_more);
    tcase_add_test(tests, a_log_kept_large_by_a_reader_is_reported_once_and_shrinks_after);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
