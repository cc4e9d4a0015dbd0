/* Several processes on one database: the write lock, kill -9, fork. */
#include "store/lock.h"
#include "support/folder.h"
#include "support/stores.h"

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the processes of a test tell each other. */
typedef struct shared {
    atomic_int inside; /* processes that have the lock */
    atomic_int overlaps;
    atomic_int stage;
    atomic_int done;
    atomic_llong commits[4];
} shared;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static shared *board;

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(board, MAP_FAILED);
}

static void tear_down(void)
{
    munmap(board, sizeof *board);
    folder_remove(folder);
}

/* A child that ends without libcheck's own cleaning up: 0 if all went well. */
static pid_t start(int (*run)(int argument), int argument)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(run(argument));
    return pid;
}

static void finish(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with %x", status);
}

static void kill_now(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

static void wait_for_stage(int stage)
{
    while (atomic_load(&board->stage) < stage)
        ll_clock_sleep_us(200);
}

#define FAIL_UNLESS(call)                                                                          \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                          \
                    llmlearn_error_detail());                                                      \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* ---- writing in turns -------------------------------------------------- */

static const ll_statement make_sums = {
    "CREATE TABLE sums (who INTEGER PRIMARY KEY, n INTEGER NOT NULL, filler BLOB) STRICT"
};
static const ll_statement make_rows = {
    "CREATE TABLE rows (who INTEGER, n INTEGER, PRIMARY KEY (who, n)) STRICT, WITHOUT ROWID"
};
static const ll_statement first_sums = {
    "INSERT INTO sums VALUES (0, 0, zeroblob(6000)), (1, 0, zeroblob(6000)),"
    " (9, 0, zeroblob(6000))"
};
static const ll_statement add_one = {
    "UPDATE sums SET n = n + 1, filler = randomblob(6000) WHERE who IN (?1, 9)"
};
static const ll_statement add_row = { "INSERT INTO rows VALUES (?1, ?2)" };
static const ll_statement own_sum = { "SELECT n FROM sums WHERE who = ?1" };

enum { COMMITS = 10500 };

static int add_in_turn(int who)
{
    ll_store *store = NULL;

    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    for (int i = 0; i < COMMITS; i++) {
        const ll_value arguments[] = { ll_int(who), ll_int(i) };
        ll_connection *c = NULL;
        int64_t before = -1;
        FAIL_UNLESS(ll_store_lock(store, soon()) == LLMLEARN_OK);
        if (atomic_fetch_add(&board->inside, 1) != 0)
            atomic_fetch_add(&board->overlaps, 1);
        FAIL_UNLESS(ll_store_begin(store, &c) == LLMLEARN_OK);
        FAIL_UNLESS(ll_connection_int(c, &own_sum, arguments, 1, NULL, &before) == LLMLEARN_OK);
        FAIL_UNLESS(before == i); /* nothing of ours went missing so far */
        FAIL_UNLESS(ll_connection_run(c, &add_one, arguments, 1, NULL, NULL) == LLMLEARN_OK);
        FAIL_UNLESS(ll_connection_changes(c) == 2);
        FAIL_UNLESS(ll_connection_run(c, &add_row, arguments, 2, NULL, NULL) == LLMLEARN_OK);
        FAIL_UNLESS(ll_store_commit(store) == LLMLEARN_OK);
        atomic_fetch_sub(&board->inside, 1);
        ll_store_unlock(store);
    }
    ll_store_close(store);
    return 0;
}

START_TEST(two_processes_in_turns_lose_nothing)
{
    static const ll_statement sum = { "SELECT n FROM sums WHERE who = 9" };
    static const ll_statement rows = { "SELECT count(*) FROM rows" };
    static const ll_statement parts = { "SELECT sum(n) FROM sums WHERE who < 9" };
    ll_store *store = store_open(path);
    char wal[sizeof path + 8];
    pid_t a, b;

    store_write(store, &make_sums, NULL, 0);
    store_write(store, &make_rows, NULL, 0);
    store_write(store, &first_sums, NULL, 0);
    ll_store_close(store);
    a = start(add_in_turn, 0);
    b = start(add_in_turn, 1);
    finish(a);
    finish(b);
    ck_assert_int_eq(atomic_load(&board->overlaps), 0);
    /* 21,000 commits of three pages and more went through it: it was checkpointed. */
    snprintf(wal, sizeof wal, "%s-wal", path);
    ck_assert_int_lt(file_bytes(wal), 40 << 20);
    store = store_open(path);
    ck_assert_int_eq(store_number(store, &sum), 2 * COMMITS);
    ck_assert_int_eq(store_number(store, &parts), 2 * COMMITS);
    ck_assert_int_eq(store_number(store, &rows), 2 * COMMITS);
    ll_store_tidy(store, soon());
    ll_store_close(store);
    raw_text(path, "PRAGMA integrity_check", wal, sizeof wal);
    ck_assert_str_eq(wal, "ok");
}
END_TEST

/* Readers in other processes look on; whatever they see is a whole transaction. */
static int look_on(int argument)
{
    static const ll_statement difference = {
        "SELECT (SELECT count(*) FROM rows) - (SELECT n FROM sums WHERE who = 9)"
    };
    ll_store *store = NULL;

    (void)argument;
    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    while (atomic_load(&board->done) == 0) {
        ll_connection *c = NULL;
        int64_t value = -1;
        FAIL_UNLESS(ll_store_read_begin(store, soon(), &c) == LLMLEARN_OK);
        FAIL_UNLESS(ll_connection_int(c, &difference, NULL, 0, NULL, &value) == LLMLEARN_OK);
        FAIL_UNLESS(value == 0);
        ll_store_read_end(store);
        atomic_fetch_add(&board->commits[0], 1);
    }
    ll_store_close(store);
    return 0;
}

START_TEST(a_reader_in_another_process_sees_whole_transactions)
{
    ll_store *store = store_open(path);
    pid_t reader;

    store_write(store, &make_sums, NULL, 0);
    store_write(store, &make_rows, NULL, 0);
    store_write(store, &first_sums, NULL, 0);
    ll_store_close(store);
    reader = start(look_on, 0);
    finish(start(add_in_turn, 1));
    while (atomic_load(&board->commits[0]) < 20)
        ll_clock_sleep_us(1000);
    atomic_store(&board->done, 1);
    finish(reader);
}
END_TEST

/* ---- the lock ---------------------------------------------------------- */

enum { OPENED = 1, GO = 2, HELD = 3, OVER = 4 };

static void set_stage(int stage)
{
    atomic_store(&board->stage, stage);
}

static const ll_statement add_user = { "INSERT INTO llm_users (name) VALUES (?1)" };

/* Commits some rows, then takes the lock, writes, and stays so until somebody ends it. */
static int hold_for_ever(int committed)
{
    ll_store *store = NULL;
    ll_connection *c = NULL;
    char name[32];

    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    set_stage(OPENED);
    wait_for_stage(GO);
    for (int i = 0;; i++) {
        ll_value arguments[1];
        snprintf(name, sizeof name, "kept-%d", i);
        arguments[0] = ll_string(name);
        FAIL_UNLESS(ll_store_lock(store, soon()) == LLMLEARN_OK);
        FAIL_UNLESS(ll_store_begin(store, &c) == LLMLEARN_OK);
        FAIL_UNLESS(ll_connection_run(c, &add_user, arguments, 1, NULL, NULL) == LLMLEARN_OK);
        if (i == committed)
            break;
        FAIL_UNLESS(ll_store_commit(store) == LLMLEARN_OK);
        ll_store_unlock(store);
    }
    set_stage(HELD);
    for (;;)
        pause();
}

START_TEST(a_holder_that_is_killed_leaves_lock_and_committed_rows)
{
    for (int round = 1; round <= 20; round++) {
        pid_t holder;
        char name[32];
        ll_store *store;
        set_stage(0);
        holder = start(hold_for_ever, 0);
        wait_for_stage(OPENED);
        store = store_open(path);
        set_stage(GO);
        wait_for_stage(HELD);
        kill_now(holder);
        snprintf(name, sizeof name, "round-%d", round);
        store_add_user(store, name);
        ck_assert_int_eq(store_count_users(store), round);
        ll_store_close(store);
    }
}
END_TEST

START_TEST(what_a_killed_process_committed_stands)
{
    pid_t holder = start(hold_for_ever, 50);
    ll_store *store;

    wait_for_stage(OPENED);
    set_stage(GO);
    wait_for_stage(HELD);
    kill_now(holder);
    store = store_open(path);
    ck_assert_int_eq(store_count_users(store), 50);
    ll_store_close(store);
}
END_TEST

START_TEST(a_held_lock_times_out_and_shows_as_contended)
{
    pid_t holder = start(hold_for_ever, 0);
    ll_store *store = NULL;
    ll_store *late = NULL;
    const ll_store_options options = { .path = path };

    wait_for_stage(OPENED);
    store = store_open(path);
    set_stage(GO);
    wait_for_stage(HELD);
    ck_fails(ll_store_lock(store, ll_deadline_in_ms(20)), LLMLEARN_ETIMEDOUT, "another process");
    ck_assert(ll_store_is_contended(store));
    ck_fails(ll_store_open(&options, ll_deadline_in_ms(20), &late), LLMLEARN_ETIMEDOUT,
             "another process");
    ck_assert_int_eq(store_count_users(store), 0); /* reading needs no lock */
    ll_store_tidy(store, ll_deadline_in_ms(20));
    kill_now(holder);
    store_add_user(store, "a");
    while (ll_store_is_contended(store)) /* for a second at most */
        ll_clock_sleep_us(50000);
    ll_store_close(store);
}
END_TEST

static int want_once(int argument)
{
    ll_lock *lock = NULL;
    char name[sizeof path + 8];

    (void)argument;
    snprintf(name, sizeof name, "%s.lock", path);
    FAIL_UNLESS(ll_lock_open(name, &lock) == LLMLEARN_OK);
    FAIL_UNLESS(ll_lock_take(lock, soon()) == LLMLEARN_OK);
    ll_lock_give(lock);
    ll_lock_close(lock);
    return 0;
}

START_TEST(a_holder_learns_that_another_waits)
{
    ll_store *store = store_open(path);
    pid_t other;

    ck_ok(ll_store_lock(store, soon()));
    ck_assert(!ll_store_is_contended(store));
    other = start(want_once, 0);
    while (!ll_store_is_contended(store))
        ll_clock_sleep_us(1000);
    ll_store_unlock(store);
    finish(other);
    ll_store_close(store);
}
END_TEST

/* Two handles, here in one process: the lock is between handles. */
START_TEST(a_removed_lock_file_does_not_let_two_in)
{
    char name[sizeof path + 8];
    ll_lock *a = NULL, *b = NULL;

    snprintf(name, sizeof name, "%s.lock", path);
    ck_ok(ll_lock_open(name, &a));
    ck_assert_int_eq(unlink(name), 0);
    ck_ok(ll_lock_open(name, &b)); /* a new file */
    ck_ok(ll_lock_take(a, soon()));
    ck_fails(ll_lock_take(b, ll_deadline_in_ms(10)), LLMLEARN_ETIMEDOUT, "another");
    ll_lock_give(a);
    ck_ok(ll_lock_take(b, soon()));
    ck_assert(ll_lock_is_contended(a));
    ck_fails(ll_lock_take(a, ll_deadline_in_ms(10)), LLMLEARN_ETIMEDOUT, "another");
    ll_lock_give(b);
    ll_lock_close(a);
    ll_lock_close(b);
}
END_TEST

START_TEST(a_lock_file_cut_short_or_overwritten_changes_nothing)
{
    char name[sizeof path + 8];
    char noise[64];
    ll_lock *a = NULL, *b = NULL;

    snprintf(name, sizeof name, "%s.lock", path);
    ck_ok(ll_lock_open(name, &a));
    ck_ok(ll_lock_open(name, &b));
    for (int round = 0; round < 50; round++) {
        memset(noise, round * 5, sizeof noise);
        if (round % 2 == 0)
            file_write(name, noise, sizeof noise);
        else
            ck_assert_int_eq(truncate(name, round % 32), 0);
        ck_ok(ll_lock_take(a, soon()));
        ck_fails(ll_lock_take(b, ll_deadline_in_ms(1)), LLMLEARN_ETIMEDOUT, "another");
        ll_lock_give(a);
        ck_ok(ll_lock_take(b, soon()));
        ll_lock_give(b);
    }
    ll_lock_close(a);
    ll_lock_close(b);
}
END_TEST

START_TEST(a_lock_file_of_somebody_else_is_locked_and_not_written)
{
    char name[sizeof path + 8];
    ll_lock *a = NULL, *b = NULL;

    snprintf(name, sizeof name, "%s.lock", path);
    file_write(name, "12345", 5);
    ck_ok(ll_lock_open(name, &a));
    ck_ok(ll_lock_open(name, &b));
    ck_ok(ll_lock_take(a, soon()));
    ck_fails(ll_lock_take(b, ll_deadline_in_ms(1)), LLMLEARN_ETIMEDOUT, "another");
    ll_lock_give(a);
    ck_ok(ll_lock_take(b, soon()));
    ll_lock_give(b);
    ll_lock_close(a);
    ll_lock_close(b);
    ck_assert(file_is(name, "12345", 5));
}
END_TEST

/* ---- fork -------------------------------------------------------------- */

/* Lets go of what it inherited and opens the database for itself. */
static int use_inherited(ll_store *inherited, int who, int commits)
{
    ll_store *store = NULL;

    ll_store_after_fork_in_child(inherited);
    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    for (int i = 0; i < commits; i++) {
        char name[32];
        ll_value arguments[1];
        snprintf(name, sizeof name, "child-%d-%d", who, i);
        arguments[0] = ll_string(name);
        FAIL_UNLESS(store_try_write(store, &add_user, arguments, 1) == LLMLEARN_OK);
    }
    ll_store_tidy(store, soon());
    ll_store_close(store);
    return 0;
}

/* Descriptors of this process that lead to the database, its log or its index. */
static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        char name[64], target[512];
        ssize_t bytes;
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        bytes = readlink(name, target, sizeof target - 1);
        if (bytes < 0)
            continue;
        target[bytes] = '\0';
        if (strncmp(target, path, strlen(path)) == 0 && strstr(target, ".lock") == NULL)
            count++;
    }
    return count;
}

START_TEST(no_connection_crosses_a_fork)
{
    ll_store *store = store_open(path);

    store_add_user(store, "a");
    ck_assert_int_eq(store_count_users(store), 1);
    ck_assert_int_ge(open_descriptors(), 4);
    ck_assert(ll_store_pause(store, soon()));
    ck_assert_int_eq(open_descriptors(), 0);
    ll_store_resume(store);
    ck_assert_int_eq(open_descriptors(), 0);
    store_add_user(store, "b");
    ck_assert_int_eq(store_count_users(store), 2);
    ll_store_close(store);
}
END_TEST

START_TEST(a_paused_store_goes_on_in_the_parent_and_a_new_one_in_the_child)
{
    enum { FORKS = 60, EACH = 10 };
    ll_store *store = store_open(path);
    pid_t children[FORKS];
    int of_parent = 0;

    for (int i = 0; i < FORKS; i++) {
        char name[32];
        ck_assert(ll_store_pause(store, soon()));
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            _exit(use_inherited(store, i, EACH));
        ll_store_resume(store);
        for (int k = 0; k < EACH; k++) {
            snprintf(name, sizeof name, "parent-%d", of_parent++);
            store_add_user(store, name);
        }
        ck_assert_int_ge(store_count_users(store), of_parent);
    }
    for (int i = 0; i < FORKS; i++)
        finish(children[i]);
    ck_assert_int_eq(store_count_users(store), of_parent + FORKS * EACH);
    ll_store_close(store);
    store = store_open(path);
    ck_assert_int_eq(store_count_users(store), of_parent + FORKS * EACH);
    ll_store_close(store);
}
END_TEST

/* The child inherits the descriptor that holds the lock: closing it must leave the lock
 * with the parent, and keeping it open must not keep the lock when the parent has died. */
static int fork_with_lock(int argument)
{
    ll_store *store = NULL;
    pid_t child;

    (void)argument;
    FAIL_UNLESS(store_try_open(path, &store) == LLMLEARN_OK);
    FAIL_UNLESS(ll_store_lock(store, soon()) == LLMLEARN_OK);
    child = fork();
    if (child == 0) {
        ll_store_after_fork_in_child(store);
        set_stage(HELD);
        wait_for_stage(OVER);
        _exit(0);
    }
    for (;;)
        pause();
}

START_TEST(a_child_neither_drops_nor_keeps_its_parents_lock)
{
    char name[sizeof path + 8];
    ll_lock *lock = NULL;
    pid_t parent = start(fork_with_lock, 0);

    wait_for_stage(HELD);
    snprintf(name, sizeof name, "%s.lock", path);
    ck_ok(ll_lock_open(name, &lock));
    ck_fails(ll_lock_take(lock, ll_deadline_in_ms(20)), LLMLEARN_ETIMEDOUT, "another");
    kill_now(parent);
    ck_ok(ll_lock_take(lock, soon())); /* although the child still runs */
    ll_lock_give(lock);
    ll_lock_close(lock);
    set_stage(OVER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_processes");
    TCase *tests = tcase_create("processes");
    SRunner *runner;
    int failed_count;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, two_processes_in_turns_lose_nothing);
    tcase_add_test(tests, a_reader_in_another_process_sees_whole_transactions);
    tcase_add_test(tests, a_holder_that_is_killed_leaves_lock_and_committed_rows);
    tcase_add_test(tests, what_a_killed_process_committed_stands);
    tcase_add_test(tests, a_held_lock_times_out_and_shows_as_contended);
    tcase_add_test(tests, a_holder_learns_that_another_waits);
    tcase_add_test(tests, a_removed_lock_file_does_not_let_two_in);
    tcase_add_test(tests, a_lock_file_cut_short_or_overwritten_changes_nothing);
    tcase_add_test(tests, a_lock_file_of_somebody_else_is_locked_and_not_written);
    tcase_add_test(tests, no_connection_crosses_a_fork);
    tcase_add_test(tests, a_paused_store_goes_on_in_the_parent_and_a_new_one_in_the_child);
    tcase_add_test(tests, a_child_neither_drops_nor_keeps_its_parents_lock);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
