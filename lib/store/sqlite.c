#include "store/sqlite.h"

#include "base/err.h"
#include "store/backend.h"
#include "store/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A checkpoint for every 16 MB of log: 2,000 pages write about a third fewer bytes than 1,000
 * do and hold the lock for tens of milliseconds at most. */
#define CHECKPOINT_PAGES 2000
/* A log beyond this means that some reader keeps its snapshot for very long. */
#define WAL_WARN_BYTES (64LL << 20)
/* How long to wait out a busy database when nobody said a deadline. */
#define BUSY_MS_MAX 5000
#define BUSY_SLEEP_US_MIN 100
#define BUSY_SLEEP_US_MAX 2000
/* Virtual machine steps between two looks at the clock, some tens of microseconds. */
#define DEADLINE_STEPS 1000

static const ll_statement begin_write = { "BEGIN IMMEDIATE" };
static const ll_statement begin_read = { "BEGIN" };
static const ll_statement commit_all = { "COMMIT" };
static const ll_statement rollback_all = { "ROLLBACK" };
static const ll_statement get_version = { "PRAGMA user_version" };

/* ---- errors ------------------------------------------------------------ */

static bool is_full(int errnum)
{
    return errnum == ENOSPC || errnum == EDQUOT;
}

static llmlearn_err err_of(const ll_sqlite *s, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return LLMLEARN_EINVAL;
    case SQLITE_FULL:
        return LLMLEARN_EFULL;
    case SQLITE_NOMEM:
        return LLMLEARN_ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return LLMLEARN_ECORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return LLMLEARN_ETIMEDOUT;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM)
            return LLMLEARN_ENOMEM;
        /* What a sync finds no room for was written: it may stand. */
        return rc != SQLITE_IOERR_FSYNC && is_full(sqlite3_system_errno(s->db)) ? LLMLEARN_EFULL
                                                                                : LLMLEARN_EIO;
    default:
        return LLMLEARN_EIO;
    }
}

llmlearn_err ll_sqlite_fail(ll_sqlite *s, int rc, const char *what)
{
    char buffer[64];
    const char *reason = "";
    llmlearn_err err;

    assert(rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE);
    if (s->db == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "database %s: no memory", s->path);
    err = err_of(s, rc);
    if (err == LLMLEARN_EIO && sqlite3_system_errno(s->db) != 0)
        reason = strerror_r(sqlite3_system_errno(s->db), buffer, sizeof buffer);
    if (s->open && s->lost == LLMLEARN_OK &&
        (err != LLMLEARN_EINVAL || sqlite3_get_autocommit(s->db) != 0))
        s->lost = err;
    return ll_fail(err, "database %s: %s (%d)%s%s, in: %.120s", s->path, sqlite3_errmsg(s->db), rc,
                   *reason == '\0' ? "" : ", ", reason, what);
}

ll_sqlite_wait ll_sqlite_wait_start(const ll_sqlite *s)
{
    return (ll_sqlite_wait){
        .deadline = s->deadline != 0 ? s->deadline : ll_deadline_in_ms(BUSY_MS_MAX),
        .sleep_us = BUSY_SLEEP_US_MIN,
    };
}

bool ll_sqlite_wait_again(ll_sqlite_wait *wait, int rc)
{
    if ((rc & 0xff) != SQLITE_BUSY || ll_deadline_passed(wait->deadline))
        return false;
    ll_clock_sleep_us(wait->sleep_us);
    if (wait->sleep_us < BUSY_SLEEP_US_MAX)
        wait->sleep_us *= 2;
    return true;
}

/* ---- life -------------------------------------------------------------- */

static void close_database(ll_sqlite *s)
{
    int rc;

    ll_sqlite_prepared_free(s);
    rc = sqlite3_close(s->db);
    assert(rc == SQLITE_OK); /* nothing is left that could keep it open */
    (void)rc;
    s->db = NULL;
}

static void disconnect(void *state)
{
    close_database(state);
    free(state);
}

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    ll_sqlite *s = context;

    (void)db;
    (void)name;
    if (pages < s->wal_pages) { /* it began anew */
        s->checkpoint_at_pages = CHECKPOINT_PAGES;
        s->wal_warned = false;
    }
    s->wal_pages = pages;
    return SQLITE_OK;
}

static llmlearn_err connect(const char *path, bool writer, const ll_log *log, ll_deadline deadline,
                            void **out_state)
{
    size_t bytes = strlen(path) + 1;
    ll_sqlite *s = calloc(1, sizeof *s + bytes);
    llmlearn_err err;

    if (s == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "database %s: no memory", path);
    memcpy(s->path, path, bytes);
    s->writer = writer;
    s->log = log;
    s->deadline = deadline;
    s->checkpoint_at_pages = CHECKPOINT_PAGES;
    err = ll_sqlite_open(s);
    if (err != LLMLEARN_OK) {
        disconnect(s);
        return err;
    }
    if (writer)
        sqlite3_wal_hook(s->db, on_commit, s);
    s->deadline = 0;
    *out_state = s;
    return LLMLEARN_OK;
}

static int is_late(void *context)
{
    const ll_sqlite *s = context;

    return ll_deadline_passed(s->deadline);
}

static void set_deadline(void *state, ll_deadline deadline)
{
    ll_sqlite *s = state;

    s->deadline = deadline;
    if (s->db == NULL)
        return;
    sqlite3_progress_handler(s->db, deadline == 0 ? 0 : DEADLINE_STEPS, is_late, s);
}

/* ---- transactions ------------------------------------------------------ */

/* Without memory even ROLLBACK may fail; closing undoes too, and needs none. The connection
 * is then of no more use, and begin says so. */
static void rollback(void *state)
{
    ll_sqlite *s = state;
    sqlite3_stmt *stmt = NULL;

    s->open = false;
    s->lost = LLMLEARN_OK;
    if (s->db == NULL || sqlite3_get_autocommit(s->db) != 0)
        return; /* none open, or SQLite undid it already */
    if (ll_sqlite_prepare(s, &rollback_all, &stmt) == LLMLEARN_OK) {
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    if (sqlite3_get_autocommit(s->db) == 0)
        close_database(s);
}

/* Looking at the version also takes the reader's snapshot, while busy can still be waited out. */
static llmlearn_err begin(void *state)
{
    ll_sqlite *s = state;
    int64_t version = 0;
    llmlearn_err err;

    assert(!s->open);
    if (s->db == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "database %s: no memory to go on", s->path);
    s->lost = LLMLEARN_OK;
    err = ll_sqlite_ask(s, s->writer ? &begin_write : &begin_read, NULL, NULL, 0);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &get_version, &version, NULL, 0);
    if (err == LLMLEARN_OK) /* a newer process may have migrated it under us */
        err = ll_sqlite_check_version(s, version);
    if (err != LLMLEARN_OK)
        rollback(s); /* without memory BEGIN fails although it has begun */
    s->open = err == LLMLEARN_OK;
    return err;
}

static llmlearn_err fail_lost(const ll_sqlite *s)
{
    return ll_fail(s->lost, "database %s: the transaction was undone by an earlier failure",
                   s->path);
}

static llmlearn_err commit(void *state)
{
    ll_sqlite *s = state;
    llmlearn_err err;

    assert(s->open);
    err = s->lost != LLMLEARN_OK ? fail_lost(s) : ll_sqlite_ask(s, &commit_all, NULL, NULL, 0);
    if (err != LLMLEARN_OK)
        rollback(s);
    s->open = false;
    return err;
}

/* ---- schema ------------------------------------------------------------ */

static llmlearn_err execute(ll_sqlite *s, const char *sql, const char *what)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? LLMLEARN_OK : ll_sqlite_fail(s, rc, what);
}

static llmlearn_err take_step(ll_sqlite *s, uint32_t index)
{
    char stamp[96];
    llmlearn_err err;

    s->lost = LLMLEARN_OK;
    s->open = true;
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %u",
             LL_SCHEMA_APPLICATION_ID, index + 1);
    err = ll_sqlite_ask(s, &begin_write, NULL, NULL, 0);
    if (err == LLMLEARN_OK)
        err = execute(s, ll_schema_steps[index].sql, ll_schema_steps[index].what);
    if (err == LLMLEARN_OK)
        err = execute(s, stamp, "stamp the schema");
    if (err == LLMLEARN_OK)
        return commit(s);
    rollback(s);
    return err;
}

static llmlearn_err migrate(void *state)
{
    ll_sqlite *s = state;
    int64_t version = 0;
    llmlearn_err err = ll_sqlite_ask(s, &get_version, &version, NULL, 0);

    for (; err == LLMLEARN_OK && version < (int64_t)ll_schema_step_count; version++)
        err = take_step(s, (uint32_t)version);
    return err;
}

/* ---- running ----------------------------------------------------------- */

static int bind(sqlite3_stmt *stmt, int index, const ll_value *value)
{
    switch (value->kind) {
    case LL_VALUE_NULL:
        return sqlite3_bind_null(stmt, index);
    case LL_VALUE_INT:
        return sqlite3_bind_int64(stmt, index, value->integer);
    case LL_VALUE_REAL:
        return sqlite3_bind_double(stmt, index, value->real);
    case LL_VALUE_TEXT:
        return sqlite3_bind_text64(stmt, index, value->data, value->bytes, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case LL_VALUE_BLOB:
        return sqlite3_bind_blob64(stmt, index, value->data, value->bytes, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static llmlearn_err run_bound(ll_sqlite *s, const ll_statement *statement, sqlite3_stmt *stmt,
                              ll_row_fn each, void *context)
{
    const ll_row row = { .ops = &ll_sqlite_backend.row, .row = stmt };
    llmlearn_err err = LLMLEARN_OK;
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (each != NULL)
            err = each(context, &row);
        if (err != LLMLEARN_OK)
            break;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = ll_sqlite_fail(s, rc, statement->sql);
    return err;
}

static llmlearn_err run(void *state, const ll_statement *statement, const ll_value *arguments,
                        uint32_t argument_count, ll_row_fn each, void *context)
{
    ll_sqlite *s = state;
    sqlite3_stmt *stmt = NULL;
    llmlearn_err err;
    int rc = SQLITE_OK;

    assert(s->open);
    if (s->lost != LLMLEARN_OK) /* else it would commit all by itself */
        return fail_lost(s);
    err = ll_sqlite_prepare(s, statement, &stmt);
    if (err != LLMLEARN_OK)
        return err;
    assert(!sqlite3_stmt_busy(stmt)); /* a statement never runs inside itself */
    assert((int)argument_count == sqlite3_bind_parameter_count(stmt));
    for (uint32_t i = 0; i < argument_count && rc == SQLITE_OK; i++)
        rc = bind(stmt, (int)i + 1, &arguments[i]);
    err = rc == SQLITE_OK ? run_bound(s, statement, stmt, each, context)
                          : ll_sqlite_fail(s, rc, statement->sql);
    s->changes = sqlite3_stmt_readonly(stmt) ? 0 : sqlite3_changes64(s->db);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt); /* they are the caller's, and borrowed */
    return err;
}

static int64_t changes(const void *state)
{
    return ((const ll_sqlite *)state)->changes;
}

static int64_t last_row(const void *state)
{
    return sqlite3_last_insert_rowid(((const ll_sqlite *)state)->db);
}

/* ---- rows -------------------------------------------------------------- */

static sqlite3_stmt *stmt_of(const void *row)
{
    return (sqlite3_stmt *)(uintptr_t)row;
}

static bool row_is_null(const void *row, int column)
{
    return sqlite3_column_type(stmt_of(row), column) == SQLITE_NULL;
}

static int64_t row_integer(const void *row, int column)
{
    return sqlite3_column_int64(stmt_of(row), column);
}

static double row_real(const void *row, int column)
{
    return sqlite3_column_double(stmt_of(row), column);
}

static const void *row_text(const void *row, int column, size_t *out_bytes)
{
    const void *text = sqlite3_column_text(stmt_of(row), column);

    if (out_bytes != NULL)
        *out_bytes = (size_t)sqlite3_column_bytes(stmt_of(row), column);
    return text;
}

static const void *row_blob(const void *row, int column, size_t *out_bytes)
{
    const void *blob = sqlite3_column_blob(stmt_of(row), column);

    if (out_bytes != NULL)
        *out_bytes = (size_t)sqlite3_column_bytes(stmt_of(row), column);
    /* SQLite gives NULL for an empty blob too. */
    return blob == NULL && !row_is_null(row, column) ? "" : blob;
}

/* ---- housekeeping ------------------------------------------------------ */

static void warn_of_large_wal(ll_sqlite *s)
{
    if ((int64_t)s->wal_pages * LL_SQLITE_PAGE_BYTES <= WAL_WARN_BYTES || s->wal_warned)
        return;
    s->wal_warned = true;
    ll_log_write(s->log, LLMLEARN_LOG_WARNING, "store-wal-large",
                 "database %s: the log has %d pages and cannot shrink while a reader keeps its"
                 " snapshot",
                 s->path, s->wal_pages);
}

/* A partial checkpoint, held up by a reader, is tried again after as many pages more,
 * not after every commit: each try looks through the whole log. */
static void maintain(void *state, bool all)
{
    ll_sqlite *s = state;
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc;

    assert(s->writer && !s->open);
    if (s->db == NULL || (!all && s->wal_pages < s->checkpoint_at_pages))
        return;
    rc = sqlite3_wal_checkpoint_v2(s->db, "main", mode, NULL, NULL);
    s->checkpoint_at_pages = s->wal_pages + CHECKPOINT_PAGES;
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        ll_log_write(s->log, LLMLEARN_LOG_WARNING, "store-checkpoint-failed",
                     "database %s: checkpoint: %s (%d)", s->path, sqlite3_errmsg(s->db), rc);
    warn_of_large_wal(s);
}

const ll_backend ll_sqlite_backend = {
    .name = "sqlite",
    .connect = connect,
    .disconnect = disconnect,
    .migrate = migrate,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .set_deadline = set_deadline,
    .run = run,
    .changes = changes,
    .last_row = last_row,
    .maintain = maintain,
    .row = { .is_null = row_is_null,
             .integer = row_integer,
             .real = row_real,
             .text = row_text,
             .blob = row_blob },
};
