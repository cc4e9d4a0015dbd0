/* A store on a damaged, full or read-only disk. */
#include "base/err.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static char mounted[FOLDER_PATH_BYTES + 16];

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    snprintf(mounted, sizeof mounted, "%s/disk", folder);
}

static void tear_down(void)
{
    umount(mounted);
    folder_remove(folder);
}

static const char *beside(const char *suffix)
{
    static char name[sizeof path + 16];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return name;
}

/* ---- damage ------------------------------------------------------------ */

enum { PAGE = 8192, USERS = 3000 };

/* A database of some 20 pages and more, all in its own file, or all but a little in the log. */
static void make_database(bool tidy)
{
    ll_store *store = store_open(path);
    ll_connection *connection = NULL;

    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    for (int i = 0; i < USERS; i++) {
        static const ll_statement add = { "INSERT INTO llm_users (name) VALUES (?1)" };
        char name[64];
        ll_value arguments[1];
        snprintf(name, sizeof name, "a user with quite a long name, number %d", i);
        arguments[0] = ll_string(name);
        ck_ok(ll_connection_run(connection, &add, arguments, 1, NULL, NULL));
    }
    ck_ok(ll_store_commit(store));
    ll_store_unlock(store);
    if (tidy)
        ll_store_tidy(store, soon());
    ll_store_close(store);
}

static llmlearn_err read_row(void *context, const ll_row *row)
{
    int64_t *sum = context;
    size_t bytes = 0;
    const char *name = ll_row_text(row, 1, &bytes);

    for (size_t i = 0; i < bytes; i++)
        *sum += name[i];
    return LLMLEARN_OK;
}

/* Reads and writes all there is, whatever it says, and reports the first failure. */
static llmlearn_err use_database(void)
{
    static const ll_statement all = { "SELECT id, name FROM llm_users" };
    static const ll_statement by_name = { "SELECT id, name FROM llm_users ORDER BY name" };
    static const ll_statement add = { "INSERT INTO llm_users (name) VALUES ('new')" };
    static const ll_statement remove = { "DELETE FROM llm_users WHERE id % 3 = 0" };
    static const ll_statement *const writes[] = { &add, &remove };
    ll_store *store = NULL;
    ll_connection *connection = NULL;
    int64_t sum = 0;
    llmlearn_err err = store_try_open(path, &store);
    llmlearn_err second;

    if (err != LLMLEARN_OK)
        return err;
    err = ll_store_read_begin(store, soon(), &connection);
    if (err == LLMLEARN_OK) {
        err = ll_connection_run(connection, &all, NULL, 0, read_row, &sum);
        second = ll_connection_run(connection, &by_name, NULL, 0, read_row, &sum);
        err = err != LLMLEARN_OK ? err : second;
        ll_store_read_end(store);
    }
    for (size_t i = 0; i < 2; i++) {
        second = store_try_write(store, writes[i], NULL, 0);
        err = err != LLMLEARN_OK ? err : second;
    }
    ll_store_tidy(store, soon());
    ll_store_close(store);
    return err;
}

static void put_back(const unsigned char *bytes, size_t count)
{
    unlink(beside("-wal"));
    unlink(beside("-shm"));
    file_write(path, bytes, count);
}

START_TEST(a_page_of_zeros_is_damage)
{
    char root[16];
    size_t bytes = 0;
    unsigned char *sound;

    make_database(true);
    raw_text(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'llm_users'", root,
             sizeof root);
    sound = file_read(path, &bytes);
    memset(sound + (strtoul(root, NULL, 10) - 1) * PAGE, 0, PAGE);
    put_back(sound, bytes);
    ck_fails(use_database(), LLMLEARN_ECORRUPT, "malformed");
    free(sound);
}
END_TEST

START_TEST(a_database_cut_short_is_damage_or_foreign)
{
    size_t bytes = 0;
    unsigned char *sound;

    make_database(true);
    sound = file_read(path, &bytes);
    ck_assert_uint_gt(bytes, 20 * PAGE);
    put_back(sound, bytes / 2);
    ck_assert_int_eq(use_database(), LLMLEARN_ECORRUPT);
    put_back(sound, PAGE);
    ck_assert_int_eq(use_database(), LLMLEARN_ECORRUPT);
    put_back(sound, PAGE / 2);
    ck_assert_int_eq(use_database(), LLMLEARN_ECORRUPT);
    put_back(sound, 60);
    ck_assert_int_eq(use_database(), LLMLEARN_EFOREIGN);
    put_back(sound, 10);
    ck_assert_int_eq(use_database(), LLMLEARN_EFOREIGN);
    put_back(sound, bytes);
    ck_ok(use_database());
    free(sound);
}
END_TEST

static bool is_an_honest_answer(llmlearn_err err)
{
    return err == LLMLEARN_OK || err == LLMLEARN_ECORRUPT || err == LLMLEARN_EFOREIGN ||
           err == LLMLEARN_EUNSUPPORTED || err == LLMLEARN_EIO || err == LLMLEARN_EINVAL ||
           err == LLMLEARN_ETIMEDOUT || err == LLMLEARN_ENOTFOUND || err == LLMLEARN_ENOMEM;
}

/* xorshift64: the same damage in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void damage(unsigned char *bytes, size_t count, uint64_t *random)
{
    size_t at = next_random(random) % count;
    size_t page = at / PAGE * PAGE;
    size_t page_bytes = count - page < PAGE ? count - page : PAGE;

    switch (next_random(random) % 4) {
    case 0:
        bytes[at] ^= (unsigned char)(1u << next_random(random) % 8);
        break;
    case 1:
        bytes[page + next_random(random) % 100 % page_bytes] = (unsigned char)next_random(random);
        break;
    case 2:
        memset(bytes + page, (int)next_random(random) & 0xff, page_bytes);
        break;
    default:
        for (size_t i = 0; i < 16 && at + i < count; i++)
            bytes[at + i] = (unsigned char)next_random(random);
    }
}

START_TEST(no_damage_to_the_file_crashes_us)
{
    size_t bytes = 0;
    unsigned char *sound, *damaged;
    uint64_t random = 88172645463325252;
    int corrupt = 0;

    make_database(true);
    sound = file_read(path, &bytes);
    damaged = malloc(bytes);
    ck_assert_ptr_nonnull(damaged);
    for (int i = 0; i < 400; i++) {
        llmlearn_err err;
        memcpy(damaged, sound, bytes);
        for (uint64_t n = next_random(&random) % 4 + 1; n > 0; n--)
            damage(damaged, bytes, &random);
        put_back(damaged, bytes);
        err = use_database();
        ck_assert_msg(is_an_honest_answer(err), "round %d: %s: %s", i, llmlearn_error_name(err),
                      llmlearn_error_detail());
        corrupt += err == LLMLEARN_ECORRUPT;
    }
    ck_assert_int_gt(corrupt, 100);
    free(damaged);
    free(sound);
}
END_TEST

/* Frames after the first damaged one are gone, as after a crash; what is left is whole. */
START_TEST(no_damage_to_the_log_crashes_us)
{
    size_t bytes = 0, wal_bytes = 0;
    unsigned char *sound, *wal, *damaged;
    uint64_t random = 1181783497276652981;

    make_database(false);
    sound = file_read(path, &bytes);
    wal = file_read(beside("-wal"), &wal_bytes);
    ck_assert_uint_gt(wal_bytes, 20 * PAGE);
    damaged = malloc(wal_bytes);
    ck_assert_ptr_nonnull(damaged);
    for (int i = 0; i < 200; i++) {
        llmlearn_err err;
        memcpy(damaged, wal, wal_bytes);
        damage(damaged, wal_bytes, &random);
        put_back(sound, bytes);
        file_write(beside("-wal"), damaged,
                   i % 3 == 0 ? next_random(&random) % wal_bytes : wal_bytes);
        err = use_database();
        ck_assert_msg(err == LLMLEARN_OK, "round %d: %s: %s", i, llmlearn_error_name(err),
                      llmlearn_error_detail());
    }
    free(damaged);
    free(sound);
    free(wal);
}
END_TEST

START_TEST(a_store_without_its_id_is_damaged)
{
    make_database(true);
    raw_exec(path, "UPDATE llm_meta SET value = x'00' WHERE key = 'store_id'");
    ck_fails(use_database(), LLMLEARN_ECORRUPT, "its id has 1 bytes");
    raw_exec(path, "DELETE FROM llm_meta WHERE key = 'store_id'");
    ck_fails(use_database(), LLMLEARN_ECORRUPT, "no id");
    raw_exec(path, "DROP TABLE llm_meta");
    ck_fails(use_database(), LLMLEARN_EIO, "llm_meta");
}
END_TEST

/* ---- small and read-only disks ----------------------------------------- */

/* A file system of its own in memory; false, and a line, where we may not. */
static bool mount_disk(const char *options)
{
    ck_assert_int_eq(mkdir(mounted, 0700), 0);
    if (mount("tmpfs", mounted, "tmpfs", 0, options) != 0) {
        printf("SKIP mounting a small tmpfs: %s\n", strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/a.db", mounted);
    return true;
}

/* Takes all the space there is. */
static void fill_disk(const char *name)
{
    static const char block[1024];
    FILE *file = fopen(name, "wb");

    ck_assert_ptr_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(block, 1, sizeof block, file) == sizeof block)
        ;
    ck_assert_int_eq(errno, ENOSPC);
    fclose(file);
}

static const ll_statement add_kilobytes = {
    "INSERT INTO llm_rejected (at_us, reason, payload) VALUES (0, 'test', randomblob(20000))"
};
static const ll_statement count_rejected = { "SELECT count(*) FROM llm_rejected" };

/* Writes until the disk says no; whatever it took is there. */
static int64_t write_until_full(ll_store *store, int64_t rows)
{
    llmlearn_err err;

    while ((err = store_try_write(store, &add_kilobytes, NULL, 0)) == LLMLEARN_OK)
        rows++;
    ck_assert_msg(err == LLMLEARN_EFULL, "%s: %s", llmlearn_error_name(err),
                  llmlearn_error_detail());
    ck_assert_int_eq(store_number(store, &count_rejected), rows);
    return rows;
}

START_TEST(a_full_disk_is_an_error_until_there_is_space_again)
{
    char ballast[sizeof mounted + 16];
    ll_store *store;
    int64_t rows = 0;

    if (!mount_disk("size=4m"))
        return;
    snprintf(ballast, sizeof ballast, "%s/ballast", mounted);
    store = store_open(path);
    for (int round = 0; round < 5; round++) {
        int64_t before = rows;
        for (int i = 0; i < 5; i++, rows++)
            store_write(store, &add_kilobytes, NULL, 0);
        fill_disk(ballast);
        rows = write_until_full(store, rows);
        rows = write_until_full(store, rows);
        if (round % 2 == 1) {
            ll_store_close(store);
            ck_assert_int_eq(unlink(ballast), 0);
            store = store_open(path);
        } else {
            ck_assert_int_eq(unlink(ballast), 0);
        }
        ck_assert_int_eq(store_number(store, &count_rejected), rows);
        ck_assert_int_ge(rows, before + 5);
    }
    ll_store_close(store);
}
END_TEST

START_TEST(a_transaction_too_large_for_the_disk_leaves_the_others)
{
    static const ll_statement add_megabyte = {
        "INSERT INTO llm_rejected (at_us, reason, payload) VALUES (0, 'test', randomblob(1000000))"
    };
    ll_connection *connection = NULL;
    ll_store *store;
    llmlearn_err err = LLMLEARN_OK;

    if (!mount_disk("size=3m"))
        return;
    store = store_open(path);
    store_write(store, &add_kilobytes, NULL, 0);
    ck_ok(ll_store_lock(store, soon()));
    ck_ok(ll_store_begin(store, &connection));
    for (int i = 0; i < 60 && err == LLMLEARN_OK; i++)
        err = ll_connection_run(connection, &add_megabyte, NULL, 0, NULL, NULL);
    if (err == LLMLEARN_OK)
        err = ll_store_commit(store);
    else
        ck_fails(ll_store_commit(store), LLMLEARN_EFULL, "undone");
    ck_assert_int_eq(err, LLMLEARN_EFULL);
    ll_store_unlock(store);
    store_write(store, &add_kilobytes, NULL, 0);
    ck_assert_int_eq(store_number(store, &count_rejected), 2);
    ll_store_close(store);
}
END_TEST

START_TEST(no_database_begins_on_a_full_disk)
{
    char ballast[sizeof mounted + 16];
    ll_store *store = NULL;

    if (!mount_disk("size=1m"))
        return;
    snprintf(ballast, sizeof ballast, "%s/ballast", mounted);
    fill_disk(ballast);
    ck_fails(store_try_open(path, &store), LLMLEARN_EFULL, path);
    ck_assert_ptr_null(store);
    ck_assert_int_eq(unlink(ballast), 0);
    store = store_open(path);
    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ll_store_close(store);
}
END_TEST

START_TEST(a_read_only_disk_is_an_error_and_stays_as_it_is)
{
    ll_store *store = NULL;

    if (!mount_disk("size=4m"))
        return;
    ll_store_close(store_open(path));
    ck_assert_int_eq(mount("tmpfs", mounted, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, "Read-only file system");
    snprintf(path, sizeof path, "%s/b.db", mounted);
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, "Read-only file system");
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(a_folder_or_file_that_may_not_be_written_is_an_error)
{
    ll_store *store = NULL;

    if (geteuid() == 0) {
        printf("SKIP root may write where others may not\n");
        return;
    }
    ck_assert_int_eq(chmod(folder, 0500), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, "Permission denied");
    ck_assert_int_eq(chmod(folder, 0700), 0);
    ll_store_close(store_open(path));
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_fails(store_try_open(path, &store), LLMLEARN_EIO, "may not be written");
    ck_assert_ptr_null(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_damage");
    TCase *tests = tcase_create("damage");
    SRunner *runner;
    int failed_count;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_page_of_zeros_is_damage);
    tcase_add_test(tests, a_database_cut_short_is_damage_or_foreign);
    tcase_add_test(tests, no_damage_to_the_file_crashes_us);
    tcase_add_test(tests, no_damage_to_the_log_crashes_us);
    tcase_add_test(tests, a_store_without_its_id_is_damaged);
    tcase_add_test(tests, a_full_disk_is_an_error_until_there_is_space_again);
    tcase_add_test(tests, a_transaction_too_large_for_the_disk_leaves_the_others);
    tcase_add_test(tests, no_database_begins_on_a_full_disk);
    tcase_add_test(tests, a_read_only_disk_is_an_error_and_stays_as_it_is);
    tcase_add_test(tests, a_folder_or_file_that_may_not_be_written_is_an_error);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
