/* segment.h - one segment file: made, locked, mapped, given a life, blanked, zeroed.
 *
 * Lives of a file, and what its header says:
 *
 *     made ──▶ blank ──▶ uuid 1 ──▶ blank ──▶ uuid 2 ──▶ ...  ──▶ unlinked
 *              (locked)  records    zeroing   records
 *
 * The header stands twice. Copy A counts if its crc is right, else copy B. A process killed
 * between writing A and B leaves one of:
 *   - A blank, B with the old uuid: blank. It was retired after its records were committed,
 *     so nothing is lost. (If A is torn, B speaks: the segment is read again from
 *     the position in the store, which covers it.)
 *   - A with the new uuid, B blank: a segment of zeros, read as used up.
 *
 * Headers are written with pwrite, of less than a page, so that a full disk is a code.
 *
 * Threads: the caller sees to it that one thread works on a segment at a time.
 * Uses:    base, journal/format.h. */
#ifndef LL_JOURNAL_SEGMENT_H
#define LL_JOURNAL_SEGMENT_H

#include "journal/format.h"

#include <stdatomic.h>

typedef struct ll_segment {
    uint8_t *map;      /* NULL in pwrite mode */
    uint32_t uuid_crc; /* crc32c of the uuid: where every tag starts */
    int fd;            /* holds the flock; -1: none */
    uint8_t uuid[LL_UUID_BYTES];
    _Atomic uint64_t life; /* the owner's use: see ring.h */
    char name[LL_SEGMENT_NAME_BYTES];
    /* The owner's count of this life, {records:32 | bytes:32}, by each append when it is through:
     * a line of its own, since all else here is read by every append. */
    _Alignas(64) _Atomic uint64_t done;
} ll_segment;

/* What every segment of one journal has in common. */
typedef struct ll_segment_plan {
    uint64_t segment_bytes;
    uint8_t store_id[LL_UUID_BYTES];
    bool mapped;
} ll_segment_plan;

/* Opens the journal's directory; makes it with mode 0700 if `make`.
 * LLMLEARN_ENOTFOUND if absent; LLMLEARN_EIO, also if it belongs to another user or others
 * may write into it. */
llmlearn_err ll_segment_open_directory(const char *path, bool make, int *out_fd);

/* open(2) in that directory, never following a link, never giving 0, 1 or 2; -1 and errno. */
int ll_segment_open_file(int directory_fd, const char *name, int flags);

/* Makes a blank file under a new name: created, locked, allocated, mapped.
 * LLMLEARN_EFULL, LLMLEARN_EIO, LLMLEARN_ENOMEM; nothing is left behind then. */
llmlearn_err ll_segment_make(int directory_fd, const ll_segment_plan *plan,
                             ll_segment *out_segment);

/* Unmaps, unlocks and closes. */
void ll_segment_close(ll_segment *segment, const ll_segment_plan *plan);

/* Gives a zeroed blank segment a new uuid. */
llmlearn_err ll_segment_begin_life(ll_segment *segment, const ll_segment_plan *plan, uint64_t base);

/* Both header copies blank. */
llmlearn_err ll_segment_end_life(ll_segment *segment, const ll_segment_plan *plan);

/* Zeroes some data of a blank segment. Written to the file, not through the map: that would
 * fault at every page and leave it mapped. */
llmlearn_err ll_segment_zero(ll_segment *segment, uint64_t from, uint64_t to);

/* Makes the pages of [from, to) writable without a fault. Best effort. */
void ll_segment_prefault(ll_segment *segment, uint64_t from, uint64_t to);

/* Takes [from, to) out of the page tables; the file keeps it, and who still stores there faults.
 * The kernel, writing back a dirty page that is mapped, interrupts every thread to protect
 * it; thousands of times a second where much is appended. */
void ll_segment_release(ll_segment *segment, uint64_t from, uint64_t to);

/* pwrite until everything is written or it fails: 0 or errno. */
int ll_segment_write(int fd, const void *data, size_t bytes, uint64_t at);

typedef enum ll_segment_kind {
    LL_SEGMENT_LIVE = 1, /* has a uuid */
    LL_SEGMENT_BLANK,    /* of our store, or not even a header yet */
    LL_SEGMENT_FOREIGN,  /* another store, another format, damaged */
    LL_SEGMENT_UNREADABLE
} ll_segment_kind;

/* Reads the header of any segment file. out_header is set if the kind is _LIVE. */
ll_segment_kind ll_segment_identify(int fd, const uint8_t store_id[LL_UUID_BYTES],
                                    ll_segment_header *out_header);

/* "<32 hex digits>.segment"? */
bool ll_segment_name_valid(const char *name);

/* Is the file of this descriptor still the one that the name means? */
bool ll_segment_is_named(int fd, int directory_fd, const char *name);

#endif
