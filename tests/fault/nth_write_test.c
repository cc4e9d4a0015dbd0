/* The n-th call that writes fails, once or from then on for ever, for n = 1, 2, 3 ... until a
 * short life of a learner no longer meets it: with EIO and with ENOSPC, ours and SQLite's.
 * Whatever a call said, everything acknowledged is there once the disk is well again, what
 * was refused is not, and every sum equals a recount. */
#include "support/acknowledged.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 400 /* of one kind in one life; and a bound for the loop */
#define LOGS 30
#define VOTES 4

/* ---- failing ----------------------------------------------------------- */

typedef enum kind { PWRITE = 1, FDATASYNC, TRUNCATE, ALLOCATE, MAP, OPEN, KINDS } kind;

static const char *const kind_names[KINDS] = { "",         "pwrite", "fdatasync", "ftruncate",
                                               "allocate", "mmap",   "open" };

static atomic_int armed; /* a kind, or 0 */
static atomic_int errno_given;
static atomic_bool for_ever;
static atomic_int left; /* calls until the one that fails */
static atomic_int failed;

static bool fails(kind what)
{
    int before;

    if (atomic_load(&armed) != (int)what)
        return false;
    before = atomic_fetch_sub(&left, 1);
    if (before > 1 || (before < 1 && !atomic_load(&for_ever)))
        return false;
    atomic_fetch_add(&failed, 1);
    errno = atomic_load(&errno_given);
    return true;
}

static int disarm(void)
{
    atomic_store(&armed, 0);
    return atomic_load(&failed);
}

/* ThreadSanitizer needs these calls before main begins, and stands in for them itself. */
#if !defined(__SANITIZE_THREAD__)

/* A program's own symbols come before libc's, for SQLite's shared library too. */
#define INSTEAD __attribute__((visibility("default")))

INSTEAD ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset);
INSTEAD ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    return fails(PWRITE) ? -1 : syscall(SYS_pwrite64, fd, data, bytes, offset);
}

INSTEAD ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset);
INSTEAD ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    return fails(PWRITE) ? -1 : syscall(SYS_pwrite64, fd, data, bytes, offset);
}

INSTEAD int fdatasync(int fd)
{
    return fails(FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

INSTEAD int fsync(int fd)
{
    return fails(FDATASYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

INSTEAD int ftruncate(int fd, off_t bytes)
{
    return fails(TRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, bytes);
}

INSTEAD int ftruncate64(int fd, off64_t bytes)
{
    return fails(TRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, bytes);
}

INSTEAD int fallocate(int fd, int mode, off_t offset, off_t bytes)
{
    return fails(ALLOCATE) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, bytes);
}

/* Says what went wrong instead of setting errno. */
INSTEAD int posix_fallocate(int fd, off_t offset, off_t bytes)
{
    if (fails(ALLOCATE) || syscall(SYS_fallocate, fd, 0, offset, bytes) != 0)
        return errno;
    return 0;
}

INSTEAD void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off64_t offset);
INSTEAD void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
    if (fd >= 0 && fails(MAP))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
}

INSTEAD void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return mmap64(at, bytes, protection, flags, fd, offset);
}

/* Only those that write fail: a file that cannot be read is another test. */
static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) != O_RDONLY && fails(OPEN))
        return -1;
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define OPEN_INSTEAD(folder)                                                                       \
    {                                                                                              \
        va_list more;                                                                              \
        mode_t mode;                                                                               \
        va_start(more, flags);                                                                     \
        mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;                  \
        va_end(more);                                                                              \
        return open_at(folder, name, flags, mode);                                                 \
    }

INSTEAD int open(const char *name, int flags, ...) OPEN_INSTEAD(AT_FDCWD) INSTEAD
    int open64(const char *name, int flags, ...);
INSTEAD int open64(const char *name, int flags, ...) OPEN_INSTEAD(AT_FDCWD) INSTEAD
    int openat(int at, const char *name, int flags, ...) OPEN_INSTEAD(at)

#else
static bool (*const unused_here)(kind what) = fails;
#endif

    /* ---- a short life ------------------------------------------------------ */

    static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static acknowledged *list;
static llmlearn_id refused[VOTES]; /* explanations whose vote was surely not stored */
static int refused_count;
static char wrong_line[300];

static bool is_in(llmlearn_err err, const llmlearn_err *allowed)
{
    for (; *allowed != LLMLEARN_OK; allowed++)
        if (err == *allowed)
            return true;
    return err == LLMLEARN_OK;
}

static const llmlearn_err storing[] = { LLMLEARN_EIO, LLMLEARN_EFULL, LLMLEARN_ETIMEDOUT,
                                        LLMLEARN_EUNKNOWN, LLMLEARN_OK };
static const llmlearn_err appending[] = { LLMLEARN_EIO, LLMLEARN_EFULL, LLMLEARN_OK };

static bool note(const char *call, llmlearn_err err, const llmlearn_err *allowed)
{
    if (!is_in(err, allowed))
        snprintf(wrong_line, sizeof wrong_line, "%s: %s: %s", call, llmlearn_error_name(err),
                 llmlearn_error_detail());
    return err == LLMLEARN_OK;
}

static void vote(llmlearn *learner, const llmlearn_id *id)
{
    const llmlearn_feedback f = { .struct_size = sizeof f,
                                  .vote = LLMLEARN_HELPFUL,
                                  .explanation_id = *id,
                                  .user = "ann",
                                  .deadline_ms = 300 };
    llmlearn_err err = llmlearn_submit_feedback(learner, &f, NULL);

    /* The explanation may be one that was acknowledged and is not in the store yet. */
    if (note("submit_feedback", err, storing))
        acknowledged_vote(list, id, "ann", true);
    else if (err != LLMLEARN_EUNKNOWN)
        refused[refused_count++] = *id;
}

/* Nothing of libcheck in here: it writes. */
static void live(void)
{
    llmlearn_options options;
    llmlearn *learner = NULL;
    uint64_t random = 1;
    llmlearn_id id;

    learner_options(path, &options);
    if (!note("open", llmlearn_open(&options, &learner), storing))
        return;
    for (int i = 0; i < LOGS; i++) {
        bool logged = note("log", learner_log_in_test(learner, "text", &random, &id), appending);

        if (logged)
            acknowledged_explanation(list, &id);
        if (logged && i % (LOGS / VOTES + 1) == 0)
            vote(learner, &id);
    }
    note("flush", llmlearn_flush(learner, 300), storing);
    note("close", llmlearn_close(learner, 300), storing);
}

static int64_t stored_of_refused(void)
{
    int64_t stored = 0;
    acknowledged *claims = acknowledged_new(VOTES);
    const char *example;

    for (int i = 0; i < refused_count; i++)
        acknowledged_vote(claims, &refused[i], "ann", true);
    stored = refused_count - (int64_t)acknowledged_missing(claims, path, &example);
    acknowledged_free(claims);
    return stored;
}

static void check_after(const char *what)
{
    const char *example = NULL;
    const char *difference;
    llmlearn *learner;
    size_t missing;

    ck_assert_msg(wrong_line[0] == '\0', "%s: %s", what, wrong_line);
    learner = learner_open(path);
    ck_assert(learner_drain_all(learner));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    missing = acknowledged_missing(list, path, &example);
    ck_assert_msg(missing == 0, "%s: %zu of %zu acknowledged are lost: %s", what, missing,
                  acknowledged_count(list), example);
    ck_assert_msg(stored_of_refused() == 0, "%s: a refused vote was stored", what);
    difference = recount_difference(path, false);
    ck_assert_msg(difference == NULL, "%s: %s", what, difference);
    ck_assert_int_eq(learner_journal_files(path), 0);
}

static void begin_test(void)
{
    llmlearn *learner = learner_open(path);

    learner_start_test(learner);
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
}

static int fail_each(kind which, int errnum, bool ever)
{
    char what[80];
    int n = 1;

    for (;; n += learner_rounds(1, 9) + n / 40) {
        int hits;

        ck_assert_int_lt(n, CALLS_MAX);
        folder_make_fast(folder);
        snprintf(path, sizeof path, "%s/a.db", folder);
        begin_test();
        acknowledged_clear(list);
        refused_count = 0;
        wrong_line[0] = '\0';
        atomic_store(&failed, 0);
        atomic_store(&left, n);
        atomic_store(&errno_given, errnum);
        atomic_store(&for_ever, ever);
        atomic_store(&armed, (int)which);
        live();
        hits = disarm();
        snprintf(what, sizeof what, "%s %d, %s", kind_names[which], n, ever ? "for ever" : "once");
        check_after(what);
        folder_remove(folder);
        if (hits == 0)
            return n;
    }
}

START_TEST(the_nth_write_fails)
{
    kind which = (kind)(1 + _i / 4);
    int errnum = _i % 2 == 0 ? EIO : ENOSPC;
    bool ever = _i / 2 % 2 == 1;
    int n;

    list = acknowledged_new(LOGS + VOTES);
    n = fail_each(which, errnum, ever);
    if (!ever && errnum == EIO) {
        printf("%s: up to %d calls in a life\n", kind_names[which], n);
        fflush(stdout);
    }
    acknowledged_free(list);
}
END_TEST

int main(void)
{
    const char *sanitizer = getenv("LL_SANITIZER");
    Suite *suite = suite_create("nth_write");
    TCase *tcase = tcase_create("the n-th write fails");
    SRunner *runner = srunner_create(suite);
    int failures;

#if defined(__SANITIZE_THREAD__)
    (void)unused_here;
#endif
    if (sanitizer != NULL && strcmp(sanitizer, "thread") == 0) {
        puts("SKIP ThreadSanitizer must see the calls that this test stands in for");
        return 0;
    }
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, the_nth_write_fails, 0, 4 * (KINDS - 1));
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
