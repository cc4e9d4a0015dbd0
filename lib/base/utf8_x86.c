#include "base/utf8.h"

#if defined(__x86_64__)

#include <assert.h>
#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2")))

/* What can be wrong with two neighbours. Three tables, asked with the first byte's high half, its
 * low half and the second byte's high half, each name the faults their half allows; a fault that
 * all three name is there. (Keiser and Lemire, "Validating UTF-8 in less than one instruction per
 * byte", 2021.) */
enum {
    TOO_SHORT = 1 << 0,         /* a lead byte and no continuation */
    TOO_LONG = 1 << 1,          /* ASCII and a continuation */
    OVERLONG_3 = 1 << 2,        /* E0 80..9F */
    TOO_LARGE = 1 << 3,         /* F4 90..BF, F5..FF 90..BF */
    SURROGATE = 1 << 4,         /* ED A0..BF */
    OVERLONG_2 = 1 << 5,        /* C0..C1 */
    OVERLONG_4 = 1 << 6,        /* F0 80..8F; and F5..FF 80..8F, which is too large */
    TWO_CONTINUATIONS = 1 << 7, /* no fault where a longer character asks for them */
    ANY_LOW = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,
    HIGH_LOW = ANY_LOW | TOO_LARGE | OVERLONG_4,
    CONTINUED = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS
};

/* A byte of value 0x80 stays what it was when all numbers are signed. */
#define FAULTS(set) ((char)(set))
#define X2(set) FAULTS(set), FAULTS(set)
#define X4(set) X2(set), X2(set)
#define X8(set) X4(set), X4(set)

WITH_AVX2 static inline __m256i first_high_faults(__m256i high)
{
    const __m128i table = _mm_setr_epi8(
        X8(TOO_LONG), X4(TWO_CONTINUATIONS), FAULTS(TOO_SHORT | OVERLONG_2), FAULTS(TOO_SHORT),
        FAULTS(TOO_SHORT | OVERLONG_3 | SURROGATE), FAULTS(TOO_SHORT | TOO_LARGE | OVERLONG_4));

    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), high);
}

WITH_AVX2 static inline __m256i first_low_faults(__m256i low)
{
    const __m128i table =
        _mm_setr_epi8(FAULTS(ANY_LOW | OVERLONG_3 | OVERLONG_2 | OVERLONG_4),
                      FAULTS(ANY_LOW | OVERLONG_2), X2(ANY_LOW), FAULTS(ANY_LOW | TOO_LARGE),
                      X8(HIGH_LOW), FAULTS(HIGH_LOW | SURROGATE), X2(HIGH_LOW));

    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), low);
}

WITH_AVX2 static inline __m256i second_high_faults(__m256i high)
{
    const __m128i table = _mm_setr_epi8(X8(TOO_SHORT), FAULTS(CONTINUED | OVERLONG_3 | OVERLONG_4),
                                        FAULTS(CONTINUED | OVERLONG_3 | TOO_LARGE),
                                        X2(CONTINUED | SURROGATE | TOO_LARGE), X4(TOO_SHORT));

    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), high);
}

WITH_AVX2 static inline __m256i high_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
}

/* Non-zero where a byte is NUL or cannot stand behind the three before it. */
WITH_AVX2 static inline __m256i faults(__m256i before, __m256i now)
{
    __m256i middle = _mm256_permute2x128_si256(before, now, 0x21);
    __m256i back_1 = _mm256_alignr_epi8(now, middle, 15);
    __m256i back_2 = _mm256_alignr_epi8(now, middle, 14);
    __m256i back_3 = _mm256_alignr_epi8(now, middle, 13);
    __m256i low = _mm256_and_si256(back_1, _mm256_set1_epi8(0x0f));
    __m256i pair = _mm256_and_si256(first_high_faults(high_half(back_1)), first_low_faults(low));
    pair = _mm256_and_si256(pair, second_high_faults(high_half(now)));

    /* The high bit says: the third byte of three or four, or the fourth of four. There, and only
     * there, two continuations must meet. */
    __m256i third = _mm256_subs_epu8(back_2, _mm256_set1_epi8(0xe0 - 0x80));
    __m256i fourth = _mm256_subs_epu8(back_3, _mm256_set1_epi8(0xf0 - 0x80));
    __m256i expected = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(-0x80));
    __m256i nul = _mm256_cmpeq_epi8(now, _mm256_setzero_si256());

    return _mm256_or_si256(_mm256_xor_si256(pair, expected), nul);
}

WITH_AVX2 static inline __m256i load(const unsigned char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* True if all bytes are in 01..7F: as signed numbers, above zero. */
WITH_AVX2 static inline bool is_ascii(__m256i bytes)
{
    return _mm256_movemask_epi8(_mm256_cmpgt_epi8(bytes, _mm256_setzero_si256())) == -1;
}

/* How many bytes before the end belong to a character that goes on behind it. */
static size_t open_bytes(const unsigned char *end)
{
    for (size_t back = 1; back <= 3; back++) {
        unsigned char byte = end[-(ptrdiff_t)back];
        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0)
            return back;
    }
    return 0;
}

WITH_AVX2 static bool valid_by_vectors(const char *text, size_t bytes)
{
    enum { VECTOR_BYTES = 32, ROUND_BYTES = 4 * VECTOR_BYTES };
    const unsigned char *p = (const unsigned char *)text;

    assert(text != NULL || bytes == 0);
    if (bytes < VECTOR_BYTES)
        return ll_utf8_valid_portable(text, bytes);

    const unsigned char *end = p + bytes;
    __m256i before = _mm256_set1_epi8(' '), found = _mm256_setzero_si256();
    for (; end - p >= ROUND_BYTES; p += ROUND_BYTES) {
        __m256i a = load(p), b = load(p + 32), c = load(p + 64), d = load(p + 96);
        __m256i least = _mm256_min_epi8(_mm256_min_epi8(a, b), _mm256_min_epi8(c, d));

        if (!is_ascii(_mm256_min_epi8(before, least))) {
            __m256i ab = _mm256_or_si256(faults(before, a), faults(a, b));
            __m256i cd = _mm256_or_si256(faults(b, c), faults(c, d));
            found = _mm256_or_si256(found, _mm256_or_si256(ab, cd));
        }
        before = d;
    }
    for (; end - p >= VECTOR_BYTES; p += VECTOR_BYTES) {
        __m256i now = load(p);
        found = _mm256_or_si256(found, faults(before, now));
        before = now;
    }
    if (!_mm256_testz_si256(found, found))
        return false;
    p -= open_bytes(p);
    return ll_utf8_valid_portable((const char *)p, (size_t)(end - p));
}

bool ll_utf8_valid(const char *text, size_t bytes)
{
    if (__builtin_cpu_supports("avx2"))
        return valid_by_vectors(text, bytes);
    return ll_utf8_valid_portable(text, bytes);
}

ll_utf8_function *ll_utf8_way(unsigned index)
{
    if (__builtin_cpu_supports("avx2") && index-- == 0)
        return valid_by_vectors;
    return index == 0 ? ll_utf8_valid_portable : NULL;
}

#endif
