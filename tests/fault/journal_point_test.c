/* journal_point_test.c - processes killed, and threads stopped, at each named place of the journal.
 *
 * What was acknowledged is there afterwards; nothing wrong is ever read; no file stays. */
#include "base/point.h"
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUMBERS_MAX 20000
#define STOPPED_CASES 5

/* Memory that outlives a killed child. */
typedef struct shared {
    atomic_uchar acknowledged[NUMBERS_MAX];
    atomic_uchar stored[NUMBERS_MAX];
} shared;

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;
static shared *common;

/* ---- what happens at a point ------------------------------------------- */

static const char *deadly_point; /* kill -9 at its hits_left-th hit */
static atomic_int hits_left;
static const char *_Atomic stopping_point; /* where a thread that says so, or any, waits */
static _Thread_local bool may_be_stopped;
static atomic_bool all_may_be_stopped;
static atomic_bool stopped, released;

void ll_point_hit(const char *name)
{
    const char *stopping = atomic_load(&stopping_point);

    if (deadly_point != NULL && strcmp(name, deadly_point) == 0 &&
        atomic_fetch_sub(&hits_left, 1) == 1)
        kill(getpid(), SIGKILL);
    if ((may_be_stopped || atomic_load(&all_may_be_stopped)) && stopping != NULL &&
        strcmp(name, stopping) == 0) {
        atomic_store(&stopped, true);
        while (!atomic_load(&released))
            ll_clock_sleep_us(200);
    }
}

/* ---- fixture ----------------------------------------------------------- */

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(common, MAP_FAILED);
}

static void tear_down(void)
{
    munmap(common, sizeof *common);
    folder_remove(folder);
}

static void take(void *user, uint64_t n, const ll_record *record)
{
    (void)user;
    (void)record;
    ck_assert_uint_lt(n, NUMBERS_MAX);
    atomic_store(&common->stored[n], 1);
}

static drainer *new_drainer(ll_journal *journal)
{
    drainer *d = drainer_new(journal);

    d->take = take;
    return d;
}

/* ---- killed owners ----------------------------------------------------- */

/* Goes round its ring, draining itself, until it is killed or 3,000 records are in. */
static void live_until_killed(const char *point, int hit)
{
    drainer *d = new_drainer(journal_open(&options));

    deadly_point = point;
    atomic_store(&hits_left, hit);
    for (uint64_t n = 0; n < 3000; n++) {
        while (journal_append(d->journal, n, NULL) != LLMLEARN_OK)
            drain_own(d);
        atomic_store(&common->acknowledged[n], 1);
        if (n % 50 == 49)
            drain_own(d);
    }
    _exit(0);
}

static bool killed(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
    return WIFSIGNALED(status);
}

static void check_acknowledged_is_stored(const char *point, int hit)
{
    for (int n = 0; n < NUMBERS_MAX; n++)
        ck_assert_msg(common->stored[n] || !common->acknowledged[n],
                      "killed at hit %d of %s: record %d was acknowledged and is lost", hit, point,
                      n);
}

/* The last one is there in one way only: pwrite stores the word and the payload in one call. */
static const char *const owner_points[] = {
    "make.created",   "make.locked",    "make.allocated", "make.header",
    "recycle.header", "append.claimed", "append.payload", "append.committed",
    "recycle.blank",  "recycle.zeroed", "append.word",
};
static const int owner_hits[] = { 1, 2, 7, 11, 100, 1001 };

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

START_TEST(an_owner_may_be_killed_anywhere)
{
    const char *point = owner_points[_i % COUNT(owner_points)];
    int deaths = 0;

    options.force_pwrite = _i >= COUNT(owner_points);
    for (int i = 0; i < COUNT(owner_hits); i++) {
        drainer *d;
        pid_t pid;

        memset(common, 0, sizeof *common);
        pid = fork();
        if (pid == 0)
            live_until_killed(point, owner_hits[i]);
        deaths += killed(pid);
        d = new_drainer(journal_open(&options));
        drain_others(d);
        check_acknowledged_is_stored(point, owner_hits[i]);
        ck_assert_uint_eq(d->wrong, 0);
        ck_assert_uint_le(d->holes, 1);
        ck_assert_int_eq(journal_files(directory), 0);
        ll_journal_close(d->journal);
        drainer_free(d);
    }
    ck_assert_int_ge(deaths, 3);
}
END_TEST

/* ---- killed adopters --------------------------------------------------- */

static void leave_records(void)
{
    ll_journal *journal = journal_open(&options);

    for (uint64_t n = 0; n < 200; n++) {
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
        atomic_store(&common->acknowledged[n], 1);
    }
    _exit(0);
}

static void adopt_until_killed(const char *point, int hit)
{
    drainer *d = new_drainer(journal_open(&options));

    deadly_point = point;
    atomic_store(&hits_left, hit);
    drain_others(d);
    _exit(0);
}

START_TEST(an_adopter_may_be_killed_anywhere)
{
    static const char *const points[] = { "adopt.locked", "adopt.unlink" };
    pid_t pid;

    for (int hit = 1; hit <= JOURNAL_SEGMENTS; hit++) {
        drainer *d;

        memset(common, 0, sizeof *common);
        pid = fork();
        if (pid == 0)
            leave_records();
        ck_assert(!killed(pid));
        pid = fork();
        if (pid == 0)
            adopt_until_killed(points[_i], hit);
        ck_assert(killed(pid));
        d = new_drainer(journal_open(&options));
        drain_others(d);
        check_acknowledged_is_stored(points[_i], hit);
        ck_assert_uint_eq(d->wrong + d->holes, 0);
        ck_assert_int_eq(journal_files(directory), 0);
        ll_journal_close(d->journal);
        drainer_free(d);
    }
}
END_TEST

/* ---- stopped threads --------------------------------------------------- */

static void *append_and_be_stopped(void *journal)
{
    may_be_stopped = true;
    ck_assert_int_eq(journal_append(journal, 5, NULL), LLMLEARN_OK);
    return NULL;
}

static void append_range(ll_journal *journal, uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n < to; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
}

static ll_read read_other(drainer *d)
{
    ll_segment_ref *refs = NULL;
    ll_segment_reader *reader = NULL;
    ll_record record;
    size_t count;
    uint64_t offset = 0;
    ll_read read;

    ck_assert_int_eq(ll_journal_list_others(d->journal, &refs, &count), LLMLEARN_OK);
    ck_assert_int_eq(ll_segment_reader_open(d->journal, &refs[0], &reader), LLMLEARN_OK);
    for (d->records = 0;
         (read = ll_segment_reader_next(reader, &offset, &record)) == LL_READ_RECORD;)
        d->records++;
    d->holes += ll_segment_reader_holes(reader, NULL);
    ll_segment_reader_close(reader);
    free(refs);
    return read;
}

/* A thread stops in the midst of its append, however long: whoever reads waits for it. */
START_TEST(a_stopped_append_is_waited_for)
{
    static const struct {
        const char *point;
        bool force_pwrite;
    } cases[STOPPED_CASES] = {
        { "append.claimed", false }, { "append.word", false },   { "append.payload", false },
        { "append.claimed", true },  { "append.payload", true },
    };
    ll_journal *journal;
    drainer *own, *other;
    pthread_t thread;

    options.force_pwrite = cases[_i].force_pwrite;
    journal = journal_open(&options);
    own = new_drainer(journal);
    other = new_drainer(journal_open(&options));
    stopping_point = cases[_i].point;
    append_range(journal, 0, 5);
    pthread_create(&thread, NULL, append_and_be_stopped, journal);
    while (!atomic_load(&stopped))
        ll_clock_sleep_us(200);
    ck_assert_int_ne(drain_own(own), LL_READ_FINISHED); /* nothing is behind it: the end */
    ck_assert_int_eq(read_other(other), LL_READ_END);
    append_range(journal, 6, 20);
    ck_assert_int_eq(drain_own(own), LL_READ_BLOCKED);
    ck_assert_uint_eq(own->records, 5);
    ck_assert_int_eq(read_other(other), LL_READ_BLOCKED);
    ck_assert_uint_eq(other->records, 5);
    atomic_store(&released, true);
    pthread_join(thread, NULL);
    ck_assert_int_eq(drain_own(own), LL_READ_END);
    ck_assert_int_eq(read_other(other), LL_READ_END);
    ck_assert_uint_eq(own->records, 20);
    ck_assert_uint_eq(other->records, 20);
    ck_assert_uint_eq(own->wrong + own->holes + other->holes, 0);
    ll_journal_close(other->journal);
    journal_drop(journal);
    drainer_free(own);
    drainer_free(other);
}
END_TEST

/* Committed, but not yet through: its segment, though drained, is not used anew under it. */
START_TEST(a_segment_is_not_recycled_under_an_append_that_stays_in_it)
{
    ll_journal *journal = journal_open(&options);
    drainer *d = new_drainer(journal);
    pthread_t thread;
    uint64_t n = 6;

    stopping_point = "append.committed";
    append_range(journal, 0, 5);
    pthread_create(&thread, NULL, append_and_be_stopped, journal);
    while (!atomic_load(&stopped))
        ll_clock_sleep_us(200);
    while (journal_append(journal, n, NULL) == LLMLEARN_OK)
        n++;
    drain_own(d);
    ck_assert_uint_eq(d->records, n);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_EFULL);
        ll_clock_sleep_us(1000);
    }
    atomic_store(&released, true);
    pthread_join(thread, NULL);
    while (journal_append(journal, n, NULL) != LLMLEARN_OK)
        ll_clock_sleep_us(1000);
    journal_drop(journal);
    drainer_free(d);
}
END_TEST

/* A disk that does not answer holds the keeper: pausing gives up in time, closing too, and what the
 * keeper does when it comes back touches nothing that is gone. */
START_TEST(a_stuck_keeper_holds_up_nobody)
{
    ll_journal *journal = journal_open(&options);
    drainer *d = new_drainer(journal);
    uint64_t n = 0;

    while (journal_append(journal, n, NULL) == LLMLEARN_OK)
        n++;
    atomic_store(&all_may_be_stopped, true);
    stopping_point = "recycle.zeroed";
    drain_own(d);
    while (!atomic_load(&stopped))
        ll_clock_sleep_us(200);
    ck_assert(!ll_journal_pause(journal, ll_deadline_in_ms(20)));
    ll_journal_resume(journal);
    ll_journal_unlink_drained(journal);
    ll_journal_close(journal); /* returns */
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    atomic_store(&released, true);
    /* The keeper frees the journal, which unlocks its files: then another can take them. */
    drainer *other = new_drainer(journal_open(&options));
    while (journal_files(directory) > 0)
        drain_others(other);
    ck_assert_uint_eq(other->wrong, 0);
    ll_journal_close(other->journal);
    drainer_free(other);
    drainer_free(d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_point");
    TCase *tests = tcase_create("journal_point");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_owner_may_be_killed_anywhere, 0, 2 * COUNT(owner_points) - 1);
    tcase_add_loop_test(tests, an_adopter_may_be_killed_anywhere, 0, 2);
    tcase_add_loop_test(tests, a_stopped_append_is_waited_for, 0, STOPPED_CASES);
    tcase_add_test(tests, a_segment_is_not_recycled_under_an_append_that_stays_in_it);
    tcase_add_test(tests, a_stuck_keeper_holds_up_nobody);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
