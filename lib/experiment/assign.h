/* assign.h - which arm of a test a unit falls into.
 *
 *   hash(salt of the test, unit) ──▶ x in [0, 1), its top 53 bits ──▶ the range that holds x
 *
 *   0          0.5        0.75       1
 *   [  arm 0   )[  arm 1  )[  arm 2  )      weights 0.5, 0.25, 0.25 in the order of the arms
 *
 * Frozen for ever: people stay in their arm across processes, releases and machines.
 *
 * Threads: pure functions, but for draws, which any thread may take from one source.
 * Uses:    base. */
#ifndef LL_EXPERIMENT_ASSIGN_H
#define LL_EXPERIMENT_ASSIGN_H

#include "llmlearn.h"

#include <stdatomic.h>

#define LL_ASSIGN_SALT_BYTES 16

/* How a test splits [0, 1). */
typedef struct ll_assign_split {
    uint64_t salt[2];
    uint32_t arm_count;
    uint32_t reserved;
    uint64_t ends[LLMLEARN_ARMS_MAX]; /* of the arms' ranges, exclusive, in steps of 2^-53 */
} ll_assign_split;

/* The weights are > 0 and sum to about 1; the last range ends at 1 whatever they sum to. */
void ll_assign_split_init(ll_assign_split *split, const uint8_t salt[LL_ASSIGN_SALT_BYTES],
                          const double *weights, uint32_t arm_count);

uint32_t ll_assign_arm_of_unit(const ll_assign_split *split, const char *unit, size_t unit_bytes);
/* The arm whose range holds hash / 2^64. */
uint32_t ll_assign_arm_of_hash(const ll_assign_split *split, uint64_t hash);

/* Numbers for requests without a unit: a keyed hash of counters. The counters are striped,
 * each in its own cache line, and a thread takes the stripe that its stack hashes to: a
 * clock would cost more than everything else here together. */
#define LL_ASSIGN_STRIPES 64

typedef struct ll_assign_stripe {
    _Alignas(64) atomic_uint_fast64_t next;
} ll_assign_stripe;

typedef struct ll_assign_draws {
    ll_assign_stripe stripes[LL_ASSIGN_STRIPES];
    uint64_t key[2];
} ll_assign_draws;

/* With a key nobody can guess. LLMLEARN_EIO if the system has no randomness. */
llmlearn_err ll_assign_draws_init(ll_assign_draws *draws);
uint64_t ll_assign_draw(ll_assign_draws *draws);

#endif
