/* What stands in the way of the one thread that stores: a database that is busy, callers who
 * cannot wait, a segment that cannot be read, a pass that took long, a journal that never rests.
 * None of it may fail, starve or misreport the others. */
#undef _FORTIFY_SOURCE /* its pread is inline, and this program has one of its own */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include "base/clock.h"
#include "base/point.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;

/* How long a transaction rests between the journal's records and the jobs. */
static atomic_uint slow_us;
static atomic_uint transactions;

void ll_point_hit(const char *name)
{
    if (strcmp(name, "ingest.drained") != 0)
        return;
    atomic_fetch_add(&transactions, 1);
    if (atomic_load(&slow_us) != 0)
        ll_clock_sleep_us(atomic_load(&slow_us));
}

static void set_up(void)
{
    atomic_store(&slow_us, 0);
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner = learner_open(path);
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    recount(path);
    folder_remove(folder);
}

static llmlearn_counters count(void)
{
    llmlearn_counters counters = { .struct_size = sizeof counters };

    expect_ok(llmlearn_get_counters(learner, &counters));
    return counters;
}

static llmlearn_id stored_id(void)
{
    llmlearn_id id;

    expect_ok(learner_log(learner, "rated", &id));
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    return id;
}

static llmlearn_err vote_within(const llmlearn_id *id, uint32_t deadline_ms)
{
    const llmlearn_feedback feedback = { .struct_size = sizeof feedback,
                                         .vote = LLMLEARN_HELPFUL,
                                         .explanation_id = *id,
                                         .user = "ann",
                                         .deadline_ms = deadline_ms };

    return llmlearn_submit_feedback(learner, &feedback, NULL);
}

/* ---- a busy database ---- */

/* An error as what a thread returns, and back. */
static void *result_of(llmlearn_err err)
{
    return (void *)(intptr_t)err;
}

static llmlearn_err err_of(void *result)
{
    return (llmlearn_err)(intptr_t)result;
}

static void *vote_once(void *argument)
{
    return result_of(vote_within(argument, LEARNER_DEADLINE_MS));
}

/* Another program keeps SQLite's own lock for longer than one try takes. */
START_TEST(a_vote_waits_for_a_busy_database)
{
    llmlearn_id id = stored_id();
    sqlite3 *other = NULL;
    void *outcome = NULL;
    pthread_t voter;

    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(pthread_create(&voter, NULL, vote_once, &id), 0);
    ll_clock_sleep_us(400000);
    expect_err(vote_within(&id, 100), LLMLEARN_ETIMEDOUT, "deadline");
    ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(pthread_join(voter, &outcome), 0);
    ck_assert_int_eq(err_of(outcome), LLMLEARN_OK);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    ck_assert_uint_eq(count().votes, 1);
    ck_assert_uint_eq(count().store_errors, 0);
}
END_TEST

/* ---- one transaction for several ---- */

static uint64_t test_id;

/* Does it count, and is it no user's? */
static bool is_own_unit(const llmlearn_id *id)
{
    char text[LLMLEARN_ID_TEXT_BYTES], sql[200];

    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_id_format(id, text));
    snprintf(sql, sizeof sql,
             "SELECT counted AND unit IS NULL FROM llm_explanations"
             " WHERE hex(explanation_id) = upper(replace('%s', '-', ''))",
             text);
    return recount_number(path, sql) == 1;
}

static void *stop_test(void *argument)
{

    (void)argument;
    return result_of(llmlearn_stop_ab_test(learner, test_id, "me", "enough", LEARNER_DEADLINE_MS));
}

/* What votes have counted in memory is in the tables before somebody else reads them, and what he
 * changes there is heeded by those who come after him. */
START_TEST(a_test_that_is_stopped_between_two_votes_counts_the_first)
{
    void *(*const calls[3])(void *) = { vote_once, stop_test, vote_once };
    uint64_t random = 1;
    pthread_t threads[3];
    llmlearn_id ids[2];
    sqlite3 *other = NULL;
    void *outcome = NULL;

    test_id = learner_start_test(learner);
    for (int i = 0; i < 2; i++) {
        do
            expect_ok(learner_log_in_test(learner, "text", &random, &ids[i]));
        while (!is_own_unit(&ids[i]));
    }
    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, calls[i], &ids[i / 2]), 0);
        ll_clock_sleep_us(20000);
    }
    ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &outcome), 0);
        ck_assert_int_eq(err_of(outcome), LLMLEARN_OK);
    }
    ck_assert_int_eq(recount_number(path, "SELECT sum(votes) FROM llm_ab_arms"), 2);
    ck_assert_int_eq(recount_number(path, "SELECT sum(first_votes) FROM llm_ab_arms"), 1);
}
END_TEST

/* A child attaches the store at its first vote: as long as that may take, not shorter. */
START_TEST(a_child_waits_for_the_lock_until_its_deadline)
{
    llmlearn_id id = stored_id();
    char lock[sizeof path + 8];
    int status = -1;
    pid_t pid;
    int fd;

    snprintf(lock, sizeof lock, "%s.lock", path);
    fd = open(lock, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(fd);
        while ((fd = open(lock, O_RDONLY)) >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            close(fd); /* until the parent has it */
            ll_clock_sleep_us(1000);
        }
        close(fd);
        _exit(vote_within(&id, LEARNER_DEADLINE_MS) != LLMLEARN_OK);
    }
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ll_clock_sleep_us(2000000);
    ck_assert_int_eq(flock(fd, LOCK_UN), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(fd);
}
END_TEST

static bool has_open(const char *suffix)
{
    DIR *open_files = opendir("/proc/self/fd");
    bool found = false;

    for (struct dirent *entry; open_files != NULL && (entry = readdir(open_files)) != NULL;) {
        char target[512];
        ssize_t bytes = readlinkat(dirfd(open_files), entry->d_name, target, sizeof target - 1);

        if (bytes < (ssize_t)strlen(suffix))
            continue;
        target[bytes] = '\0';
        found |= strcmp(target + bytes - strlen(suffix), suffix) == 0;
    }
    closedir(open_files);
    return found;
}

/* Votes, for which it must attach the store, whose lock its parent has; forks meanwhile. */
static void attach_and_fork(llmlearn_id *id)
{
    pthread_t voter;
    int status = -1;
    pid_t pid;

    if (pthread_create(&voter, NULL, vote_once, id) != 0)
        _exit(2);
    while (!has_open(".db.lock"))
        ll_clock_sleep_us(1000);
    pid = fork(); /* which does not wait for that */
    if (pid == 0)
        _exit(has_open(".db.lock"));
    _exit(waitpid(pid, &status, 0) != pid || status != 0);
}

/* A descriptor left open would keep the database locked when the one who locked it is gone. */
START_TEST(a_child_keeps_no_lock_that_is_being_waited_for)
{
    llmlearn_id id = stored_id();
    char lock[sizeof path + 8];
    int status = -1;
    pid_t pid;
    int fd;

    snprintf(lock, sizeof lock, "%s.lock", path);
    fd = open(lock, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(fd);
        attach_and_fork(&id);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    close(fd);
}
END_TEST

/* ---- callers who cannot wait ---- */

enum { HASTY = 16 }; /* enough that one of them waits at any moment */

typedef struct impatient {
    llmlearn_id id;
    atomic_bool stop;
} impatient;

static void *vote_in_haste(void *argument)
{
    impatient *all = argument;

    while (!atomic_load(&all->stop)) {
        llmlearn_err err = vote_within(&all->id, 2);

        if (err != LLMLEARN_OK && err != LLMLEARN_ETIMEDOUT)
            return argument;
    }
    return NULL;
}

START_TEST(callers_who_leave_do_not_keep_the_journal_from_being_stored)
{
    impatient all = { .id = stored_id() };
    uint64_t before = count().drained;
    unsigned begun;
    pthread_t voters[HASTY];

    atomic_store(&slow_us, 20000);
    for (int i = 0; i < HASTY; i++)
        ck_assert_int_eq(pthread_create(&voters[i], NULL, vote_in_haste, &all), 0);
    ll_clock_sleep_us(100000);
    for (int i = 0; i < 100; i++)
        expect_ok(learner_log(learner, "waits", NULL));
    begun = atomic_load(&transactions);
    while (count().drained < before + 100 && atomic_load(&transactions) < begun + 20)
        ll_clock_sleep_us(1000);
    ck_assert_uint_eq(count().drained, before + 100);
    atomic_store(&all.stop, true);
    for (int i = 0; i < HASTY; i++) {
        void *wrong = NULL;

        ck_assert_int_eq(pthread_join(voters[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

/* ---- a segment that cannot be read ---- */

#define UNREADABLE_MAX 64
#define LARGE_READ 32768 /* headers are shorter */

static ino_t unreadable[UNREADABLE_MAX];
static atomic_int unreadable_count;
static atomic_bool headers_too;

static bool fails(int fd, size_t bytes)
{
    struct stat about;

    if (atomic_load(&unreadable_count) == 0 || (bytes < LARGE_READ && !atomic_load(&headers_too)) ||
        fstat(fd, &about) != 0)
        return false;
    for (int i = 0; i < atomic_load(&unreadable_count); i++)
        if (about.st_ino == unreadable[i])
            return true;
    return false;
}

/* A program's own symbols come before libc's. */
__attribute__((visibility("default"))) ssize_t pread(int fd, void *data, size_t bytes, off_t offset)
{
    if (fails(fd, bytes)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, data, bytes, offset);
}

/* From now on the records in all journal files there are cannot be read; their headers can. */
static void spoil_files(void)
{
    char name[512];
    DIR *files;
    int found = 0;

    snprintf(name, sizeof name, "%s.journal", path);
    files = opendir(name);
    ck_assert_ptr_nonnull(files);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;)
        if (entry->d_name[0] != '.' && found < UNREADABLE_MAX)
            unreadable[found++] = entry->d_ino;
    closedir(files);
    ck_assert_int_gt(found, 0);
    atomic_store(&unreadable_count, found);
}

static ino_t locked_out; /* of this file no lock can be had; 0: of all */

__attribute__((visibility("default"))) int flock(int fd, int operation)
{
    struct stat about;

    if (locked_out != 0 && (operation & LOCK_EX) != 0 && fstat(fd, &about) == 0 &&
        about.st_ino == locked_out) {
        errno = EWOULDBLOCK;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

/* A process that logs something and stays, but cannot store it. */
static pid_t log_and_stay(llmlearn_id *out_id)
{
    char lock[sizeof path + 8];
    struct stat about;
    int ends[2];
    pid_t pid;

    snprintf(lock, sizeof lock, "%s.lock", path);
    ck_assert_int_eq(stat(lock, &about), 0);
    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        llmlearn *own = learner_open(path);

        locked_out = about.st_ino;
        if (learner_log(own, "left behind", out_id) != LLMLEARN_OK ||
            write(ends[1], out_id, sizeof *out_id) != sizeof *out_id)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], out_id, sizeof *out_id), sizeof *out_id);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void end_process(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(an_unreadable_segment_keeps_nobody_else_waiting)
{
    llmlearn_id own = stored_id();
    llmlearn_id unread, found, next;
    pid_t pids[3];

    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS)); /* with its own files */
    learner = learner_open(path);
    pids[0] = log_and_stay(&unread);
    spoil_files();
    pids[1] = log_and_stay(&found);
    pids[2] = log_and_stay(&next);

    expect_ok(learner_vote(learner, &found, NULL, true, 0));
    expect_err(vote_within(&unread, 300), LLMLEARN_ETIMEDOUT, "deadline");
    expect_ok(learner_vote(learner, &own, "ann", true, 0));
    expect_ok(learner_vote(learner, &next, NULL, true, 0));
    ck_assert_uint_eq(count().store_errors, 0);

    atomic_store(&unreadable_count, 0);
    expect_ok(learner_vote(learner, &unread, NULL, true, 0));
    for (int i = 0; i < 3; i++)
        end_process(pids[i]);
}
END_TEST

/* Whose a file is that does not even give its header, nobody knows: what is looked for may be in
 * it. */
START_TEST(nothing_is_missing_while_a_header_cannot_be_read)
{
    llmlearn_id own = stored_id();
    llmlearn_id unread;
    pid_t pid;

    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS)); /* with its own files */
    learner = learner_open(path);
    pid = log_and_stay(&unread);
    atomic_store(&headers_too, true);
    spoil_files();
    expect_err(vote_within(&unread, 300), LLMLEARN_ETIMEDOUT, "deadline");
    expect_ok(learner_vote(learner, &own, "ann", true, 0));
    ck_assert_uint_eq(count().foreign_segments, 0);

    atomic_store(&unreadable_count, 0);
    expect_ok(learner_vote(learner, &unread, NULL, true, 0));
    end_process(pid);
}
END_TEST

/* ---- a pass that took long ---- */

static void *ask_for_nothing(void *argument)
{
    static const llmlearn_id nothing;

    (void)argument;
    return result_of(vote_within(&nothing, LEARNER_DEADLINE_MS));
}

START_TEST(after_a_long_pass_the_next_comes_soon)
{
    static const llmlearn_id nothing = { { 1 } };
    void *outcome = NULL;
    pthread_t asking;

    (void)stored_id();
    atomic_store(&slow_us, 2000000);
    ck_assert_int_eq(pthread_create(&asking, NULL, ask_for_nothing, NULL), 0);
    ck_assert_int_eq(pthread_join(asking, &outcome), 0);
    ck_assert_int_eq(err_of(outcome), LLMLEARN_ENOTFOUND);
    atomic_store(&slow_us, 0);
    expect_err(vote_within(&nothing, 6000), LLMLEARN_ENOTFOUND, "explanation");
}
END_TEST

/* ---- a journal that never rests ---- */

static void *log_without_end(void *argument)
{
    atomic_bool *stop = argument;

    while (!atomic_load(stop))
        if (learner_log(learner, "one of very many", NULL) == LLMLEARN_EFULL)
            ll_clock_sleep_us(1000);
    return NULL;
}

START_TEST(the_lag_is_that_of_what_waits)
{
    uint64_t began = ll_clock_monotonic_ns();
    uint64_t before = count().batches;
    atomic_bool stop = false;
    uint64_t elapsed_ms;
    pthread_t logging;
    uint32_t lag_ms;

    ck_assert_int_eq(pthread_create(&logging, NULL, log_without_end, &stop), 0);
    while (count().batches < before + 60)
        ll_clock_sleep_us(1000);
    lag_ms = count().lag_ms;
    elapsed_ms = (ll_clock_monotonic_ns() - began) / 1000000;
    atomic_store(&stop, true);
    ck_assert_int_eq(pthread_join(logging, NULL), 0);
    ck_assert_msg(lag_ms <= elapsed_ms / 2, "%u ms of lag after %llu ms and 60 batches", lag_ms,
                  (unsigned long long)elapsed_ms);
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    ck_assert_uint_eq(count().queued_bytes, 0);
}
END_TEST

/* ---- a vote that fails half-way ---- */

typedef struct rater {
    pthread_t thread;
    llmlearn_id id;
    const char *user;
    int rating;
    llmlearn_err outcome;
} rater;

static void *rate(void *argument)
{
    rater *r = argument;

    r->outcome = learner_vote(learner, &r->id, r->user, true, r->rating);
    return NULL;
}

/* A rule that the library does not know of makes the second three stars fail after the voter
 * was stored. Who shares that transaction notices nothing. */
START_TEST(a_vote_that_fails_half_way_undoes_itself_alone)
{
    static const char rule[] = "CREATE UNIQUE INDEX one_of_each ON llm_feedback (rating)";
    rater raters[] = { { .user = "ann", .rating = 1 },
                       { .user = "bob", .rating = 3 },
                       { .user = "cal", .rating = 4 } };
    llmlearn_id id = stored_id();
    sqlite3 *other = NULL;

    expect_ok(learner_vote(learner, &id, "first", true, 3));
    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, rule, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    atomic_store(&slow_us, 100000); /* all three wait for one transaction */
    for (int i = 0; i < 3; i++) {
        raters[i].id = id;
        ck_assert_int_eq(pthread_create(&raters[i].thread, NULL, rate, &raters[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(raters[i].thread, NULL), 0);
    expect_ok(raters[0].outcome);
    ck_assert_int_eq(raters[1].outcome, LLMLEARN_EINVAL);
    expect_ok(raters[2].outcome);
    ck_assert_uint_eq(count().votes, 3);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_users WHERE name = 'bob'"), 0);
    ck_assert_int_eq(recount_number(path, "SELECT count(*) FROM llm_feedback"), 3);
}
END_TEST

/* ---- a vote on what was just logged ---- */

/* It joins a transaction that has read the journal already: the next one finds the explanation,
 * without a look at everybody's. */
START_TEST(a_vote_on_what_was_just_logged_needs_one_more_transaction)
{
    llmlearn_id id = stored_id();
    unsigned fewest = UINT32_MAX;

    for (int round = 0; round < 10 && fewest > 2; round++) {
        rater first = { .id = id, .user = "ann", .rating = round % 5 + 1 };
        unsigned before = atomic_load(&transactions);
        llmlearn_id logged;

        atomic_store(&slow_us, 30000);
        ck_assert_int_eq(pthread_create(&first.thread, NULL, rate, &first), 0);
        while (atomic_load(&transactions) == before)
            ll_clock_sleep_us(100);
        expect_ok(learner_log(learner, "just now", &logged));
        expect_ok(learner_vote(learner, &logged, "bob", true, 0));
        ck_assert_int_eq(pthread_join(first.thread, NULL), 0);
        expect_ok(first.outcome);
        if (atomic_load(&transactions) - before < fewest)
            fewest = atomic_load(&transactions) - before;
    }
    ck_assert_uint_eq(fewest, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ingest");
    TCase *tests = tcase_create("ingest");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 200);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_vote_waits_for_a_busy_database);
    tcase_add_test(tests, a_test_that_is_stopped_between_two_votes_counts_the_first);
    if (learner_may_fork()) {
        tcase_add_test(tests, a_child_waits_for_the_lock_until_its_deadline);
        tcase_add_test(tests, a_child_keeps_no_lock_that_is_being_waited_for);
    }
    tcase_add_test(tests, callers_who_leave_do_not_keep_the_journal_from_being_stored);
    tcase_add_test(tests, an_unreadable_segment_keeps_nobody_else_waiting);
    tcase_add_test(tests, nothing_is_missing_while_a_header_cannot_be_read);
    tcase_add_test(tests, after_a_long_pass_the_next_comes_soon);
    tcase_add_test(tests, the_lag_is_that_of_what_waits);
    tcase_add_test(tests, a_vote_that_fails_half_way_undoes_itself_alone);
    tcase_add_test(tests, a_vote_on_what_was_just_logged_needs_one_more_transaction);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
