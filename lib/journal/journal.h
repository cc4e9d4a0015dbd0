/* journal.h - where every explanation lands before anything else happens.
 *
 * A directory of segment files. Each process appends to segments of its own,
 * mapped into memory as one ring; any process may read the segments of all.
 *
 *   virtual position   0 ........ S ........ 2S ........ 3S ....     (S = data bytes of a segment)
 *   ring slot          [ file 0 ][ file 1 ][ file 2 ][ file 0, recycled ] ...
 *
 * format.h draws a segment and a record.
 *
 * Threads:    append from any thread; the reading calls from one thread at a time
 *             (ingest), which holds the store's write lock where the call says so.
 * Durability: an appended record outlives the process at once. Never synced: power-cut
 *             safety comes from the store, which the records are drained into.
 * Fork:       see ll_journal_after_fork_in_child.
 * Uses:       base. */
#ifndef LL_JOURNAL_JOURNAL_H
#define LL_JOURNAL_JOURNAL_H

#include "base/clock.h"
#include "base/log.h"
#include "llmlearn.h"

#include <stdbool.h>

#define LL_UUID_BYTES 16
#define LL_RECORD_BYTES_MAX (512 * 1024) /* payload: 256 KiB of text, 16 KiB of metadata, names */
#define LL_SEGMENT_NAME_BYTES 48         /* "<32 hex digits>.segment" and the NUL */

typedef struct ll_journal ll_journal;

typedef struct ll_journal_options {
    const char *directory; /* real path; made with mode 0700 if absent, at the first append */
    uint8_t store_id[LL_UUID_BYTES];
    uint64_t bytes_max;     /* a multiple of segment_bytes, at least 4 of them */
    uint64_t segment_bytes; /* file size: a multiple of 64 KiB */
    const ll_log *log;
    void (*wake)(void *user); /* called by the keeper when much is waiting to be drained; or NULL */
    void *wake_user;
    bool force_pwrite; /* for tests: write with pwrite also where mapping would be safe */
} ll_journal_options;

/* Checks the directory's file system and takes the options; makes nothing on disk,
 * starts nothing. LLMLEARN_EUNSUPPORTED on a network file system. */
llmlearn_err ll_journal_open(const ll_journal_options *options, ll_journal **out_journal);

/* Stops the keeper, unlocks and closes the segments, frees. Files that hold nothing
 * undrained are unlinked by the caller before (ll_journal_unlink_drained). NULL is fine. */
void ll_journal_close(ll_journal *journal);

/* ---- appending --------------------------------------------------------- */

typedef struct ll_journal_part {
    const void *data;
    size_t bytes;
} ll_journal_part;

/* Appends one record made of the parts one after another, and gives it its id:
 * UUIDv7 of now_us and a keyed hash of the position. Wait-free but for the swap;
 * the first call makes the segments and starts the keeper.
 * LLMLEARN_EFULL when the ring is full (nothing claimed); LLMLEARN_EINVAL if a segment cannot
 * hold the record; LLMLEARN_EIO, LLMLEARN_EFULL from making the segments (tried again at most once
 * a second) or, in pwrite mode, from writing. */
llmlearn_err ll_journal_append(ll_journal *journal, uint32_t type, const ll_journal_part *parts,
                               uint32_t part_count, int64_t now_us, llmlearn_id *out_id);

/* Bytes appended so far, and how many of them the caller of _set_drained reported. Any thread. */
typedef struct ll_journal_state {
    uint64_t tail;             /* virtual position: everything before was claimed */
    uint64_t drained;          /* virtual position: everything before is in the store */
    uint64_t bytes_max;        /* of the ring's data */
    uint64_t appended;         /* records */
    uint64_t refused;          /* appends that found it full */
    uint64_t holes;            /* unfinished or damaged places that readers skipped */
    uint64_t foreign_segments; /* files of another store or format, as of the last listing */
    bool mapped;               /* false: pwrite mode */
} ll_journal_state;
void ll_journal_get_state(const ll_journal *journal, ll_journal_state *out_state);

/* ---- reading ----------------------------------------------------------- */

typedef struct ll_segment_ref {
    char name[LL_SEGMENT_NAME_BYTES]; /* file name in the directory */
    uint8_t uuid[LL_UUID_BYTES];      /* of its present life; a recycled file gets another */
    bool ours;                        /* of this ll_journal */
    bool unreadable;                  /* its header is: no uuid; whose it is, nobody knows */
    uint64_t base;                    /* ours: virtual position of its first data byte */
} ll_segment_ref;

/* The segments of this journal that hold or may hold records, oldest first. No I/O.
 * Fills at most capacity entries. */
size_t ll_journal_own_segments(ll_journal *journal, ll_segment_ref *out, size_t capacity);

/* Lists the segments of other owners of the same store (by readdir), and those that may be such
 * but whose header the disk does not give; they cannot be opened. Also removes blank segments
 * whose owner died while making them. The array is the caller's to free.
 * Call under the write lock. */
llmlearn_err ll_journal_list_others(ll_journal *journal, ll_segment_ref **out, size_t *out_count);

typedef struct ll_segment_reader ll_segment_reader; /* one open file and a read buffer */

/* LLMLEARN_ENOTFOUND if the file is gone or has another uuid now (recycled), LLMLEARN_EIO.
 * Finds out whether the owner lives; of a dead owner's segment it takes the flock
 * and keeps it until close, so that nobody else removes it meanwhile. A segment that
 * somebody else has taken so looks alive. */
llmlearn_err ll_segment_reader_open(ll_journal *journal, const ll_segment_ref *ref,
                                    ll_segment_reader **out_reader);
void ll_segment_reader_close(ll_segment_reader *reader);
bool ll_segment_reader_owner_is_alive(const ll_segment_reader *reader);

typedef struct ll_record {
    uint32_t type;
    uint32_t bytes;
    llmlearn_id id;
    const uint8_t *payload; /* in the reader's buffer: until its next call */
} ll_record;

typedef enum ll_read {
    LL_READ_RECORD = 1, /* out_record is set; offset moved past it */
    LL_READ_END,        /* nothing more committed yet (live), offset stays */
    LL_READ_BLOCKED,    /* live: an unfinished record here, but more was written behind it */
    LL_READ_FINISHED,   /* the segment is used up: nothing will ever follow */
    LL_READ_ERROR       /* I/O; the detail line says what */
} ll_read;

/* Reads the next record at *offset (bytes from the start of the file; 0 means the first) and
 * moves *offset behind it and behind any padding and holes before it. The checksum is
 * verified on every read.
 *   Live:  stops at an unfinished record. A committed one that stays damaged however often it
 *          is read is stepped over, if its length leads to another of the segment's words.
 *   Dead:  only the checksum counts, committed or not: whatever is unfinished or damaged is
 *          searched through on the 8-byte grid for the next sound record. So it is too in a
 *          segment of our own that is full and no append is in any more.
 * What is skipped is counted: a run of damage is one hole. A rest never written is none. */
ll_read ll_segment_reader_next(ll_segment_reader *reader, uint64_t *offset, ll_record *out_record);

/* Holes skipped by this reader so far, and the bytes they covered. */
uint64_t ll_segment_reader_holes(const ll_segment_reader *reader, uint64_t *out_bytes);

/* ---- giving space back (under the write lock, after the commit) -------- */

/* Tells how far our own records are in the store: a virtual position. */
void ll_journal_set_drained(ll_journal *journal, uint64_t position);

/* Our own segment was read to LL_READ_FINISHED and that is committed: marks it blank
 * on disk; the keeper zeroes it, gives it a new uuid and puts it back into the ring. */
llmlearn_err ll_journal_retire(ll_journal *journal, const ll_segment_ref *ref);

/* A dead owner's segment was read to LL_READ_FINISHED and that is committed: unlinks it,
 * after checking that the name still means the reader's inode and uuid. If the disk refused
 * some of its blocks the file is renamed to "<name>.unreadable" instead, and logged. */
llmlearn_err ll_segment_reader_unlink(ll_segment_reader *reader);

/* At an orderly close: unlinks our own segments when everything before tail is
 * drained; else leaves those with undrained records. After it nothing may be appended. */
void ll_journal_unlink_drained(ll_journal *journal);

/* ---- fork -------------------------------------------------------------- */

/* In the child's atfork handler: closes the inherited descriptors, never unlocks.
 * Async-signal-safe. The child must not touch this journal again: it opens another. */
void ll_journal_after_fork_in_child(ll_journal *journal);

/* In the parent's prepare handler and after it: keeps the keeper from holding a
 * half-made segment across the fork. ll_journal_pause waits at most until the
 * deadline; false if the keeper did not stop in time. */
bool ll_journal_pause(ll_journal *journal, ll_deadline deadline);
void ll_journal_resume(ll_journal *journal);

#endif
