/* sqlite.h - what the files of the SQLite back end share; nobody else sees it.
 *
 *   sqlite.c            the back end's table: transactions, running, housekeeping
 *   sqlite_open.c       making and opening the file, refusing what is not ours
 *   sqlite_prepared.c   prepared statements by address, and small questions
 *
 * Threads: a connection belongs to one thread at a time.
 * Uses:    base, schema. */
#ifndef LL_STORE_SQLITE_H
#define LL_STORE_SQLITE_H

#include "base/clock.h"
#include "base/log.h"
#include "store/connection.h"

#include <sqlite3.h>

#define LL_SQLITE_PAGE_BYTES 8192

typedef struct ll_sqlite_prepared {
    const ll_statement *statement; /* NULL: a free slot */
    const char *sql;               /* what it said when it was prepared */
    sqlite3_stmt *stmt;
} ll_sqlite_prepared;

typedef struct ll_sqlite {
    sqlite3 *db;
    const ll_log *log;
    bool writer;
    bool open;         /* between begin and commit or rollback */
    llmlearn_err lost; /* why the open transaction can no longer commit, if it cannot */
    ll_deadline deadline;
    int64_t changes;
    /* Statements by address: open addressing, a power of two, at most half full. */
    ll_sqlite_prepared *prepared;
    uint32_t prepared_capacity;
    uint32_t prepared_count;
    /* The write-ahead log, as the latest commit left it. */
    int wal_pages;
    int checkpoint_at_pages;
    bool wal_warned;
    char path[];
} ll_sqlite;

/* Our code for SQLite's, with a detail line. All but LLMLEARN_EINVAL end the open transaction:
 * SQLite has often undone it by itself, or done half of a SAVEPOINT. */
llmlearn_err ll_sqlite_fail(ll_sqlite *s, int rc, const char *what);

/* For waiting while another process recovers the log or a foreign one has a lock. */
typedef struct ll_sqlite_wait {
    ll_deadline deadline;
    uint32_t sleep_us;
} ll_sqlite_wait;

ll_sqlite_wait ll_sqlite_wait_start(const ll_sqlite *s);
/* True after a short sleep if rc means busy and there is time; then try again. */
bool ll_sqlite_wait_again(ll_sqlite_wait *wait, int rc);

/* sqlite_open.c. Everything that connect promises in backend.h. */
llmlearn_err ll_sqlite_open(ll_sqlite *s);
/* LLMLEARN_EUNSUPPORTED if it is newer than what this library knows. */
llmlearn_err ll_sqlite_check_version(const ll_sqlite *s, int64_t version);

/* sqlite_prepared.c. The statement, prepared at first use; kept until the connection closes. */
llmlearn_err ll_sqlite_prepare(ll_sqlite *s, const ll_statement *statement, sqlite3_stmt **out);
void ll_sqlite_prepared_free(ll_sqlite *s);
/* Runs a statement without arguments, waiting while busy; takes the first column of its first
 * row as a number and as a text. Any output may be NULL; without a row they are untouched. */
llmlearn_err ll_sqlite_ask(ll_sqlite *s, const ll_statement *statement, int64_t *out_number,
                           char *out_text, size_t text_bytes);

#endif
