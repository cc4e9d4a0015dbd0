#include "base/err.h"
#include "base/point.h"
#include "journal/journal.h"
#include "journal/ring.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

typedef struct found {
    ll_segment_ref ref;
    int64_t created_us;
} found;

typedef struct listing {
    ll_journal *journal;
    int directory_fd;
    found *items;
    size_t count;
    size_t capacity;
    uint64_t foreign;
} listing;

/* Without a header: one that cannot be read. */
static llmlearn_err add(listing *l, const char *name, const ll_segment_header *header)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        found *grown = realloc(l->items, capacity * sizeof *grown);

        if (grown == NULL)
            return ll_fail(LLMLEARN_ENOMEM, "no memory to list the journal's segments");
        l->items = grown;
        l->capacity = capacity;
    }
    found *item = &l->items[l->count++];
    *item = (found){ .ref = { .unreadable = header == NULL } };
    memcpy(item->ref.name, name, strlen(name) + 1);
    if (header != NULL) {
        item->created_us = header->created_us;
        item->ref.base = header->base;
        memcpy(item->ref.uuid, header->uuid, LL_UUID_BYTES);
    }
    return LLMLEARN_OK;
}

/* A blank file whose lock is free belongs to nobody: its maker died, or it died retiring it. */
static void remove_blank(const listing *l, int fd, const char *name)
{
    ll_segment_header header;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return;
    /* Looked at again under the lock: it may have got its uuid, and lost its owner, since. */
    if (ll_segment_identify(fd, l->journal->plan.store_id, &header) == LL_SEGMENT_BLANK &&
        ll_segment_is_named(fd, l->directory_fd, name))
        unlinkat(l->directory_fd, name, 0);
}

static ll_segment_kind identify(const listing *l, int fd, ll_segment_header *out_header)
{
    if (fd < 0)
        return errno == EIO ? LL_SEGMENT_UNREADABLE : LL_SEGMENT_FOREIGN;
    return ll_segment_identify(fd, l->journal->plan.store_id, out_header);
}

static llmlearn_err consider(listing *l, const char *name)
{
    ll_segment_header header;
    llmlearn_err err = LLMLEARN_OK;
    int fd = ll_segment_open_file(l->directory_fd, name, O_RDONLY | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return LLMLEARN_OK;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        return ll_fail_errno(errno, "opening the journal segment %s", name);
    switch (identify(l, fd, &header)) {
    case LL_SEGMENT_LIVE:
        err = add(l, name, &header);
        break;
    case LL_SEGMENT_BLANK:
        remove_blank(l, fd, name);
        break;
    case LL_SEGMENT_UNREADABLE: /* it may hold what a vote is about */
        err = add(l, name, NULL);
        break;
    case LL_SEGMENT_FOREIGN:
        l->foreign++;
        break;
    }
    if (fd >= 0)
        close(fd);
    return err;
}

static llmlearn_err read_directory(listing *l)
{
    llmlearn_err err = LLMLEARN_OK;
    struct dirent *entry;
    int fd = fcntl(l->directory_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (directory == NULL) {
        err = ll_fail_errno(errno, "listing %s", l->journal->directory);
        if (fd >= 0)
            close(fd);
        return err;
    }
    while (err == LLMLEARN_OK && (errno = 0, entry = readdir(directory)) != NULL) {
        if (ll_segment_name_valid(entry->d_name))
            err = consider(l, entry->d_name);
    }
    if (err == LLMLEARN_OK && errno != 0)
        err = ll_fail_errno(errno, "listing %s", l->journal->directory);
    closedir(directory);
    return err;
}

static void report_foreign(ll_journal *journal, uint64_t foreign)
{
    atomic_store_explicit(&journal->foreign_segments, foreign, memory_order_relaxed);
    if (foreign > journal->foreign_logged)
        ll_log_write(&journal->log, LLMLEARN_LOG_WARNING, "journal-foreign-segments",
                     "%llu files in %s are of another database or format, or damaged: left alone",
                     (unsigned long long)foreign, journal->directory);
    journal->foreign_logged = foreign;
}

/* Oldest first. */
static int compare(const void *a, const void *b)
{
    const found *x = a, *y = b;

    if (x->created_us != y->created_us)
        return x->created_us < y->created_us ? -1 : 1;
    if (x->ref.base != y->ref.base)
        return x->ref.base < y->ref.base ? -1 : 1;
    return strcmp(x->ref.name, y->ref.name);
}

static bool is_own(const ll_journal *journal, const char *name)
{
    for (uint32_t i = 0; i < journal->segment_count; i++) {
        if (strcmp(journal->segments[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Last, and not while a first append makes segments: then all of ours have their names. (Ours among
 * the others, should a disk take long, would do no harm: their owner is alive.) */
static void leave_out_own(listing *l)
{
    size_t kept = 0;

    if (!ll_ring_settled(l->journal))
        return;
    for (size_t i = 0; i < l->count; i++) {
        if (!is_own(l->journal, l->items[i].ref.name))
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

/* The items' references alone. */
static llmlearn_err hand_over(listing *l, ll_segment_ref **out, size_t *out_count)
{
    ll_segment_ref *refs = calloc(l->count + 1, sizeof *refs);

    if (refs == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to list the journal's segments");
    if (l->count > 0)
        qsort(l->items, l->count, sizeof *l->items, compare);
    for (size_t i = 0; i < l->count; i++)
        refs[i] = l->items[i].ref;
    *out = refs;
    *out_count = l->count;
    return LLMLEARN_OK;
}

llmlearn_err ll_journal_list_others(ll_journal *journal, ll_segment_ref **out, size_t *out_count)
{
    listing l = { .journal = journal, .directory_fd = -1 };
    llmlearn_err err;

    assert(out != NULL && out_count != NULL);
    err = ll_segment_open_directory(journal->directory, false, &l.directory_fd);
    if (err == LLMLEARN_ENOTFOUND)
        return hand_over(&l, out, out_count); /* nobody has logged yet */
    if (err != LLMLEARN_OK)
        return err;
    err = read_directory(&l);
    if (err == LLMLEARN_OK) {
        leave_out_own(&l);
        report_foreign(journal, l.foreign);
        err = hand_over(&l, out, out_count);
    }
    free(l.items);
    close(l.directory_fd);
    return err;
}
