#include "ingest/drain.h"

#include "journal/format.h"
#include "store/positions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* More than a ring ever has; a process with more segments drains the rest next time. */
#define OWN_SEGMENTS_MAX 256u

typedef enum progress {
    READ_TO_END = 1,
    READ_BLOCKED,
    READ_CUT /* rows_max reached, or in a hurry */
} progress;

void ll_drain_init(ll_drain *drain, ll_journal *journal, const ll_log *log,
                   const atomic_bool *hurry)
{
    memset(drain, 0, sizeof *drain);
    drain->journal = journal;
    drain->log = log;
    drain->hurry = hurry;
}

static void close_readers(ll_drain *drain)
{
    for (uint32_t i = 0; i < drain->open_count; i++)
        ll_segment_reader_close(drain->open[i].reader);
    drain->open_count = 0;
}

static void end_pass(ll_drain *drain)
{
    free(drain->others);
    drain->others = NULL;
    drain->other_count = 0;
    drain->active = false;
}

void ll_drain_destroy(ll_drain *drain)
{
    close_readers(drain);
    end_pass(drain);
}

bool ll_drain_is_due(const ll_drain *drain)
{
    ll_journal_state state;

    ll_journal_get_state(drain->journal, &state);
    return state.tail != state.drained;
}

llmlearn_err ll_drain_begin_pass(ll_drain *drain, bool adopting)
{
    ll_journal_state state;
    llmlearn_err err;

    if (drain->active)
        return LLMLEARN_OK;
    ll_journal_get_state(drain->journal, &state);
    err = ll_journal_list_others(drain->journal, &drain->others, &drain->other_count);
    if (err != LLMLEARN_OK)
        return err;
    drain->active = true;
    drain->just_listed = true;
    drain->adopting = adopting;
    drain->blocked = false;
    drain->walked = false;
    drain->next_other = 0;
    drain->own_goal = state.tail;
    drain->begun += !adopting;
    return LLMLEARN_OK;
}

uint64_t ll_drain_ended(const ll_drain *drain)
{
    return drain->active && !drain->adopting ? drain->begun - 1 : drain->begun;
}

/* ---- one segment ------------------------------------------------------- */

/* A segment of others that cannot be read keeps neither the rest nor the votes waiting: it is
 * tried again in the next pass, and no pass is complete without it. */
static void pass_over(const ll_drain *drain, const ll_segment_ref *ref, progress *out_progress)
{
    ll_log_write(drain->log, LLMLEARN_LOG_WARNING, "segment-unreadable", "%s: %s", ref->name,
                 llmlearn_error_detail());
    *out_progress = READ_BLOCKED;
}

/* Stores the records of an open segment from its position on. */
static llmlearn_err store_records(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                                  ll_drain_segment *segment, uint32_t *rows_left,
                                  progress *out_progress)
{
    uint64_t start = 0;
    uint64_t offset;
    llmlearn_err err = ll_positions_get(connection, segment->ref.uuid, &start);

    offset = start;
    *out_progress = READ_CUT;
    while (err == LLMLEARN_OK && *rows_left > 0 &&
           !atomic_load_explicit(drain->hurry, memory_order_relaxed)) {
        ll_record record;
        ll_read read = ll_segment_reader_next(segment->reader, &offset, &record);

        if (read == LL_READ_ERROR && segment->ref.ours)
            return LLMLEARN_EIO;
        if (read == LL_READ_ERROR) {
            pass_over(drain, &segment->ref, out_progress);
            break;
        }
        if (read != LL_READ_RECORD) {
            segment->finished = read == LL_READ_FINISHED;
            *out_progress = read == LL_READ_BLOCKED ? READ_BLOCKED : READ_TO_END;
            break;
        }
        err = ll_batch_store(batch, &record);
        (*rows_left)--;
    }
    if (err == LLMLEARN_OK && offset != start)
        err = ll_positions_set(connection, segment->ref.uuid, offset);
    if (err == LLMLEARN_OK && segment->ref.ours && offset > LL_SEGMENT_DATA)
        drain->own_drained = segment->ref.base + offset - LL_SEGMENT_DATA;
    return err;
}

static llmlearn_err read_segment(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                                 const ll_segment_ref *ref, uint32_t *rows_left,
                                 progress *out_progress)
{
    ll_drain_segment *segment = &drain->open[drain->open_count];
    llmlearn_err err;

    *out_progress = READ_CUT;
    if (drain->open_count == LL_DRAIN_OPEN_MAX)
        return LLMLEARN_OK;
    if (ref->unreadable) {
        ll_fail(LLMLEARN_EIO, "its header cannot be read");
        pass_over(drain, ref, out_progress);
        return LLMLEARN_OK;
    }
    *segment = (ll_drain_segment){ .ref = *ref };
    err = ll_segment_reader_open(drain->journal, ref, &segment->reader);
    if (err == LLMLEARN_ENOTFOUND) {
        *out_progress = READ_TO_END; /* gone: its records were stored before */
        return LLMLEARN_OK;
    }
    if (err != LLMLEARN_OK && !ref->ours) {
        pass_over(drain, ref, out_progress);
        return LLMLEARN_OK;
    }
    if (err != LLMLEARN_OK)
        return err;
    drain->open_count++;
    if (drain->active && drain->adopting && !ref->ours &&
        ll_segment_reader_owner_is_alive(segment->reader)) {
        *out_progress = READ_TO_END;
        return LLMLEARN_OK;
    }
    return store_records(drain, connection, batch, segment, rows_left, out_progress);
}

/* ---- all of them ------------------------------------------------------- */

static llmlearn_err drain_own(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                              uint32_t *rows_left)
{
    ll_segment_ref refs[OWN_SEGMENTS_MAX];
    size_t count = ll_journal_own_segments(drain->journal, refs, OWN_SEGMENTS_MAX);
    llmlearn_err err = LLMLEARN_OK;

    for (size_t i = 0; i < count && err == LLMLEARN_OK; i++) {
        progress how;

        err = read_segment(drain, connection, batch, &refs[i], rows_left, &how);
        if (err == LLMLEARN_OK && how == READ_TO_END && drain->open_count > 0 &&
            drain->open[drain->open_count - 1].finished)
            continue;
        drain->own_blocked = how == READ_BLOCKED;
        drain->more |= how == READ_CUT;
        break;
    }
    return err;
}

static llmlearn_err drain_others(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                                 uint32_t *rows_left)
{
    llmlearn_err err = LLMLEARN_OK;

    while (drain->next_other < drain->other_count && err == LLMLEARN_OK) {
        progress how;

        err = read_segment(drain, connection, batch, &drain->others[drain->next_other], rows_left,
                           &how);
        if (err != LLMLEARN_OK)
            return err;
        if (how == READ_CUT) {
            drain->more = true;
            return LLMLEARN_OK;
        }
        drain->blocked |= how == READ_BLOCKED;
        drain->next_other++;
    }
    drain->walked = true;
    return err;
}

static llmlearn_err forget_ended(ll_drain *drain, ll_connection *connection)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < drain->ended_count && err == LLMLEARN_OK; i++)
        err = ll_positions_forget(connection, drain->ended[i]);
    return err;
}

typedef struct all_segments {
    const ll_drain *drain;
    ll_segment_ref own[OWN_SEGMENTS_MAX];
    size_t own_count;
} all_segments;

static bool is_among(const ll_segment_ref *refs, size_t count, const uint8_t uuid[LL_UUID_BYTES])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(refs[i].uuid, uuid, LL_UUID_BYTES) == 0)
            return true;
    return false;
}

static bool any_unreadable(const ll_segment_ref *refs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (refs[i].unreadable)
            return true;
    return false;
}

static bool is_there(void *user, const uint8_t uuid[LL_UUID_BYTES])
{
    const all_segments *all = user;

    return is_among(all->own, all->own_count, uuid) ||
           is_among(all->drain->others, all->drain->other_count, uuid);
}

/* Positions of lives that ended without a next transaction of their process: while the lock
 * is held nobody gives a position to a segment that was not listed. */
static llmlearn_err sweep_positions(ll_drain *drain, ll_connection *connection)
{
    all_segments all = { .drain = drain };

    if (!drain->just_listed || !drain->adopting ||
        any_unreadable(drain->others, drain->other_count))
        return LLMLEARN_OK;
    all.own_count = ll_journal_own_segments(drain->journal, all.own, OWN_SEGMENTS_MAX);
    if (all.own_count == OWN_SEGMENTS_MAX)
        return LLMLEARN_OK; /* there may be more */
    return ll_positions_sweep(connection, is_there, &all);
}

llmlearn_err ll_drain_step(ll_drain *drain, ll_connection *connection, ll_batch *batch,
                           uint32_t rows_max)
{
    uint32_t rows_left = rows_max;
    ll_journal_state state;
    llmlearn_err err = forget_ended(drain, connection);

    assert(drain->open_count == 0);
    if (err == LLMLEARN_OK)
        err = sweep_positions(drain, connection);
    drain->just_listed = false;
    ll_journal_get_state(drain->journal, &state);
    drain->own_drained = state.drained;
    drain->own_blocked = false;
    drain->more = false;
    if (err == LLMLEARN_OK && state.tail != state.drained)
        err = drain_own(drain, connection, batch, &rows_left);
    if (err == LLMLEARN_OK && drain->active)
        err = drain_others(drain, connection, batch, &rows_left);
    return err;
}

/* ---- after the transaction --------------------------------------------- */

static void give_back(ll_drain *drain, ll_drain_segment *segment)
{
    llmlearn_err err;

    if (!segment->finished)
        return;
    if (segment->ref.ours)
        err = ll_journal_retire(drain->journal, &segment->ref);
    else if (!ll_segment_reader_owner_is_alive(segment->reader))
        err = ll_segment_reader_unlink(segment->reader);
    else
        return; /* its owner recycles it */
    if (err != LLMLEARN_OK)
        ll_log_write(drain->log, LLMLEARN_LOG_WARNING, "segment-not-returned", "%s: %s",
                     segment->ref.name, llmlearn_error_detail());
    else
        memcpy(drain->ended[drain->ended_count++], segment->ref.uuid, LL_UUID_BYTES);
}

/* Everything was walked and what was ours when the pass began is stored. */
static void conclude_pass(ll_drain *drain)
{
    if (!drain->active || !drain->walked)
        return;
    if (drain->own_drained < drain->own_goal && !drain->own_blocked && drain->more)
        return;
    if (!drain->adopting && !drain->blocked && drain->own_drained >= drain->own_goal)
        drain->complete = drain->begun;
    end_pass(drain);
}

void ll_drain_committed(ll_drain *drain)
{
    drain->ended_count = 0;
    for (uint32_t i = 0; i < drain->open_count; i++)
        give_back(drain, &drain->open[i]);
    ll_journal_set_drained(drain->journal, drain->own_drained);
    conclude_pass(drain);
    close_readers(drain);
}

void ll_drain_rolled_back(ll_drain *drain)
{
    close_readers(drain);
    end_pass(drain);
}
