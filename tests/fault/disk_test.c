/* A disk that fills up or turns read-only under a learner, and comes back: errors meanwhile,
 * no signal, nothing acknowledged lost, and it goes on by itself.
 *
 * Needs a file system of its own, a tmpfs: only root may mount one, so in a mount namespace
 * of the test's process. */
#include "support/acknowledged.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#define DISK "size=8m,mode=0755"
/* It goes on within 2 s; a slow machine is given more. */
#define BACK_SECONDS 20

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static char filler[FOLDER_PATH_BYTES + 32];
static acknowledged *list;

static bool mount_disk(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, DISK) == 0;
}

static bool have_disk;

static void set_up(void)
{
    folder_make(folder);
    have_disk = mount_disk();
    if (!have_disk) {
        printf("SKIP no tmpfs of our own: %s\n", strerror(errno));
        fflush(stdout);
    }
    snprintf(path, sizeof path, "%s/a.db", folder);
    snprintf(filler, sizeof filler, "%s/filler", folder);
    list = acknowledged_new(10000);
}

static void tear_down(void)
{
    if (have_disk)
        ck_assert_int_eq(umount(folder), 0);
    folder_remove(folder);
    acknowledged_free(list);
}

static void fill_disk(void)
{
    static const char zeros[4096];
    int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0600);

    ck_assert_int_ge(fd, 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    close(fd);
}

static void free_disk(void)
{
    ck_assert_int_eq(unlink(filler), 0);
}

static void remount(unsigned long flags)
{
    ck_assert_msg(mount("tmpfs", folder, "tmpfs", MS_REMOUNT | flags, DISK) == 0, "%s",
                  strerror(errno));
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static llmlearn_err try_vote(llmlearn *learner, const llmlearn_id *id, const char *user)
{
    const llmlearn_feedback f = { .struct_size = sizeof f,
                                  .vote = LLMLEARN_HELPFUL,
                                  .explanation_id = *id,
                                  .user = user,
                                  .deadline_ms = 300 };
    llmlearn_err err = llmlearn_submit_feedback(learner, &f, NULL);

    if (err == LLMLEARN_OK)
        acknowledged_vote(list, id, user, true);
    return err;
}

static llmlearn_err try_log(llmlearn *learner, llmlearn_id *out_id)
{
    char text[4000];
    llmlearn_err err;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err = learner_log(learner, text, out_id);
    if (err == LLMLEARN_OK)
        acknowledged_explanation(list, out_id);
    return err;
}

/* Until the call is OK again; how long that took. */
static double wait_until_back(llmlearn *learner, bool votes, const char *user, llmlearn_id *id)
{
    double start = seconds_now();
    llmlearn_err err;

    do {
        err = votes ? try_vote(learner, id, user) : try_log(learner, id);
        if (err != LLMLEARN_OK)
            usleep(20000);
    } while (err != LLMLEARN_OK && seconds_now() - start < BACK_SECONDS);
    expect_ok(err);
    return seconds_now() - start;
}

static void check_after(llmlearn *learner)
{
    const char *example = NULL;
    size_t missing;

    ck_assert(learner_drain_all(learner));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    missing = acknowledged_missing(list, path, &example);
    ck_assert_msg(missing == 0, "%zu of %zu acknowledged are lost: %s", missing,
                  acknowledged_count(list), example);
    recount(path);
    ck_assert_int_eq(learner_journal_files(path), 0);
}

START_TEST(a_journal_that_finds_no_room)
{
    llmlearn *learner;
    llmlearn_id id;
    double logs_back, votes_back;

    if (!have_disk)
        return;
    learner = learner_open(path);
    fill_disk();
    expect_err(try_log(learner, &id), LLMLEARN_EFULL, "free");
    expect_err(try_log(learner, &id), LLMLEARN_EFULL, "free"); /* not asked again at once */
    free_disk();
    logs_back = wait_until_back(learner, false, NULL, &id);
    votes_back = wait_until_back(learner, true, "ann", &id);
    printf("disk: logging is back %.2f s after the space, votes %.2f s\n", logs_back, votes_back);
    fflush(stdout);
    check_after(learner);
}
END_TEST

START_TEST(a_disk_that_fills_up_under_load)
{
    llmlearn *learner;
    llmlearn_id first, id;
    bool refused = false;
    double start;

    if (!have_disk)
        return;
    learner = learner_open(path);
    expect_ok(try_log(learner, &first));
    expect_ok(try_vote(learner, &first, "ann"));
    fill_disk();
    for (int i = 0; i < 600; i++) { /* more than the ring: it fills, for nothing is stored */
        llmlearn_err err = try_log(learner, &id);

        ck_assert_msg(err == LLMLEARN_OK || err == LLMLEARN_EFULL, "%s: %s",
                      llmlearn_error_name(err), llmlearn_error_detail());
        refused |= err == LLMLEARN_EFULL;
    }
    ck_assert(refused);
    for (int i = 0; i < 5; i++) { /* what is stored in place may succeed; nothing else */
        char user[12];
        llmlearn_err err;

        snprintf(user, sizeof user, "user%d", i);
        err = try_vote(learner, &first, user);
        ck_assert_msg(err == LLMLEARN_EFULL || err == LLMLEARN_EIO || err == LLMLEARN_OK, "%s: %s",
                      llmlearn_error_name(err), llmlearn_error_detail());
    }
    expect_err(llmlearn_flush(learner, 300), LLMLEARN_EFULL, "");
    free_disk();
    start = seconds_now();
    wait_until_back(learner, false, NULL, &id);
    wait_until_back(learner, true, "bob", &id);
    expect_ok(llmlearn_flush(learner, LEARNER_DEADLINE_MS));
    printf("disk: everything is stored %.2f s after the space is back\n", seconds_now() - start);
    fflush(stdout);
    check_after(learner);
}
END_TEST

START_TEST(opening_on_a_full_disk)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    if (!have_disk)
        return;
    fill_disk();
    learner_options(path, &options);
    expect_err(llmlearn_open(&options, &learner), LLMLEARN_EFULL, path);
    ck_assert_ptr_null(learner);
    free_disk();
    expect_ok(llmlearn_open(&options, &learner));
    check_after(learner);
}
END_TEST

/* The kernel refuses this to a disk that has files open for writing: so only before. */
START_TEST(opening_on_a_read_only_disk)
{
    llmlearn_options options;
    llmlearn *learner;
    llmlearn_id id;

    if (!have_disk)
        return;
    learner = learner_open(path);
    expect_ok(try_log(learner, &id));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    learner = NULL;
    remount(MS_RDONLY);
    learner_options(path, &options);
    expect_err(llmlearn_open(&options, &learner), LLMLEARN_EIO, path);
    ck_assert_ptr_null(learner);
    remount(0);
    expect_ok(llmlearn_open(&options, &learner));
    check_after(learner);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk");
    TCase *tcase = tcase_create("full and read-only disks");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_journal_that_finds_no_room);
    tcase_add_test(tcase, a_disk_that_fills_up_under_load);
    tcase_add_test(tcase, opening_on_a_full_disk);
    tcase_add_test(tcase, opening_on_a_read_only_disk);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
