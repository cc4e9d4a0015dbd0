/* hash.h - SipHash-1-3: a keyed 64-bit hash whose values nobody can steer without the key.
 *
 * Frozen for ever: which variant a user sees is decided by these values.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_HASH_H
#define LL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* data may be NULL if bytes is 0. */
uint64_t ll_siphash13(const uint64_t key[2], const void *data, size_t bytes);

/* The hash of the value's 8 bytes in little-endian order, faster. */
uint64_t ll_siphash13_u64(const uint64_t key[2], uint64_t value);

/* The slower original with 2 and 4 rounds. Its authors published test values for it only;
 * it shares every line with the above but the number of rounds. */
uint64_t ll_siphash24(const uint64_t key[2], const void *data, size_t bytes);

#endif
