#include "support/stores.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const ll_statement add_user = { "INSERT INTO llm_users (name) VALUES (?1)" };
static const ll_statement count_users = { "SELECT count(*) FROM llm_users" };
static const ll_log silent = { 0 };

ll_deadline soon(void)
{
    return ll_deadline_in_ms(STORE_SECONDS * 1000);
}

llmlearn_err store_try_open(const char *path, ll_store **out_store)
{
    const ll_store_options options = { .path = path, .log = &silent };

    return ll_store_open(&options, soon(), out_store);
}

ll_store *store_open(const char *path)
{
    ll_store *store = NULL;

    ck_ok(store_try_open(path, &store));
    return store;
}

llmlearn_err store_try_write(ll_store *store, const ll_statement *statement,
                             const ll_value *arguments, uint32_t argument_count)
{
    ll_connection *connection = NULL;
    llmlearn_err err = ll_store_lock(store, soon());

    if (err != LLMLEARN_OK)
        return err;
    err = ll_store_begin(store, &connection);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, statement, arguments, argument_count, NULL, NULL);
    if (err == LLMLEARN_OK)
        err = ll_store_commit(store);
    ll_store_unlock(store);
    return err;
}

void store_write(ll_store *store, const ll_statement *statement, const ll_value *arguments,
                 uint32_t argument_count)
{
    ck_ok(store_try_write(store, statement, arguments, argument_count));
}

int64_t store_number(ll_store *store, const ll_statement *statement)
{
    ll_connection *connection = NULL;
    int64_t value = 0;

    ck_ok(ll_store_read_begin(store, soon(), &connection));
    ck_ok(ll_connection_int(connection, statement, NULL, 0, NULL, &value));
    ll_store_read_end(store);
    return value;
}

void store_add_user(ll_store *store, const char *name)
{
    const ll_value arguments[] = { ll_string(name) };

    store_write(store, &add_user, arguments, 1);
}

int64_t store_count_users(ll_store *store)
{
    return store_number(store, &count_users);
}

static void exec(const char *path, const char *sql, int no_checkpoint)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, no_checkpoint, NULL);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

void raw_exec(const char *path, const char *sql)
{
    exec(path, sql, 0);
}

void raw_exec_no_checkpoint(const char *path, const char *sql)
{
    exec(path, sql, 1);
}

static int take_first(void *context, int columns, char **values, char **names)
{
    struct {
        char *text;
        size_t bytes;
    } *out = context;

    (void)columns;
    (void)names;
    if (*out->text == '\0')
        snprintf(out->text, out->bytes, "%s", values[0] == NULL ? "NULL" : values[0]);
    return 0;
}

void raw_text(const char *path, const char *sql, char *out, size_t bytes)
{
    sqlite3 *db = NULL;
    struct {
        char *text;
        size_t bytes;
    } context = { .text = out, .bytes = bytes };

    *out = '\0';
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, take_first, &context, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
