/* ring.h - the inside of a ll_journal: what append, keeper and reading share.
 *
 * The tail is one word, {ordinal:32 | offset:32}: which segment of the journal's whole
 * life, and how many of its data bytes are claimed. Slot = ordinal % segment_count.
 * The offset is below data_bytes: a full segment is the next one at 0.
 *
 *   limit          ordinals below it may be appended to. Stored with release after the
 *                  slot is ready, loaded with acquire before a claim.
 *   limit - count  the oldest ordinal whose data still lies in the ring.
 *
 * A segment's `life` is {ordinal:63 | retired:1}: the keeper gives it an ordinal, the reading
 * thread retires it, the keeper gives it the next. So the reading thread, having
 * seen the ordinal it looks for unretired, knows that nobody changes the segment under it.
 *
 * Uses: base, journal/journal.h, journal/segment.h. */
#ifndef LL_JOURNAL_RING_H
#define LL_JOURNAL_RING_H

#include "base/err.h"
#include "journal/journal.h"
#include "journal/segment.h"

#include <pthread.h>

#define LL_CACHE_LINE 64

/* Failed writes waiting for the keeper: one per thread that was appending just then, since an
 * append refuses while one waits. */
#define LL_TORN_PLACES_MAX 64

typedef struct ll_torn_place {
    uint32_t ordinal;
    uint32_t at; /* offset in the file */
    uint32_t bytes;
} ll_torn_place;

struct ll_journal {
    /* Read by every append, written before the first. */
    ll_segment *segments;
    uint32_t segment_count;
    uint32_t data_bytes;  /* of one segment */
    uint32_t payload_max; /* of one record */
    atomic_bool mapped;   /* settled by the first append; read behind the limit, or for show */
    uint64_t id_key[2];

    _Alignas(LL_CACHE_LINE) _Atomic uint64_t tail;

    _Alignas(LL_CACHE_LINE) _Atomic uint32_t limit;
    _Atomic uint32_t torn_count;

    _Alignas(LL_CACHE_LINE) _Atomic uint64_t drained;
    _Atomic uint64_t refused;
    _Atomic uint64_t holes;
    _Atomic uint64_t foreign_segments;
    _Atomic uint64_t counted;     /* records in earlier lives of the segments */
    _Atomic uint64_t count_moves; /* odd while `done` of a segment moves there */
    uint64_t foreign_logged;      /* by the listing thread */
    _Atomic(ll_segment_reader *) readers;

    char *directory;
    ll_segment_plan plan;
    ll_log log;
    void (*wake)(void *user);
    void *wake_user;

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool preparing;       /* a first append makes the segments */
    atomic_bool prepared; /* also read without the lock: never unset */
    bool closed;          /* nothing may be appended any more */
    bool paused;
    bool keeper_runs;
    bool keeper_busy; /* in a pass */
    bool keeper_stop;
    bool keeper_due; /* something to do before its time */
    bool abandoned;  /* the keeper did not end in time: it frees */
    uint64_t retry_at_ns;
    ll_err_report prepare_failure;
    pthread_t keeper;
    ll_torn_place torn[LL_TORN_PLACES_MAX];

    /* Of the keeper alone. */
    struct {
        uint64_t tail;
        uint64_t ready_to;    /* virtual position: pages before it were made writable once */
        uint64_t released_to; /* virtual position: what was mapped before it no longer is */
        uint64_t zeroed;      /* data bytes of the segment being recycled */
        uint32_t passes;
        uint64_t refused;
        uint32_t still_passes;   /* in which the tail did not move */
        uint32_t fill_level;     /* of the latest warning: 0, 50, 75, 100 */
        ll_err_report recycling; /* the latest */
        bool recycling_failed;   /* and it was told of */
    } kept;
};

static inline bool ll_ring_mapped(const ll_journal *journal)
{
    return atomic_load_explicit(&journal->mapped, memory_order_relaxed);
}

static inline uint32_t ll_ring_ordinal(uint64_t tail)
{
    return (uint32_t)(tail >> 32);
}

static inline uint32_t ll_ring_offset(uint64_t tail)
{
    return (uint32_t)tail;
}

static inline uint64_t ll_ring_tail(uint32_t ordinal, uint32_t offset)
{
    return (uint64_t)ordinal << 32 | offset;
}

static inline uint64_t ll_ring_virtual(const ll_journal *journal, uint64_t tail)
{
    return (uint64_t)ll_ring_ordinal(tail) * journal->data_bytes + ll_ring_offset(tail);
}

static inline ll_segment *ll_ring_slot(const ll_journal *journal, uint32_t ordinal)
{
    return &journal->segments[ordinal % journal->segment_count];
}

static inline uint64_t ll_ring_life(uint32_t ordinal, bool retired)
{
    return (uint64_t)ordinal << 1 | retired;
}

/* The last thing an append does in a segment. Release: the keeper, when it has met the bytes of
 * all appends, may use the segment anew. */
static inline void ll_ring_leave(ll_segment *segment, uint32_t bytes, bool is_record)
{
    atomic_fetch_add_explicit(&segment->done, (uint64_t)is_record << 32 | bytes,
                              memory_order_release);
}

/* Is the slot used for this ordinal, and not retired? */
static inline bool ll_ring_holds(const ll_journal *journal, uint32_t ordinal)
{
    /* Acquire: the keeper wrote uuid and header before. */
    return atomic_load_explicit(&ll_ring_slot(journal, ordinal)->life, memory_order_acquire) ==
           ll_ring_life(ordinal, false);
}

/* The oldest ordinal in the ring. */
static inline uint32_t ll_ring_first(const ll_journal *journal, uint32_t limit)
{
    return limit < journal->segment_count ? 0 : limit - journal->segment_count;
}

/* Is the ordinal's segment full, and every append in it through? Acquire: what they stored is seen.
 */
static inline bool ll_ring_all_through(const ll_journal *journal, uint32_t ordinal)
{
    const ll_segment *segment = ll_ring_slot(journal, ordinal);

    return (uint32_t)atomic_load_explicit(&segment->done, memory_order_acquire) ==
           journal->data_bytes;
}

/* May segments in this directory, or where it will be made, be mapped? Not where a store into a
 * preallocated page can fault for want of space (base/filesystem.h). LLMLEARN_EUNSUPPORTED where
 * locks are not to be trusted, LLMLEARN_EIO. */
llmlearn_err ll_ring_choose_way(const char *directory, bool *out_mapped);

/* Makes the segments and starts the keeper, once; others wait for the one who does it. */
llmlearn_err ll_ring_prepare(ll_journal *journal);

/* Are the segments made? Waits for one who is making them, at most a second. */
bool ll_ring_settled(ll_journal *journal);

/* Unmaps, unlocks, closes. */
void ll_ring_release(ll_journal *journal);

/* Frees all of it. */
void ll_ring_free(ll_journal *journal);

#endif
