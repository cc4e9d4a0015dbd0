#include "journal/segment.h"

#include "base/crc32c.h"
#include "base/err.h"
#include "base/point.h"
#include "base/random.h"
#include "journal/word.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older ones say EINVAL */
#endif

#define PAGE_BYTES UINT64_C(4096)      /* the smallest there is; a larger one is touched often */
#define PAGE_BYTES_MAX UINT64_C(65536) /* the largest there is: divides every segment */
#define MAKE_ATTEMPTS 8
#define IDENTIFY_ATTEMPTS 4
#define NAME_DIGITS 32
#define NAME_SUFFIX ".segment"

static const uint8_t no_uuid[LL_UUID_BYTES];

_Static_assert(NAME_DIGITS + sizeof NAME_SUFFIX <= LL_SEGMENT_NAME_BYTES, "a name fits");

/* ---- files ------------------------------------------------------------- */

static llmlearn_err check_directory(int fd, const char *path)
{
    struct stat about;

    if (fstat(fd, &about) != 0)
        return ll_fail_errno(errno, "the journal directory %s", path);
    if (about.st_uid != geteuid())
        return ll_fail(LLMLEARN_EIO,
                       "the journal directory %s belongs to user %ld, not to this process' user",
                       path, (long)about.st_uid);
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ll_fail(LLMLEARN_EIO,
                       "the journal directory %s may be written by other users: its mode is %04o, "
                       "make it 0700",
                       path, (unsigned)about.st_mode & 07777u);
    return LLMLEARN_OK;
}

llmlearn_err ll_segment_open_directory(const char *path, bool make, int *out_fd)
{
    llmlearn_err err;
    int fd;

    assert(path != NULL && out_fd != NULL);
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
        return ll_fail_errno(errno, "making the journal directory %s", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return ll_fail(LLMLEARN_ENOTFOUND, "the journal directory %s does not exist", path);
    if (fd < 0)
        return ll_fail_errno(errno, "opening the journal directory %s", path);
    err = check_directory(fd, path);
    if (err != LLMLEARN_OK) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    return LLMLEARN_OK;
}

int ll_segment_open_file(int directory_fd, const char *name, int flags)
{
    int fd, moved;

    do {
        fd = openat(directory_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    /* The host closed a standard descriptor: its prints must not land in a segment. */
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

bool ll_segment_name_valid(const char *name)
{
    return strspn(name, "0123456789abcdef") == NAME_DIGITS &&
           strcmp(name + NAME_DIGITS, NAME_SUFFIX) == 0;
}

bool ll_segment_is_named(int fd, int directory_fd, const char *name)
{
    struct stat mine, theirs;

    return fstat(fd, &mine) == 0 &&
           fstatat(directory_fd, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev;
}

int ll_segment_write(int fd, const void *data, size_t bytes, uint64_t at)
{
    const uint8_t *from = data;

    while (bytes > 0) {
        ssize_t done = pwrite(fd, from, bytes, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : ENOSPC;
        from += done;
        at += (uint64_t)done;
        bytes -= (size_t)done;
    }
    return 0;
}

/* ---- header ------------------------------------------------------------ */

static llmlearn_err write_header(ll_segment *segment, const ll_segment_plan *plan, uint64_t base,
                                 const char *point_between)
{
    ll_segment_header header = { .magic = LL_SEGMENT_MAGIC,
                                 .format = LL_SEGMENT_FORMAT,
                                 .header_bytes = sizeof header,
                                 .segment_bytes = plan->segment_bytes,
                                 .owner_pid = getpid(),
                                 .created_us = ll_clock_now_us(NULL),
                                 .base = base };
    int error;

    memcpy(header.uuid, segment->uuid, LL_UUID_BYTES);
    memcpy(header.store_id, plan->store_id, LL_UUID_BYTES);
    header.crc = ll_crc32c(0, &header, offsetof(ll_segment_header, crc));
    error = ll_segment_write(segment->fd, &header, sizeof header, 0);
    if (error == 0) {
        (void)point_between;
        LL_POINT(point_between);
        error = ll_segment_write(segment->fd, &header, sizeof header, LL_SEGMENT_HEADER_B);
    }
    if (error != 0)
        return ll_fail_errno(error, "writing the header of the journal segment %s", segment->name);
    return LLMLEARN_OK;
}

llmlearn_err ll_segment_begin_life(ll_segment *segment, const ll_segment_plan *plan, uint64_t base)
{
    llmlearn_err err;

    assert(memcmp(segment->uuid, no_uuid, LL_UUID_BYTES) == 0);
    err = ll_random_bytes(segment->uuid, LL_UUID_BYTES);
    if (err == LLMLEARN_OK)
        err = write_header(segment, plan, base, "recycle.header");
    if (err != LLMLEARN_OK) {
        memset(segment->uuid, 0, LL_UUID_BYTES); /* this life never began: nobody knows it */
        return err;
    }
    segment->uuid_crc = ll_crc32c(0, segment->uuid, LL_UUID_BYTES);
    return LLMLEARN_OK;
}

llmlearn_err ll_segment_end_life(ll_segment *segment, const ll_segment_plan *plan)
{
    uint8_t before[LL_UUID_BYTES];
    llmlearn_err err;

    memcpy(before, segment->uuid, LL_UUID_BYTES);
    memset(segment->uuid, 0, LL_UUID_BYTES);
    err = write_header(segment, plan, 0, "recycle.blank");
    if (err != LLMLEARN_OK)
        memcpy(segment->uuid, before, LL_UUID_BYTES); /* may be tried again */
    return err;
}

static bool all_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* Copy A if its crc is right, else copy B. */
static bool pick_header(const uint8_t *page, size_t bytes, ll_segment_header *out)
{
    static const size_t places[] = { 0, LL_SEGMENT_HEADER_B };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (bytes < places[i] + sizeof *out)
            continue;
        memcpy(out, page + places[i], sizeof *out);
        if (out->magic == LL_SEGMENT_MAGIC &&
            out->crc == ll_crc32c(0, out, offsetof(ll_segment_header, crc)))
            return true;
    }
    return false;
}

static ll_segment_kind kind_of(const ll_segment_header *header,
                               const uint8_t store_id[LL_UUID_BYTES])
{
    if (header->format != LL_SEGMENT_FORMAT || header->header_bytes != sizeof *header ||
        memcmp(header->store_id, store_id, LL_UUID_BYTES) != 0)
        return LL_SEGMENT_FOREIGN;
    if (memcmp(header->uuid, no_uuid, LL_UUID_BYTES) == 0)
        return LL_SEGMENT_BLANK;
    if (header->segment_bytes <= LL_SEGMENT_DATA || header->segment_bytes > LL_WORD_LENGTH_MAX ||
        header->segment_bytes % 8 != 0)
        return LL_SEGMENT_FOREIGN;
    return LL_SEGMENT_LIVE;
}

/* A header may be read while its owner writes it: with neither copy right, look again. */
ll_segment_kind ll_segment_identify(int fd, const uint8_t store_id[LL_UUID_BYTES],
                                    ll_segment_header *out_header)
{
    uint8_t page[LL_SEGMENT_DATA];
    ll_segment_header header;

    for (int attempt = 0; attempt < IDENTIFY_ATTEMPTS; attempt++) {
        ssize_t got = pread(fd, page, sizeof page, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) /* a folder or a pipe of that name is none of ours */
            return errno == EISDIR || errno == ESPIPE ? LL_SEGMENT_FOREIGN : LL_SEGMENT_UNREADABLE;
        if (pick_header(page, (size_t)got, &header)) {
            ll_segment_kind kind = kind_of(&header, store_id);

            if (kind == LL_SEGMENT_LIVE)
                *out_header = header;
            return kind;
        }
        if (all_zero(page, (size_t)got))
            return LL_SEGMENT_BLANK;
        ll_clock_sleep_us(100);
    }
    return LL_SEGMENT_FOREIGN;
}

/* ---- making and closing ------------------------------------------------ */

static llmlearn_err choose_name(ll_segment *segment)
{
    uint8_t bytes[NAME_DIGITS / 2];
    llmlearn_err err = ll_random_bytes(bytes, sizeof bytes);

    if (err != LLMLEARN_OK)
        return err;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(segment->name + 2 * i, 3, "%02x", bytes[i]);
    memcpy(segment->name + NAME_DIGITS, NAME_SUFFIX, sizeof NAME_SUFFIX);
    return LLMLEARN_OK;
}

/* Creates and locks. Between the two another process may have taken the empty file
 * for one that a dead maker left, and removed it: then a new name is tried. */
static llmlearn_err create_locked(int directory_fd, ll_segment *segment)
{
    for (int attempt = 0; attempt < MAKE_ATTEMPTS; attempt++) {
        llmlearn_err err = choose_name(segment);

        if (err != LLMLEARN_OK)
            return err;
        segment->fd = ll_segment_open_file(directory_fd, segment->name, O_RDWR | O_CREAT | O_EXCL);
        if (segment->fd < 0 && errno == EEXIST)
            continue;
        if (segment->fd < 0)
            return ll_fail_errno(errno, "creating the journal segment %s", segment->name);
        LL_POINT("make.created");
        if (flock(segment->fd, LOCK_EX | LOCK_NB) == 0 &&
            ll_segment_is_named(segment->fd, directory_fd, segment->name))
            return LLMLEARN_OK;
        unlinkat(directory_fd, segment->name, 0);
        close(segment->fd);
        segment->fd = -1;
    }
    return ll_fail(LLMLEARN_EIO, "creating a journal segment: somebody removes them at once");
}

/* Beyond this limit the kernel sends a signal that ends the process. */
static bool file_limit_allows(uint64_t bytes)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           bytes <= limit.rlim_cur;
}

static llmlearn_err allocate(ll_segment *segment, const ll_segment_plan *plan)
{
    int error;

    if (fchmod(segment->fd, 0600) != 0) /* whatever the umask was */
        return ll_fail_errno(errno, "setting the mode of the journal segment %s", segment->name);
    if (!file_limit_allows(plan->segment_bytes))
        return ll_fail(
            LLMLEARN_EFULL,
            "a journal segment of %llu bytes is over the file size limit of this process",
            (unsigned long long)plan->segment_bytes);
    do {
        error = posix_fallocate(segment->fd, 0, (off_t)plan->segment_bytes);
    } while (error == EINTR);
    if (error != 0)
        return ll_fail_errno(error, "allocating %llu bytes for a journal segment",
                             (unsigned long long)plan->segment_bytes);
    return LLMLEARN_OK;
}

static llmlearn_err map(ll_segment *segment, const ll_segment_plan *plan)
{
    void *at;

    if (!plan->mapped)
        return LLMLEARN_OK;
    at =
        mmap(NULL, (size_t)plan->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, segment->fd, 0);
    if (at == MAP_FAILED)
        return ll_fail_errno(errno, "mapping a journal segment");
    segment->map = at;
    if (madvise(at, (size_t)plan->segment_bytes, MADV_DONTFORK) != 0)
        return ll_fail_errno(errno, "keeping a journal segment out of forked children");
    return LLMLEARN_OK;
}

llmlearn_err ll_segment_make(int directory_fd, const ll_segment_plan *plan, ll_segment *out_segment)
{
    ll_segment segment = { .fd = -1 };
    llmlearn_err err;

    assert(plan->segment_bytes > LL_SEGMENT_DATA && plan->segment_bytes <= LL_WORD_LENGTH_MAX);
    err = create_locked(directory_fd, &segment);
    if (err != LLMLEARN_OK)
        return err;
    LL_POINT("make.locked");
    err = allocate(&segment, plan);
    if (err == LLMLEARN_OK) {
        LL_POINT("make.allocated");
        err = write_header(&segment, plan, 0, "make.header");
    }
    if (err == LLMLEARN_OK)
        err = map(&segment, plan);
    if (err != LLMLEARN_OK) {
        unlinkat(directory_fd, segment.name, 0);
        ll_segment_close(&segment, plan);
        return err;
    }
    *out_segment = segment;
    return LLMLEARN_OK;
}

void ll_segment_close(ll_segment *segment, const ll_segment_plan *plan)
{
    if (segment->map != NULL)
        munmap(segment->map, (size_t)plan->segment_bytes);
    segment->map = NULL;
    if (segment->fd >= 0) {
        flock(segment->fd, LOCK_UN); /* also if somebody cloned us and kept the descriptor */
        close(segment->fd);
    }
    segment->fd = -1;
}

/* ---- space ------------------------------------------------------------- */

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[64 * 1024];

    while (from < to) {
        size_t bytes = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        int error = ll_segment_write(fd, zeros, bytes, from);

        if (error != 0)
            return error;
        from += bytes;
    }
    return 0;
}

llmlearn_err ll_segment_zero(ll_segment *segment, uint64_t from, uint64_t to)
{
    int error;

    assert(memcmp(segment->uuid, no_uuid, LL_UUID_BYTES) == 0);
    assert(from >= LL_SEGMENT_DATA && from <= to);
    error = write_zeros(segment->fd, from, to);
    if (error != 0)
        return ll_fail_errno(error, "zeroing the journal segment %s", segment->name);
    return LLMLEARN_OK;
}

/* Writes each page's first byte back to itself. An appender may just store there; the swap then
 * leaves what it finds, since the processor lets nothing come between its read and its write. C has
 * no words for that beside plain stores, hence the attribute. */
__attribute__((no_sanitize("thread"))) static void touch_pages(uint8_t *map, uint64_t from,
                                                               uint64_t to)
{
    for (uint64_t at = from; at < to; at += PAGE_BYTES) {
        _Atomic uint8_t *byte = (void *)(map + at);
        uint8_t value = atomic_load_explicit(byte, memory_order_relaxed);

        atomic_compare_exchange_strong_explicit(byte, &value, value, memory_order_relaxed,
                                                memory_order_relaxed);
    }
}

void ll_segment_prefault(ll_segment *segment, uint64_t from, uint64_t to)
{
    int status;

    assert(segment->map != NULL && from <= to);
    from -= from % PAGE_BYTES_MAX;
    if (from == to)
        return;
    do {
        status = madvise(segment->map + from, (size_t)(to - from), MADV_POPULATE_WRITE);
    } while (status != 0 && errno == EINTR);
    if (status != 0 && errno == EINVAL)
        touch_pages(segment->map, from, to);
}

void ll_segment_release(ll_segment *segment, uint64_t from, uint64_t to)
{
    assert(segment->map != NULL && from <= to);
    from -= from % PAGE_BYTES_MAX;
    to -= to % PAGE_BYTES_MAX;
    if (from < to)
        madvise(segment->map + from, (size_t)(to - from), MADV_DONTNEED);
}
