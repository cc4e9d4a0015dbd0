/* crc32c.h - CRC-32C (Castagnoli), as iSCSI, ext4 and SSE4.2 define it.
 *
 * The value of "123456789" is 0xE3069283. Start with 0; a value continues where it stopped:
 * ll_crc32c(ll_crc32c(0, a, n), b, m) is the crc of a followed by b.
 *
 * Each processor family has its file: crc32c_x86.c, crc32c_arm.c, and crc32c_other.c for the rest.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_CRC32C_H
#define LL_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* data may be NULL if bytes is 0. Uses the best instructions the processor has. */
uint32_t ll_crc32c(uint32_t crc, const void *data, size_t bytes);

/* The same value by tables alone. */
uint32_t ll_crc32c_portable(uint32_t crc, const void *data, size_t bytes);

/* The ways to compute it that work on this processor, one after another, the portable one last;
 * NULL behind it. For tests: all must agree. */
typedef uint32_t ll_crc32c_function(uint32_t crc, const void *data, size_t bytes);
ll_crc32c_function *ll_crc32c_way(unsigned index);

#endif
