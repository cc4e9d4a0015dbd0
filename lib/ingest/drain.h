/* drain.h - reads journal segments into the transaction at hand: ours always, those of
 * others when a pass over everything is due.
 *
 * A pass is one walk over all segments that existed when it began, over as many
 * transactions as it takes. Adopting passes read only what dead owners left. A pass
 * is complete when every segment was read to its end: none was blocked by an unfinished
 * record with more behind it, and none could not be read.
 *
 * Threads: the ingest thread, with the store's write lock.
 * Uses:    base, journal, store, batch. */
#ifndef LL_INGEST_DRAIN_H
#define LL_INGEST_DRAIN_H

#include "ingest/batch.h"

#define LL_DRAIN_OPEN_MAX 64u

typedef struct ll_drain_segment {
    ll_segment_ref ref;
    ll_segment_reader *reader;
    bool finished;
} ll_drain_segment;

typedef struct ll_drain {
    ll_journal *journal;
    const ll_log *log;
    const atomic_bool *hurry; /* set: stop at the next record */
    /* of this transaction */
    ll_drain_segment open[LL_DRAIN_OPEN_MAX];
    uint32_t open_count;
    uint64_t own_drained; /* virtual position, stored once this commits */
    bool own_blocked, more;
    /* of the pass */
    bool active, adopting, blocked, walked;
    bool just_listed;         /* the write lock has been held since `others` was listed */
    uint64_t begun, complete; /* passes over everything, numbered from 1 */
    uint64_t own_goal;
    ll_segment_ref *others;
    size_t other_count, next_other;
    /* lives that ended: their positions go with the next transaction */
    uint8_t ended[LL_DRAIN_OPEN_MAX][LL_UUID_BYTES];
    uint32_t ended_count;
} ll_drain;

void ll_drain_init(ll_drain *drain, ll_journal *journal, const ll_log *log,
                   const atomic_bool *hurry);
void ll_drain_destroy(ll_drain *drain);

/* Is anything of ours undrained? */
bool ll_drain_is_due(const ll_drain *drain);

/* Begins a pass, unless one is under way. */
llmlearn_err ll_drain_begin_pass(ll_drain *drain, bool adopting);

/* The latest pass over everything that is over, complete or not. */
uint64_t ll_drain_ended(const ll_drain *drain);

/* Stores up to rows_max records through the batch, with their positions. */
llmlearn_err ll_drain_step(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                           uint32_t rows_max);

/* After the commit, still under the lock: gives used-up segments back. `more` says whether
 * records were left only for lack of room in the transaction. */
void ll_drain_committed(ll_drain *drain);
/* After a rollback: as if the step had not been. */
void ll_drain_rolled_back(ll_drain *drain);

#endif
