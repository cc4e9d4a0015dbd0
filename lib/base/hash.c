#include "base/hash.h"

#include <assert.h>

typedef struct sip_state {
    uint64_t v0, v1, v2, v3;
} sip_state;

static inline uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* Compilers make one load of it, with a byte swap where the machine is big-endian. */
static inline uint64_t load_le64(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* The bytes % 8 bytes at the end, below the length's lowest byte. */
static inline uint64_t load_last(const unsigned char *end, size_t bytes)
{
    unsigned rest_bytes = bytes & 7;
    uint64_t word = (uint64_t)bytes << 56;

    if (rest_bytes == 0)
        return word;
    if (bytes >= 8)
        return word | load_le64(end - 8) >> (64 - 8 * rest_bytes);
    for (unsigned i = 0; i < rest_bytes; i++)
        word |= (uint64_t)(end - rest_bytes)[i] << (8 * i);
    return word;
}

static inline void sip_rounds(sip_state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate_left(s->v1, 13) ^ s->v0;
        s->v3 = rotate_left(s->v3, 16) ^ s->v2;
        s->v0 = rotate_left(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate_left(s->v1, 17) ^ s->v2;
        s->v3 = rotate_left(s->v3, 21) ^ s->v0;
        s->v2 = rotate_left(s->v2, 32);
    }
}

static inline sip_state sip_start(const uint64_t key[2])
{
    assert(key != NULL);
    return (sip_state){ .v0 = key[0] ^ 0x736f6d6570736575,
                        .v1 = key[1] ^ 0x646f72616e646f6d,
                        .v2 = key[0] ^ 0x6c7967656e657261,
                        .v3 = key[1] ^ 0x7465646279746573 };
}

static inline void sip_word(sip_state *s, uint64_t word, int rounds)
{
    s->v3 ^= word;
    sip_rounds(s, rounds);
    s->v0 ^= word;
}

static inline uint64_t sip_finish(sip_state *s, int rounds)
{
    s->v2 ^= 0xff;
    sip_rounds(s, rounds);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t siphash(const uint64_t key[2], const void *data, size_t bytes,
                               int word_rounds, int finish_rounds)
{
    assert(data != NULL || bytes == 0);
    const unsigned char *p = data;
    sip_state s = sip_start(key);

    for (size_t words = bytes / 8; words > 0; words--, p += 8)
        sip_word(&s, load_le64(p), word_rounds);
    sip_word(&s, load_last(p + (bytes & 7), bytes), word_rounds);
    return sip_finish(&s, finish_rounds);
}

uint64_t ll_siphash13(const uint64_t key[2], const void *data, size_t bytes)
{
    return siphash(key, data, bytes, 1, 3);
}

uint64_t ll_siphash13_u64(const uint64_t key[2], uint64_t value)
{
    sip_state s = sip_start(key);

    sip_word(&s, value, 1);
    sip_word(&s, (uint64_t)sizeof value << 56, 1);
    return sip_finish(&s, 3);
}

uint64_t ll_siphash24(const uint64_t key[2], const void *data, size_t bytes)
{
    return siphash(key, data, bytes, 2, 4);
}
