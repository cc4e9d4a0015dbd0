/* journal_pages_test.c - a ring large enough for the keeper to make pages ready ahead and to take
 * them out of the map behind, on a new kernel and on one without MADV_POPULATE_WRITE. */
/* link: -Wl,--wrap=madvise */
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"
#include "support/learners.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define THREADS 2

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;
static ll_journal *journal;
static uint64_t each;
static atomic_bool old_kernel;
static atomic_uint released, refused;

int __real_madvise(void *at, size_t bytes, int advice);
int __wrap_madvise(void *at, size_t bytes, int advice);

int __wrap_madvise(void *at, size_t bytes, int advice)
{
    released += advice == MADV_DONTNEED;
    if (advice == MADV_POPULATE_WRITE && atomic_load(&old_kernel)) {
        refused++;
        errno = EINVAL;
        return -1;
    }
    return __real_madvise(at, bytes, advice);
}

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(directory, sizeof directory, "%s/j", folder);
    journal_options(directory, &options);
    options.segment_bytes = UINT64_C(2) << 20;
    options.bytes_max = UINT64_C(12) << 20;
    each = (uint64_t)learner_rounds(40000, 12000);
}

static void tear_down(void)
{
    folder_remove(folder);
}

static void *append_all(void *argument)
{
    uint64_t first = *(uint64_t *)argument;

    for (uint64_t n = first; n < first + each; n++) {
        while (journal_append(journal, n, NULL) != LLMLEARN_OK)
            ll_clock_sleep_us(200);
    }
    return NULL;
}

START_TEST(every_record_is_whole_whatever_the_keeper_does_with_the_pages)
{
    uint64_t first[THREADS] = { 0, each };
    pthread_t threads[THREADS];
    drainer *d;

    atomic_store(&old_kernel, _i == 1);
    journal = journal_open(&options);
    d = drainer_new(journal);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, append_all, &first[i]);
    while (d->records < THREADS * each)
        drain_own(d);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(d->records, THREADS * each);
    ck_assert_uint_eq(d->wrong + d->holes, 0);
    ck_assert_uint_gt(released, 0);
    ck_assert((refused > 0) == (_i == 1));
    journal_drop(journal);
    drainer_free(d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_pages");
    TCase *tests = tcase_create("journal_pages");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_record_is_whole_whatever_the_keeper_does_with_the_pages, 0, 2);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
