/* journal_owner_test.c - segments of others: of living processes, of killed ones, of parents whose
 * children inherited the descriptors, of other stores. Real processes throughout. */
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUMBERS_MAX 200000

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;

/* Memory that outlives a killed child: how many of its appends returned, by thread. */
typedef struct shared {
    atomic_ullong acknowledged;
    atomic_uint ready;
    atomic_uint go;
} shared;

static shared *common;
static uint8_t *seen; /* how often each number was read */

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(common, MAP_FAILED);
    seen = calloc(NUMBERS_MAX, 1);
}

static void tear_down(void)
{
    free(seen);
    munmap(common, sizeof *common);
    folder_remove(folder);
}

static void await(atomic_uint *flag, unsigned value)
{
    while (atomic_load(flag) < value)
        ll_clock_sleep_us(500);
}

static void count_one(void *user, uint64_t n, const ll_record *record)
{
    (void)user;
    (void)record;
    ck_assert_uint_lt(n, NUMBERS_MAX);
    seen[n]++;
}

/* The test itself as one that drains: it never appends. */
static drainer *open_drainer(void)
{
    drainer *d;
    int before = options.force_pwrite;

    d = drainer_new(journal_open(&options));
    d->take = count_one;
    options.force_pwrite = before;
    return d;
}

static void close_drainer(drainer *d)
{
    ll_journal_close(d->journal);
    drainer_free(d);
}

static void check_all_seen_once(uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n < to; n++)
        ck_assert_msg(seen[n] == 1, "record %llu was read %u times", (unsigned long long)n,
                      seen[n]);
}

/* ---- killed owners ----------------------------------------------------- */

/* In a child: appends for ever, writing down what was acknowledged. Drains itself when full. */
static void append_until_killed(uint64_t first, uint64_t last)
{
    ll_journal *journal = journal_open(&options);
    uint64_t n = first;

    while (n < last && journal_append(journal, n, NULL) == LLMLEARN_OK) {
        atomic_store(&common->acknowledged, ++n);
        atomic_store(&common->ready, 1);
    }
    for (;;)
        pause();
}

static pid_t start(void (*run)(uint64_t, uint64_t), uint64_t first, uint64_t last)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run(first, last);
        _exit(0);
    }
    return pid;
}

static void kill_and_wait(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

/* A child is killed at some moment of its appending; everything that was acknowledged is
 * there, once; at most the append that the kill cut off is there beside it. */
START_TEST(what_a_killed_process_appended_is_kept)
{
    drainer *d;

    options.force_pwrite = _i == 1;
    d = open_drainer();
    for (int round = 0; round < learner_rounds(40, 8); round++) {
        uint64_t first = (uint64_t)round * 1000;
        uint64_t acknowledged;
        pid_t pid;

        atomic_store(&common->acknowledged, first);
        atomic_store(&common->ready, 0);
        pid = start(append_until_killed, first, first + 1000);
        if (round % 2 == 0) /* else perhaps while it makes its segments */
            await(&common->ready, 1);
        ll_clock_sleep_us((uint32_t)(round * 37 % 400 + round % 2 * 800));
        kill_and_wait(pid);
        acknowledged = atomic_load(&common->acknowledged);
        drain_others(d);
        check_all_seen_once(first, acknowledged);
        ck_assert_uint_le(d->records, acknowledged - first + 1);
        ck_assert_uint_eq(d->wrong, 0);
        ck_assert_uint_le(d->holes, 1);
        ck_assert_int_eq(journal_files(directory), 0);
        d->records = d->holes = 0;
    }
    close_drainer(d);
}
END_TEST

static void append_some(uint64_t first, uint64_t last)
{
    ll_journal *journal = journal_open(&options);

    for (uint64_t n = first; n < last; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
    atomic_fetch_add(&common->ready, 1);
    await(&common->go, 1);
    _exit(0); /* without closing anything */
}

START_TEST(a_living_process_is_read_but_its_files_stay)
{
    drainer *d;
    pid_t pid;
    int status;

    options.force_pwrite = _i == 1;
    d = open_drainer();
    pid = start(append_some, 0, 50);
    await(&common->ready, 1);
    ck_assert_uint_eq(drain_others(d), JOURNAL_SEGMENTS);
    check_all_seen_once(0, 50);
    ck_assert_uint_eq(d->records, 50);
    ck_assert_uint_eq(d->finished, 0);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    atomic_store(&common->go, 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    drain_others(d);
    ck_assert_uint_eq(d->records, 50); /* the positions were kept */
    ck_assert_uint_eq(d->finished, JOURNAL_SEGMENTS);
    ck_assert_int_eq(journal_files(directory), 0);
    close_drainer(d);
}
END_TEST

/* Goes round its ring several times, draining itself: then another reads what is left. */
static void go_round(uint64_t first, uint64_t last)
{
    drainer *d = drainer_new(journal_open(&options));

    for (uint64_t n = first; n < last; n++) {
        while (journal_append(d->journal, n, NULL) != LLMLEARN_OK)
            drain_own(d);
    }
    atomic_store(&common->acknowledged, d->records);
    _exit(0);
}

START_TEST(recycled_segments_of_a_dead_process_hold_nothing_old)
{
    uint64_t drained;
    drainer *d;
    pid_t pid;
    int status;

    options.force_pwrite = _i == 1;
    d = open_drainer();
    pid = start(go_round, 0, 5000);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    drained = atomic_load(&common->acknowledged);
    drain_others(d);
    /* The positions of that process died with it: whole segments may be read again. */
    ck_assert_uint_ge(d->records, 5000 - drained);
    for (uint64_t n = 0; n < 5000; n++)
        ck_assert_uint_le(seen[n], 1);
    for (uint64_t n = drained; n < 5000; n++)
        ck_assert_uint_eq(seen[n], 1);
    ck_assert_uint_eq(d->holes + d->wrong, 0);
    close_drainer(d);
}
END_TEST

/* ---- fork -------------------------------------------------------------- */

/* An owner forks a worker that lives on; the worker closes, as the fork handler does. */
static void own_and_fork(uint64_t first, uint64_t last)
{
    ll_journal *journal = journal_open(&options);

    for (uint64_t n = first; n < last; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
    ck_assert(ll_journal_pause(journal, ll_deadline_in_ms(60000)));
    if (fork() == 0) {
        ll_journal_after_fork_in_child(journal);
        atomic_fetch_add(&common->ready, 1);
        await(&common->go, 1);
        _exit(0);
    }
    ll_journal_resume(journal);
    ck_assert_int_eq(journal_append(journal, last, NULL), LLMLEARN_OK);
    atomic_fetch_add(&common->ready, 1);
    for (;;)
        pause();
}

START_TEST(a_forked_worker_neither_keeps_nor_drops_its_parents_lock)
{
    drainer *d;
    pid_t pid;

    options.force_pwrite = _i == 1;
    d = open_drainer();
    pid = start(own_and_fork, 0, 20);
    await(&common->ready, 2);
    drain_others(d);
    ck_assert_uint_eq(d->finished, 0); /* the parent is alive and must look so */
    kill_and_wait(pid);
    drain_others(d); /* while the worker lives */
    ck_assert_uint_eq(d->finished, JOURNAL_SEGMENTS);
    check_all_seen_once(0, 21);
    ck_assert_int_eq(journal_files(directory), 0);
    atomic_store(&common->go, 1);
    close_drainer(d);
}
END_TEST

/* Whoever reads a dead segment holds its lock: a child forked then must let go of it too. */
START_TEST(a_forked_child_does_not_keep_what_its_parent_adopted)
{
    ll_segment_ref *refs = NULL;
    ll_segment_reader *reader = NULL;
    size_t count = 0;
    drainer *d = open_drainer();
    pid_t child;

    atomic_store(&common->go, 1);
    waitpid(start(append_some, 0, 5), NULL, 0);
    atomic_store(&common->go, 0);
    ck_assert_int_eq(ll_journal_list_others(d->journal, &refs, &count), LLMLEARN_OK);
    ck_assert_uint_eq(count, JOURNAL_SEGMENTS);
    ck_assert_int_eq(ll_segment_reader_open(d->journal, &refs[0], &reader), LLMLEARN_OK);
    ck_assert(!ll_segment_reader_owner_is_alive(reader));
    child = fork();
    if (child == 0) {
        ll_journal_after_fork_in_child(d->journal);
        await(&common->go, 1);
        _exit(0);
    }
    ll_segment_reader_close(reader);
    /* Without a lock the child takes its time to be scheduled: ask until it has let go. */
    for (bool alive = true; alive;) {
        ck_assert_int_eq(ll_segment_reader_open(d->journal, &refs[0], &reader), LLMLEARN_OK);
        alive = ll_segment_reader_owner_is_alive(reader);
        ll_segment_reader_close(reader);
    }
    drain_others(d);
    check_all_seen_once(0, 5);
    atomic_store(&common->go, 1);
    waitpid(child, NULL, 0);
    free(refs);
    close_drainer(d);
}
END_TEST

/* ---- foreign and blank files ------------------------------------------- */

START_TEST(segments_of_another_store_are_counted_and_left_alone)
{
    drainer *d;

    waitpid((atomic_store(&common->go, 1), start(append_some, 0, 5)), NULL, 0);
    options.store_id[3] ^= 1;
    d = open_drainer();
    ck_assert_uint_eq(drain_others(d), 0);
    ll_journal_state state;
    ll_journal_get_state(d->journal, &state);
    ck_assert_uint_eq(state.foreign_segments, JOURNAL_SEGMENTS);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    close_drainer(d);
    options.store_id[3] ^= 1;
    d = open_drainer();
    drain_others(d);
    check_all_seen_once(0, 5);
    close_drainer(d);
}
END_TEST

static void plant(const char *name, const void *data, size_t bytes)
{
    char path[2 * FOLDER_PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file_write(path, data, bytes);
}

START_TEST(half_made_files_of_dead_makers_are_removed_and_strangers_are_not)
{
    static const uint8_t zeros[JOURNAL_SEGMENT_BYTES];
    uint8_t noise[JOURNAL_SEGMENT_BYTES];
    ll_journal_state state;
    drainer *d = open_drainer();

    memset(noise, 0xa5, sizeof noise);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    plant("00000000000000000000000000000001.segment", zeros, 0);
    plant("00000000000000000000000000000002.segment", zeros, 100);
    plant("00000000000000000000000000000003.segment", zeros, sizeof zeros);
    plant("00000000000000000000000000000004.segment", noise, sizeof noise);
    plant("00000000000000000000000000000005.segment", noise, 10);
    plant("0000000000000000000000000000000X.segment", zeros, 0);
    plant("notes.txt", zeros, 0);
    ck_assert_uint_eq(drain_others(d), 0);
    ck_assert_int_eq(journal_files(directory), 4);
    ll_journal_get_state(d->journal, &state);
    ck_assert_uint_eq(state.foreign_segments, 2);
    close_drainer(d);
}
END_TEST

START_TEST(a_blank_file_whose_maker_is_alive_stays)
{
    static const char name[] = "00000000000000000000000000000001.segment";
    char path[2 * FOLDER_PATH_BYTES];
    drainer *d = open_drainer();
    int fd;

    ck_assert_int_eq(mkdir(directory, 0700), 0);
    plant(name, "", 0);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    fd = open(path, O_RDWR);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    drain_others(d);
    ck_assert(file_exists(path));
    close(fd);
    drain_others(d);
    ck_assert(!file_exists(path));
    close_drainer(d);
}
END_TEST

START_TEST(links_and_folders_that_look_like_segments_are_not_followed)
{
    char path[2 * FOLDER_PATH_BYTES], target[2 * FOLDER_PATH_BYTES];
    drainer *d = open_drainer();

    ck_assert_int_eq(mkdir(directory, 0700), 0);
    snprintf(target, sizeof target, "%s/precious", folder);
    file_write(target, "", 0);
    snprintf(path, sizeof path, "%s/00000000000000000000000000000001.segment", directory);
    ck_assert_int_eq(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s/00000000000000000000000000000002.segment", directory);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/00000000000000000000000000000003.segment", directory);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_uint_eq(drain_others(d), 0);
    ck_assert(file_exists(target));
    ck_assert_int_eq(journal_files(directory), 3);
    close_drainer(d);
}
END_TEST

static uint64_t log_lines;

static void count_line(void *user, llmlearn_log_level level, const char *message_id,
                       const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    log_lines += strcmp(message_id, "journal-foreign-segments") == 0;
}

START_TEST(foreign_files_are_told_of_once)
{
    ll_log log = { count_line, NULL };
    drainer *d;

    options.log = &log;
    d = open_drainer();
    log_lines = 0;
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    plant("00000000000000000000000000000001.segment", "stranger", 8);
    for (int i = 0; i < 3; i++)
        drain_others(d);
    ck_assert_uint_eq(log_lines, 1);
    plant("00000000000000000000000000000002.segment", "stranger", 8);
    drain_others(d);
    ck_assert_uint_eq(log_lines, 2);
    close_drainer(d);
}
END_TEST

/* ---- two in one process ------------------------------------------------ */

START_TEST(two_journals_of_one_process_see_each_other_as_others)
{
    ll_journal *a = journal_open(&options);
    drainer *d = open_drainer();

    ck_assert_int_eq(journal_append(a, 1, NULL), LLMLEARN_OK);
    ck_assert_int_eq(journal_append(d->journal, 2, NULL), LLMLEARN_OK);
    ck_assert_uint_eq(drain_others(d), JOURNAL_SEGMENTS);
    ck_assert_uint_eq(seen[1], 1);
    ck_assert_uint_eq(seen[2], 0);
    drain_own(d);
    ck_assert_uint_eq(seen[2], 1);
    ck_assert_uint_eq(d->finished, 0);
    ll_journal_close(a); /* what it had drained by others it cannot know: its files stay */
    ck_assert_int_eq(journal_files(directory), 2 * JOURNAL_SEGMENTS);
    drain_others(d);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    ck_assert_uint_eq(seen[1], 1);
    journal_drop(d->journal);
    drainer_free(d);
}
END_TEST

START_TEST(an_undrained_journal_leaves_only_what_holds_records)
{
    drainer *d = open_drainer();
    ll_journal *a = journal_open(&options);
    uint64_t n = 0;
    ll_journal_state state;

    do {
        ck_assert_int_eq(journal_append(a, n++, NULL), LLMLEARN_OK);
        ll_journal_get_state(a, &state);
    } while (state.tail < 2 * (JOURNAL_SEGMENT_BYTES - 4096) + 10000);
    ll_journal_set_drained(a, JOURNAL_SEGMENT_BYTES); /* the first segment and a little more */
    ll_journal_unlink_drained(a);
    ll_journal_close(a);
    ck_assert_int_eq(journal_files(directory), 2);
    drain_others(d);
    ck_assert_uint_eq(seen[n - 1], 1);
    ck_assert_uint_eq(seen[0], 0);
    ck_assert_int_eq(journal_files(directory), 0);
    close_drainer(d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_owner");
    TCase *tests = tcase_create("journal_owner");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_a_killed_process_appended_is_kept, 0, 2);
    tcase_add_loop_test(tests, a_living_process_is_read_but_its_files_stay, 0, 2);
    tcase_add_loop_test(tests, recycled_segments_of_a_dead_process_hold_nothing_old, 0, 2);
    tcase_add_loop_test(tests, a_forked_worker_neither_keeps_nor_drops_its_parents_lock, 0, 2);
    tcase_add_test(tests, a_forked_child_does_not_keep_what_its_parent_adopted);
    tcase_add_test(tests, segments_of_another_store_are_counted_and_left_alone);
    tcase_add_test(tests, half_made_files_of_dead_makers_are_removed_and_strangers_are_not);
    tcase_add_test(tests, a_blank_file_whose_maker_is_alive_stays);
    tcase_add_test(tests, links_and_folders_that_look_like_segments_are_not_followed);
    tcase_add_test(tests, foreign_files_are_told_of_once);
    tcase_add_test(tests, two_journals_of_one_process_see_each_other_as_others);
    tcase_add_test(tests, an_undrained_journal_leaves_only_what_holds_records);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
