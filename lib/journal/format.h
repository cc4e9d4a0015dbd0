/* format.h - a journal segment on disk; nothing else.
 *
 * Little-endian, one file per segment, records on an 8-byte grid:
 *
 *        0  header, copy A   magic, format, uuid, store id, owner, crc               (88 bytes)
 *     2048  header, copy B   the same bytes: either copy alone will do
 *     4096  data             record, record, ..., padding to the end of the file
 *
 * A record at offset p (from the start of the file):
 *
 *      p+0  word       committed:1 | length:31 | tag:32   stored twice: before the payload with
 *                      committed = 0, after it with committed = 1 and release order.
 *                      length: of the whole record from p, without the rounding up to 8.
 *                      tag: crc32c of (segment uuid, p): never true in a recycled or other file
 *      p+8  crc        crc32c of all that follows, started from the length
 *     p+12  type       what the payload is
 *     p+16  id         16 bytes
 *     p+32  payload    then zero bytes up to the grid
 *
 * Padding is one word: committed, the bytes to skip from p, a multiple of 8, and as tag the
 * inverted crc32c of (segment uuid, p, length). It fills the end of a segment where the next record
 * did not fit, and takes the place of a record whose writing failed.
 * A word of zero: nothing was written here yet. */
#ifndef LL_JOURNAL_FORMAT_H
#define LL_JOURNAL_FORMAT_H

#include "journal/journal.h"

#include <stdint.h>

#define LL_SEGMENT_MAGIC UINT64_C(0x31474553414e4c4c) /* "LLNASEG1" */
#define LL_SEGMENT_FORMAT 1u
#define LL_SEGMENT_HEADER_B 2048u
#define LL_SEGMENT_DATA 4096u

typedef struct ll_segment_header {
    uint64_t magic;
    uint32_t format;
    uint32_t header_bytes;       /* sizeof this */
    uint8_t uuid[LL_UUID_BYTES]; /* all zero: blank, being made or recycled */
    uint8_t store_id[LL_UUID_BYTES];
    uint64_t segment_bytes; /* of the file */
    int64_t owner_pid;      /* for people; ownership is the flock */
    int64_t created_us;
    uint64_t base; /* the owner's virtual position of the first data byte */
    uint32_t reserved;
    uint32_t crc; /* crc32c of everything before */
} ll_segment_header;

typedef struct ll_record_header {
    uint64_t word;
    uint32_t crc;
    uint32_t type;
    uint8_t id[16];
} ll_record_header;

_Static_assert(sizeof(ll_segment_header) == 88, "no padding on disk");
_Static_assert(sizeof(ll_record_header) == 32, "the payload starts 32 bytes in");
_Static_assert(LL_SEGMENT_DATA % 8 == 0, "records lie on the grid");
_Static_assert(LL_SEGMENT_HEADER_B + sizeof(ll_segment_header) <= LL_SEGMENT_DATA,
               "copy B ends before the data");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "memory is the file");

#define LL_WORD_COMMITTED (UINT64_C(1) << 63)
#define LL_WORD_LENGTH_SHIFT 32
#define LL_WORD_LENGTH_MAX 0x7fffffffu

#endif
