#include "experiment/assign.h"

#include "base/hash.h"
#include "base/random.h"

#include <assert.h>
#include <math.h>

#define STEPS 0x1p53 /* doubles below 1 have 53 bits, so every sum of weights is hit exactly */
#define STEP_BITS 53

static uint64_t load_le64(const uint8_t *bytes)
{
    uint64_t word = 0;

    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

void ll_assign_split_init(ll_assign_split *split, const uint8_t salt[LL_ASSIGN_SALT_BYTES],
                          const double *weights, uint32_t arm_count)
{
    double sum = 0;

    assert(arm_count >= 1 && arm_count <= LLMLEARN_ARMS_MAX);
    *split = (ll_assign_split){ .salt = { load_le64(salt), load_le64(salt + 8) },
                                .arm_count = arm_count };
    for (uint32_t i = 0; i < arm_count; i++) {
        assert(weights[i] > 0 && weights[i] < 2); /* they sum to 1 only nearly */
        sum += weights[i];
        /* x < sum with x a whole number of steps is the same as x < its ceiling. */
        split->ends[i] = sum < 1 ? (uint64_t)ceil(sum * STEPS) : (uint64_t)STEPS;
    }
    split->ends[arm_count - 1] = (uint64_t)STEPS;
}

uint32_t ll_assign_arm_of_hash(const ll_assign_split *split, uint64_t hash)
{
    uint64_t x = hash >> (64 - STEP_BITS);
    uint32_t arm = 0;

    /* Counting has no branch to mispredict, and arms are few. */
    for (uint32_t i = 0; i + 1 < split->arm_count; i++)
        arm += x >= split->ends[i];
    return arm;
}

uint32_t ll_assign_arm_of_unit(const ll_assign_split *split, const char *unit, size_t unit_bytes)
{
    return ll_assign_arm_of_hash(split, ll_siphash13(split->salt, unit, unit_bytes));
}

llmlearn_err ll_assign_draws_init(ll_assign_draws *draws)
{
    for (uint32_t i = 0; i < LL_ASSIGN_STRIPES; i++)
        atomic_init(&draws->stripes[i].next, (uint64_t)i << 56);
    return ll_random_bytes(draws->key, sizeof draws->key);
}

uint64_t ll_assign_draw(ll_assign_draws *draws)
{
    char here;
    uint64_t page = (uint64_t)(uintptr_t)&here >> 12;
    uint64_t stripe = page * UINT64_C(0x9e3779b97f4a7c15) >> 58;

    _Static_assert(LL_ASSIGN_STRIPES == 1 << (64 - 58), "the top bits choose a stripe");
    return ll_siphash13_u64(draws->key, atomic_fetch_add_explicit(&draws->stripes[stripe].next, 1,
                                                                  memory_order_relaxed));
}
