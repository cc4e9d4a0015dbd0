#include "journal/journal.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/point.h"
#include "base/random.h"
#include "base/thread.h"
#include "journal/keeper.h"
#include "journal/ring.h"
#include "journal/segment_reader.h"
#include "journal/word.h"
#include "journal/written.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT_GRAIN UINT64_C(65536)
#define SEGMENT_BYTES_MAX (UINT64_C(1) << 30) /* a record's length and the offset have 31 bits */
#define SEGMENTS_MIN 4
#define SEGMENTS_MAX 16384  /* each is a descriptor and a mapping */
#define KEEPER_PAUSE_MS 300 /* longer than any pass takes, unless the disk does not answer */
#define KEEPER_STOP_MS 1000

/* ---- open and close ---------------------------------------------------- */

static llmlearn_err check_sizes(const ll_journal_options *options)
{
    uint64_t segment = options->segment_bytes;

    if (segment == 0 || segment % SEGMENT_GRAIN != 0 || segment > SEGMENT_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL,
                       "segment_bytes: %llu is not a multiple of 64 KiB up to 1 GiB",
                       (unsigned long long)segment);
    if (options->bytes_max % segment != 0 || options->bytes_max / segment < SEGMENTS_MIN ||
        options->bytes_max / segment > SEGMENTS_MAX)
        return ll_fail(LLMLEARN_EINVAL,
                       "journal_bytes_max: %llu is not %d to %d times segment_bytes (%llu)",
                       (unsigned long long)options->bytes_max, SEGMENTS_MIN, SEGMENTS_MAX,
                       (unsigned long long)segment);
    return LLMLEARN_OK;
}

static uint32_t payload_max(uint32_t data_bytes)
{
    uint32_t room = data_bytes - (uint32_t)sizeof(ll_record_header);

    return room < LL_RECORD_BYTES_MAX ? room : LL_RECORD_BYTES_MAX;
}

static void take_options(ll_journal *journal, const ll_journal_options *options, bool mapped)
{
    journal->segment_count = (uint32_t)(options->bytes_max / options->segment_bytes);
    journal->data_bytes = (uint32_t)(options->segment_bytes - LL_SEGMENT_DATA);
    journal->payload_max = payload_max(journal->data_bytes);
    journal->plan.segment_bytes = options->segment_bytes;
    memcpy(journal->plan.store_id, options->store_id, LL_UUID_BYTES);
    journal->plan.mapped = mapped && !options->force_pwrite;
    atomic_init(&journal->mapped, journal->plan.mapped);
    if (options->log != NULL)
        journal->log = *options->log;
    journal->wake = options->wake;
    journal->wake_user = options->wake_user;
}

static llmlearn_err make_journal(const ll_journal_options *options, bool mapped,
                                 ll_journal **out_journal)
{
    llmlearn_err err;
    ll_journal *journal = aligned_alloc(LL_CACHE_LINE, sizeof *journal);

    if (journal == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a journal");
    memset(journal, 0, sizeof *journal);
    take_options(journal, options, mapped);
    err = ll_random_bytes(journal->id_key, sizeof journal->id_key);
    if (err == LLMLEARN_OK) {
        journal->directory = strdup(options->directory);
        if (journal->directory == NULL)
            err = ll_fail(LLMLEARN_ENOMEM, "no memory for a journal");
    }
    if (err == LLMLEARN_OK)
        err = ll_thread_condition_init(&journal->changed);
    if (err != LLMLEARN_OK) {
        free(journal->directory);
        free(journal);
        return err;
    }
    pthread_mutex_init(&journal->lock, NULL); /* cannot fail without attributes */
    *out_journal = journal;
    return LLMLEARN_OK;
}

llmlearn_err ll_journal_open(const ll_journal_options *options, ll_journal **out_journal)
{
    bool mapped;
    llmlearn_err err;

    assert(options != NULL && out_journal != NULL);
    assert(options->directory != NULL);
    err = check_sizes(options);
    if (err == LLMLEARN_OK)
        err = ll_ring_choose_way(options->directory, &mapped);
    return err == LLMLEARN_OK ? make_journal(options, mapped, out_journal) : err;
}

void ll_journal_close(ll_journal *journal)
{
    if (journal == NULL)
        return;
    if (!ll_keeper_stop(journal, ll_deadline_in_ms(KEEPER_STOP_MS)))
        return; /* the disk does not answer; the keeper frees when it does */
    ll_ring_free(journal);
}

/* ---- appending --------------------------------------------------------- */

/* Where a record goes: its segment, its offset in the file, and the bytes of padding that
 * end the segment before. */
typedef struct place {
    uint32_t ordinal;
    uint32_t at;
    uint32_t pad_bytes;
} place;

__attribute__((noinline, cold)) static llmlearn_err refuse_size(const ll_journal *journal)
{
    return ll_fail(LLMLEARN_EINVAL,
                   "the record is longer than the %u bytes that a segment of segment_bytes %llu "
                   "can hold",
                   journal->payload_max, (unsigned long long)journal->plan.segment_bytes);
}

/* No segment is ready for the record: the first call of this process, or the ring is full. */
__attribute__((noinline, cold)) static llmlearn_err make_room(ll_journal *journal)
{
    if (atomic_load_explicit(&journal->limit, memory_order_relaxed) == 0)
        return ll_ring_prepare(journal);
    atomic_fetch_add_explicit(&journal->refused, 1, memory_order_relaxed);
    return ll_fail(LLMLEARN_EFULL,
                   "the journal is full: %llu MiB wait for the database; try again later, or "
                   "raise journal_bytes_max",
                   (unsigned long long)journal->segment_count * journal->plan.segment_bytes >> 20);
}

/* Takes `bytes` behind the tail, and the rest of a segment they do not fit into. */
static inline bool claim(ll_journal *journal, uint32_t bytes, place *out)
{
    uint32_t data_bytes = journal->data_bytes;
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    uint64_t next;

    do {
        uint32_t ordinal = ll_ring_ordinal(tail);
        uint32_t offset = ll_ring_offset(tail);

        out->pad_bytes = 0;
        if (bytes > data_bytes - offset) {
            out->pad_bytes = data_bytes - offset;
            ordinal++;
            offset = 0;
        }
        /* Acquire: the segment's zeros and uuid are ours to see. */
        if (ordinal >= atomic_load_explicit(&journal->limit, memory_order_acquire))
            return false;
        out->ordinal = ordinal;
        out->at = LL_SEGMENT_DATA + offset;
        offset += bytes;
        next = offset == data_bytes ? ll_ring_tail(ordinal + 1, 0) : ll_ring_tail(ordinal, offset);
        /* Relaxed: claiming orders nothing. The commit's release does. */
    } while (!atomic_compare_exchange_weak_explicit(&journal->tail, &tail, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static inline void store_word(ll_segment *segment, uint32_t at, uint64_t word)
{
    _Atomic uint64_t *to = (void *)(segment->map + at);

    atomic_store_explicit(to, word, memory_order_release);
}

/* What stands before the payload; the id as two words, since it comes and goes in registers. */
typedef struct stamp {
    uint64_t word; /* not committed */
    uint64_t id[2];
    uint32_t type;
    uint32_t length;
} stamp;

/* The crc is taken of what lies in the ring, not of the caller's parts: one run over bytes that
 * are in the cache, and always right for what readers will see. */
static inline void store_record(ll_segment *segment, uint32_t at, stamp s,
                                const ll_journal_part *parts, uint32_t part_count)
{
    uint8_t *record = segment->map + at;
    uint8_t *to = record + sizeof(ll_record_header);
    uint32_t crc;

    store_word(segment, at, s.word);
    /* The word stands before the payload does: a kill leaves what this thread had stored. */
    atomic_signal_fence(memory_order_seq_cst);
    LL_POINT("append.word");
    memset(record + ll_word_rounded(s.length) - 8, 0, 8); /* what the payload leaves of it stays */
    memcpy(record + offsetof(ll_record_header, type), &s.type, sizeof s.type);
    memcpy(record + offsetof(ll_record_header, id), &s.id[0], sizeof s.id[0]);
    memcpy(record + offsetof(ll_record_header, id) + 8, &s.id[1], sizeof s.id[1]);
    for (uint32_t i = 0; i < part_count; i++) {
        if (parts[i].bytes > 0)
            memcpy(to, parts[i].data, parts[i].bytes);
        to += parts[i].bytes;
    }
    LL_POINT("append.payload");
    crc = ll_word_crc(record, s.length);
    memcpy(record + offsetof(ll_record_header, crc), &crc, sizeof crc);
    store_word(segment, at, s.word | LL_WORD_COMMITTED);
}

static llmlearn_err write_record(ll_journal *journal, const place *p, const stamp *s,
                                 const ll_journal_part *parts, uint32_t part_count)
{
    ll_record_header header = { .word = s->word, .type = s->type };

    memcpy(header.id, s->id, sizeof header.id);
    return ll_written_store(journal, p->ordinal, p->at, &header, parts, part_count);
}

/* A failure is the keeper's to mend; it takes nothing from the record behind. */
__attribute__((noinline)) static void pad_before(ll_journal *journal, const place *p)
{
    uint32_t ordinal = p->ordinal - 1;
    uint32_t at = (uint32_t)journal->plan.segment_bytes - p->pad_bytes;
    ll_segment *segment = ll_ring_slot(journal, ordinal);

    if (!ll_ring_mapped(journal)) {
        ll_written_pad(journal, ordinal, at, p->pad_bytes);
        return;
    }
    store_word(segment, at, ll_word_of_pad(segment->uuid_crc, at, p->pad_bytes));
    ll_ring_leave(segment, p->pad_bytes, false);
}

/* All parts together; more than payload_max if it is more, never wrapped around. */
static inline uint64_t payload_bytes(const ll_journal *journal, const ll_journal_part *parts,
                                     uint32_t part_count)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < part_count; i++) {
        if (parts[i].bytes > journal->payload_max)
            return parts[i].bytes;
        bytes += parts[i].bytes;
    }
    return bytes;
}

static inline stamp make_stamp(const ll_journal *journal, const ll_segment *segment, const place *p,
                               uint32_t length, uint32_t type, int64_t now_us)
{
    uint64_t position = ll_ring_tail(p->ordinal, p->at);
    llmlearn_id id = ll_id_make(now_us, ll_siphash13_u64(journal->id_key, position));
    stamp s = { .word = ll_word_of_record(segment->uuid_crc, p->at, length),
                .type = type,
                .length = length };

    memcpy(s.id, &id, sizeof s.id);
    return s;
}

llmlearn_err ll_journal_append(ll_journal *journal, uint32_t type, const ll_journal_part *parts,
                               uint32_t part_count, int64_t now_us, llmlearn_id *out_id)
{
    uint64_t payload = payload_bytes(journal, parts, part_count);
    llmlearn_err err = LLMLEARN_OK;
    place p;

    if (payload > journal->payload_max)
        return refuse_size(journal);
    if (atomic_load_explicit(&journal->torn_count, memory_order_relaxed) != 0)
        err = ll_written_refuse();
    uint32_t length = (uint32_t)(sizeof(ll_record_header) + payload);
    while (err == LLMLEARN_OK && !claim(journal, ll_word_rounded(length), &p))
        err = make_room(journal);
    if (err != LLMLEARN_OK)
        return err;
    LL_POINT("append.claimed");

    if (p.pad_bytes > 0)
        pad_before(journal, &p);
    ll_segment *segment = ll_ring_slot(journal, p.ordinal);
    stamp s = make_stamp(journal, segment, &p, length, type, now_us);
    if (ll_ring_mapped(journal))
        store_record(segment, p.at, s, parts, part_count);
    else
        err = write_record(journal, &p, &s, parts, part_count);
    if (err != LLMLEARN_OK)
        return err;
    LL_POINT("append.committed");
    ll_ring_leave(segment, ll_word_rounded(length), true);
    memcpy(out_id, s.id, sizeof *out_id);
    return LLMLEARN_OK;
}

/* Records that were appended in all lives of all segments; whole although the keeper moves the
 * count of a segment that it uses anew. */
static uint64_t count_appended(const ll_journal *journal)
{
    uint64_t count, moves;

    do {
        bool prepared = atomic_load(&journal->prepared);

        moves = atomic_load(&journal->count_moves);
        count = atomic_load(&journal->counted);
        for (uint32_t i = 0; prepared && i < journal->segment_count; i++)
            count += atomic_load(&journal->segments[i].done) >> 32;
    } while (moves % 2 != 0 || moves != atomic_load(&journal->count_moves));
    return count;
}

void ll_journal_get_state(const ll_journal *journal, ll_journal_state *out_state)
{
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);

    *out_state = (ll_journal_state){
        .tail = ll_ring_virtual(journal, tail),
        .drained = atomic_load_explicit(&journal->drained, memory_order_relaxed),
        .bytes_max = (uint64_t)journal->segment_count * journal->data_bytes,
        .appended = count_appended(journal),
        .refused = atomic_load_explicit(&journal->refused, memory_order_relaxed),
        .holes = atomic_load_explicit(&journal->holes, memory_order_relaxed),
        .foreign_segments = atomic_load_explicit(&journal->foreign_segments, memory_order_relaxed),
        .mapped = ll_ring_mapped(journal),
    };
}

/* ---- own segments ------------------------------------------------------ */

static void refer(const ll_journal *journal, uint32_t ordinal, ll_segment_ref *out)
{
    const ll_segment *segment = ll_ring_slot(journal, ordinal);

    *out = (ll_segment_ref){ .ours = true, .base = (uint64_t)ordinal * journal->data_bytes };
    memcpy(out->name, segment->name, sizeof out->name);
    memcpy(out->uuid, segment->uuid, LL_UUID_BYTES);
}

size_t ll_journal_own_segments(ll_journal *journal, ll_segment_ref *out, size_t capacity)
{
    uint32_t limit = atomic_load_explicit(&journal->limit, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    size_t count = 0;

    for (uint32_t o = ll_ring_first(journal, limit); o < limit && count < capacity; o++) {
        if (ll_ring_tail(o, 0) >= tail)
            break; /* nothing was claimed here yet */
        if (ll_ring_holds(journal, o))
            refer(journal, o, &out[count++]);
    }
    return count;
}

void ll_journal_set_drained(ll_journal *journal, uint64_t position)
{
    assert(position <=
           ll_ring_virtual(journal, atomic_load_explicit(&journal->tail, memory_order_relaxed)));
    atomic_store_explicit(&journal->drained, position, memory_order_relaxed);
}

llmlearn_err ll_journal_retire(ll_journal *journal, const ll_segment_ref *ref)
{
    uint32_t ordinal = (uint32_t)(ref->base / journal->data_bytes);
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    ll_segment *segment;
    llmlearn_err err;

    assert(ref->ours && ref->base % journal->data_bytes == 0);
    assert(ordinal < ll_ring_ordinal(tail)); /* used to its end */
    segment = ll_ring_slot(journal, ordinal);
    if (!ll_ring_holds(journal, ordinal) || memcmp(segment->uuid, ref->uuid, LL_UUID_BYTES) != 0)
        return ll_fail(LLMLEARN_ESTATE, "the journal segment %s was retired before", ref->name);
    err = ll_segment_end_life(segment, &journal->plan);
    if (err != LLMLEARN_OK)
        return err;
    atomic_store_explicit(&segment->life, ll_ring_life(ordinal, true), memory_order_release);
    ll_keeper_call(journal);
    return LLMLEARN_OK;
}

/* Does the segment of this ordinal hold records that are not in the store? */
static bool holds_undrained(const ll_journal *journal, uint32_t ordinal, uint64_t tail,
                            uint64_t drained)
{
    uint64_t start = (uint64_t)ordinal * journal->data_bytes;

    return drained < tail && start < tail && start + journal->data_bytes > drained;
}

static void unlink_segments(ll_journal *journal, uint32_t limit, int directory_fd)
{
    uint64_t tail = ll_ring_virtual(journal, atomic_load(&journal->tail));
    uint64_t drained = atomic_load(&journal->drained);

    for (uint32_t o = ll_ring_first(journal, limit); o < limit; o++) {
        if (!ll_ring_holds(journal, o) || !holds_undrained(journal, o, tail, drained))
            unlinkat(directory_fd, ll_ring_slot(journal, o)->name, 0);
    }
}

void ll_journal_unlink_drained(ll_journal *journal)
{
    uint32_t limit;
    int directory_fd;

    pthread_mutex_lock(&journal->lock);
    while (journal->preparing)
        pthread_cond_wait(&journal->changed, &journal->lock);
    journal->closed = true;
    pthread_mutex_unlock(&journal->lock);
    if (!ll_journal_pause(journal, ll_deadline_in_ms(KEEPER_PAUSE_MS)))
        return; /* a stuck keeper may be at one of them; left for another process */
    limit = atomic_exchange(&journal->limit, 0);
    if (ll_segment_open_directory(journal->directory, false, &directory_fd) != LLMLEARN_OK)
        return;
    unlink_segments(journal, limit, directory_fd);
    close(directory_fd);
}

/* ---- fork -------------------------------------------------------------- */

bool ll_journal_pause(ll_journal *journal, ll_deadline deadline)
{
    struct timespec until = ll_deadline_timespec(deadline);
    bool still;
    int status = 0;

    pthread_mutex_lock(&journal->lock);
    journal->paused = true;
    pthread_cond_broadcast(&journal->changed);
    while ((journal->keeper_busy || journal->preparing) && status == 0)
        status = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
    still = !journal->keeper_busy && !journal->preparing;
    pthread_mutex_unlock(&journal->lock);
    return still;
}

void ll_journal_resume(ll_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->paused = false;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}

void ll_journal_after_fork_in_child(ll_journal *journal)
{
    /* close, never flock(LOCK_UN): the lock is the parent's too. */
    for (uint32_t i = 0; journal->segments != NULL && i < journal->segment_count; i++) {
        if (journal->segments[i].fd >= 0)
            close(journal->segments[i].fd);
        journal->segments[i].fd = -1;
    }
    ll_segment_reader_close_all_in_child(journal);
}
