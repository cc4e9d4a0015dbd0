#include "base/crc32c.h"

#if defined(__AARCH64EL__)

#include "base/crc32c_shifts.h"

#include <arm_acle.h>
#include <arm_neon.h>
#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#define WITH_CRC __attribute__((target("+crc+crypto")))

/* Bits of the kernel's AT_HWCAP, part of its ABI. */
enum { HAS_PMULL = 1 << 4, HAS_CRC32 = 1 << 7 };

WITH_CRC static inline uint32_t add_word(uint32_t crc, const unsigned char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return __crc32cd(crc, word);
}

WITH_CRC static inline uint32_t add_serially(uint32_t crc, const unsigned char *p, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, p += 8)
        crc = add_word(crc, p);
    for (; bytes > 0; bytes--, p++)
        crc = __crc32cb(crc, *p);
    return crc;
}

WITH_CRC static inline uint64_t multiply(uint32_t crc, uint32_t factor)
{
    return vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64(crc, factor)), 0);
}

/* One crc instruction takes two or three cycles but one can start in each: so three lanes at a
 * time, joined by carrying the first two over what follows them. */
WITH_CRC static uint32_t crc_by_lanes(uint32_t crc, const void *data, size_t bytes)
{
    enum { LANES = 3, LANE_WORDS_MIN = 4, LANE_WORDS_MAX = SHIFT_WORDS_MAX / 2 };
    const unsigned char *p = data;
    uint32_t first = ~crc;

    assert(data != NULL || bytes == 0);
    while (bytes >= LANES * LANE_WORDS_MIN * 8) {
        size_t words = bytes / (LANES * 8);
        words = words < LANE_WORDS_MAX ? words : LANE_WORDS_MAX;
        size_t lane_bytes = words * 8;
        const unsigned char *end = p + lane_bytes;
        uint32_t second = 0, third = 0;

        for (; p < end; p += 8) {
            first = add_word(first, p);
            second = add_word(second, p + lane_bytes);
            third = add_word(third, p + 2 * lane_bytes);
        }
        first = third ^ __crc32cd(0, multiply(first, shift_table[2 * words]) ^
                                         multiply(second, shift_table[words]));
        p += 2 * lane_bytes;
        bytes -= LANES * lane_bytes;
    }
    return ~add_serially(first, p, bytes);
}

static bool has_crc(void)
{
    const unsigned long both = HAS_CRC32 | HAS_PMULL;

    return (getauxval(AT_HWCAP) & both) == both;
}

uint32_t ll_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    return has_crc() ? crc_by_lanes(crc, data, bytes) : ll_crc32c_portable(crc, data, bytes);
}

ll_crc32c_function *ll_crc32c_way(unsigned index)
{
    if (has_crc() && index-- == 0)
        return crc_by_lanes;
    return index == 0 ? ll_crc32c_portable : NULL;
}

#endif
