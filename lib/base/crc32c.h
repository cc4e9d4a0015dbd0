/* crc32c.h - CRC-32C (Castagnoli), as iSCSI, ext4 and SSE4.2 define it.
 *
 * The value of "123456789" is 0xE3069283. Start with 0; a value continues where it
 * stopped: ll_crc32c(ll_crc32c(0, a, n), b, m) is the crc of a followed by b.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_CRC32C_H
#define LL_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* data may be NULL if bytes is 0. Uses the processor's crc instructions if it has them. */
uint32_t ll_crc32c(uint32_t crc, const void *data, size_t bytes);

/* The same value by tables alone, for processors without such instructions. */
uint32_t ll_crc32c_portable(uint32_t crc, const void *data, size_t bytes);

#endif
