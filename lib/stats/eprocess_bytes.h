/* eprocess_bytes.h - an e-process as bytes that last: little-endian, whatever the machine.
 *
 *        0  "LLEP"
 *        4  version, 1
 *        8  bytes in all: 32 + 40 for each arm
 *       12  CRC-32C of all the other bytes
 *       16  arm count
 *       20  champion
 *       24  kappa
 *       32  arm 0: weight, successes, trials, ln e-value, ln e-value's maximum; 8 bytes each
 *       72  arm 1 ...
 *
 * Every form, also a later one, begins with these 16 bytes: so that damage can be told from news.
 *
 * Uses: base, stats/eprocess. */
#ifndef LL_STATS_EPROCESS_BYTES_H
#define LL_STATS_EPROCESS_BYTES_H

#include "llmlearn.h"

/* Of a sound state; out has room for LLMLEARN_EPROCESS_BYTES_MAX. Returns how many were used. */
size_t ll_eprocess_bytes_write(const llmlearn_eprocess *state, uint8_t *out);

/* LLMLEARN_ECORRUPT or LLMLEARN_EUNSUPPORTED, with *out undefined; or a sound state, all of it
 * but struct_size. Any bytes may be given. */
llmlearn_err ll_eprocess_bytes_read(const uint8_t *bytes, size_t size, llmlearn_eprocess *out);

#endif
