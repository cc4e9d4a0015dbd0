/* sha256.h - SHA-256 (FIPS 180-4), and HMAC-SHA-256 (RFC 2104): who holds the key can tell that a
 * text is from another who holds it.
 *
 * Plain C, about 200 MB/s: for messages, not for files. What was made of a key is wiped.
 *
 *     ll_sha256 sum;                        ll_sha256_mac mac;
 *     ll_sha256_begin(&sum);                ll_sha256_mac_begin(&mac, key, key_bytes);
 *     ll_sha256_add(&sum, ...);             ll_sha256_mac_add(&mac, ...);
 *     ll_sha256_end(&sum, out);             ll_sha256_mac_end(&mac, out);
 *
 * Threads: one at a time per object.
 * Uses:    nothing. */
#ifndef LL_BASE_SHA256_H
#define LL_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define LL_SHA256_BYTES 32
#define LL_SHA256_BLOCK_BYTES 64
#define LL_SHA256_HEX_BYTES 65 /* 64 digits and the NUL */

typedef struct ll_sha256 {
    uint32_t state[8];
    uint64_t bytes; /* so far */
    uint8_t block[LL_SHA256_BLOCK_BYTES];
} ll_sha256;

void ll_sha256_begin(ll_sha256 *sum);
/* data may be NULL if bytes is 0. */
void ll_sha256_add(ll_sha256 *sum, const void *data, size_t bytes);
/* Wipes the object. */
void ll_sha256_end(ll_sha256 *sum, uint8_t out[LL_SHA256_BYTES]);

typedef struct ll_sha256_mac {
    ll_sha256 inner, outer;
} ll_sha256_mac;

/* Of a key of any length. */
void ll_sha256_mac_begin(ll_sha256_mac *mac, const void *key, size_t key_bytes);
void ll_sha256_mac_add(ll_sha256_mac *mac, const void *data, size_t bytes);
/* Wipes the object. */
void ll_sha256_mac_end(ll_sha256_mac *mac, uint8_t out[LL_SHA256_BYTES]);

/* In lower case, with a NUL. */
void ll_sha256_hex(const uint8_t sum[LL_SHA256_BYTES], char out[LL_SHA256_HEX_BYTES]);

#endif
