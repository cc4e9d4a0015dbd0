/* ab_recent.h - the latest exposures of an arm, in the order of their commits.
 *
 *   entries:  4 | 5 | 1 | 2 | 3      the one numbered 6 goes where `next` is, in the oldest's place
 *                     ^next
 *
 * What is judged by them: experiment/breaker.h.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_STORE_AB_RECENT_H
#define LL_STORE_AB_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_AB_RECENT_MAX 50

typedef struct ll_ab_recent {
    uint32_t count, next;               /* how many there are; where the next one goes */
    uint64_t entries[LL_AB_RECENT_MAX]; /* the unit's hash; its lowest bit is set for a failure */
} ll_ab_recent;

void ll_ab_recent_push(ll_ab_recent *recent, uint64_t unit, bool failed);

/* count, next, entries; little-endian. */
#define LL_AB_RECENT_BYTES (4 + 4 + 8 * LL_AB_RECENT_MAX)
void ll_ab_recent_write(const ll_ab_recent *recent, uint8_t out_bytes[LL_AB_RECENT_BYTES]);
/* False if the bytes are nothing that write gives. */
bool ll_ab_recent_read(const uint8_t *bytes, size_t size, ll_ab_recent *out_recent);

#endif
