#include "base/err.h"
#include "store/schema.h"
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* STRICT tables came with 3.37. */
#define SQLITE_VERSION_MIN 3037000

/* Of the first page of any SQLite database (https://www.sqlite.org/fileformat.html). */
#define HEADER_BYTES 112
#define HEADER_MAGIC "SQLite format 3" /* and its NUL: 16 bytes */
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68
#define HEADER_PAGE_TYPE 100 /* of the b-tree page that holds the schema */
#define HEADER_CELL_COUNT 103
#define PAGE_TYPE_LEAF 13

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
/* Out of the log, where the file's own first page would stay as it is. */
static const ll_statement leave_wal = { "PRAGMA journal_mode = DELETE" };
static const ll_statement set_page_size = { "PRAGMA page_size = " NUMBER(LL_SQLITE_PAGE_BYTES) };
static const ll_statement use_page_size = { "VACUUM" };
static const ll_statement set_application_id = { "PRAGMA application_id = " NUMBER(
    LL_SCHEMA_APPLICATION_ID) };
static const ll_statement get_application_id = { "PRAGMA application_id" };
static const ll_statement count_tables = { "SELECT count(*) FROM sqlite_schema" };
static const ll_statement get_user_version = { "PRAGMA user_version" };
static const ll_statement use_wal = { "PRAGMA journal_mode = WAL" };
static const ll_statement no_autocheckpoint = { "PRAGMA wal_autocheckpoint = 0" };

static const ll_statement settings[] = {
    { "PRAGMA synchronous = FULL" },   { "PRAGMA foreign_keys = ON" },
    { "PRAGMA cell_size_check = ON" }, { "PRAGMA mmap_size = 0" },
    { "PRAGMA temp_store = MEMORY" },
};
/* A log that a long reader made large shrinks again at the next reset. */
static const ll_statement writer_settings[] = {
    { "PRAGMA cache_size = -32768" },
    { "PRAGMA journal_size_limit = 33554432" },
};
static const ll_statement reader_settings[] = {
    { "PRAGMA cache_size = -4096" },
    { "PRAGMA query_only = ON" },
};

/* Far above what our own statements need and far below what would hurt the host. */
static const struct {
    int id;
    int value;
} limits[] = {
    { SQLITE_LIMIT_LENGTH, 4 << 20 },      { SQLITE_LIMIT_SQL_LENGTH, 100000 },
    { SQLITE_LIMIT_COLUMN, 200 },          { SQLITE_LIMIT_EXPR_DEPTH, 100 },
    { SQLITE_LIMIT_COMPOUND_SELECT, 20 },  { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100 },
    { SQLITE_LIMIT_VARIABLE_NUMBER, 250 }, { SQLITE_LIMIT_TRIGGER_DEPTH, 4 },
    { SQLITE_LIMIT_ATTACHED, 0 },          { SQLITE_LIMIT_WORKER_THREADS, 0 },
};

/* Makes an empty file if there is none. No other connection of this process can have
 * a file that did not exist, so closing it here cancels nobody's locks. */
static llmlearn_err make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc;

    if (fd >= 0) {
        rc = fchmod(fd, 0600); /* whatever the umask */
        if (close(fd) != 0 || rc != 0)
            return ll_fail_errno(errno, "database %s: set its mode", path);
        return LLMLEARN_OK;
    }
    return errno == EEXIST ? LLMLEARN_OK : ll_fail_errno(errno, "database %s: create", path);
}

static int64_t read_be32(const unsigned char *bytes)
{
    return (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static bool has_bytes(const char *path, const char *suffix)
{
    char name[1024];
    struct stat found;

    if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name)
        return true;
    return stat(name, &found) == 0 && found.st_size > 0;
}

/* No application's id, no version, no table: somebody opened it and did nothing. */
static bool is_blank(const ll_sqlite *s, const unsigned char *header)
{
    return read_be32(header + HEADER_APPLICATION_ID) == 0 &&
           read_be32(header + HEADER_USER_VERSION) == 0 &&
           header[HEADER_PAGE_TYPE] == PAGE_TYPE_LEAF && header[HEADER_CELL_COUNT] == 0 &&
           header[HEADER_CELL_COUNT + 1] == 0 && !has_bytes(s->path, "-wal");
}

llmlearn_err ll_sqlite_check_version(const ll_sqlite *s, int64_t version)
{
    if (version > (int64_t)ll_schema_step_count)
        return ll_fail(LLMLEARN_EUNSUPPORTED,
                       "database %s: schema version %lld, this library knows up to %u", s->path,
                       (long long)version, ll_schema_step_count);
    return LLMLEARN_OK;
}

static llmlearn_err fail_foreign(const ll_sqlite *s)
{
    return ll_fail(LLMLEARN_EFOREIGN, "database %s: belongs to another program", s->path);
}

/* Looks at the file's first bytes before SQLite reads anything, so that a file that is
 * not ours gets no lock, no log and no rollback from us. Read through SQLite's own
 * descriptor: closing one of ours would cancel the locks of this process's connections. */
static llmlearn_err check_header(ll_sqlite *s)
{
    unsigned char header[HEADER_BYTES] = { 0 };
    sqlite3_file *file = NULL;
    struct stat found;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    if (stat(s->path, &found) != 0) /* SQLite says 0 for a file of 1 byte */
        return ll_fail_errno(errno, "database %s: stat", s->path);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xRead(file, header, sizeof header, 0);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
        return ll_sqlite_fail(s, rc, "read the header");
    if (found.st_size == 0)
        return LLMLEARN_OK;
    if (memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
        return ll_fail(LLMLEARN_EFOREIGN, "database %s: not an SQLite database", s->path);
    if (is_blank(s, header))
        return LLMLEARN_OK;
    if (read_be32(header + HEADER_APPLICATION_ID) != LL_SCHEMA_APPLICATION_ID)
        return fail_foreign(s);
    return ll_sqlite_check_version(s, read_be32(header + HEADER_USER_VERSION));
}

static llmlearn_err open_connection(ll_sqlite *s)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
    int rc;

    if (sqlite3_libversion_number() < SQLITE_VERSION_MIN || sqlite3_threadsafe() == 0)
        return ll_fail(LLMLEARN_EUNSUPPORTED,
                       "SQLite %s: 3.37 or newer, built with threads, is needed",
                       sqlite3_libversion());
    rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return ll_sqlite_fail(s, rc, "open");
    if (sqlite3_db_readonly(s->db, "main") != 0)
        return ll_fail(LLMLEARN_EIO, "database %s: may not be written", s->path);
    return LLMLEARN_OK;
}

static llmlearn_err harden(ll_sqlite *s)
{
    static const struct {
        int id;
        int value;
    } switches[] = {
        { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 }, { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },   { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },      { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    };

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        int rc = sqlite3_db_config(s->db, switches[i].id, switches[i].value, NULL);
        if (rc != SQLITE_OK)
            return ll_sqlite_fail(s, rc, "configure");
    }
    return LLMLEARN_OK;
}

static void set_limits(ll_sqlite *s)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        sqlite3_limit(s->db, limits[i].id, limits[i].value);
}

static llmlearn_err set_all(ll_sqlite *s, const ll_statement *statements, size_t count)
{
    llmlearn_err err = LLMLEARN_OK;

    for (size_t i = 0; i < count && err == LLMLEARN_OK; i++)
        err = ll_sqlite_ask(s, &statements[i], NULL, NULL, 0);
    return err;
}

/* Our id stands in the file before anything else does, and before there is a log to hide it in:
 * whenever we stop, the file is blank or plainly ours. What the header said does not count
 * here: SQLite may just have undone what an earlier attempt had half written. */
static llmlearn_err claim_if_blank(ll_sqlite *s)
{
    int64_t application = 0, tables = 0;
    llmlearn_err err = ll_sqlite_ask(s, &get_application_id, &application, NULL, 0);

    if (err == LLMLEARN_OK && application == 0)
        err = ll_sqlite_ask(s, &count_tables, &tables, NULL, 0);
    if (err == LLMLEARN_OK && tables != 0)
        err = fail_foreign(s);
    if (err != LLMLEARN_OK || application != 0)
        return err;
    err = ll_sqlite_ask(s, &leave_wal, NULL, NULL, 0);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &set_page_size, NULL, NULL, 0);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &use_page_size, NULL, NULL, 0);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &set_application_id, NULL, NULL, 0);
    return err;
}

static llmlearn_err enter_wal(ll_sqlite *s)
{
    char mode[16] = "";
    llmlearn_err err = ll_sqlite_ask(s, &use_wal, NULL, mode, sizeof mode);

    if (err == LLMLEARN_OK && strcmp(mode, "wal") != 0)
        err = ll_fail(LLMLEARN_EIO, "database %s: no write-ahead log here, mode %s", s->path, mode);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &no_autocheckpoint, NULL, NULL, 0);
    return err;
}

/* The log may hold newer values than the file. */
static llmlearn_err check_again(ll_sqlite *s)
{
    int64_t application = 0;
    int64_t version = 0;
    llmlearn_err err = ll_sqlite_ask(s, &get_application_id, &application, NULL, 0);

    if (err == LLMLEARN_OK && application != LL_SCHEMA_APPLICATION_ID)
        err = fail_foreign(s);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_ask(s, &get_user_version, &version, NULL, 0);
    if (err == LLMLEARN_OK)
        err = ll_sqlite_check_version(s, version);
    return err;
}

static llmlearn_err set_up_writer(ll_sqlite *s)
{
    llmlearn_err err = claim_if_blank(s);

    if (err == LLMLEARN_OK)
        err = set_all(s, writer_settings, LL_ARRAY_COUNT(writer_settings));
    if (err == LLMLEARN_OK)
        err = enter_wal(s);
    return err;
}

llmlearn_err ll_sqlite_open(ll_sqlite *s)
{
    llmlearn_err err = s->writer ? make_file(s->path) : LLMLEARN_OK;

    if (err == LLMLEARN_OK)
        err = open_connection(s);
    if (err == LLMLEARN_OK)
        err = check_header(s);
    if (err == LLMLEARN_OK)
        err = harden(s);
    if (err == LLMLEARN_OK)
        err = set_all(s, settings, LL_ARRAY_COUNT(settings));
    if (err == LLMLEARN_OK)
        err = s->writer ? set_up_writer(s)
                        : set_all(s, reader_settings, LL_ARRAY_COUNT(reader_settings));
    if (err == LLMLEARN_OK)
        err = check_again(s);
    if (err == LLMLEARN_OK)
        set_limits(s);
    return err;
}
