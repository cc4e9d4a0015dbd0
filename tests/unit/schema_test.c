#include "store/schema.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
}

static void tear_down(void)
{
    folder_remove(folder);
}

static void check_answer(const char *sql, const char *expected)
{
    char answer[256];

    raw_text(path, sql, answer, sizeof answer);
    ck_assert_msg(strcmp(answer, expected) == 0, "%s: %s, not %s", sql, answer, expected);
}

/* Makes the database as a library of an earlier version left it. */
static void make_at_version(uint32_t version)
{
    char stamp[96];

    for (uint32_t i = 0; i < version; i++)
        raw_exec(path, ll_schema_steps[i].sql);
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %u",
             LL_SCHEMA_APPLICATION_ID, version);
    raw_exec(path, stamp);
}

START_TEST(every_earlier_version_is_brought_up_to_date_and_keeps_its_rows)
{
    for (uint32_t version = 0; version <= ll_schema_step_count; version++) {
        char latest[16];
        make_at_version(version);
        if (version > 0)
            raw_exec(path, "INSERT INTO llm_users (name) VALUES ('early')");
        ll_store_close(store_open(path));
        snprintf(latest, sizeof latest, "%u", ll_schema_step_count);
        check_answer("PRAGMA user_version", latest);
        check_answer("PRAGMA application_id", "1280068657");
        check_answer("SELECT count(*) FROM llm_users", version > 0 ? "1" : "0");
        check_answer("PRAGMA integrity_check", "ok");
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(a_step_that_fails_leaves_the_version_before_it)
{
    ll_store *store = NULL;

    /* In the way of the first step. */
    raw_exec(path, "PRAGMA application_id = 1280068657; CREATE TABLE llm_rejected (x)");
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, "llm_rejected already exists");
    check_answer("PRAGMA user_version", "0");
    check_answer("SELECT group_concat(name) FROM sqlite_schema", "llm_rejected");
    raw_exec(path, "DROP TABLE llm_rejected");
    ll_store_close(store_open(path));
    check_answer("SELECT count(*) FROM llm_rejected", "0");
}
END_TEST

START_TEST(the_database_is_built_as_designed)
{
    ll_store_close(store_open(path));
    check_answer("PRAGMA page_size", "8192");
    check_answer("PRAGMA journal_mode", "wal");
    check_answer("SELECT group_concat(name) FROM pragma_table_list"
                 " WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite%'",
                 "NULL");
    check_answer("SELECT count(*) >= 16 FROM pragma_table_list WHERE name LIKE 'llm%'", "1");
    check_answer("SELECT typeof(value) || length(value) FROM llm_meta WHERE key = 'store_id'",
                 "blob16");
    check_answer("SELECT group_concat(key) FROM (SELECT key FROM llm_meta"
                 " WHERE key IN ('config_version', 'vote_sequence', 'clock_us') ORDER BY key)",
                 "clock_us,config_version,vote_sequence");
}
END_TEST

/* ---- rules the tables themselves hold ---------------------------------- */

#define VARIANT "id, signal, version, text, parent, status, created_us, changed_us"

static const ll_statement fixtures[] = {
    { "INSERT INTO llm_names VALUES (1, 2, 'BUY'), (2, 1, 'AAPL')" },
    { "INSERT INTO llm_variants (" VARIANT
      ") VALUES (1, 1, 'v1.0', 'text', NULL, 'champion', 0, 0)" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (1, zeroblob(16), 0, 2, 1, 0, 0, 0, 'why')" },
    { "INSERT INTO llm_feedback VALUES (1, 1, 1, 5, 0, 1, 'good')" },
    { "INSERT INTO llm_ab_tests (id, signal, status, rule, salt, champion, started_us,"
      " duration_min_us, duration_max_us, trials_min, alpha, effect_min, actor)"
      " VALUES (1, 1, 'running', 'classic', zeroblob(16), 1, 0, 0, 0, 0, 0.05, 0.1, 'me')" },
    { "INSERT INTO llm_decisions (at_us, signal, kind, test, actor, reason)"
      " VALUES (0, 1, 'verdict', 1, 'me', 'because')" },
};

static const ll_statement forbidden[] = {
    { "INSERT INTO llm_names VALUES (3, 2, 'BUY')" },
    { "INSERT INTO llm_names VALUES (3, 2, NULL)" },
    { "INSERT INTO llm_users (name) VALUES (x'00ff')" },
    { "INSERT INTO llm_variants (" VARIANT ") VALUES (2, 1, 'v1.0', 't', NULL, 'draft', 0, 0)" },
    { "INSERT INTO llm_variants (" VARIANT ") VALUES (2, 1, 'v2.0', 't', NULL, 'champion', 0, 0)" },
    { "INSERT INTO llm_variants (" VARIANT ") VALUES (2, 1, 'v2.0', 't', NULL, 'odd', 0, 0)" },
    { "INSERT INTO llm_variants (" VARIANT ") VALUES (2, 7, 'v2.0', 't', NULL, 'draft', 0, 0)" },
    { "INSERT INTO llm_variants (" VARIANT ") VALUES (2, 1, 'v2.0', 't', 77, 'draft', 0, 0)" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (2, zeroblob(16), 0, 2, 1, 0, 0, 0, 'same id')" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (2, zeroblob(15), 0, 2, 1, 0, 0, 0, 'short id')" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (2, randomblob(16), 0, 99, 1, 0, 0, 0, 'no ticker')" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (2, randomblob(16), 0, 2, 99, 0, 0, 0, 'no variant')" },
    { "INSERT INTO llm_explanations (row, explanation_id, created_us, ticker, variant, flags,"
      " counted, digest, text) VALUES (2, randomblob(16), 'noon', 2, 1, 0, 0, 0, 'no time')" },
    { "INSERT INTO llm_feedback VALUES (1, 1, 0, NULL, 0, 2, NULL)" },
    { "INSERT INTO llm_feedback VALUES (1, 2, 2, NULL, 0, 2, NULL)" },
    { "INSERT INTO llm_feedback VALUES (1, 2, 1, 0, 0, 2, NULL)" },
    { "INSERT INTO llm_feedback VALUES (1, 2, 1, 6, 0, 2, NULL)" },
    { "INSERT INTO llm_feedback VALUES (2, 2, 1, 5, 0, 2, NULL)" },
    { "INSERT INTO llm_ab_tests (id, signal, status, rule, salt, champion, started_us,"
      " duration_min_us, duration_max_us, trials_min, alpha, effect_min, actor)"
      " VALUES (2, 1, 'running', 'classic', zeroblob(16), 1, 0, 0, 0, 0, 0.05, 0.1, 'me')" },
    { "INSERT INTO llm_decisions (at_us, signal, kind, test, actor, reason)"
      " VALUES (0, 1, 'verdict', 1, 'me', 'a second one')" },
    { "INSERT INTO llm_decisions (at_us, signal, kind, actor, reason)"
      " VALUES (0, 1, 'whim', 'me', 'because')" },
    { "INSERT INTO llm_positions VALUES (zeroblob(15), 0)" },
    { "DELETE FROM llm_explanations" },
    { "DELETE FROM llm_variants" },
};

START_TEST(the_tables_refuse_what_must_not_be)
{
    ll_store *store = store_open(path);
    char count[16];

    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        store_write(store, &fixtures[i], NULL, 0);
    }
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        llmlearn_err err = store_try_write(store, &forbidden[i], NULL, 0);
        ck_assert_msg(err == LLMLEARN_EINVAL, "%s: %s", forbidden[i].sql, llmlearn_error_name(err));
    }
    ll_store_close(store);
    raw_text(path, "SELECT count(*) FROM llm_feedback", count, sizeof count);
    ck_assert_str_eq(count, "1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tests = tcase_create("schema");
    SRunner *runner;
    int failed_count;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_earlier_version_is_brought_up_to_date_and_keeps_its_rows);
    tcase_add_test(tests, a_step_that_fails_leaves_the_version_before_it);
    tcase_add_test(tests, the_database_is_built_as_designed);
    tcase_add_test(tests, the_tables_refuse_what_must_not_be);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
