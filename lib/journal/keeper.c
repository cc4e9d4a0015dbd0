#include "journal/keeper.h"

#include "base/point.h"
#include "base/thread.h"
#include "journal/ring.h"
#include "journal/written.h"

#include <assert.h>

#define PASS_MS 5         /* 8 MB of pages last that long up to 1.6 GB/s */
#define IDLE_PASS_MS 100  /* when nobody appends */
#define STILL_PASSES 20   /* of 5 ms without an append: idle */
#define RESTING_PASSES 40 /* then of 100 ms: stop dirtying pages again and again */
#define AHEAD_BYTES (8u << 20)
#define NEAR_BYTES (1u << 20) /* 40 us of work in each pass; lasts up to 200 MB/s */
#define FAR_PASSES 16
#define BEHIND_BYTES (2u << 20)  /* of the map that stays behind the tail */
#define ZERO_BYTES (2u << 20)    /* in one pass: half a ms */
#define WAITING_BYTES (8u << 20) /* undrained: time to wake whoever drains */

/* ---- prefaulting ------------------------------------------------------- */

/* [from, to) in virtual positions, as far as there are segments for it. */
static void prefault(ll_journal *journal, uint64_t from, uint64_t to)
{
    uint32_t limit = atomic_load_explicit(&journal->limit, memory_order_relaxed);
    uint64_t end = (uint64_t)(limit == 0 ? journal->segment_count : limit) * journal->data_bytes;

    to = to < end ? to : end;
    while (from < to) {
        uint32_t ordinal = (uint32_t)(from / journal->data_bytes);
        uint64_t base = (uint64_t)ordinal * journal->data_bytes;
        uint64_t stop = to - base < journal->data_bytes ? to : base + journal->data_bytes;

        ll_segment_prefault(ll_ring_slot(journal, ordinal), LL_SEGMENT_DATA + (from - base),
                            LL_SEGMENT_DATA + (stop - base));
        from = stop;
    }
    if (journal->kept.ready_to < to)
        journal->kept.ready_to = to;
}

/* Pages never touched are made ready once; those that are next, again in every pass, and all of
 * them now and then, since the kernel write-protects what it writes back. */
void ll_keeper_prefault(ll_journal *journal)
{
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    uint64_t from = ll_ring_virtual(journal, tail);
    uint64_t ready_to = journal->kept.ready_to;

    if (!ll_ring_mapped(journal))
        return;
    if (journal->kept.passes++ % FAR_PASSES == 0 || ready_to < from + NEAR_BYTES) {
        prefault(journal, from, from + AHEAD_BYTES);
        return;
    }
    prefault(journal, from, from + NEAR_BYTES);
    prefault(journal, ready_to, from + AHEAD_BYTES);
}

/* What was appended lately may still be in work; what lies a few MB behind hardly. */
static void release_behind(ll_journal *journal)
{
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    uint64_t to = ll_ring_virtual(journal, tail);
    uint32_t limit = atomic_load_explicit(&journal->limit, memory_order_relaxed);
    uint64_t ring_start = (uint64_t)ll_ring_first(journal, limit) * journal->data_bytes;

    if (!ll_ring_mapped(journal) || to < journal->kept.released_to + 2 * BEHIND_BYTES)
        return;
    to -= BEHIND_BYTES;
    if (journal->kept.released_to < ring_start)
        journal->kept.released_to = ring_start;
    while (journal->kept.released_to < to) {
        uint64_t from = journal->kept.released_to;
        uint32_t ordinal = (uint32_t)(from / journal->data_bytes);
        uint64_t base = (uint64_t)ordinal * journal->data_bytes;
        uint64_t stop = to - base < journal->data_bytes ? to : base + journal->data_bytes;

        ll_segment_release(ll_ring_slot(journal, ordinal), LL_SEGMENT_DATA + (from - base),
                           LL_SEGMENT_DATA + (stop - base));
        journal->kept.released_to = stop;
    }
}

/* ---- recycling --------------------------------------------------------- */

static void move_count(ll_journal *journal, ll_segment *segment)
{
    atomic_fetch_add(&journal->count_moves, 1);
    atomic_fetch_add(&journal->counted, atomic_load(&segment->done) >> 32);
    atomic_store(&segment->done, 0);
    atomic_fetch_add(&journal->count_moves, 1);
}

/* A piece of the oldest segment if it is retired, so that prefaulting never waits long for it;
 * the last piece makes it the newest. */
static llmlearn_err recycle(ll_journal *journal, ll_segment *segment, uint32_t ordinal)
{
    uint64_t from = LL_SEGMENT_DATA + journal->kept.zeroed;
    uint64_t rest = journal->plan.segment_bytes - from;
    uint64_t bytes = rest < ZERO_BYTES ? rest : ZERO_BYTES;
    llmlearn_err err = ll_segment_zero(segment, from, from + bytes);

    if (err != LLMLEARN_OK)
        return err;
    journal->kept.zeroed += bytes;
    if (bytes < rest)
        return LLMLEARN_OK;
    LL_POINT("recycle.zeroed");
    err = ll_segment_begin_life(segment, &journal->plan, (uint64_t)ordinal * journal->data_bytes);
    if (err != LLMLEARN_OK)
        return err;
    journal->kept.zeroed = 0;
    move_count(journal, segment);
    atomic_store_explicit(&segment->life, ll_ring_life(ordinal, false), memory_order_release);
    /* Release: whoever sees the limit sees zeros and the new uuid. */
    atomic_store_explicit(&journal->limit, ordinal + 1, memory_order_release);
    return LLMLEARN_OK;
}

/* True if something was done, and more may be to do. */
static bool recycle_next(ll_journal *journal)
{
    uint32_t limit = atomic_load_explicit(&journal->limit, memory_order_relaxed);
    ll_segment *segment = ll_ring_slot(journal, limit); /* the oldest: it becomes the newest */

    if (atomic_load_explicit(&segment->life, memory_order_acquire) !=
        ll_ring_life(limit - journal->segment_count, true))
        return false;
    if (!ll_ring_all_through(journal, limit))
        return false;
    ll_err_capture(recycle(journal, segment, limit), &journal->kept.recycling);
    return journal->kept.recycling.err == LLMLEARN_OK; /* else the next pass tries again */
}

/* ---- telling ----------------------------------------------------------- */

/* Once, until it has worked again. */
static void tell_of_recycling(ll_journal *journal)
{
    const ll_err_report *now = &journal->kept.recycling;

    if (now->err != LLMLEARN_OK && !journal->kept.recycling_failed)
        ll_log_write(&journal->log, LLMLEARN_LOG_ERROR, "journal-recycle-failed",
                     "a drained journal segment cannot be used again, trying on: %s", now->detail);
    journal->kept.recycling_failed = now->err != LLMLEARN_OK;
}

static uint32_t fill_level(ll_journal *journal, uint64_t tail)
{
    uint32_t limit = atomic_load_explicit(&journal->limit, memory_order_relaxed);
    uint64_t first = (uint64_t)ll_ring_first(journal, limit) * journal->data_bytes;
    uint64_t all = (uint64_t)journal->segment_count * journal->data_bytes;
    uint64_t used = ll_ring_virtual(journal, tail) - first;
    uint64_t refused = atomic_load_explicit(&journal->refused, memory_order_relaxed);
    bool is_full = refused != journal->kept.refused;

    journal->kept.refused = refused;
    if (is_full)
        return 100;
    return used * 4 >= all * 3 ? 75 : used * 2 >= all ? 50 : 0;
}

/* Once per crossing: a level is warned of again only after the fill fell below it. */
static void tell_of_fill(ll_journal *journal, uint64_t tail)
{
    uint32_t before = journal->kept.fill_level;
    uint32_t level = fill_level(journal, tail);

    journal->kept.fill_level = level;
    if (level <= before)
        return;
    if (level == 100)
        ll_log_write(&journal->log, LLMLEARN_LOG_ERROR, "journal-full",
                     "the journal is full: explanations are being refused");
    else if (level == 75)
        ll_log_write(&journal->log, LLMLEARN_LOG_WARNING, "journal-three-quarters-full",
                     "the journal is three quarters full: the database does not keep up");
    else
        ll_log_write(&journal->log, LLMLEARN_LOG_WARNING, "journal-half-full",
                     "the journal is half full: the database does not keep up");
}

static void wake_drain(ll_journal *journal, uint64_t tail)
{
    uint64_t drained = atomic_load_explicit(&journal->drained, memory_order_relaxed);
    uint64_t position = ll_ring_virtual(journal, tail);
    uint64_t waiting = position > drained ? position - drained : 0;
    uint64_t quarter = (uint64_t)journal->segment_count * journal->data_bytes / 4;

    if (journal->wake != NULL && (waiting > WAITING_BYTES || waiting > quarter))
        journal->wake(journal->wake_user);
}

/* ---- the thread -------------------------------------------------------- */

static void count_stillness(ll_journal *journal, uint64_t tail)
{
    if (tail != journal->kept.tail)
        journal->kept.still_passes = 0;
    else if (journal->kept.still_passes < STILL_PASSES + RESTING_PASSES)
        journal->kept.still_passes++;
    journal->kept.tail = tail;
}

/* Everything that may wait for the disk; how long to sleep then, in ms. */
static uint32_t work(ll_journal *journal, uint64_t tail)
{
    bool recycled;

    count_stillness(journal, tail);
    if (journal->kept.still_passes < STILL_PASSES + RESTING_PASSES)
        ll_keeper_prefault(journal);
    release_behind(journal);
    recycled = recycle_next(journal);
    ll_written_repair(journal);
    if (recycled)
        return 0; /* there may be more */
    return journal->kept.still_passes < STILL_PASSES ? PASS_MS : IDLE_PASS_MS;
}

/* The host's callbacks: not once somebody wants us to pause or end, who may have given up on us. */
static void tell(ll_journal *journal, uint64_t tail)
{
    bool stop;

    pthread_mutex_lock(&journal->lock);
    stop = journal->keeper_stop || journal->paused;
    pthread_mutex_unlock(&journal->lock);
    if (stop)
        return;
    wake_drain(journal, tail);
    tell_of_recycling(journal);
    tell_of_fill(journal, tail);
}

static uint32_t pass(ll_journal *journal)
{
    uint64_t tail = atomic_load_explicit(&journal->tail, memory_order_relaxed);
    uint32_t sleep_ms = work(journal, tail);

    tell(journal, tail);
    return sleep_ms;
}

/* With the lock held; waits without it. */
static void sleep_until_due(ll_journal *journal, uint32_t ms)
{
    struct timespec until = ll_deadline_timespec(ll_deadline_in_ms(ms));
    int status = 0;

    while (status == 0 && ms > 0 && !journal->keeper_stop && !journal->paused &&
           !journal->keeper_due)
        status = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
    journal->keeper_due = false;
}

static void *run(void *argument)
{
    ll_journal *journal = argument;
    bool abandoned;

    pthread_mutex_lock(&journal->lock);
    while (!journal->keeper_stop) {
        uint32_t sleep_ms;

        if (journal->paused || !journal->prepared) {
            pthread_cond_wait(&journal->changed, &journal->lock);
            continue;
        }
        journal->keeper_busy = true;
        pthread_mutex_unlock(&journal->lock);
        sleep_ms = pass(journal);
        pthread_mutex_lock(&journal->lock);
        journal->keeper_busy = false;
        pthread_cond_broadcast(&journal->changed);
        sleep_until_due(journal, sleep_ms);
    }
    journal->keeper_runs = false;
    abandoned = journal->abandoned;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
    if (abandoned)
        ll_ring_free(journal);
    return NULL;
}

llmlearn_err ll_keeper_start(ll_journal *journal)
{
    llmlearn_err err;

    assert(journal->segments != NULL && !journal->keeper_runs);
    pthread_mutex_lock(&journal->lock);
    err = ll_thread_start(&journal->keeper, "llmlearn-keeper", run, journal);
    journal->keeper_runs = err == LLMLEARN_OK;
    pthread_mutex_unlock(&journal->lock);
    return err;
}

bool ll_keeper_stop(ll_journal *journal, ll_deadline deadline)
{
    struct timespec until = ll_deadline_timespec(deadline);
    bool started, ended;
    int status = 0;

    pthread_mutex_lock(&journal->lock);
    started = journal->keeper_runs;
    journal->keeper_stop = true;
    pthread_cond_broadcast(&journal->changed);
    while (journal->keeper_runs && status == 0)
        status = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
    ended = !journal->keeper_runs;
    journal->abandoned = !ended;
    pthread_mutex_unlock(&journal->lock);
    if (started && ended)
        pthread_join(journal->keeper, NULL);
    else if (started)
        pthread_detach(journal->keeper);
    return ended;
}

void ll_keeper_call(ll_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->keeper_due = true;
    pthread_cond_broadcast(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
}
