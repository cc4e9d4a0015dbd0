#include "journal/ring.h"

#include "base/filesystem.h"
#include "base/point.h"
#include "journal/keeper.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SETTLE_MS 1000
#define RETRY_NS UINT64_C(1000000000) /* a broken disk is not asked at every append */

/* Cuts the last name off a real path; false at the root. */
static bool to_parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || strcmp(path, "/") == 0)
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

llmlearn_err ll_ring_choose_way(const char *directory, bool *out_mapped)
{
    ll_filesystem filesystem;
    llmlearn_err err;
    char *there = strdup(directory); /* it or the nearest parent that exists */

    if (there == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a path");
    while (access(there, F_OK) != 0 && errno == ENOENT && to_parent(there))
        ;
    err = ll_filesystem_of(there, &filesystem);
    free(there);
    if (err != LLMLEARN_OK)
        return err;
    if (filesystem.network)
        return ll_fail(LLMLEARN_EUNSUPPORTED,
                       "the journal directory %s is on %s: network and user-space file systems "
                       "cannot share its locks; use a local disk",
                       directory, filesystem.name);
    *out_mapped = filesystem.maps_safely;
    return LLMLEARN_OK;
}

/* Allocation would find out too, after filling the disk that the database lives on. */
static llmlearn_err check_headroom(const ll_journal *journal, int directory_fd)
{
    uint64_t needed = (journal->segment_count + UINT64_C(1)) * journal->plan.segment_bytes;
    struct statvfs space;

    if (fstatvfs(directory_fd, &space) != 0)
        return ll_fail_errno(errno, "asking for free space in %s", journal->directory);
    uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (free_bytes < needed)
        return ll_fail(LLMLEARN_EFULL,
                       "%s has %llu MiB free; the journal needs %llu MiB (journal_bytes_max and "
                       "one segment)",
                       journal->directory, (unsigned long long)free_bytes >> 20,
                       (unsigned long long)needed >> 20);
    return LLMLEARN_OK;
}

static void unmake_segments(ll_journal *journal, int directory_fd, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        unlinkat(directory_fd, journal->segments[i].name, 0);
        ll_segment_close(&journal->segments[i], &journal->plan);
    }
    free(journal->segments);
    journal->segments = NULL;
}

static llmlearn_err make_segments(ll_journal *journal, int directory_fd)
{
    uint32_t made = 0;
    llmlearn_err err = LLMLEARN_OK;
    ll_segment *segments = aligned_alloc(LL_CACHE_LINE, journal->segment_count * sizeof *segments);

    if (segments == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for %u segments", journal->segment_count);
    memset(segments, 0, journal->segment_count * sizeof *segments);
    for (uint32_t i = 0; i < journal->segment_count; i++)
        segments[i].fd = -1;
    journal->segments = segments;
    while (err == LLMLEARN_OK && made < journal->segment_count) {
        err = ll_segment_make(directory_fd, &journal->plan, &segments[made]);
        if (err == LLMLEARN_OK)
            made++;
    }
    for (uint32_t i = 0; err == LLMLEARN_OK && i < made; i++) {
        atomic_init(&segments[i].life, ll_ring_life(i, false));
        err =
            ll_segment_begin_life(&segments[i], &journal->plan, (uint64_t)i * journal->data_bytes);
    }
    if (err != LLMLEARN_OK)
        unmake_segments(journal, directory_fd, made);
    return err;
}

static llmlearn_err make_ring(ll_journal *journal)
{
    int directory_fd = -1;
    bool mapped = false;
    llmlearn_err err = ll_segment_open_directory(journal->directory, true, &directory_fd);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_ring_choose_way(journal->directory, &mapped); /* again: it may be a mount by now */
    if (err == LLMLEARN_OK) {
        journal->plan.mapped = journal->plan.mapped && mapped;
        atomic_store_explicit(&journal->mapped, journal->plan.mapped, memory_order_relaxed);
        err = check_headroom(journal, directory_fd);
    }
    if (err == LLMLEARN_OK)
        err = make_segments(journal, directory_fd);
    if (err == LLMLEARN_OK) {
        ll_keeper_prefault(journal);
        err = ll_keeper_start(journal);
        if (err != LLMLEARN_OK)
            unmake_segments(journal, directory_fd, journal->segment_count);
    }
    close(directory_fd);
    return err;
}

/* With the lock held. */
static llmlearn_err prepare_once(ll_journal *journal)
{
    llmlearn_err err;

    if (journal->closed)
        return ll_fail(LLMLEARN_ESTATE, "the journal is closed");
    if (journal->prepared)
        return LLMLEARN_OK;
    if (ll_clock_monotonic_ns() < journal->retry_at_ns)
        return ll_err_restore(&journal->prepare_failure);

    journal->preparing = true;
    pthread_mutex_unlock(&journal->lock);
    err = make_ring(journal);
    pthread_mutex_lock(&journal->lock);
    journal->preparing = false;

    if (err == LLMLEARN_OK) {
        journal->prepared = true;
        /* Release: whoever sees the limit sees the segments. */
        atomic_store_explicit(&journal->limit, journal->segment_count, memory_order_release);
    } else {
        ll_err_capture(err, &journal->prepare_failure);
        journal->retry_at_ns = ll_clock_monotonic_ns() + RETRY_NS;
    }
    pthread_cond_broadcast(&journal->changed);
    return err;
}

llmlearn_err ll_ring_prepare(ll_journal *journal)
{
    llmlearn_err err;

    pthread_mutex_lock(&journal->lock);
    while ((journal->preparing || journal->paused) && !journal->closed)
        pthread_cond_wait(&journal->changed, &journal->lock);
    err = prepare_once(journal);
    pthread_mutex_unlock(&journal->lock);
    return err;
}

bool ll_ring_settled(ll_journal *journal)
{
    struct timespec until = ll_deadline_timespec(ll_deadline_in_ms(SETTLE_MS));
    bool prepared;
    int status = 0;

    pthread_mutex_lock(&journal->lock);
    while (journal->preparing && status == 0)
        status = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
    prepared = journal->prepared;
    pthread_mutex_unlock(&journal->lock);
    return prepared;
}

void ll_ring_release(ll_journal *journal)
{
    for (uint32_t i = 0; journal->segments != NULL && i < journal->segment_count; i++)
        ll_segment_close(&journal->segments[i], &journal->plan);
}

void ll_ring_free(ll_journal *journal)
{
    assert(atomic_load(&journal->readers) == NULL);
    ll_ring_release(journal);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->lock);
    free(journal->segments);
    free(journal->directory);
    free(journal);
}
