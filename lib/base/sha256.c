#include "base/sha256.h"

#include <assert.h>
#include <string.h>

#define BLOCK LL_SHA256_BLOCK_BYTES
#define LENGTH_BYTES 8 /* the length in bits ends the last block */

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The same of the square roots of the first eight. */
static const uint32_t start[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t turn(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

static uint32_t load(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static void expand(const uint8_t *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = load(block + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
}

/* FIPS 180-4, section 6.2.2; s[0] to s[7] are its a to h. */
static void mix(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], s[8];

    expand(block, w);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t t1 =
            s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + choice + constants[i] + w[i];
        uint32_t t2 = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + majority;

        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
    explicit_bzero(w, sizeof w);
    explicit_bzero(s, sizeof s);
}

void ll_sha256_begin(ll_sha256 *sum)
{
    memcpy(sum->state, start, sizeof start);
    sum->bytes = 0;
}

void ll_sha256_add(ll_sha256 *sum, const void *data, size_t bytes)
{
    const uint8_t *at = data;

    assert(data != NULL || bytes == 0);
    while (bytes > 0) {
        size_t used = sum->bytes % BLOCK;
        size_t take = bytes < BLOCK - used ? bytes : BLOCK - used;

        memcpy(sum->block + used, at, take);
        sum->bytes += take;
        at += take;
        bytes -= take;
        if (used + take == BLOCK)
            mix(sum->state, sum->block);
    }
}

void ll_sha256_end(ll_sha256 *sum, uint8_t out[LL_SHA256_BYTES])
{
    static const uint8_t padding[BLOCK] = { 0x80 };
    uint64_t bits = sum->bytes * 8;
    uint8_t length[LENGTH_BYTES];
    size_t used = (sum->bytes + LENGTH_BYTES) % BLOCK;

    store(length, (uint32_t)(bits >> 32));
    store(length + 4, (uint32_t)bits);
    ll_sha256_add(sum, padding, BLOCK - used);
    ll_sha256_add(sum, length, sizeof length);
    assert(sum->bytes % BLOCK == 0);
    for (int i = 0; i < 8; i++)
        store(out + 4 * i, sum->state[i]);
    explicit_bzero(sum, sizeof *sum);
}

static void begin_with(ll_sha256 *sum, const uint8_t key[BLOCK], uint8_t mask)
{
    uint8_t masked[BLOCK];

    for (int i = 0; i < BLOCK; i++)
        masked[i] = key[i] ^ mask;
    ll_sha256_begin(sum);
    ll_sha256_add(sum, masked, sizeof masked);
    explicit_bzero(masked, sizeof masked);
}

void ll_sha256_mac_begin(ll_sha256_mac *mac, const void *key, size_t key_bytes)
{
    uint8_t block[BLOCK] = { 0 };

    assert(key != NULL || key_bytes == 0);
    if (key_bytes > BLOCK) {
        ll_sha256_begin(&mac->inner);
        ll_sha256_add(&mac->inner, key, key_bytes);
        ll_sha256_end(&mac->inner, block);
    } else if (key_bytes > 0) {
        memcpy(block, key, key_bytes);
    }
    begin_with(&mac->inner, block, 0x36);
    begin_with(&mac->outer, block, 0x5c);
    explicit_bzero(block, sizeof block);
}

void ll_sha256_mac_add(ll_sha256_mac *mac, const void *data, size_t bytes)
{
    ll_sha256_add(&mac->inner, data, bytes);
}

void ll_sha256_mac_end(ll_sha256_mac *mac, uint8_t out[LL_SHA256_BYTES])
{
    uint8_t inner[LL_SHA256_BYTES];

    ll_sha256_end(&mac->inner, inner);
    ll_sha256_add(&mac->outer, inner, sizeof inner);
    ll_sha256_end(&mac->outer, out);
    explicit_bzero(inner, sizeof inner);
}

void ll_sha256_hex(const uint8_t sum[LL_SHA256_BYTES], char out[LL_SHA256_HEX_BYTES])
{
    for (int i = 0; i < LL_SHA256_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[sum[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
    }
    out[LL_SHA256_HEX_BYTES - 1] = '\0';
}
