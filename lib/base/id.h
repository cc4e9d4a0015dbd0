/* id.h - UUIDv7 (RFC 9562, section 5.7, method 3: the 12 bits after the version
 * carry the fraction of the millisecond).
 *
 *   48 bits  milliseconds since 1970     4 bits  version 7     12 bits  fraction of the ms
 *    2 bits  variant                    62 bits  random
 *
 * Uses: nothing. */
#ifndef LL_BASE_ID_H
#define LL_BASE_ID_H

#include "llmlearn.h"

/* The low 62 bits of `random` are used; the caller sees to it that they differ
 * among ids of one microsecond. */
llmlearn_id ll_id_make(int64_t now_us, uint64_t random);

/* The 62 random bits. */
uint64_t ll_id_random(const llmlearn_id *id);

#endif
