#include "base/crc32c.h"

#if defined(__x86_64__)

#include "base/crc32c_shifts.h"

#include <assert.h>
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define WITH_CRC __attribute__((target("sse4.2,pclmul")))
#define WITH_WIDE __attribute__((target("sse4.2,pclmul,avx512f,vpclmulqdq")))

WITH_CRC static inline uint64_t add_word(uint64_t crc, const unsigned char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return _mm_crc32_u64(crc, word);
}

/* Fewer than eight bytes. */
WITH_CRC static inline uint32_t add_rest(uint32_t crc, const unsigned char *p, size_t bytes)
{
    uint32_t four;
    uint16_t two;

    if (bytes & 4) {
        memcpy(&four, p, sizeof four);
        crc = _mm_crc32_u32(crc, four);
        p += sizeof four;
    }
    if (bytes & 2) {
        memcpy(&two, p, sizeof two);
        crc = _mm_crc32_u16(crc, two);
        p += sizeof two;
    }
    return bytes & 1 ? _mm_crc32_u8(crc, *p) : crc;
}

WITH_CRC static inline uint32_t add_serially(uint64_t crc, const unsigned char *p, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8, p += 8)
        crc = add_word(crc, p);
    return add_rest((uint32_t)crc, p, bytes);
}

WITH_CRC static inline uint64_t multiply(uint64_t crc, uint32_t factor)
{
    __m128i a = _mm_cvtsi64_si128((long long)crc);
    __m128i b = _mm_cvtsi64_si128((long long)factor);

    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(a, b, 0));
}

/* One crc instruction takes three cycles but one can start in each: so three lanes at a time,
 * joined by carrying the first two over what follows them. */
WITH_CRC static uint32_t crc_by_lanes(uint32_t crc, const void *data, size_t bytes)
{
    enum { LANES = 3, LANE_WORDS_MIN = 4, LANE_WORDS_MAX = SHIFT_WORDS_MAX / 2 };
    const unsigned char *p = data;
    uint64_t first = ~crc;

    assert(data != NULL || bytes == 0);
    while (bytes >= LANES * LANE_WORDS_MIN * 8) {
        size_t words = bytes / (LANES * 8);
        words = words < LANE_WORDS_MAX ? words : LANE_WORDS_MAX;
        size_t lane_bytes = words * 8;
        const unsigned char *end = p + lane_bytes;
        uint64_t second = 0, third = 0;

        for (; p < end; p += 8) {
            first = add_word(first, p);
            second = add_word(second, p + lane_bytes);
            third = add_word(third, p + 2 * lane_bytes);
        }
        first = third ^ _mm_crc32_u64(0, multiply(first, shift_table[2 * words]) ^
                                             multiply(second, shift_table[words]));
        p += 2 * lane_bytes;
        bytes -= LANES * lane_bytes;
    }
    return ~add_serially(first, p, bytes);
}

WITH_WIDE static inline __m512i load(const unsigned char *p)
{
    return _mm512_loadu_si512((const void *)p);
}

/* Carries each 128-bit lane over that many 64-bit words: factors for its first half, which lies one
 * word further ahead, and its second. */
WITH_WIDE static inline __m128i factors_over(unsigned words)
{
    return _mm_set_epi64x(shift_table[words], shift_table[words + 1]);
}

WITH_WIDE static inline __m512i carry(__m512i lanes, __m512i factors, __m512i onto)
{
    enum { XOR_OF_THREE = 0x96 };
    __m512i low = _mm512_clmulepi64_epi128(lanes, factors, 0x00);
    __m512i high = _mm512_clmulepi64_epi128(lanes, factors, 0x11);

    return _mm512_ternarylogic_epi64(low, high, onto, XOR_OF_THREE);
}

/* Carries the first three lanes over the ones behind them and adds all up. */
WITH_WIDE static inline uint64_t join(__m512i lanes)
{
    __m512i factors = _mm512_setzero_si512();
    factors = _mm512_inserti32x4(factors, factors_over(6), 0);
    factors = _mm512_inserti32x4(factors, factors_over(4), 1);
    factors = _mm512_inserti32x4(factors, factors_over(2), 2);
    __m512i last = _mm512_maskz_mov_epi64(0xc0, lanes);
    __m512i sum = carry(lanes, factors, last);
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    __m128i lane = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    uint64_t crc = _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(lane));

    return _mm_crc32_u64(crc, (uint64_t)_mm_extract_epi64(lane, 1));
}

/* Four times four lanes of 16 bytes, each carried over the 256 bytes to its next place, by
 * carry-less multiplication of whole 64-byte vectors. */
WITH_WIDE static uint32_t crc_by_wide_lanes(uint32_t crc, const void *data, size_t bytes)
{
    enum { VECTOR_BYTES = 64, ROUND_BYTES = 4 * VECTOR_BYTES };
    const unsigned char *p = data;

    assert(data != NULL || bytes == 0);
    if (bytes < VECTOR_BYTES)
        return ~add_serially(~crc, p, bytes);

    const __m512i over_64 = _mm512_broadcast_i32x4(factors_over(8));
    __m512i start = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~crc));
    __m512i sum = _mm512_xor_si512(load(p), start);
    if (bytes < ROUND_BYTES) {
        p += VECTOR_BYTES;
        bytes -= VECTOR_BYTES;
    } else {
        const __m512i over_128 = _mm512_broadcast_i32x4(factors_over(16));
        const __m512i over_256 = _mm512_broadcast_i32x4(factors_over(32));
        __m512i b = load(p + 64), c = load(p + 128), d = load(p + 192);

        for (p += ROUND_BYTES, bytes -= ROUND_BYTES; bytes >= ROUND_BYTES;
             p += ROUND_BYTES, bytes -= ROUND_BYTES) {
            sum = carry(sum, over_256, load(p));
            b = carry(b, over_256, load(p + 64));
            c = carry(c, over_256, load(p + 128));
            d = carry(d, over_256, load(p + 192));
        }
        sum = carry(carry(sum, over_64, b), over_128, carry(c, over_64, d));
    }
    for (; bytes >= VECTOR_BYTES; p += VECTOR_BYTES, bytes -= VECTOR_BYTES)
        sum = carry(sum, over_64, load(p));
    return ~add_serially(join(sum), p, bytes);
}

static bool has_crc(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

static bool has_wide(void)
{
    return has_crc() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}

uint32_t ll_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    if (has_wide())
        return crc_by_wide_lanes(crc, data, bytes);
    return has_crc() ? crc_by_lanes(crc, data, bytes) : ll_crc32c_portable(crc, data, bytes);
}

ll_crc32c_function *ll_crc32c_way(unsigned index)
{
    if (has_wide() && index-- == 0)
        return crc_by_wide_lanes;
    if (has_crc() && index-- == 0)
        return crc_by_lanes;
    return index == 0 ? ll_crc32c_portable : NULL;
}

#endif
