#include "journal/segment_reader.h"

#include "base/err.h"
#include "base/point.h"
#include "journal/ring.h"
#include "journal/window.h"
#include "journal/word.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_BYTES_MAX (sizeof(ll_record_header) + LL_RECORD_BYTES_MAX)
#define REREADS 3 /* of a committed record with a bad crc: the read may have raced its stores */
/* How far a live reader looks for something behind a place that was claimed and not stored to.
 * The next record begins within the longest one; two such places may follow each other. */
#define LOOK_BEHIND_BYTES (2 * RECORD_BYTES_MAX)

struct ll_segment_reader {
    ll_journal *journal;
    _Atomic(ll_segment_reader *) next; /* in journal->readers */
    ll_segment_ref ref;
    uint32_t uuid_crc;
    int fd; /* the owner's own if ours */
    bool alive;
    bool settled;         /* ours, and every append in it is through */
    uint64_t segment_end; /* as the header has it; the window's end is where the file ends */
    ll_window window;
    uint64_t holes;
    uint64_t hole_bytes;
};

/* What stands at a place of the grid. */
typedef enum look {
    LOOK_SOUND = 1,  /* a record; its crc is right */
    LOOK_PAD,        /* padding */
    LOOK_ZERO,       /* nothing yet */
    LOOK_UNFINISHED, /* a record's word, not committed, crc wrong */
    LOOK_BAD,        /* a committed record's word, crc wrong */
    LOOK_GARBAGE,    /* neither */
    LOOK_ERROR       /* could not be read */
} look;

/* ---- what stands at a place -------------------------------------------- */

static bool is_pad(const ll_segment_reader *r, uint64_t at, uint64_t word)
{
    uint32_t length = ll_word_length(word);

    return (word & LL_WORD_COMMITTED) != 0 && length >= 8 && length % 8 == 0 &&
           length <= r->segment_end - at && word == ll_word_of_pad(r->uuid_crc, at, length);
}

/* A word whose tag is right: is the record? */
static look look_at_record(ll_segment_reader *r, uint64_t at, uint64_t word, ll_record *out)
{
    look unsound = (word & LL_WORD_COMMITTED) != 0 ? LOOK_BAD : LOOK_UNFINISHED;
    uint32_t length = ll_word_length(word);
    ll_record_header header;
    const uint8_t *record;
    bool error;

    if (length < sizeof header || length > RECORD_BYTES_MAX || length > r->window.end - at)
        return unsound;
    record = ll_window_view(&r->window, at, length, &error);
    if (record == NULL)
        return error ? LOOK_ERROR : unsound;
    memcpy(&header, record, sizeof header);
    if (header.word != word || header.crc != ll_word_crc(record, length))
        return unsound; /* another word: it was committed between two reads */
    *out = (ll_record){ .type = header.type,
                        .bytes = length - (uint32_t)sizeof header,
                        .payload = record + sizeof header };
    memcpy(&out->id, header.id, sizeof out->id);
    return LOOK_SOUND;
}

/* out_word: what stands there; out_record: set if sound. */
static look look_at(ll_segment_reader *r, uint64_t at, uint64_t *out_word, ll_record *out_record)
{
    bool error;
    const uint8_t *bytes = ll_window_view(&r->window, at, sizeof *out_word, &error);

    if (bytes == NULL)
        return error ? LOOK_ERROR : LOOK_ZERO;
    memcpy(out_word, bytes, sizeof *out_word);
    if (*out_word == 0)
        return LOOK_ZERO;
    if ((uint32_t)*out_word == ll_word_tag(r->uuid_crc, at))
        return look_at_record(r, at, *out_word, out_record);
    return is_pad(r, at, *out_word) ? LOOK_PAD : LOOK_GARBAGE;
}

static void count_hole(ll_segment_reader *r, uint64_t bytes)
{
    r->holes++;
    r->hole_bytes += bytes;
    atomic_fetch_add_explicit(&r->journal->holes, 1, memory_order_relaxed);
}

/* ---- a live owner's segment -------------------------------------------- */

/* Our own segment: how far was it claimed? As an offset in the file; beyond its end, further. */
static uint64_t own_tail(const ll_segment_reader *r)
{
    uint64_t tail = atomic_load_explicit(&r->journal->tail, memory_order_relaxed);
    uint64_t position = ll_ring_virtual(r->journal, tail);

    return position > r->ref.base ? LL_SEGMENT_DATA + (position - r->ref.base) : LL_SEGMENT_DATA;
}

/* The place is claimed but not finished: was more claimed, or written, behind it? */
static ll_read blocked_or_end(ll_segment_reader *r, uint64_t at, uint64_t word)
{
    uint32_t length = ll_word_length(word);
    uint64_t from = at + (word != 0 && length <= r->segment_end - at ? ll_word_rounded(length) : 8);
    uint64_t to = from + LOOK_BEHIND_BYTES;
    uint64_t found;
    bool error;

    if (r->ref.ours)
        return from < own_tail(r) ? LL_READ_BLOCKED : LL_READ_END;
    to = to < r->window.end ? to : r->window.end;
    if (from >= to)
        return LL_READ_END;
    found = ll_window_skip_zeros(&r->window, from, to, &error);
    if (error)
        return LL_READ_ERROR;
    return found < to ? LL_READ_BLOCKED : LL_READ_END;
}

/* The window may be older than the record: what is not sound in it is read once more. */
static look look_live(ll_segment_reader *r, uint64_t at, uint64_t *out_word, ll_record *out_record)
{
    look seen = look_at(r, at, out_word, out_record);
    int rereads = 0;

    while (seen != LOOK_SOUND && seen != LOOK_PAD && seen != LOOK_ERROR &&
           (!r->window.fresh || (seen == LOOK_BAD && rereads++ < REREADS))) {
        ll_window_drop(&r->window);
        seen = look_at(r, at, out_word, out_record);
    }
    return seen;
}

/* A committed record that stays damaged was spoilt by a stray store or by the memory itself:
 * its owner will not mend it. Its length is believed if another word of the segment, or the end,
 * is where it leads; there reading goes on by the rules of a live one. */
static bool leads_on(ll_segment_reader *r, uint64_t at, uint64_t word)
{
    uint64_t next = at + ll_word_rounded(ll_word_length(word));
    ll_record ignored;
    look seen;

    if (ll_word_length(word) < sizeof(ll_record_header) || next > r->window.end)
        return false;
    if (next == r->segment_end)
        return true;
    seen = look_at(r, next, &word, &ignored);
    return seen == LOOK_SOUND || seen == LOOK_PAD || seen == LOOK_BAD || seen == LOOK_UNFINISHED;
}

/* The place is neither a record to give out nor padding. */
static ll_read stop_at(ll_segment_reader *r, uint64_t at, look seen, uint64_t word)
{
    if (seen == LOOK_ERROR)
        return LL_READ_ERROR;
    if (seen == LOOK_GARBAGE || seen == LOOK_BAD)
        return LL_READ_BLOCKED;
    return blocked_or_end(r, at, word);
}

static ll_read next_live(ll_segment_reader *r, uint64_t *offset, ll_record *out_record)
{
    while (*offset < r->segment_end) {
        uint64_t word = 0;
        look seen;

        if (r->ref.ours && *offset >= own_tail(r))
            return LL_READ_END;
        seen = look_live(r, *offset, &word, out_record);
        if (seen == LOOK_SOUND && (word & LL_WORD_COMMITTED) != 0) {
            *offset += ll_word_rounded(ll_word_length(word));
            return LL_READ_RECORD;
        }
        if (seen == LOOK_BAD && leads_on(r, *offset, word))
            count_hole(r, ll_word_rounded(ll_word_length(word)));
        else if (seen != LOOK_PAD)
            return stop_at(r, *offset, seen, word);
        *offset += ll_word_rounded(ll_word_length(word));
    }
    return LL_READ_FINISHED;
}

/* ---- a dead owner's segment -------------------------------------------- */

/* The next place at or behind `at` where something of ours may stand: a word with a right tag,
 * or one that may pad the file to its end. */
static uint64_t find_candidate(ll_segment_reader *r, uint64_t at, bool *out_error)
{
    *out_error = false;
    while (at < r->window.end) {
        const uint8_t *bytes = ll_window_view(&r->window, at, 8, out_error);
        uint64_t stop;

        if (bytes == NULL)
            return r->window.end;
        stop = at + ll_window_rest(&r->window, at);
        for (; at < stop; at += 8, bytes += 8) {
            uint64_t word;

            memcpy(&word, bytes, sizeof word);
            if (word != 0 && ((uint32_t)word == ll_word_tag(r->uuid_crc, at) ||
                              ll_word_length(word) == r->segment_end - at))
                return at;
        }
    }
    return r->window.end;
}

/* Nothing sound follows `from`: how far does the damage reach? `from` if there is none. */
static uint64_t damage_end(ll_segment_reader *r, uint64_t from, bool *out_error)
{
    uint64_t last = from;
    uint64_t at = from;

    *out_error = false;
    while (at < r->window.end) {
        at = ll_window_skip_zeros(&r->window, at, r->window.end, out_error);
        if (at < r->window.end)
            last = at += 8;
    }
    return last;
}

static ll_read finish_dead(ll_segment_reader *r, uint64_t *offset, uint64_t from)
{
    bool error;
    uint64_t damaged = damage_end(r, from, &error);

    if (error)
        return LL_READ_ERROR;
    if (damaged > from)
        count_hole(r, damaged - from);
    *offset = r->segment_end;
    return LL_READ_FINISHED;
}

/* Only the checksum counts: what is not sound is searched through, whatever its length says. */
static ll_read next_dead(ll_segment_reader *r, uint64_t *offset, ll_record *out_record)
{
    uint64_t from = *offset; /* where the present damage began */
    uint64_t at = from;
    bool error;

    while (at < r->window.end) {
        uint64_t word = 0;
        look seen = look_at(r, at, &word, out_record);

        if (seen == LOOK_ERROR)
            return LL_READ_ERROR;
        if (seen == LOOK_SOUND) {
            if (at > from)
                count_hole(r, at - from);
            *offset = at + ll_word_rounded(ll_word_length(word));
            return LL_READ_RECORD;
        }
        /* In the midst of damage only padding up to the very end is believed. */
        if (seen == LOOK_PAD && at == from) {
            at = from = at + ll_word_length(word);
            continue;
        }
        if (seen == LOOK_PAD && at + ll_word_length(word) == r->segment_end)
            break;
        at = find_candidate(r, at + 8, &error);
        if (error)
            return LL_READ_ERROR;
    }
    if (at < r->window.end) {
        count_hole(r, at - from); /* up to the padding */
        *offset = r->segment_end;
        return LL_READ_FINISHED;
    }
    return finish_dead(r, offset, from);
}

/* A full segment of our own that no append is in any more is read like a dead owner's: nothing in
 * it will ever be finished or mended. What the window holds is from before. */
static bool is_settled(ll_segment_reader *r)
{
    if (r->ref.ours && !r->settled) {
        uint32_t ordinal = (uint32_t)(r->ref.base / r->journal->data_bytes);

        r->settled = ll_ring_all_through(r->journal, ordinal);
        if (r->settled)
            ll_window_drop(&r->window);
    }
    return r->settled;
}

ll_read ll_segment_reader_next(ll_segment_reader *reader, uint64_t *offset, ll_record *out_record)
{
    uint64_t at;

    assert(reader != NULL && offset != NULL && out_record != NULL);
    if (*offset >= reader->segment_end)
        return LL_READ_FINISHED;
    at = *offset < LL_SEGMENT_DATA ? LL_SEGMENT_DATA : (*offset + 7) & ~UINT64_C(7);
    reader->window.fresh = false;
    *offset = at;
    return reader->alive && !is_settled(reader) ? next_live(reader, offset, out_record)
                                                : next_dead(reader, offset, out_record);
}

uint64_t ll_segment_reader_holes(const ll_segment_reader *reader, uint64_t *out_bytes)
{
    if (out_bytes != NULL)
        *out_bytes = reader->hole_bytes;
    return reader->holes;
}

bool ll_segment_reader_owner_is_alive(const ll_segment_reader *reader)
{
    return reader->alive;
}

/* ---- open and close ---------------------------------------------------- */

static llmlearn_err gone(const ll_segment_ref *ref)
{
    return ll_fail(LLMLEARN_ENOTFOUND, "the journal segment %s is gone or was recycled", ref->name);
}

static llmlearn_err open_own(ll_segment_reader *r)
{
    uint32_t ordinal = (uint32_t)(r->ref.base / r->journal->data_bytes);
    const ll_segment *segment;

    if (r->journal->segments == NULL || !ll_ring_holds(r->journal, ordinal))
        return gone(&r->ref);
    segment = ll_ring_slot(r->journal, ordinal);
    if (memcmp(segment->uuid, r->ref.uuid, LL_UUID_BYTES) != 0)
        return gone(&r->ref);
    r->fd = segment->fd;
    r->alive = true;
    r->segment_end = r->window.end = r->journal->plan.segment_bytes;
    return LLMLEARN_OK;
}

/* Is it still the file and the life that the reference means? */
static llmlearn_err recheck(ll_segment_reader *r, int directory_fd)
{
    ll_segment_header header;
    ll_segment_kind kind = ll_segment_identify(r->fd, r->journal->plan.store_id, &header);

    if (kind == LL_SEGMENT_UNREADABLE)
        return ll_fail_errno(errno, "reading the journal segment %s", r->ref.name);
    if (kind != LL_SEGMENT_LIVE || memcmp(header.uuid, r->ref.uuid, LL_UUID_BYTES) != 0 ||
        !ll_segment_is_named(r->fd, directory_fd, r->ref.name))
        return gone(&r->ref);
    r->segment_end = header.segment_bytes;
    return LLMLEARN_OK;
}

static llmlearn_err measure(ll_segment_reader *r)
{
    struct stat about;

    if (fstat(r->fd, &about) != 0)
        return ll_fail_errno(errno, "the journal segment %s", r->ref.name);
    r->window.end = (uint64_t)about.st_size < r->segment_end
                        ? (uint64_t)about.st_size & ~UINT64_C(7)
                        : r->segment_end;
    return LLMLEARN_OK;
}

static void enlist(ll_segment_reader *r)
{
    atomic_store(&r->next, atomic_load(&r->journal->readers));
    atomic_store(&r->journal->readers, r);
}

/* One store takes it out, so that a fork at any moment finds a whole list. */
static void delist(ll_segment_reader *r)
{
    _Atomic(ll_segment_reader *) *place = &r->journal->readers;

    while (atomic_load(place) != NULL && atomic_load(place) != r)
        place = &atomic_load(place)->next;
    if (atomic_load(place) == r)
        atomic_store(place, atomic_load(&r->next));
}

static llmlearn_err open_other(ll_segment_reader *r, int directory_fd)
{
    llmlearn_err err;

    r->fd = ll_segment_open_file(directory_fd, r->ref.name, O_RDONLY);
    if (r->fd < 0)
        return errno == ENOENT
                   ? gone(&r->ref)
                   : ll_fail_errno(errno, "opening the journal segment %s", r->ref.name);
    enlist(r);
    if (flock(r->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return ll_fail_errno(errno, "locking the journal segment %s", r->ref.name);
        r->alive = true;
    }
    LL_POINT("adopt.locked");
    err = recheck(r, directory_fd);
    return err == LLMLEARN_OK ? measure(r) : err;
}

static llmlearn_err open_by_name(ll_segment_reader *r)
{
    int directory_fd;
    llmlearn_err err = ll_segment_open_directory(r->journal->directory, false, &directory_fd);

    if (err != LLMLEARN_OK)
        return err;
    err = open_other(r, directory_fd);
    close(directory_fd);
    return err;
}

llmlearn_err ll_segment_reader_open(ll_journal *journal, const ll_segment_ref *ref,
                                    ll_segment_reader **out_reader)
{
    llmlearn_err err;
    ll_segment_reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to read a journal segment");
    r->journal = journal;
    r->ref = *ref;
    r->uuid_crc = ll_crc32c(0, ref->uuid, LL_UUID_BYTES);
    r->fd = -1;
    err = ref->ours ? open_own(r) : open_by_name(r);
    if (err != LLMLEARN_OK) {
        ll_segment_reader_close(r);
        return err;
    }
    r->window.fd = r->fd;
    r->window.name = r->ref.name;
    r->window.pass_errors = !r->alive;
    *out_reader = r;
    return LLMLEARN_OK;
}

void ll_segment_reader_close(ll_segment_reader *reader)
{
    if (reader == NULL)
        return;
    if (!reader->ref.ours) {
        delist(reader);
        if (reader->fd >= 0)
            close(reader->fd);
    }
    ll_window_free(&reader->window);
    free(reader);
}

void ll_segment_reader_close_all_in_child(ll_journal *journal)
{
    for (ll_segment_reader *r = atomic_load(&journal->readers); r != NULL;
         r = atomic_load(&r->next)) {
        close(r->fd);
        r->fd = -1;
    }
}

/* Unlinks; but what has unreadable blocks is kept under another name, for people: its disk may yet
 * give them. */
static llmlearn_err put_away(ll_segment_reader *r, int directory_fd)
{
    char kept[LL_SEGMENT_NAME_BYTES + 16];
    int status;

    if (r->window.unreadable_bytes == 0) {
        status = unlinkat(directory_fd, r->ref.name, 0);
    } else {
        snprintf(kept, sizeof kept, "%s.unreadable", r->ref.name);
        status = renameat(directory_fd, r->ref.name, directory_fd, kept);
        ll_log_write(&r->journal->log, LLMLEARN_LOG_ERROR, "journal-unreadable",
                     "%llu bytes of the journal segment %s cannot be read; all else is stored, the "
                     "file is kept as %s",
                     (unsigned long long)r->window.unreadable_bytes, r->ref.name, kept);
    }
    if (status != 0 && errno != ENOENT)
        return ll_fail_errno(errno, "removing the journal segment %s", r->ref.name);
    return LLMLEARN_OK;
}

llmlearn_err ll_segment_reader_unlink(ll_segment_reader *reader)
{
    int directory_fd;
    llmlearn_err err;

    if (reader->alive)
        return ll_fail(LLMLEARN_ESTATE, "the journal segment %s has a living owner",
                       reader->ref.name);
    err = ll_segment_open_directory(reader->journal->directory, false, &directory_fd);
    if (err != LLMLEARN_OK)
        return err;
    err = recheck(reader, directory_fd);
    LL_POINT("adopt.unlink");
    if (err == LLMLEARN_OK)
        err = put_away(reader, directory_fd);
    close(directory_fd);
    return err;
}
