/* journal_disk_test.c - a journal whose disk, memory or folder says no: the n-th call fails, once
 * or from then on, until it says yes again. */
/* link: -Wl,--wrap=pwrite,--wrap=pwritev,--wrap=posix_fallocate,--wrap=mmap */
/* link: -Wl,--wrap=pread */
/* link: -Wl,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=aligned_alloc */
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;

/* ---- calls that fail when they are told to ----------------------------- */

/* Counts down; fails at 0, and after that too if `forever`. Negative: never. */
typedef struct failing {
    atomic_int left;
    atomic_bool forever;
    atomic_int calls;
    int error;
} failing;

static failing writes = { .left = -1, .error = ENOSPC };
static failing allocations_on_disk = { .left = -1, .error = ENOSPC };
static failing maps = { .left = -1, .error = ENOMEM };
static failing memory = { .left = -1, .error = ENOMEM };
static atomic_long bad_block = -1; /* of every file */

static void fail_at(failing *f, int n, bool forever)
{
    atomic_store(&f->forever, forever);
    atomic_store(&f->left, n);
}

static void fail_never(failing *f)
{
    atomic_store(&f->left, -1);
    atomic_store(&f->forever, false);
}

static bool fails(failing *f)
{
    int left = atomic_load(&f->left);

    atomic_fetch_add(&f->calls, 1);
    if (left < 0)
        return false;
    if (left > 0) {
        atomic_store(&f->left, left - 1);
        return false;
    }
    if (!atomic_load(&f->forever))
        atomic_store(&f->left, -1);
    errno = f->error;
    return true;
}

ssize_t __real_pwrite(int fd, const void *data, size_t bytes, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t bytes, off_t at);
ssize_t __real_pwritev(int fd, const struct iovec *pieces, int count, off_t at);
ssize_t __wrap_pwritev(int fd, const struct iovec *pieces, int count, off_t at);
ssize_t __real_pread(int fd, void *data, size_t bytes, off_t at);
ssize_t __wrap_pread(int fd, void *data, size_t bytes, off_t at);
int __real_posix_fallocate(int fd, off_t at, off_t bytes);
int __wrap_posix_fallocate(int fd, off_t at, off_t bytes);
void *__real_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t from);
void *__wrap_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t from);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
void *__real_aligned_alloc(size_t grain, size_t bytes);
void *__wrap_aligned_alloc(size_t grain, size_t bytes);

/* Half of what it was asked for, first: a short write is no failure. */
ssize_t __wrap_pwrite(int fd, const void *data, size_t bytes, off_t at)
{
    if (fails(&writes))
        return -1;
    return __real_pwrite(fd, data, bytes > 16 ? bytes / 2 : bytes, at);
}

ssize_t __wrap_pwritev(int fd, const struct iovec *pieces, int count, off_t at)
{
    struct iovec first = pieces[0];

    if (fails(&writes))
        return -1;
    if (count % 2 == 0)
        return __real_pwritev(fd, pieces, count, at);
    first.iov_len = first.iov_len / 2 + 1;
    return __real_pwritev(fd, &first, 1, at);
}

/* One block of 4 KiB gives EIO; a read over it ends before. */
ssize_t __wrap_pread(int fd, void *data, size_t bytes, off_t at)
{
    off_t bad = atomic_load(&bad_block);

    if (bad < 0 || at >= bad + 4096 || at + (off_t)bytes <= bad)
        return __real_pread(fd, data, bytes, at);
    if (at < bad)
        return __real_pread(fd, data, (size_t)(bad - at), at);
    errno = EIO;
    return -1;
}

int __wrap_posix_fallocate(int fd, off_t at, off_t bytes)
{
    return fails(&allocations_on_disk) ? allocations_on_disk.error
                                       : __real_posix_fallocate(fd, at, bytes);
}

void *__wrap_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t from)
{
    return fd >= 0 && fails(&maps) ? MAP_FAILED : __real_mmap(at, bytes, access, flags, fd, from);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails(&memory) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails(&memory) ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails(&memory) ? NULL : __real_strdup(text);
}

void *__wrap_aligned_alloc(size_t grain, size_t bytes)
{
    return fails(&memory) ? NULL : __real_aligned_alloc(grain, bytes);
}

/* ---- fixture ----------------------------------------------------------- */

#define NUMBERS_MAX 4096

typedef struct tally {
    uint8_t acknowledged[NUMBERS_MAX];
    uint8_t read[NUMBERS_MAX];
} tally;

static tally counts;

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
}

static void tear_down(void)
{
    folder_remove(folder);
}

static void count_one(void *user, uint64_t n, const ll_record *record)
{
    (void)user;
    (void)record;
    ck_assert_uint_lt(n, NUMBERS_MAX);
    counts.read[n]++;
}

static llmlearn_err append(ll_journal *journal, uint64_t n)
{
    llmlearn_err err = journal_append(journal, n, NULL);

    counts.acknowledged[n] = err == LLMLEARN_OK;
    return err;
}

static void check_tally(void)
{
    for (int n = 0; n < NUMBERS_MAX; n++)
        ck_assert_msg(counts.read[n] == counts.acknowledged[n], "record %d: %s, read %u times", n,
                      counts.acknowledged[n] ? "acknowledged" : "refused", counts.read[n]);
}

static drainer *start_draining(ll_journal *journal)
{
    drainer *d = drainer_new(journal);

    memset(&counts, 0, sizeof counts);
    d->take = count_one;
    return d;
}

/* ---- pwrite mode ------------------------------------------------------- */

START_TEST(a_failed_write_costs_its_own_record_alone)
{
    options.force_pwrite = true;
    for (int n = 0; n < 40; n++) {
        ll_journal *journal = journal_open(&options);
        drainer *d = start_draining(journal);
        int refused = 0;

        ck_assert_int_eq(append(journal, 0), LLMLEARN_OK);
        fail_at(&writes, n, false);
        for (uint64_t i = 1; i < 60; i++) {
            llmlearn_err err = append(journal, i);

            ck_assert(err == LLMLEARN_OK || err == LLMLEARN_EFULL || err == LLMLEARN_EIO);
            refused += err != LLMLEARN_OK;
        }
        fail_never(&writes);
        ck_assert_int_le(refused, 1);
        ck_assert_int_ne(drain_own(d), LL_READ_BLOCKED);
        check_tally();
        ck_assert_uint_eq(d->wrong + d->holes, 0);
        journal_drop(journal);
        drainer_free(d);
    }
}
END_TEST

/* The disk is full for a while: appends say so, readers wait or go on, then all is well. */
START_TEST(a_full_disk_is_mended_when_there_is_space_again)
{
    options.force_pwrite = true;
    for (int n = 0; n < 12; n++) {
        ll_journal *journal = journal_open(&options);
        drainer *d = start_draining(journal);
        uint64_t i = 1;

        ck_assert_int_eq(append(journal, 0), LLMLEARN_OK);
        fail_at(&writes, n, true);
        while (append(journal, i++) == LLMLEARN_OK)
            ;
        ck_assert_int_ne(append(journal, i++), LLMLEARN_OK);
        ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "journal"));
        drain_own(d);
        fail_never(&writes);
        while (append(journal, i++) != LLMLEARN_OK)
            ll_clock_sleep_us(1000); /* the keeper pads the place */
        ck_assert_int_ne(drain_own(d), LL_READ_BLOCKED);
        check_tally();
        ck_assert_uint_eq(d->wrong + d->holes, 0);
        journal_drop(journal);
        drainer_free(d);
    }
}
END_TEST

/* ---- recycling --------------------------------------------------------- */

static atomic_uint recycle_complaints;

static void hear(void *user, llmlearn_log_level level, const char *message_id, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    recycle_complaints += strcmp(message_id, "journal-recycle-failed") == 0;
}

static uint64_t fill(ll_journal *journal, uint64_t n)
{
    while (append(journal, n) == LLMLEARN_OK)
        n++;
    return n;
}

START_TEST(a_segment_that_cannot_be_recycled_is_tried_again)
{
    ll_log log = { hear, NULL };
    ll_journal *journal;
    ll_segment_ref refs[JOURNAL_SEGMENTS];
    drainer *d;
    uint64_t n;

    options.force_pwrite = _i == 1;
    options.log = &log;
    journal = journal_open(&options);
    d = start_draining(journal);
    n = fill(journal, 0);
    ck_assert_uint_eq(ll_journal_own_segments(journal, refs, JOURNAL_SEGMENTS), JOURNAL_SEGMENTS);

    fail_at(&writes, 1, false); /* the second copy of the blank header */
    ck_assert_int_eq(ll_journal_retire(journal, &refs[0]), LLMLEARN_EFULL);
    ck_assert(ll_journal_pause(journal, ll_deadline_in_ms(60000)));
    drain_own(d); /* reads what it retires in full: none of it was lost */
    fail_at(&writes, 0, true);
    ll_journal_resume(journal);
    while (atomic_load(&recycle_complaints) == 0)
        ll_clock_sleep_us(1000);
    ck_assert_int_eq(append(journal, n), LLMLEARN_EFULL);
    fail_never(&writes);
    while (append(journal, n) != LLMLEARN_OK)
        ll_clock_sleep_us(1000);
    ck_assert_uint_eq(atomic_load(&recycle_complaints), 1);
    drain_own(d);
    check_tally();
    journal_drop(journal);
    drainer_free(d);
}
END_TEST

/* ---- the first append -------------------------------------------------- */

/* The error of a first append, after which no file is left. */
static llmlearn_err first_append(void)
{
    ll_journal *journal = journal_open(&options);
    llmlearn_err err = journal_append(journal, 1, NULL);

    if (err != LLMLEARN_OK)
        ck_assert_int_eq(journal_files(directory), 0);
    journal_drop(journal);
    return err;
}

START_TEST(a_disk_too_small_for_the_segments_is_found_out_at_once)
{
    for (int n = 0; n < JOURNAL_SEGMENTS; n++) {
        fail_at(&allocations_on_disk, n, false);
        ck_assert_int_eq(first_append(), LLMLEARN_EFULL);
        ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "allocating"));
        fail_at(&maps, n, false);
        ck_assert_int_eq(first_append(), LLMLEARN_ENOMEM);
    }
    for (int n = 0; n < 4 * JOURNAL_SEGMENTS; n++) { /* two copies, blank and with the uuid */
        fail_at(&writes, n, false);
        ck_assert_int_eq(first_append(), LLMLEARN_EFULL);
    }
    ck_assert_int_eq(first_append(), LLMLEARN_OK);
}
END_TEST

START_TEST(a_disk_with_too_little_space_is_not_filled_first)
{
    options.segment_bytes = UINT64_C(64) << 20;
    options.bytes_max = UINT64_C(16384) * options.segment_bytes;
    ck_assert_int_eq(first_append(), LLMLEARN_EFULL);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "free"));
    ck_assert_int_eq(atomic_load(&allocations_on_disk.calls), 0);
}
END_TEST

START_TEST(a_failed_first_append_is_tried_again_but_not_at_every_call)
{
    ll_journal *journal = journal_open(&options);
    uint64_t start = ll_clock_monotonic_ns();
    int tries;

    fail_at(&allocations_on_disk, 0, true);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_EFULL);
        ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "allocating"));
    }
    tries = atomic_load(&allocations_on_disk.calls);
    ck_assert_uint_le((unsigned)tries, 1 + (ll_clock_monotonic_ns() - start) / 1000000000);
    fail_never(&allocations_on_disk);
    while (journal_append(journal, 1, NULL) != LLMLEARN_OK)
        ll_clock_sleep_us(10000);
    journal_drop(journal);
}
END_TEST

/* Over the limit the kernel would send SIGXFSZ, which ends the process. */
START_TEST(a_file_size_limit_is_an_error_not_a_signal)
{
    struct rlimit limit = { 10000, RLIM_INFINITY };

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(first_append(), LLMLEARN_EFULL);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "limit"));
}
END_TEST

/* ---- unreadable blocks ------------------------------------------------- */

START_TEST(a_bad_block_of_a_dead_segment_costs_what_lies_in_it)
{
    ll_journal *journal = journal_open(&options);
    drainer *d;
    int lost = 0;

    for (uint64_t n = 0; n < 400; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
    ll_journal_close(journal);
    d = start_draining(journal_open(&options));
    atomic_store(&bad_block, 16384);
    drain_others(d);
    atomic_store(&bad_block, -1);
    for (int n = 0; n < 400; n++)
        lost += counts.read[n] == 0;
    ck_assert_int_gt(lost, 0);
    ck_assert_uint_eq(d->records, 400 - (unsigned)lost);
    ck_assert_uint_eq(d->wrong, 0);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS); /* kept under another name */
    drain_others(d);
    ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    ck_assert_uint_eq(d->records, 400 - (unsigned)lost);
    ll_journal_close(d->journal);
    drainer_free(d);
}
END_TEST

START_TEST(a_bad_block_of_a_living_segment_is_an_error)
{
    ll_journal *journal = journal_open(&options);
    ll_segment_reader *reader = NULL;
    ll_segment_ref ref;
    uint64_t offset = 0;
    ll_record record;

    for (uint64_t n = 0; n < 20; n++)
        ck_assert_int_eq(journal_append(journal, n, NULL), LLMLEARN_OK);
    ck_assert_uint_eq(ll_journal_own_segments(journal, &ref, 1), 1);
    ck_assert_int_eq(ll_segment_reader_open(journal, &ref, &reader), LLMLEARN_OK);
    atomic_store(&bad_block, 4096);
    ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_ERROR);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), ref.name));
    atomic_store(&bad_block, -1);
    ck_assert_int_eq(ll_segment_reader_next(reader, &offset, &record), LL_READ_RECORD);
    ll_segment_reader_close(reader);
    journal_drop(journal);
}
END_TEST

/* ---- memory ------------------------------------------------------------ */

/* One whole life: the first thing that fails. */
static llmlearn_err live(void)
{
    ll_journal *journal = NULL;
    ll_segment_ref *others = NULL, own;
    ll_segment_reader *reader = NULL;
    size_t count;
    llmlearn_err err = ll_journal_open(&options, &journal);

    if (err == LLMLEARN_OK)
        err = journal_append(journal, 1, NULL);
    if (err == LLMLEARN_OK)
        err = ll_journal_list_others(journal, &others, &count);
    if (err == LLMLEARN_OK && ll_journal_own_segments(journal, &own, 1) == 1)
        err = ll_segment_reader_open(journal, &own, &reader);
    if (err == LLMLEARN_OK) {
        uint64_t offset = 0;
        ll_record record;

        if (ll_segment_reader_next(reader, &offset, &record) == LL_READ_ERROR)
            err = LLMLEARN_ENOMEM;
        else
            ck_assert_uint_eq(journal_number(&record), 1);
    }
    ll_segment_reader_close(reader);
    free(others);
    if (journal != NULL)
        journal_drop(journal);
    return err;
}

START_TEST(every_allocation_may_fail)
{
    ll_journal *stranger = journal_open(&options); /* something to list */
    int n = 0;
    llmlearn_err err;

    ck_assert_int_eq(journal_append(stranger, 1, NULL), LLMLEARN_OK);
    do {
        fail_at(&memory, n++, _i == 1);
        err = live();
        fail_never(&memory);
        ck_assert(err == LLMLEARN_OK || err == LLMLEARN_ENOMEM);
        ck_assert_int_eq(journal_files(directory), JOURNAL_SEGMENTS);
    } while (err != LLMLEARN_OK);
    ck_assert_int_gt(n, 6);
    journal_drop(stranger);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_disk");
    TCase *tests = tcase_create("journal_disk");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_failed_write_costs_its_own_record_alone);
    tcase_add_test(tests, a_full_disk_is_mended_when_there_is_space_again);
    tcase_add_loop_test(tests, a_segment_that_cannot_be_recycled_is_tried_again, 0, 2);
    tcase_add_test(tests, a_disk_too_small_for_the_segments_is_found_out_at_once);
    tcase_add_test(tests, a_disk_with_too_little_space_is_not_filled_first);
    tcase_add_test(tests, a_failed_first_append_is_tried_again_but_not_at_every_call);
    tcase_add_test(tests, a_file_size_limit_is_an_error_not_a_signal);
    tcase_add_test(tests, a_bad_block_of_a_dead_segment_costs_what_lies_in_it);
    tcase_add_test(tests, a_bad_block_of_a_living_segment_is_an_error);
    tcase_add_loop_test(tests, every_allocation_may_fail, 0, 2);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
