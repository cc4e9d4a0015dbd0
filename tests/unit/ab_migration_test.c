/* A database of an earlier version with a test under way: every row stays, the test goes on, and a
 * recount holds for all that comes after. */
#include "store/decisions.h"
#include "store/schema.h"
#include "support/ab_batch.h"
#include "support/recount.h"
#include "support/stores.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- going back -------------------------------------------------------- */

static void exec(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
}

/* Rows of the table as far as the earlier version had columns for them. */
static int copy_table(void *db, int columns, char **values, char **names)
{
    char *sql = sqlite3_mprintf("DELETE FROM main.%s; INSERT INTO main.%s SELECT %s FROM latest.%s",
                                values[0], values[0], values[1], values[0]);

    (void)columns;
    (void)names;
    exec(db, sql);
    sqlite3_free(sql);
    return 0;
}

/* Writes the database of today as an earlier version would have it. */
static void go_back_to(uint32_t version)
{
    char first[512], attach[700];
    sqlite3 *db = NULL;

    ab_batch_close();
    snprintf(first, sizeof first, "%s.first", ab_path);
    ck_assert_int_eq(sqlite3_open(first, &db), SQLITE_OK);
    exec(db, "PRAGMA page_size = 8192");
    for (uint32_t i = 0; i < version; i++)
        exec(db, ll_schema_steps[i].sql);
    snprintf(attach, sizeof attach,
             "PRAGMA application_id = %d; PRAGMA user_version = %u; ATTACH '%s' AS latest",
             LL_SCHEMA_APPLICATION_ID, version, ab_path);
    exec(db, attach);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "SELECT s.name, group_concat(c.name) FROM main.sqlite_schema s,"
                                  " pragma_table_info(s.name, 'main') c WHERE s.type = 'table'"
                                  " AND s.name LIKE 'llm%' GROUP BY s.name",
                                  copy_table, db, NULL),
                     SQLITE_OK);
    if (version == 1)
        exec(db, "DELETE FROM llm_meta WHERE key = 'exposures_from_row'");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(rename(first, ab_path), 0);
}

/* ---- what was there ---------------------------------------------------- */

static void live_for_a_while(void)
{
    ab_batch_begin();
    for (int i = 0; i < 8; i++)
        ab_log_row(i, (uint32_t)i % 2, i % 2 == 0 ? "ann" : NULL, AB_PLAIN, i, i);
    ck_ok(ab_vote(0, "x", true, 5));
    ck_ok(ab_vote(2, "y", false, 0));
    ck_ok(ab_vote(4, "x", true, 2));
    ck_ok(ab_vote(1, "x", false, 3));
    ck_ok(ab_vote(3, "x", true, 4));
    ab_batch_commit();
}

static uint64_t decide(ll_decision_kind kind)
{
    ll_ab_test test;
    uint64_t id = 0;

    ab_begin();
    ck_ok(ll_ab_tests_get(ab_connection, ab_test_id, &test));
    const ll_decision_row row = { .at_us = ab_now_us,
                                  .signal = test.signal,
                                  .kind = kind,
                                  .test = ab_test_id,
                                  .actor = "me",
                                  .reason = "why",
                                  .receipt = "{\"a\":1}" };
    ck_ok(ll_decisions_add(ab_connection, &row, &id));
    ab_commit();
    return id;
}

START_TEST(a_test_under_way_goes_on)
{
    live_for_a_while();
    go_back_to(1);
    ab_batch_open();
    recount(ab_path);
    const ll_ab_arm *a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->units, 1);
    ck_assert_int_eq(a->first_votes, 1);
    ck_assert_int_eq(a->voting_units, 1);
    ck_assert_int_eq(a->votes_squared, 9);
    ck_assert_int_eq(a->products, 6);
    ck_assert_int_eq(a->positive_squared, 4);
    ck_assert_int_eq(a->exposures + a->first_rating[4] + a->recent.count, 0);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_eprocess"), 0);

    ab_batch_begin();
    ck_ok(ab_withdraw(2, "y")); /* a vote that came before takes its part out */
    ab_log_row(20, 0, "ann", AB_PLAIN, 7, 7);
    ab_log_row(21, 1, NULL, AB_PLAIN | LLMLEARN_FALLBACK, 7, 7);
    ab_log_row(0, 0, "ann", AB_PLAIN, 0, 0); /* it is known, but not counted again */
    ck_ok(ab_vote(20, "z", false, 1));
    ck_ok(ab_vote(21, "z", true, 1));
    ck_ok(ab_vote(5, "z", true, 2)); /* an old row, a new first vote */
    ab_report(1, "bob");
    ab_batch_commit();
    a = ab_arm_of(ab_test_id, 0);
    ck_assert_int_eq(a->units, 1);
    ck_assert_int_eq(a->exposures, 1);
    ck_assert_int_eq(a->votes_squared, 9);
    ck_assert_int_eq(a->products, 6);
    a = ab_arm_of(ab_test_id, 1);
    ck_assert_int_eq(a->first_votes, 4);
    ck_assert_int_eq(a->first_rating[1], 1);
    ck_assert_int_eq(a->exposures, 2);
}
END_TEST

static const ll_statement second_verdict = {
    "INSERT INTO llm_decisions (at_us, signal, kind, test, actor, reason)"
    " SELECT at_us, signal, kind, test, actor, reason FROM llm_decisions WHERE id = 2"
};

START_TEST(decisions_stay_as_they_were)
{
    char before[100], after[100];
    const char *all = "SELECT group_concat(id || kind || test || actor || reason || receipt)"
                      " FROM (SELECT * FROM llm_decisions ORDER BY id)";

    decide(LL_DECISION_START);
    ck_assert_uint_eq(decide(LL_DECISION_VERDICT), 2);
    raw_text(ab_path, all, before, sizeof before);
    go_back_to(1);
    ab_batch_open();
    raw_text(ab_path, all, after, sizeof after);
    ck_assert_str_eq(before, after);
    ck_assert_uint_eq(decide(LL_DECISION_BREAKER), 3);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_decisions WHERE inputs IS NOT NULL"), 0);
    ab_begin();
    ck_assert_int_eq(ll_connection_run(ab_connection, &second_verdict, NULL, 0, NULL, NULL),
                     LLMLEARN_EINVAL); /* still one for a test */
    ab_rollback();
}
END_TEST

/* Days had no positive votes in them: they are counted again from the units. */
START_TEST(days_before_get_their_positive_votes)
{
    static const char *const sum = "SELECT sum(first_positive) FROM llm_ab_days";

    live_for_a_while();
    ck_assert_int_eq(ab_number(sum), 2); /* of ann and of row 3; that of row 1 was not */
    ab_now_us += LL_US_PER_DAY;
    ab_batch_begin();
    ck_ok(ab_vote(5, "x", true, 0));
    ab_batch_commit();
    go_back_to(3);
    ab_batch_open();
    recount(ab_path);
    ck_assert_int_eq(ab_number(sum), 3);
    ck_assert_int_eq(ab_number("SELECT count(*) FROM llm_ab_days"), 3);
}
END_TEST

/* A database that never had a row counts from its first. */
START_TEST(a_new_database_counts_from_the_first_row)
{
    ck_assert_int_eq(ab_number("SELECT value FROM llm_meta WHERE key = 'exposures_from_row'"), 1);
    live_for_a_while();
    ck_assert_int_eq(ab_arm_of(ab_test_id, 0)->exposures, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_migration");
    TCase *tests = tcase_create("ab_migration");

    tcase_add_checked_fixture(tests, ab_batch_set_up, ab_batch_tear_down);
    tcase_add_test(tests, a_test_under_way_goes_on);
    tcase_add_test(tests, decisions_stay_as_they_were);
    tcase_add_test(tests, days_before_get_their_positive_votes);
    tcase_add_test(tests, a_new_database_counts_from_the_first_row);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
