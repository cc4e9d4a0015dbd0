#include "journal/segment_reader.h"

#include "base/err.h"
#include "base/point.h"
#include "journal/ring.h"
#include "journal/word.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_BYTES ((size_t)256 * 1024)
#define RECORD_BYTES_MAX (sizeof(ll_record_header) + LL_RECORD_BYTES_MAX)
#define REREADS 3 /* of a committed record with a bad crc: the read may have raced its stores */
/* How far a live reader looks for something behind an unfinished record. The next record
 * begins within the longest one; not seeing it means waiting a little less wisely. */
#define LOOK_BEHIND_BYTES (2 * RECORD_BYTES_MAX)

struct ll_segment_reader {
    ll_journal *journal;
    _Atomic(ll_segment_reader *) next; /* in journal->readers */
    ll_segment_ref ref;
    uint32_t uuid_crc;
    int fd; /* the owner's own if ours */
    bool alive;
    uint64_t segment_end; /* as the header has it */
    uint64_t end;         /* as the file has it: less if somebody cut it */

    uint8_t *window; /* bytes of the file from window_at */
    size_t window_capacity;
    size_t window_bytes;
    uint64_t window_at;
    bool window_fresh; /* filled in the present call */

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

/* ---- the window -------------------------------------------------------- */

static bool grow_window(ll_segment_reader *r, size_t bytes)
{
    size_t capacity = bytes > WINDOW_BYTES ? bytes : WINDOW_BYTES;
    uint8_t *grown;

    if (capacity <= r->window_capacity)
        return true;
    grown = realloc(r->window, capacity);
    if (grown == NULL) {
        ll_fail(LLMLEARN_ENOMEM, "no memory to read a journal segment");
        return false;
    }
    r->window = grown;
    r->window_capacity = capacity;
    return true;
}

/* Fills the window from `at`. A file that ends early gets its new end. */
static bool fill_window(ll_segment_reader *r, uint64_t at, size_t bytes)
{
    uint64_t rest = r->end - at;
    size_t wanted;

    r->window_bytes = 0;
    if (!grow_window(r, bytes))
        return false;
    wanted = rest < r->window_capacity ? (size_t)rest : r->window_capacity;
    while (r->window_bytes < wanted) {
        ssize_t got = pread(r->fd, r->window + r->window_bytes, wanted - r->window_bytes,
                            (off_t)(at + r->window_bytes));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            ll_fail_errno(errno, "reading the journal segment %s", r->ref.name);
            return false;
        }
        if (got == 0) {
            r->end = (at + r->window_bytes) & ~UINT64_C(7);
            break;
        }
        r->window_bytes += (size_t)got;
    }
    r->window_at = at;
    r->window_fresh = true;
    return true;
}

/* The bytes at `at`; NULL if they cannot be read (*out_error) or the file ends before. */
static const uint8_t *view(ll_segment_reader *r, uint64_t at, size_t bytes, bool *out_error)
{
    *out_error = false;
    if (at > r->end || bytes > r->end - at)
        return NULL;
    if (at < r->window_at || at + bytes > r->window_at + r->window_bytes) {
        if (!fill_window(r, at, bytes)) {
            *out_error = true;
            return NULL;
        }
        if (bytes > r->window_bytes)
            return NULL;
    }
    return r->window + (at - r->window_at);
}

static void drop_window(ll_segment_reader *r)
{
    r->window_bytes = 0;
}

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

    if (length < sizeof header || length > RECORD_BYTES_MAX || length > r->end - at)
        return unsound;
    record = view(r, at, length, &error);
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
    const uint8_t *bytes = view(r, at, sizeof *out_word, &error);

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

/* The first non-zero word of [at, to); `to` if there is none or reading fails. */
static uint64_t skip_zeros(ll_segment_reader *r, uint64_t at, uint64_t to, bool *out_error)
{
    *out_error = false;
    while (at < to) {
        const uint8_t *bytes = view(r, at, 8, out_error);
        uint64_t stop;

        if (bytes == NULL)
            return to;
        stop = r->window_at + (r->window_bytes & ~(size_t)7);
        stop = stop < to ? stop : to;
        for (; at < stop; at += 8, bytes += 8) {
            uint64_t word;

            memcpy(&word, bytes, sizeof word);
            if (word != 0)
                return at;
        }
    }
    return to;
}

/* ---- a live owner's segment -------------------------------------------- */

/* Is anything written behind the unfinished place? */
static ll_read blocked_or_end(ll_segment_reader *r, uint64_t at, uint64_t word)
{
    uint32_t length = ll_word_length(word);
    uint64_t from = at + (length >= 8 && length <= r->end - at ? ll_word_rounded(length) : 8);
    uint64_t to = r->end - from > LOOK_BEHIND_BYTES ? from + LOOK_BEHIND_BYTES : r->end;
    bool error;
    uint64_t found = skip_zeros(r, from, to, &error);

    if (error)
        return LL_READ_ERROR;
    return found < to ? LL_READ_BLOCKED : LL_READ_END;
}

/* Our own segment: is nothing claimed at this offset? */
static bool beyond_own_tail(const ll_segment_reader *r, uint64_t at)
{
    uint64_t tail = atomic_load_explicit(&r->journal->tail, memory_order_relaxed);

    return r->ref.ours && r->ref.base + (at - LL_SEGMENT_DATA) >= ll_ring_virtual(r->journal, tail);
}

/* The window may be older than the record: what is not sound in it is read once more. */
static look look_live(ll_segment_reader *r, uint64_t at, uint64_t *out_word, ll_record *out_record)
{
    look seen = look_at(r, at, out_word, out_record);
    int rereads = 0;

    while (seen != LOOK_SOUND && seen != LOOK_PAD && seen != LOOK_ERROR &&
           (!r->window_fresh || (seen == LOOK_BAD && rereads++ < REREADS))) {
        drop_window(r);
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

    if (ll_word_length(word) < sizeof(ll_record_header) || next > r->end)
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

        if (beyond_own_tail(r, *offset))
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
    while (at < r->end) {
        const uint8_t *bytes = view(r, at, 8, out_error);
        uint64_t stop;

        if (bytes == NULL)
            return r->end;
        stop = r->window_at + (r->window_bytes & ~(size_t)7);
        for (; at < stop; at += 8, bytes += 8) {
            uint64_t word;

            memcpy(&word, bytes, sizeof word);
            if (word != 0 && ((uint32_t)word == ll_word_tag(r->uuid_crc, at) ||
                              ll_word_length(word) == r->segment_end - at))
                return at;
        }
    }
    return r->end;
}

/* Nothing sound follows `from`: how far does the damage reach? `from` if there is none. */
static uint64_t damage_end(ll_segment_reader *r, uint64_t from, bool *out_error)
{
    uint64_t last = from;
    uint64_t at = from;

    *out_error = false;
    while (at < r->end) {
        at = skip_zeros(r, at, r->end, out_error);
        if (at < r->end)
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

    while (at < r->end) {
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
    if (at < r->end) {
        count_hole(r, at - from); /* up to the padding */
        *offset = r->segment_end;
        return LL_READ_FINISHED;
    }
    return finish_dead(r, offset, from);
}

ll_read ll_segment_reader_next(ll_segment_reader *reader, uint64_t *offset, ll_record *out_record)
{
    uint64_t at;

    assert(reader != NULL && offset != NULL && out_record != NULL);
    if (*offset >= reader->segment_end)
        return LL_READ_FINISHED;
    at = *offset < LL_SEGMENT_DATA ? LL_SEGMENT_DATA : (*offset + 7) & ~UINT64_C(7);
    reader->window_fresh = false;
    *offset = at;
    return reader->alive ? next_live(reader, offset, out_record)
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
    r->segment_end = r->end = r->journal->plan.segment_bytes;
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
    r->end = (uint64_t)about.st_size < r->segment_end ? (uint64_t)about.st_size & ~UINT64_C(7)
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
    free(reader->window);
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
    if (err == LLMLEARN_OK && unlinkat(directory_fd, reader->ref.name, 0) != 0 && errno != ENOENT)
        err = ll_fail_errno(errno, "removing the journal segment %s", reader->ref.name);
    close(directory_fd);
    return err;
}
