/* Sizes that the options allow, at their limits: what is allowed opens. */
#include "support/expect.h"
#include "support/folder.h"

#include <stdio.h>
#include <stdlib.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (MIB * KIB)
#define TIB (GIB * KIB)

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];

static void set_up(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
}

static void tear_down(void)
{
    folder_remove(folder);
}

static llmlearn_err try_sizes(uint64_t journal_bytes, uint64_t segment_bytes)
{
    llmlearn_options options;
    llmlearn *learner = NULL;
    llmlearn_err err;

    llmlearn_options_init(&options, sizeof options);
    options.path = path;
    options.journal_bytes_max = journal_bytes;
    options.segment_bytes = segment_bytes;
    err = llmlearn_open(&options, &learner);
    if (err == LLMLEARN_OK)
        expect_ok(llmlearn_close(learner, 0));
    else
        ck_assert_ptr_null(learner);
    return err;
}

START_TEST(journals_of_every_allowed_size_open)
{
    expect_ok(try_sizes(0, 0));
    for (uint64_t bytes = MIB; bytes <= TIB; bytes *= 2)
        expect_ok(try_sizes(bytes, 0));
    expect_ok(try_sizes(MIB, 64 * KIB));
    expect_ok(try_sizes(TIB, 64 * MIB));
}
END_TEST

START_TEST(sizes_beyond_are_refused_by_name)
{
    expect_err(try_sizes(MIB - 1, 0), LLMLEARN_EINVAL, "journal_bytes_max");
    expect_err(try_sizes(TIB + 1, 0), LLMLEARN_EINVAL, "journal_bytes_max");
    expect_err(try_sizes(MIB, 64 * KIB - 1), LLMLEARN_EINVAL, "segment_bytes");
    expect_err(try_sizes(MIB, MIB / 2), LLMLEARN_EINVAL, "segment_bytes");
    expect_err(try_sizes(TIB, 128 * MIB), LLMLEARN_EINVAL, "segment_bytes");
    expect_err(try_sizes(TIB, 32 * MIB), LLMLEARN_EINVAL, "segment_bytes");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, journals_of_every_allowed_size_open);
    tcase_add_test(tests, sizes_beyond_are_refused_by_name);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
