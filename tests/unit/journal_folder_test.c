/* journal_folder_test.c - where a journal may live: folders of the right owner and mode, on file
 * systems whose locks and pages can be trusted. */
/* link: -Wl,--wrap=statfs */
#include "journal/journal.h"
#include "support/folder.h"
#include "support/journals.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[FOLDER_PATH_BYTES];
static char directory[FOLDER_PATH_BYTES + 8];
static ll_journal_options options;
static atomic_long pretended_filesystem;

int __real_statfs(const char *path, struct statfs *out);
int __wrap_statfs(const char *path, struct statfs *out);

int __wrap_statfs(const char *path, struct statfs *out)
{
    int status = __real_statfs(path, out);

    if (atomic_load(&pretended_filesystem) != 0)
        out->f_type = (__fsword_t)atomic_load(&pretended_filesystem);
    return status;
}

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

/* The error of a first append. */
static llmlearn_err first_append(void)
{
    ll_journal *journal = journal_open(&options);
    llmlearn_err err = journal_append(journal, 1, NULL);

    journal_drop(journal);
    return err;
}

/* ---- folders ----------------------------------------------------------- */

START_TEST(a_folder_that_others_can_write_is_refused)
{
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(chmod(directory, 0722), 0);
    ck_assert_int_eq(first_append(), LLMLEARN_EIO);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "0722"));
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert_int_eq(first_append(), LLMLEARN_OK);
}
END_TEST

START_TEST(a_folder_of_another_user_is_refused)
{
    if (geteuid() != 0) {
        puts("SKIP only root can make a folder of another user");
        return;
    }
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(chown(directory, 12345, 12345), 0);
    ck_assert_int_eq(first_append(), LLMLEARN_EIO);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "12345"));
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error)
{
    char target[2 * FOLDER_PATH_BYTES], nowhere[2 * FOLDER_PATH_BYTES];

    snprintf(target, sizeof target, "%s/elsewhere", folder);
    ck_assert_int_eq(mkdir(target, 0700), 0);
    ck_assert_int_eq(symlink(target, directory), 0);
    ck_assert_int_eq(first_append(), LLMLEARN_EIO);
    ck_assert_int_eq(journal_files(target), 0);
    ck_assert_int_eq(unlink(directory), 0);
    file_write(directory, "", 0);
    ck_assert_int_eq(first_append(), LLMLEARN_EIO);
    snprintf(nowhere, sizeof nowhere, "%s/no/such/folder", folder);
    options.directory = nowhere;
    ck_assert_int_eq(first_append(), LLMLEARN_EIO);
}
END_TEST

/* ---- file systems ------------------------------------------------------ */

START_TEST(the_file_system_decides_how_is_written)
{
    static const struct {
        long magic;
        llmlearn_err err;
        bool mapped;
    } kinds[] = {
        { 0xef53, LLMLEARN_OK, true },
        { 0x01021994, LLMLEARN_OK, true },
        { 0x58465342, LLMLEARN_OK, false },
        { 0x9123683e, LLMLEARN_OK, false },
        { 0x794c7630, LLMLEARN_OK, false },
        { 0x12345678, LLMLEARN_OK, false },
        { 0x6969, LLMLEARN_EUNSUPPORTED, false },
        { 0xff534d42, LLMLEARN_EUNSUPPORTED, false },
        { 0x65735546, LLMLEARN_EUNSUPPORTED, false },
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ll_journal *journal = NULL;
        ll_journal_state state;

        atomic_store(&pretended_filesystem, kinds[i].magic);
        ck_assert_int_eq(ll_journal_open(&options, &journal), kinds[i].err);
        if (journal == NULL)
            continue;
        ck_assert_int_eq(journal_append(journal, 1, NULL), LLMLEARN_OK);
        ll_journal_get_state(journal, &state);
        ck_assert(state.mapped == kinds[i].mapped);
        journal_drop(journal);
    }
}
END_TEST

/* ---- descriptors ------------------------------------------------------- */

/* A host that closed its standard descriptors and prints would print into a segment. */
START_TEST(segments_never_take_a_standard_descriptor)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct stat about;

        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        ll_journal *journal = journal_open(&options);
        bool ok = journal_append(journal, 1, NULL) == LLMLEARN_OK;

        for (int fd = 0; fd <= STDERR_FILENO; fd++)
            ok &= fstat(fd, &about) != 0;
        _exit(ok ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal_folder");
    TCase *tests = tcase_create("journal_folder");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_folder_that_others_can_write_is_refused);
    tcase_add_test(tests, a_folder_of_another_user_is_refused);
    tcase_add_test(tests, a_folder_that_cannot_be_made_is_an_error);
    tcase_add_test(tests, the_file_system_decides_how_is_written);
    tcase_add_test(tests, segments_never_take_a_standard_descriptor);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
