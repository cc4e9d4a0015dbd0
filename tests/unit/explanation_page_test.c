/* What a page costs does not depend on how many rows there are: asked of SQLite's own plans. */
/* link: -Wl,--wrap=ll_connection_run */
#include "analytics/explanation_page.h"

#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static ll_store *store;
static const ll_statement *ran[8]; /* since it was last cleared */
static int ran_count;

llmlearn_err __real_ll_connection_run(ll_connection *connection, const ll_statement *statement,
                                      const ll_value *arguments, uint32_t argument_count,
                                      ll_row_fn each, void *context);
llmlearn_err __wrap_ll_connection_run(ll_connection *connection, const ll_statement *statement,
                                      const ll_value *arguments, uint32_t argument_count,
                                      ll_row_fn each, void *context);

llmlearn_err __wrap_ll_connection_run(ll_connection *connection, const ll_statement *statement,
                                      const ll_value *arguments, uint32_t argument_count,
                                      ll_row_fn each, void *context)
{
    if (ran_count < 8)
        ran[ran_count++] = statement;
    return __real_ll_connection_run(connection, statement, arguments, argument_count, each,
                                    context);
}

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    store = store_open(path);
    raw_exec(path, "INSERT INTO llm_names VALUES (1, 1, 'NVDA'), (2, 2, 'BUY')");
}

static void tear_down(void)
{
    ll_store_close(store);
    folder_remove(folder);
}

static void ask(const ll_explanation_page *page)
{
    ll_connection *connection = NULL;
    char *json = NULL;

    ran_count = 0;
    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_ok(ll_explanation_page_json(connection, page, &json));
    ll_store_read_end(store);
    free(json);
}

/* Every table is looked into by a key, in the order that is asked for. */
static void expect_searches(sqlite3 *db, const char *sql)
{
    char *question = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *plan = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(db, question, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        ck_assert_msg(strstr(step, "SCAN") == NULL && strstr(step, "TEMP B-TREE") == NULL, "%s: %s",
                      step, sql);
    }
    sqlite3_finalize(plan);
    sqlite3_free(question);
}

START_TEST(no_statement_of_a_page_reads_a_whole_table)
{
    const llmlearn_id before = { .bytes = { 1 } };
    const ll_explanation_page pages[] = {
        { .limit = 20 },
        { .limit = 1, .before = &before, .user = "ann" },
        { .limit = 9, .ticker = "NVDA", .signal = "BUY", .version = "v1.0", .before = &before },
    };
    sqlite3 *db = NULL;
    int seen = 0;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (int i = 0; i < 3; i++) {
        ask(&pages[i]);
        seen += ran_count;
        for (int s = 0; s < ran_count; s++)
            expect_searches(db, ran[s]->sql);
    }
    ck_assert_int_eq(seen, 1 + 1 + 2); /* with a filter the end of the walk, too */
    sqlite3_close(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("explanation_page");
    TCase *tcase = tcase_create("cost");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, no_statement_of_a_page_reads_a_whole_table);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
