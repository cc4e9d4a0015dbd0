/* The n-th allocation, the n-th write, sync or truncate of a small life fails, once or from
 * then on: an error comes back, nothing leaks, what was committed is there. */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup */
#include "support/folder.h"
#include "support/learners.h"
#include "support/stores.h"

#include <check.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Counts down to the failing call; 0 fails none. */
typedef struct trap {
    long left;
    bool for_ever;
    long sprung;
    int rc;
} trap;

static trap memory;
static trap disk;

static bool springs(trap *t)
{
    if (t->left == 0)
        return false;
    if (t->left > 1) {
        t->left--;
        return false;
    }
    if (!t->for_ever)
        t->left = 0;
    t->sprung++;
    return true;
}

/* ---- memory: ours and SQLite's ----------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
    return springs(&memory) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return springs(&memory) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return springs(&memory) ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return springs(&memory) ? NULL : __real_strdup(text);
}

static sqlite3_mem_methods real_memory;

static void *failing_malloc(int bytes)
{
    return springs(&memory) ? NULL : real_memory.xMalloc(bytes);
}

static void *failing_realloc(void *old, int bytes)
{
    return springs(&memory) ? NULL : real_memory.xRealloc(old, bytes);
}

/* ---- the disk: a layer over SQLite's own ------------------------------- */

typedef struct layered {
    sqlite3_file base;
    sqlite3_file *real;
} layered;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs layer_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((layered *)file)->real;
}

#define PASS(name, parameters, arguments)                                                          \
    static int layer_##name parameters                                                             \
    {                                                                                              \
        return real_of(file)->pMethods->name arguments;                                            \
    }
#define FAIL(name, parameters, arguments)                                                          \
    static int layer_##name parameters                                                             \
    {                                                                                              \
        if (springs(&disk))                                                                        \
            return disk.rc;                                                                        \
        return real_of(file)->pMethods->name arguments;                                            \
    }

typedef sqlite3_int64 i64;
PASS(xClose, (sqlite3_file * file), (real_of(file)))
FAIL(xWrite, (sqlite3_file * file, const void *data, int bytes, i64 at),
     (real_of(file), data, bytes, at))
FAIL(xTruncate, (sqlite3_file * file, i64 bytes), (real_of(file), bytes))

/* A file system that finds room only when it must, and then finds none. */
static bool no_room_at_read, no_room_at_sync;

static int layer_xRead(sqlite3_file *file, void *data, int bytes, i64 at)
{
    if (no_room_at_read) {
        errno = ENOSPC;
        return SQLITE_IOERR_READ;
    }
    return real_of(file)->pMethods->xRead(real_of(file), data, bytes, at);
}

static int layer_xSync(sqlite3_file *file, int flags)
{
    if (no_room_at_sync) {
        errno = ENOSPC;
        return SQLITE_IOERR_FSYNC;
    }
    return springs(&disk) ? disk.rc : real_of(file)->pMethods->xSync(real_of(file), flags);
}

PASS(xFileSize, (sqlite3_file * file, i64 *out), (real_of(file), out))
PASS(xLock, (sqlite3_file * file, int kind), (real_of(file), kind))
PASS(xUnlock, (sqlite3_file * file, int kind), (real_of(file), kind))
PASS(xCheckReservedLock, (sqlite3_file * file, int *out), (real_of(file), out))
PASS(xFileControl, (sqlite3_file * file, int what, void *argument), (real_of(file), what, argument))
PASS(xSectorSize, (sqlite3_file * file), (real_of(file)))
PASS(xDeviceCharacteristics, (sqlite3_file * file), (real_of(file)))
FAIL(xShmMap, (sqlite3_file * file, int page, int bytes, int extend, void volatile **out),
     (real_of(file), page, bytes, extend, out))
PASS(xShmLock, (sqlite3_file * file, int at, int count, int flags),
     (real_of(file), at, count, flags))
PASS(xShmUnmap, (sqlite3_file * file, int remove), (real_of(file), remove))

static void layer_xShmBarrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static const sqlite3_io_methods layer_methods = {
    .iVersion = 2,
    .xClose = layer_xClose,
    .xRead = layer_xRead,
    .xWrite = layer_xWrite,
    .xTruncate = layer_xTruncate,
    .xSync = layer_xSync,
    .xFileSize = layer_xFileSize,
    .xLock = layer_xLock,
    .xUnlock = layer_xUnlock,
    .xCheckReservedLock = layer_xCheckReservedLock,
    .xFileControl = layer_xFileControl,
    .xSectorSize = layer_xSectorSize,
    .xDeviceCharacteristics = layer_xDeviceCharacteristics,
    .xShmMap = layer_xShmMap,
    .xShmLock = layer_xShmLock,
    .xShmBarrier = layer_xShmBarrier,
    .xShmUnmap = layer_xShmUnmap,
};

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    layered *l = (layered *)file;
    int rc;

    (void)vfs;
    l->real = (sqlite3_file *)(l + 1);
    rc = real_vfs->xOpen(real_vfs, name, l->real, flags, out);
    l->base.pMethods = l->real->pMethods == NULL ? NULL : &layer_methods;
    return rc;
}

static void set_up_layers(void)
{
    sqlite3_mem_methods failing;

    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    failing = real_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
    ck_assert_int_eq(sqlite3_initialize(), SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    layer_vfs = *real_vfs;
    layer_vfs.zName = "layer";
    layer_vfs.szOsFile = (int)sizeof(layered) + real_vfs->szOsFile;
    layer_vfs.xOpen = layer_open;
    ck_assert_int_eq(sqlite3_vfs_register(&layer_vfs, 1), SQLITE_OK);
}

/* ---- a small life ------------------------------------------------------ */

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];

enum { WRITES = 6 };

/* What the life was told: which of its rows are acknowledged, which may stand. */
typedef struct life {
    bool acknowledged[WRITES];
    llmlearn_err err; /* the first failure */
} life;

static void note(life *l, llmlearn_err err)
{
    if (l->err == LLMLEARN_OK)
        l->err = err;
}

static const ll_statement add_user = { "INSERT INTO llm_users (name) VALUES (?1)" };
static const ll_statement find_user = { "SELECT id FROM llm_users WHERE name = ?1" };
static const ll_statement count_users = { "SELECT count(*) FROM llm_users" };

static void read_count(ll_store *store, life *l)
{
    ll_connection *connection = NULL;
    int64_t value = 0;
    llmlearn_err err = ll_store_read_begin(store, soon(), &connection);

    if (err == LLMLEARN_OK) {
        err = ll_connection_int(connection, &count_users, NULL, 0, NULL, &value);
        ll_store_read_end(store);
    }
    note(l, err);
}

static void live(life *l)
{
    ll_store *store = NULL;
    llmlearn_err err = store_try_open(path, &store);

    note(l, err);
    if (err != LLMLEARN_OK)
        return;
    for (int i = 0; i < WRITES; i++) {
        char name[32];
        ll_value arguments[1];
        snprintf(name, sizeof name, "user-%d", i);
        arguments[0] = ll_string(name);
        err = store_try_write(store, &add_user, arguments, 1);
        l->acknowledged[i] = err == LLMLEARN_OK;
        note(l, err);
        if (i == WRITES / 2) {
            ll_store_tidy(store, soon());
            read_count(store, l);
            if (ll_store_pause(store, soon()))
                ll_store_resume(store);
        }
    }
    read_count(store, l);
    ll_store_tidy(store, soon());
    ll_store_close(store);
}

/* With nothing failing any more: every acknowledged row is there, and the file is sound. */
static void check_after(const life *l)
{
    ll_store *store = store_open(path);
    char answer[64];

    for (int i = 0; i < WRITES; i++) {
        char name[32];
        ll_connection *connection = NULL;
        ll_value arguments[1];
        bool found = false;
        snprintf(name, sizeof name, "user-%d", i);
        arguments[0] = ll_string(name);
        ck_ok(ll_store_read_begin(store, soon(), &connection));
        ck_ok(ll_connection_int(connection, &find_user, arguments, 1, &found, NULL));
        ll_store_read_end(store);
        ck_assert_msg(found || !l->acknowledged[i], "%s was acknowledged and is gone", name);
    }
    store_add_user(store, "the last");
    ll_store_close(store);
    raw_text(path, "PRAGMA integrity_check", answer, sizeof answer);
    ck_assert_str_eq(answer, "ok");
}

/* One life with the n-th call failing; false when n was beyond its last call. */
static bool try_life(trap *t, long n, bool for_ever, llmlearn_err expected)
{
    life l = { 0 };
    long sprung;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    t->left = n;
    t->for_ever = for_ever;
    t->sprung = 0;
    live(&l);
    sprung = t->sprung;
    t->left = 0;
    ck_assert_msg(l.err == LLMLEARN_OK || l.err == expected, "n = %ld: %s: %s", n,
                  llmlearn_error_name(l.err), llmlearn_error_detail());
    check_after(&l);
    folder_remove(folder);
    return sprung > 0;
}

static long try_all(trap *t, bool for_ever, llmlearn_err expected, long step)
{
    long n = 1;

    while (try_life(t, n, for_ever, expected))
        n += n < 50 ? 1 : step;
    return n;
}

START_TEST(any_allocation_may_fail)
{
    const long step = learner_rounds(61, 1009), ever = learner_rounds(127, 1511);

    ck_assert_int_gt(try_all(&memory, false, LLMLEARN_ENOMEM, step), 500);
    ck_assert_int_gt(try_all(&memory, true, LLMLEARN_ENOMEM, ever), 500);
}
END_TEST

START_TEST(a_rollback_needs_no_memory)
{
    const ll_value a[] = { ll_string("a") };
    ll_connection *connection = NULL;
    ll_store *store;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    store = store_open(path);
    for (int round = 0; round < 3; round++) {
        ll_store *other;
        ck_assert(ll_store_pause(store, soon())); /* a new connection has nothing prepared */
        ll_store_resume(store);
        ck_ok(ll_store_lock(store, soon()));
        ck_ok(ll_store_begin(store, &connection));
        ck_ok(ll_connection_run(connection, &add_user, a, 1, NULL, NULL));
        memory = (trap){ .left = 1, .for_ever = true };
        ll_store_rollback(store);
        memory = (trap){ 0 };
        ll_store_unlock(store);
        other = store_open(path); /* nothing holds the database */
        store_add_user(other, round == 0 ? "b" : round == 1 ? "c" : "d");
        ck_assert_int_eq(store_count_users(other), 2 * round + 1);
        ll_store_close(other);
        store_add_user(store, round == 0 ? "B" : round == 1 ? "C" : "D"); /* at the first try */
    }
    ll_store_close(store);
    folder_remove(folder);
}
END_TEST

START_TEST(any_write_or_sync_may_fail)
{
    disk.rc = SQLITE_IOERR_WRITE;
    ck_assert_int_gt(try_all(&disk, false, LLMLEARN_EIO, 1), 50);
    ck_assert_int_gt(try_all(&disk, true, LLMLEARN_EIO, 1), 50);
}
END_TEST

/* What was written may stand, though no sync vouches for it. (SQLite does not ask for the reason
 * when a COMMIT fails: it still has that of the failure before.) */
START_TEST(a_sync_that_finds_no_room_leaves_it_unknown)
{
    const ll_value a[] = { ll_string("a") };
    ll_connection *connection = NULL;
    ll_store *store;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    store = store_open(path);
    ck_assert(ll_store_pause(store, soon())); /* a new connection has read nothing */
    ll_store_resume(store);
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    no_room_at_read = true;
    ck_assert_int_eq(ll_connection_run(connection, &add_user, a, 1, NULL, NULL), LLMLEARN_EFULL);
    no_room_at_read = false;
    ll_store_rollback(store);
    ck_ok(ll_store_begin(store, &connection));
    ck_ok(ll_connection_run(connection, &add_user, a, 1, NULL, NULL));
    no_room_at_sync = true;
    ck_assert_int_eq(ll_store_commit(store), LLMLEARN_EIO);
    no_room_at_sync = false;
    ll_store_unlock(store);
    store_add_user(store, "b");
    ll_store_close(store);
    folder_remove(folder);
}
END_TEST

START_TEST(the_disk_may_be_full_at_any_write)
{
    disk.rc = SQLITE_FULL;
    ck_assert_int_gt(try_all(&disk, false, LLMLEARN_EFULL, 1), 50);
    ck_assert_int_gt(try_all(&disk, true, LLMLEARN_EFULL, 1), 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_failures");
    TCase *tests = tcase_create("failures");
    SRunner *runner;
    int failed_count;

    tcase_add_unchecked_fixture(tests, set_up_layers, NULL);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, any_allocation_may_fail);
    tcase_add_test(tests, a_rollback_needs_no_memory);
    tcase_add_test(tests, any_write_or_sync_may_fail);
    tcase_add_test(tests, a_sync_that_finds_no_room_leaves_it_unknown);
    tcase_add_test(tests, the_disk_may_be_full_at_any_write);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
