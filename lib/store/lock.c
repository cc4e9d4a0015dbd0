#include "store/lock.h"

#include "base/err.h"
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)

/* A waiter looks again after 100 us, then 200, and so on. */
#define POLL_US_MIN 100
#define POLL_US_MAX 500
/* How long "lately" is for ll_lock_is_contended. */
#define LATELY_NS (1000 * NS_PER_MS)
/* The holder's mark is renewed this often, well within the above. */
#define RENEW_NS (200 * NS_PER_MS)
/* One that has had the lock again and again for a slice lets a waiter in: it stays away
 * until somebody took it, or no longer than a waiter may be asleep. */
#define SLICE_NS (5 * NS_PER_MS)
#define WAITER_NS (5 * NS_PER_MS)
_Static_assert(WAITER_NS > 2 * POLL_US_MAX * NS_PER_US, "a waiter renews its mark at each poll");

typedef struct mark {
    uint64_t who;
    uint64_t when_ns;
} mark;

#define MAGIC "llmlearn lock 1" /* and its NUL */
#define HOLDER_OFFSET 16
#define WAITER_OFFSET 32
_Static_assert(sizeof MAGIC == HOLDER_OFFSET, "the file's layout");
_Static_assert(HOLDER_OFFSET + sizeof(mark) == WAITER_OFFSET, "the file's layout");

struct ll_lock {
    int fd; /* the number never changes while the lock is open */
    bool held;
    bool silent;                /* the file is not ours to write */
    uint64_t who;               /* random, of this handle alone */
    uint64_t slice_start_ns;    /* since when nobody else has had the lock */
    _Atomic uint64_t others_ns; /* when another was last met */
    char path[];
};

static mark read_mark(const ll_lock *lock, off_t offset)
{
    mark m;

    if (pread(lock->fd, &m, sizeof m, offset) != (ssize_t)sizeof m)
        return (mark){ 0 };
    return m;
}

/* A mark that cannot be written is a hint less. */
static void write_mark(const ll_lock *lock, off_t offset, uint64_t now_ns)
{
    mark m = { .who = lock->who, .when_ns = now_ns };
    ssize_t written = lock->silent ? 0 : pwrite(lock->fd, &m, sizeof m, offset);

    (void)written;
}

/* Is this the mark of another, no older than that? */
static bool is_others(const ll_lock *lock, mark m, uint64_t now_ns, uint64_t age_ns_max)
{
    return m.who != 0 && m.who != lock->who && m.when_ns <= now_ns &&
           now_ns - m.when_ns <= age_ns_max;
}

/* A file of that name may have been there before us, with something else in it. */
static void claim_file(ll_lock *lock)
{
    char found[sizeof MAGIC] = "";
    ssize_t bytes = pread(lock->fd, found, sizeof found, 0);

    lock->silent = bytes > 0 && memcmp(found, MAGIC, sizeof MAGIC) != 0;
    if (bytes == 0)
        bytes = pwrite(lock->fd, MAGIC, sizeof MAGIC, 0);
    (void)bytes; /* without it there are hints less */
}

static int open_file(const char *path)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    int fd = open(path, flags);

    if (fd < 0 && errno == ENOENT) {
        fd = open(path, flags | O_CREAT | O_EXCL, 0600);
        if (fd >= 0)
            (void)fchmod(fd, 0600); /* whatever the umask */
        else if (errno == EEXIST)
            fd = open(path, flags);
    }
    return fd;
}

llmlearn_err ll_lock_open(const char *path, ll_lock **out_lock)
{
    size_t bytes = strlen(path) + 1;
    ll_lock *lock = calloc(1, sizeof *lock + bytes);
    llmlearn_err err;

    assert(out_lock != NULL);
    if (lock == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "lock %s: no memory", path);
    memcpy(lock->path, path, bytes);
    lock->fd = -1;
    err = ll_random_bytes(&lock->who, sizeof lock->who);
    if (err != LLMLEARN_OK)
        goto fail;
    lock->who |= 1; /* never 0, which is nobody */
    lock->fd = open_file(path);
    if (lock->fd < 0) {
        err = ll_fail_errno(errno, "lock %s: open", path);
        goto fail;
    }
    claim_file(lock);
    *out_lock = lock;
    return LLMLEARN_OK;

fail:
    free(lock);
    return err;
}

void ll_lock_close(ll_lock *lock)
{
    if (lock == NULL)
        return;
    assert(!lock->held);
    close(lock->fd);
    free(lock);
}

int ll_lock_fd(const ll_lock *lock)
{
    return lock->fd;
}

/* Is the file that we have locked the one that others will open? It is not if somebody
 * removed or replaced it; then the new one is opened under the old number. */
static llmlearn_err check_identity(ll_lock *lock, bool *out_same)
{
    struct stat ours, named;
    int fd;

    if (fstat(lock->fd, &ours) != 0)
        return ll_fail_errno(errno, "lock %s: fstat", lock->path);
    *out_same =
        stat(lock->path, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
    if (*out_same)
        return LLMLEARN_OK;
    fd = open_file(lock->path);
    if (fd < 0)
        return ll_fail_errno(errno, "lock %s: open", lock->path);
    if (dup3(fd, lock->fd, O_CLOEXEC) < 0) {
        close(fd);
        return ll_fail_errno(errno, "lock %s: dup3", lock->path);
    }
    close(fd);
    claim_file(lock);
    return LLMLEARN_OK;
}

static llmlearn_err try_once(ll_lock *lock, bool *out_taken)
{
    llmlearn_err err;

    *out_taken = false;
    if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK || errno == EINTR)
            return LLMLEARN_OK;
        return ll_fail_errno(errno, "lock %s: flock", lock->path);
    }
    err = check_identity(lock, out_taken);
    if (err != LLMLEARN_OK)
        flock(lock->fd, LOCK_UN);
    return err;
}

/* After a slice of having the lock to ourselves: lets one that waits be next. */
static void let_others_first(ll_lock *lock, ll_deadline deadline)
{
    uint64_t start_ns = ll_clock_monotonic_ns();
    uint64_t now_ns = start_ns;

    if (now_ns - lock->slice_start_ns < SLICE_NS)
        return;
    while (now_ns - start_ns < WAITER_NS && !ll_deadline_passed(deadline)) {
        if (!is_others(lock, read_mark(lock, WAITER_OFFSET), now_ns, WAITER_NS) ||
            read_mark(lock, HOLDER_OFFSET).who != lock->who)
            break;
        ll_clock_sleep_us(POLL_US_MIN);
        now_ns = ll_clock_monotonic_ns();
    }
    lock->slice_start_ns = now_ns;
}

static void note_taken(ll_lock *lock)
{
    uint64_t now_ns = ll_clock_monotonic_ns();
    mark before = read_mark(lock, HOLDER_OFFSET);

    if (is_others(lock, before, now_ns, LATELY_NS))
        atomic_store_explicit(&lock->others_ns, before.when_ns, memory_order_relaxed);
    if (before.who != lock->who)
        lock->slice_start_ns = now_ns;
    if (before.who != lock->who || now_ns - before.when_ns > RENEW_NS)
        write_mark(lock, HOLDER_OFFSET, now_ns);
}

static void note_refused(ll_lock *lock)
{
    uint64_t now_ns = ll_clock_monotonic_ns();

    atomic_store_explicit(&lock->others_ns, now_ns, memory_order_relaxed);
    write_mark(lock, WAITER_OFFSET, now_ns);
}

llmlearn_err ll_lock_take(ll_lock *lock, ll_deadline deadline)
{
    uint32_t poll_us = POLL_US_MIN;
    bool taken = false;

    assert(lock != NULL);
    assert(!lock->held);
    let_others_first(lock, deadline);
    for (;;) {
        llmlearn_err err = try_once(lock, &taken);
        if (err != LLMLEARN_OK)
            return err;
        if (taken)
            break;
        note_refused(lock);
        if (ll_deadline_passed(deadline))
            return ll_fail(LLMLEARN_ETIMEDOUT, "lock %s: another process holds it", lock->path);
        ll_clock_sleep_us(poll_us);
        poll_us = poll_us * 2 < POLL_US_MAX ? poll_us * 2 : POLL_US_MAX;
    }
    lock->held = true;
    note_taken(lock);
    return LLMLEARN_OK;
}

void ll_lock_give(ll_lock *lock)
{
    assert(lock != NULL);
    assert(lock->held);
    lock->held = false;
    flock(lock->fd, LOCK_UN);
}

bool ll_lock_is_contended(const ll_lock *lock)
{
    uint64_t now_ns = ll_clock_monotonic_ns();
    uint64_t met_ns = atomic_load_explicit(&lock->others_ns, memory_order_relaxed);

    assert(lock != NULL);
    if (met_ns != 0 && now_ns - met_ns <= LATELY_NS)
        return true;
    return is_others(lock, read_mark(lock, WAITER_OFFSET), now_ns, LATELY_NS) ||
           is_others(lock, read_mark(lock, HOLDER_OFFSET), now_ns, LATELY_NS);
}

void ll_lock_close_in_child(ll_lock *lock)
{
    close(lock->fd);
    lock->fd = -1;
}
