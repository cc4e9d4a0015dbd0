#include "journal/written.h"

#include "base/point.h"
#include "journal/ring.h"
#include "journal/word.h"

#include <assert.h>
#include <errno.h>
#include <sys/uio.h>

#define PIECES_MAX 8 /* in one system call */

static int write_pad(ll_journal *journal, uint32_t ordinal, uint32_t at, uint32_t bytes)
{
    ll_segment *segment = ll_ring_slot(journal, ordinal);
    uint64_t word = ll_word_of_pad(segment->uuid_crc, at, bytes);
    int error = ll_segment_write(segment->fd, &word, sizeof word, at);

    if (error == 0)
        ll_ring_leave(segment, bytes, false);
    return error;
}

static void remember(ll_journal *journal, uint32_t ordinal, uint32_t at, uint32_t bytes)
{
    uint32_t count;

    pthread_mutex_lock(&journal->lock);
    count = atomic_load(&journal->torn_count);
    if (count < LL_TORN_PLACES_MAX) {
        journal->torn[count] = (ll_torn_place){ ordinal, at, bytes };
        atomic_store(&journal->torn_count, count + 1);
    }
    pthread_mutex_unlock(&journal->lock);
    if (count == LL_TORN_PLACES_MAX)
        ll_log_write(&journal->log, LLMLEARN_LOG_ERROR, "journal-write-failed",
                     "too many failed journal writes at once: what was logged behind them "
                     "is stored when this process has ended");
}

void ll_written_pad(ll_journal *journal, uint32_t ordinal, uint32_t at, uint32_t bytes)
{
    if (write_pad(journal, ordinal, at, bytes) != 0)
        remember(journal, ordinal, at, bytes);
}

llmlearn_err ll_written_refuse(void)
{
    return ll_fail(LLMLEARN_EIO, "an earlier write to the journal failed and is being repaired");
}

/* As ll_word_crc has it, of a record that is not in one piece. */
static uint32_t checksum(const ll_record_header *header, const ll_journal_part *parts,
                         uint32_t part_count)
{
    size_t from = offsetof(ll_record_header, type);
    uint32_t crc = ll_crc32c(ll_word_length(header->word), (const uint8_t *)header + from,
                             sizeof *header - from);

    for (uint32_t i = 0; i < part_count; i++)
        crc = ll_crc32c(crc, parts[i].data, parts[i].bytes);
    return crc;
}

static void advance(struct iovec **pieces, int *count, size_t bytes)
{
    while (*count > 0 && bytes >= (*pieces)->iov_len) {
        bytes -= (*pieces)->iov_len;
        (*pieces)++;
        (*count)--;
    }
    if (*count > 0) {
        (*pieces)->iov_base = (uint8_t *)(*pieces)->iov_base + bytes;
        (*pieces)->iov_len -= bytes;
    }
}

/* 0 or errno. */
static int write_pieces(int fd, struct iovec *pieces, int count, uint64_t at)
{
    while (count > 0) {
        ssize_t done = pwritev(fd, pieces, count, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : ENOSPC;
        at += (uint64_t)done;
        advance(&pieces, &count, (size_t)done);
    }
    return 0;
}

/* All but the commit. The kernel copies from front to back, so the word comes first here too. */
static int write_uncommitted(int fd, uint64_t at, ll_record_header *header,
                             const ll_journal_part *parts, uint32_t part_count)
{
    struct iovec pieces[PIECES_MAX] = { { header, sizeof *header } };
    size_t bytes = sizeof *header;
    int count = 1;

    for (uint32_t i = 0; i < part_count; i++) {
        if (parts[i].bytes == 0)
            continue;
        if (count == PIECES_MAX) {
            int error = write_pieces(fd, pieces, count, at);

            if (error != 0)
                return error;
            at += bytes;
            bytes = 0;
            count = 0;
        }
        pieces[count].iov_base = (void *)(uintptr_t)parts[i].data;
        pieces[count++].iov_len = parts[i].bytes;
        bytes += parts[i].bytes;
    }
    return write_pieces(fd, pieces, count, at);
}

static int write_record(int fd, uint64_t at, ll_record_header *header, const ll_journal_part *parts,
                        uint32_t part_count)
{
    uint64_t committed = header->word | LL_WORD_COMMITTED;
    int error = write_uncommitted(fd, at, header, parts, part_count);

    if (error != 0)
        return error;
    LL_POINT("append.payload");
    return ll_segment_write(fd, &committed, sizeof committed, at);
}

llmlearn_err ll_written_store(ll_journal *journal, uint32_t ordinal, uint32_t at,
                              ll_record_header *header, const ll_journal_part *parts,
                              uint32_t part_count)
{
    ll_segment *segment = ll_ring_slot(journal, ordinal);
    int error;

    assert(segment->fd >= 0 && at >= LL_SEGMENT_DATA);
    header->crc = checksum(header, parts, part_count);
    error = write_record(segment->fd, at, header, parts, part_count);
    if (error == 0)
        return LLMLEARN_OK;
    /* Nothing was acknowledged here: readers shall pass the place. */
    ll_written_pad(journal, ordinal, at, ll_word_rounded(ll_word_length(header->word)));
    return ll_fail_errno(error, "writing to the journal");
}

void ll_written_repair(ll_journal *journal)
{
    uint32_t count, kept = 0;

    if (atomic_load_explicit(&journal->torn_count, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&journal->lock);
    count = atomic_load(&journal->torn_count);
    for (uint32_t i = 0; i < count; i++) {
        ll_torn_place *place = &journal->torn[i];

        if (write_pad(journal, place->ordinal, place->at, place->bytes) != 0)
            journal->torn[kept++] = *place;
    }
    atomic_store(&journal->torn_count, kept);
    pthread_mutex_unlock(&journal->lock);
}
