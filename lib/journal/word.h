/* word.h - the 64-bit word every record begins with, made and taken apart (format.h).
 *
 * uuid_crc is the crc32c of the segment's uuid, `at` the offset from the start of the file.
 *
 * Uses: base/crc32c, journal/format.h. */
#ifndef LL_JOURNAL_WORD_H
#define LL_JOURNAL_WORD_H

#include "base/crc32c.h"
#include "journal/format.h"

#include <stddef.h>

static inline uint32_t ll_word_tag(uint32_t uuid_crc, uint64_t at)
{
    return ll_crc32c(uuid_crc, &at, sizeof at);
}

/* Not committed yet: add LL_WORD_COMMITTED. */
static inline uint64_t ll_word_of_record(uint32_t uuid_crc, uint64_t at, uint32_t length)
{
    return (uint64_t)length << LL_WORD_LENGTH_SHIFT | ll_word_tag(uuid_crc, at);
}

static inline uint64_t ll_word_of_pad(uint32_t uuid_crc, uint64_t at, uint32_t length)
{
    uint64_t place[2] = { at, length };
    uint32_t tag = ~ll_crc32c(uuid_crc, place, sizeof place);

    return LL_WORD_COMMITTED | (uint64_t)length << LL_WORD_LENGTH_SHIFT | tag;
}

static inline uint32_t ll_word_length(uint64_t word)
{
    return (uint32_t)(word >> LL_WORD_LENGTH_SHIFT) & LL_WORD_LENGTH_MAX;
}

/* The crc of a record that lies in memory whole; its own two fields before type do not count. */
static inline uint32_t ll_word_crc(const uint8_t *record, uint32_t length)
{
    size_t from = offsetof(ll_record_header, type);

    return ll_crc32c(length, record + from, length - from);
}

/* Up to the next place of the grid. */
static inline uint32_t ll_word_rounded(uint32_t length)
{
    return (length + 7) & ~UINT32_C(7);
}

#endif
