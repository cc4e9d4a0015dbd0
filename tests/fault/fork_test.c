/* Forks under load: children that log, vote, fork again, do nothing, or die; parents that
 * are killed before them. Everything acknowledged to anybody is stored once, no id is given
 * twice, no call hangs. */
#include "support/acknowledged.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORKS 200
#define FORKS_QUICK 30
#define CHILDREN_AT_ONCE 4
#define LOGS_PER_CHILD 20
/* A call that takes longer hangs; one that takes longer than a tenth of it is reported. */
#define HANG_NS UINT64_C(20000000000)

typedef struct board {
    atomic_bool stop;
    _Atomic uint64_t slowest_ns;
    atomic_int restricted;
    atomic_int wrong;
    char wrong_line[200];
} board;

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static acknowledged *list;
static board *shared;
static pid_t opener;      /* the first process */
static llmlearn *learner; /* opened by the first process, used by all that come of it */

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    list = acknowledged_new(400000);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    opener = getpid();
}

static void tear_down(void)
{
    munmap(shared, sizeof *shared);
    acknowledged_free(list);
    folder_remove(folder);
}

/* ---- calls, timed ------------------------------------------------------ */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note_time(uint64_t start_ns)
{
    uint64_t taken_ns = now_ns() - start_ns;
    uint64_t slowest_ns = atomic_load(&shared->slowest_ns);

    while (taken_ns > slowest_ns &&
           !atomic_compare_exchange_weak(&shared->slowest_ns, &slowest_ns, taken_ns))
        ;
}

/* A fork waits for its parent's disk, but not for long: then its child may only log, and what it
 * logged is stored by others. */
static bool is_restriction(llmlearn_err err)
{
    return getpid() != opener && (err == LLMLEARN_ESTATE || err == LLMLEARN_EIO);
}

static bool note_err(const char *call, llmlearn_err err)
{
    if (is_restriction(err))
        atomic_fetch_add(&shared->restricted, 1);
    else if (err != LLMLEARN_OK && atomic_fetch_add(&shared->wrong, 1) == 0)
        snprintf(shared->wrong_line, sizeof shared->wrong_line, "%s: %s: %s", call,
                 llmlearn_error_name(err), llmlearn_error_detail());
    return err == LLMLEARN_OK;
}

/* A full journal is waited for: it is drained by whoever lives. */
static bool do_log(const char *who, int number, llmlearn_id *out_id)
{
    char text[64];
    uint64_t start_ns = now_ns();
    llmlearn_err err;

    snprintf(text, sizeof text, "%s %d %d", who, getpid(), number);
    for (;;) {
        uint64_t call_ns = now_ns();

        err = learner_log(learner, text, out_id);
        note_time(call_ns);
        if (err != LLMLEARN_EFULL || now_ns() - start_ns > HANG_NS)
            break;
        usleep(500);
    }
    if (note_err("log", err))
        acknowledged_explanation(list, out_id);
    return err == LLMLEARN_OK;
}

static void do_vote(const char *user, const llmlearn_id *id)
{
    uint64_t start_ns = now_ns();
    llmlearn_err err = learner_vote(learner, id, user, true, 5);

    note_time(start_ns);
    if (note_err("vote", err))
        acknowledged_vote(list, id, user, true);
}

static void do_close(void)
{
    uint64_t start_ns = now_ns();
    llmlearn_err err = llmlearn_close(learner, LEARNER_DEADLINE_MS);

    note_time(start_ns);
    note_err("close", err);
}

static void log_some(const char *who, int count, llmlearn_id *out_last)
{
    for (int i = 0; i < count; i++)
        do_log(who, i, out_last);
}

/* ---- the parent's own threads ------------------------------------------ */

static void *keep_logging(void *argument)
{
    const char *who = argument;
    llmlearn_id id;

    for (int i = 0; !atomic_load(&shared->stop); i++) {
        do_log(who, i, &id);
        if (i % 50 == 0)
            do_vote(who, &id);
        usleep(200);
    }
    return NULL;
}

/* Learners of other threads come and go meanwhile: SQLite must not be caught in it. */
static void *keep_opening(void *argument)
{
    char other[FOLDER_PATH_BYTES + 32];

    (void)argument;
    snprintf(other, sizeof other, "%s/other.db", folder);
    while (!atomic_load(&shared->stop)) {
        llmlearn_options options;
        llmlearn *another = NULL;

        learner_options(other, &options);
        if (note_err("open", llmlearn_open(&options, &another)))
            note_err("close", llmlearn_close(another, LEARNER_DEADLINE_MS));
        usleep(1000);
    }
    return NULL;
}

/* ---- children ---------------------------------------------------------- */

static pid_t start(void (*run)(const llmlearn_id *parents), const llmlearn_id *parents)
{
    pid_t pid = fork();

    if (pid == 0) {
        run(parents);
        _exit(0);
    }
    return pid;
}

static void finish(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
                      (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
                  "a child ended with %x", status);
}

static void log_and_leave(const llmlearn_id *parents)
{
    llmlearn_id id;

    (void)parents;
    log_some("leaves", LOGS_PER_CHILD, &id);
    do_vote("leaver", &id);
}

static void log_and_close(const llmlearn_id *parents)
{
    llmlearn_id id;

    do_vote("closer", parents);
    log_some("closes", LOGS_PER_CHILD, &id);
    do_close();
}

static void only_close(const llmlearn_id *parents)
{
    (void)parents;
    do_close();
}

static void touch_nothing(const llmlearn_id *parents)
{
    (void)parents;
}

static void log_and_exit(const llmlearn_id *parents)
{
    llmlearn_id id;

    (void)parents;
    log_some("exits", LOGS_PER_CHILD, &id);
    if (getenv("ASAN_OPTIONS") == NULL) /* what the parent's threads hold is a leak to it */
        exit(0);
}

static void log_and_die(const llmlearn_id *parents)
{
    llmlearn_id id;

    (void)parents;
    log_some("dies", LOGS_PER_CHILD, &id);
    kill(getpid(), SIGKILL);
}

/* A child's child, beside a child that goes on. */
static void fork_again(const llmlearn_id *parents)
{
    llmlearn_id id;
    pid_t first = start(log_and_leave, parents); /* of a child that has not used the handle yet */
    pid_t second;

    log_some("forks", LOGS_PER_CHILD, &id);
    second = start(log_and_close, &id);
    log_some("forked", LOGS_PER_CHILD, &id);
    do_vote("forker", &id);
    waitpid(first, NULL, 0);
    waitpid(second, NULL, 0);
}

static void (*const kinds[])(const llmlearn_id *parents) = {
    log_and_leave, log_and_close, only_close, touch_nothing, log_and_exit, log_and_die, fork_again,
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* ---- afterwards -------------------------------------------------------- */

static size_t acknowledged_explanations(void)
{
    size_t count = 0;

    for (size_t i = 0; i < acknowledged_count(list); i++)
        count += list->entries[i].vote == 0 && list->entries[i].id.bytes[6] != 0;
    return count;
}

static void check_everything(void)
{
    const char *example = NULL;
    const char *difference;
    size_t missing;

    learner = learner_open(path);
    ck_assert(learner_drain_all(learner));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    ck_assert_msg(atomic_load(&shared->wrong) == 0, "%d calls failed, the first: %s",
                  atomic_load(&shared->wrong), shared->wrong_line);
    missing = acknowledged_missing(list, path, &example);
    ck_assert_msg(missing == 0, "%zu of %zu acknowledged are lost: %s", missing,
                  acknowledged_count(list), example);
    difference = recount_difference(path, true);
    ck_assert_msg(difference == NULL, "%s", difference);
    /* Two records with one id would be one row and one put aside. */
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_rejected"), 0);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_explanations"),
                     (int64_t)acknowledged_explanations());
    ck_assert_int_eq(learner_journal_files(path), 0);
    ck_assert_uint_lt(atomic_load(&shared->slowest_ns), HANG_NS);
}

START_TEST(forks_under_load_lose_nothing)
{
    static char names[3][8] = { "one", "two", "three" };
    int forks = learner_rounds(FORKS, FORKS_QUICK);
    pid_t children[CHILDREN_AT_ONCE] = { 0 };
    pthread_t threads[4];
    llmlearn_id id;

    fflush(stdout);
    learner = learner_open(path);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, keep_logging, names[i]), 0);
    ck_assert_int_eq(pthread_create(&threads[3], NULL, keep_opening, NULL), 0);
    for (int i = 0; i < forks; i++) {
        if (children[i % CHILDREN_AT_ONCE] != 0)
            finish(children[i % CHILDREN_AT_ONCE]);
        ck_assert(do_log("parent", i, &id));
        children[i % CHILDREN_AT_ONCE] = start(kinds[(size_t)i % KINDS], &id);
        ck_assert_int_gt(children[i % CHILDREN_AT_ONCE], 0);
    }
    for (int i = 0; i < CHILDREN_AT_ONCE; i++)
        finish(children[i]);
    atomic_store(&shared->stop, true);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    do_close();
    check_everything();
    ck_assert_int_le(atomic_load(&shared->restricted), forks / 4);
    printf("fork: %d forks under load, %zu acknowledged, slowest call %.1f ms\n", forks,
           acknowledged_count(list), (double)atomic_load(&shared->slowest_ns) / 1e6);
    fflush(stdout);
}
END_TEST

/* ---- a parent that dies first ------------------------------------------ */

static void live_on(const llmlearn_id *parents)
{
    llmlearn_id id;

    (void)parents;
    for (int i = 0; !atomic_load(&shared->stop); i++) {
        do_log("lives on", i, &id);
        usleep(50000);
    }
}

static void rest(const llmlearn_id *parents)
{
    (void)parents;
    while (!atomic_load(&shared->stop))
        usleep(5000);
}

/* Opens, logs more than it stores, leaves two children behind: one works, one never
 * touches the handle, and must not keep the dead one's segments from being adopted. */
static void parent_of_two(int out_fd)
{
    llmlearn_options options;
    pid_t pids[2];
    llmlearn_id id;

    learner_options(path, &options);
    options.batch_interval_ms = 60000;
    if (llmlearn_open(&options, &learner) != LLMLEARN_OK)
        _exit(1);
    log_some("early", 200, &id);
    pids[0] = start(live_on, &id);
    pids[1] = start(rest, &id);
    log_some("late", 200, &id);
    if (write(out_fd, pids, sizeof pids) != sizeof pids)
        _exit(1);
    for (;;)
        pause();
}

static int64_t stored_early_and_late(void)
{
    return recount_number(path, "SELECT count(*) FROM llm_explanations"
                                " WHERE text LIKE 'early%' OR text LIKE 'late%'");
}

START_TEST(children_store_what_a_killed_parent_left)
{
    uint64_t start_ns;
    pid_t pids[2];
    int ends[2];
    pid_t parent;

    ck_assert_int_eq(pipe(ends), 0);
    parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0)
        parent_of_two(ends[1]);
    ck_assert_int_eq(read(ends[0], pids, sizeof pids), sizeof pids);
    kill(parent, SIGKILL);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    start_ns = now_ns();
    while (stored_early_and_late() < 400 && now_ns() - start_ns < HANG_NS)
        usleep(20000);
    ck_assert_int_eq(stored_early_and_late(), 400);
    printf("fork: a killed parent's records were stored %.0f ms after its death\n",
           (double)(now_ns() - start_ns) / 1e6);
    fflush(stdout);
    atomic_store(&shared->stop, true);
    for (int i = 0; i < 2; i++)
        while (kill(pids[i], 0) == 0 && now_ns() - start_ns < 2 * HANG_NS)
            usleep(1000);
    check_everything();
}
END_TEST

static int run(void)
{
    Suite *suite = suite_create("fork");
    TCase *tcase = tcase_create("fork");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 200);
    tcase_add_test(tcase, forks_under_load_lose_nothing);
    tcase_add_test(tcase, children_store_what_a_killed_parent_left);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

int main(void)
{
    return learner_may_fork() ? run() : 0;
}
