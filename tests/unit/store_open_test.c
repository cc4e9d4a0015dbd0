/* link: -Wl,--wrap=statfs */
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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

/* ---- opening ----------------------------------------------------------- */

static unsigned mode_of(const char *name)
{
    struct stat found;

    ck_assert_int_eq(stat(name, &found), 0);
    return found.st_mode & 07777;
}

static void check_modes(mode_t mask)
{
    mode_t before = umask(mask);
    ll_store *store = store_open(path);

    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    umask(before);
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert_uint_eq(mode_of(beside("-wal")), 0600);
    ck_assert_uint_eq(mode_of(beside("-shm")), 0600);
    ck_assert_uint_eq(mode_of(beside(".lock")), 0600);
    ll_store_close(store);
}

START_TEST(a_new_database_is_its_owners_alone_whatever_the_umask)
{
    static const mode_t masks[] = { 0, 0777, 077 };

    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        check_modes(masks[i]);
        tear_down();
        set_up();
    }
}
END_TEST

START_TEST(the_id_stays_the_databases_and_differs_between_databases)
{
    static const uint8_t nothing[LL_STORE_ID_BYTES];
    uint8_t id[LL_STORE_ID_BYTES];
    ll_store *store = store_open(path);
    ll_store *other;

    memcpy(id, ll_store_id(store), sizeof id);
    ck_assert_mem_ne(id, nothing, sizeof id);
    ll_store_close(store);
    store = store_open(path);
    ck_assert_mem_eq(ll_store_id(store), id, sizeof id);
    other = store_open(beside("2"));
    ck_assert_mem_ne(ll_store_id(other), id, sizeof id);
    ll_store_close(other);
    ll_store_close(store);
    ll_store_close(NULL);
}
END_TEST

START_TEST(rows_are_there_after_reopening)
{
    ll_store *store = store_open(path);

    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "user-%d", i);
        store_add_user(store, name);
    }
    ll_store_close(store);
    store = store_open(path);
    ck_assert_int_eq(store_count_users(store), 100);
    ll_store_tidy(store, soon());
    ck_assert_int_eq(file_bytes(beside("-wal")), 0);
    ck_assert_int_eq(store_count_users(store), 100);
    ll_store_close(store);
}
END_TEST

START_TEST(all_names_of_a_database_are_resolved_to_one)
{
    char cwd[1024];
    char link[sizeof path];
    ll_store *store = store_open(path);

    ck_assert_str_eq(ll_store_path(store), path);
    ll_store_close(store);
    snprintf(link, sizeof link, "%s/link", folder);
    ck_assert_int_eq(symlink(path, link), 0);
    store = store_open(link);
    ck_assert_str_eq(ll_store_path(store), path);
    ll_store_close(store);
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    ck_assert_int_eq(chdir(folder), 0);
    store = store_open("a.db");
    ck_assert_str_eq(ll_store_path(store), path);
    ll_store_close(store);
    ck_assert_int_eq(mkdir("new", 0700), 0);
    store = store_open("././/new/../new.db");
    ck_assert_str_eq(strrchr(ll_store_path(store), '/'), "/new.db");
    ll_store_close(store);
    ck_assert_int_eq(chdir(cwd), 0);
}
END_TEST

/* A path of that many bytes below the folder, all but its last part made. */
static void make_deep(char *name, size_t bytes)
{
    size_t used = (size_t)sprintf(name, "%s", folder);

    while (used + 200 < bytes) {
        used += (size_t)sprintf(name + used, "/%0*d", 99, 1);
        ck_assert(mkdir(name, 0700) == 0 || errno == EEXIST);
    }
    sprintf(name + used, "/%0*d", (int)(bytes - used - 1), 1);
    ck_assert_uint_eq(strlen(name), bytes);
}

START_TEST(a_path_that_cannot_be_is_refused_with_its_reason)
{
    char name[2048];
    ll_store *store = NULL;

    snprintf(name, sizeof name, "%s/none/a.db", folder);
    ck_fails(store_try_open(name, &store), LLMLEARN_EIO, "No such file");
    file_write(path, "", 0);
    snprintf(name, sizeof name, "%s/a.db", path);
    ck_fails(store_try_open(name, &store), LLMLEARN_EIO, "Not a directory");
    snprintf(name, sizeof name, "%s/new/", folder);
    ck_fails(store_try_open(name, &store), LLMLEARN_EINVAL, "names a folder");
    snprintf(name, sizeof name, "%s/%0*d", folder, 300, 1);
    ck_fails(store_try_open(name, &store), LLMLEARN_EINVAL, "longer than");
    make_deep(name, 501);
    ck_fails(store_try_open(name, &store), LLMLEARN_EINVAL, "at most 500");
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(a_path_of_the_longest_kind_works)
{
    char name[512];
    ll_store *store;

    make_deep(name, 500);
    store = store_open(name);
    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

/* ---- files that are not ours ------------------------------------------- */

static void check_untouched(llmlearn_err code, const char *words)
{
    size_t bytes = 0;
    unsigned char *before = file_read(path, &bytes);
    ll_store *store = NULL;

    ck_fails(store_try_open(path, &store), code, words);
    ck_assert_ptr_null(store);
    ck_assert(file_is(path, before, bytes));
    ck_assert(!file_exists(beside("-wal")));
    ck_assert(!file_exists(beside("-shm")));
    ck_assert(!file_exists(beside("-journal")));
    free(before);
}

START_TEST(files_of_others_stay_as_they_are)
{
    static const struct {
        const char *bytes;
        size_t count;
    } texts[] = {
        { "x", 1 },
        { "Dear diary, the market fell again.\n", 35 },
        { "SQLite format 2\0", 16 },
        { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20 },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        file_write(path, texts[i].bytes, texts[i].count);
        check_untouched(LLMLEARN_EFOREIGN, "not an SQLite database");
    }
    file_write(path, "SQLite format 3\0", 16);
    check_untouched(LLMLEARN_EFOREIGN, "another program");
}
END_TEST

START_TEST(databases_of_others_stay_as_they_are)
{
    static const char *const kinds[] = {
        "CREATE TABLE t (x); INSERT INTO t VALUES (1)",
        "PRAGMA application_id = 252006674; CREATE TABLE t (x)",
        "PRAGMA application_id = 252006674",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = WAL; CREATE TABLE t (x)",
        "CREATE TABLE llm_meta (key TEXT PRIMARY KEY, value ANY) STRICT",
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        raw_exec(path, kinds[i]);
        check_untouched(LLMLEARN_EFOREIGN, "another program");
        tear_down();
        set_up();
    }
}
END_TEST

/* All it has is in its log: the file itself looks as if nobody had used it. */
START_TEST(a_database_of_others_that_is_still_in_its_log_is_refused)
{
    size_t bytes = 0, wal_bytes = 0;
    unsigned char *before, *wal;
    ll_store *store = NULL;

    raw_exec_no_checkpoint(path, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
    before = file_read(path, &bytes);
    wal = file_read(beside("-wal"), &wal_bytes);
    ck_assert_uint_gt(wal_bytes, 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EFOREIGN, "another program");
    ck_assert(file_is(path, before, bytes));
    ck_assert(file_is(beside("-wal"), wal, wal_bytes));
    free(before);
    free(wal);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_and_gets_no_lock_file)
{
    ll_store *store = NULL;

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EFOREIGN, "not a regular file");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EFOREIGN, "not a regular file");
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(symlink("nowhere", path), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EFOREIGN, "not a regular file");
    ck_assert(!file_exists(beside(".lock")));
}
END_TEST

START_TEST(a_lock_file_that_is_a_link_is_not_followed)
{
    ll_store *store = NULL;

    ck_assert_int_eq(symlink("elsewhere", beside(".lock")), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, ".lock");
    ck_assert(!file_exists(path));
}
END_TEST

START_TEST(empty_files_and_unused_databases_become_ours)
{
    static const char *const kinds[] = { NULL, "VACUUM", "PRAGMA journal_mode = WAL",
                                         "PRAGMA page_size = 1024; VACUUM",
                                         "PRAGMA page_size = 8192;"
                                         "PRAGMA application_id = 0x4c4c4c31" };
    char page_size[8];

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ll_store *store;
        if (kinds[i] == NULL)
            file_write(path, "", 0);
        else
            raw_exec(path, kinds[i]);
        store = store_open(path);
        store_add_user(store, "a");
        ck_assert_int_eq(store_count_users(store), 1);
        ll_store_close(store);
        raw_text(path, "PRAGMA page_size", page_size, sizeof page_size);
        ck_assert_str_eq(page_size, "8192");
        tear_down();
        set_up();
    }
}
END_TEST

/* ---- newer schemas ----------------------------------------------------- */

START_TEST(a_newer_schema_is_refused_and_untouched)
{
    ll_store *store = store_open(path);

    ll_store_close(store);
    raw_exec(path, "PRAGMA user_version = 1000"); /* the last to close removes the log */
    check_untouched(LLMLEARN_EUNSUPPORTED, "schema version 1000");
}
END_TEST

START_TEST(a_newer_schema_that_is_still_in_the_log_is_refused_too)
{
    size_t bytes = 0, wal_bytes = 0;
    unsigned char *before, *wal;
    ll_store *store = store_open(path);

    ll_store_tidy(store, soon());
    ll_store_close(store);
    raw_exec_no_checkpoint(path, "PRAGMA user_version = 1000");
    before = file_read(path, &bytes);
    wal = file_read(beside("-wal"), &wal_bytes);
    ck_assert_uint_gt(wal_bytes, 0);
    store = NULL;
    ck_fails(store_try_open(path, &store), LLMLEARN_EUNSUPPORTED, "schema version 1000");
    ck_assert(file_is(path, before, bytes));
    ck_assert(file_is(beside("-wal"), wal, wal_bytes));
    free(before);
    free(wal);
}
END_TEST

START_TEST(a_migration_by_a_newer_process_stops_an_open_store)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    store_add_user(store, "before");
    raw_exec_no_checkpoint(path, "PRAGMA user_version = 1000");
    ck_ok(ll_store_lock(store, soon()));
    ck_fails(ll_store_begin(store, &connection), LLMLEARN_EUNSUPPORTED, "version 1000");
    ll_store_unlock(store);
    ck_fails(ll_store_read_begin(store, soon(), &connection), LLMLEARN_EUNSUPPORTED,
             "version 1000");
    ll_store_close(store);
}
END_TEST

/* ---- the file system ---------------------------------------------------- */

/* 0: what it really is. */
static long fake_magic;

int __real_statfs(const char *name, struct statfs *out);
int __wrap_statfs(const char *name, struct statfs *out);

int __wrap_statfs(const char *name, struct statfs *out)
{
    int rc = __real_statfs(name, out);

    if (fake_magic != 0)
        out->f_type = fake_magic;
    return rc;
}

START_TEST(a_network_file_system_is_refused_before_anything_is_made)
{
    static const struct {
        long magic;
        const char *name;
    } networks[] = { { 0x6969, "on nfs" },
                     { 0xff534d42, "on cifs" },
                     { 0x01021997, "on 9p" },
                     { 0x65735546, "on fuse" } };
    ll_store *store = NULL;

    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        fake_magic = networks[i].magic;
        ck_fails(store_try_open(path, &store), LLMLEARN_EUNSUPPORTED, networks[i].name);
        ck_assert(!file_exists(path));
        ck_assert(!file_exists(beside(".lock")));
    }
    fake_magic = 0x794c7630; /* overlay: a container's own */
    ll_store_close(store_open(path));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_open");
    TCase *tests = tcase_create("store_open");
    SRunner *runner;
    int failed_count;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_new_database_is_its_owners_alone_whatever_the_umask);
    tcase_add_test(tests, the_id_stays_the_databases_and_differs_between_databases);
    tcase_add_test(tests, rows_are_there_after_reopening);
    tcase_add_test(tests, all_names_of_a_database_are_resolved_to_one);
    tcase_add_test(tests, a_path_that_cannot_be_is_refused_with_its_reason);
    tcase_add_test(tests, a_path_of_the_longest_kind_works);
    tcase_add_test(tests, files_of_others_stay_as_they_are);
    tcase_add_test(tests, databases_of_others_stay_as_they_are);
    tcase_add_test(tests, a_database_of_others_that_is_still_in_its_log_is_refused);
    tcase_add_test(tests, what_is_no_regular_file_is_refused_and_gets_no_lock_file);
    tcase_add_test(tests, a_lock_file_that_is_a_link_is_not_followed);
    tcase_add_test(tests, empty_files_and_unused_databases_become_ours);
    tcase_add_test(tests, a_newer_schema_is_refused_and_untouched);
    tcase_add_test(tests, a_newer_schema_that_is_still_in_the_log_is_refused_too);
    tcase_add_test(tests, a_migration_by_a_newer_process_stops_an_open_store);
    tcase_add_test(tests, a_network_file_system_is_refused_before_anything_is_made);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
