#include "experiment/snapshot.h"

#include "base/err.h"
#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(ll_snapshot_signal) == 64, "a cache line, and no padding to compare");

typedef struct signal_key {
    uint64_t words[4];
} signal_key;

/* 1 to 8 bytes as one word, without a loop: reads that overlap agree where they do. */
static inline uint64_t load(const char *bytes, size_t count)
{
    const unsigned char *b = (const unsigned char *)bytes;
    uint64_t word;

    if (count == 8) {
        memcpy(&word, b, 8);
        return word;
    }
    if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, b, 4);
        memcpy(&last, b + count - 4, 4);
        return first | (uint64_t)last << (8 * (count - 4));
    }
    return b[0] | (uint64_t)b[count / 2] << (8 * (count / 2)) |
           (uint64_t)b[count - 1] << (8 * (count - 1));
}

/* Signals hold no NUL, so padding with zeros loses nothing. */
static inline signal_key key_of(const char *signal, size_t bytes)
{
    signal_key key = { { load(signal, bytes < 8 ? bytes : 8) } };

    for (size_t i = 1; 8 * i < bytes; i++)
        key.words[i] = load(signal + 8 * i, bytes - 8 * i < 8 ? bytes - 8 * i : 8);
    return key;
}

static inline bool same_key(const ll_snapshot_signal *slot, const signal_key *key)
{
    return slot->key[0] == key->words[0] && slot->key[1] == key->words[1] &&
           slot->key[2] == key->words[2] && slot->key[3] == key->words[3];
}

static inline uint32_t first_slot(const ll_snapshot *snapshot, const signal_key *key)
{
    uint64_t mixed = key->words[0] + 3 * key->words[1] + 5 * key->words[2] + 7 * key->words[3];

    mixed *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) & (snapshot->slot_count - 1);
}

/* The signal's slot, or the empty one where it would be. */
static inline const ll_snapshot_signal *slot_of(const ll_snapshot *snapshot, const signal_key *key)
{
    uint32_t i = first_slot(snapshot, key);

    while (snapshot->slots[i].key[0] != 0 && !same_key(&snapshot->slots[i], key))
        i = (i + 1) & (snapshot->slot_count - 1);
    return &snapshot->slots[i];
}

llmlearn_err ll_snapshot_new(uint32_t signals_max, ll_snapshot **out)
{
    uint32_t slot_count = 4;

    assert(signals_max < UINT32_MAX / 4);
    while (slot_count < 2 * signals_max)
        slot_count *= 2;
    ll_snapshot *snapshot =
        calloc(1, sizeof *snapshot + (size_t)slot_count * sizeof(ll_snapshot_signal));
    if (snapshot == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for %u signals", signals_max);
    snapshot->slot_count = slot_count;
    *out = snapshot;
    return LLMLEARN_OK;
}

ll_snapshot_signal *ll_snapshot_put(ll_snapshot *snapshot, const char *signal, size_t bytes)
{
    assert(bytes >= 1 && bytes <= LL_SIGNAL_BYTES_MAX);
    assert(signal[0] != '\0');
    signal_key key = key_of(signal, bytes);
    ll_snapshot_signal *slot =
        &snapshot->slots[slot_of(snapshot, &key) - (const ll_snapshot_signal *)snapshot->slots];
    if (slot->key[0] == 0) {
        snapshot->count++;
        assert(2 * snapshot->count <= snapshot->slot_count);
        memcpy(slot->key, key.words, sizeof slot->key);
    }
    return slot;
}

void ll_snapshot_finish(ll_snapshot *snapshot)
{
    static const uint64_t no_key[2];

    snapshot->hash = ll_siphash13(no_key, snapshot->slots,
                                  (size_t)snapshot->slot_count * sizeof(ll_snapshot_signal));
}

bool ll_snapshot_equal(const ll_snapshot *a, const ll_snapshot *b)
{
    return a->hash == b->hash && a->slot_count == b->slot_count &&
           memcmp(a->slots, b->slots, (size_t)a->slot_count * sizeof(ll_snapshot_signal)) == 0;
}

const ll_snapshot_signal *ll_snapshot_find(const ll_snapshot *snapshot, const char *signal,
                                           size_t bytes)
{
    assert(bytes >= 1 && bytes <= LL_SIGNAL_BYTES_MAX);
    signal_key key = key_of(signal, bytes);
    const ll_snapshot_signal *slot = slot_of(snapshot, &key);
    return slot->key[0] == 0 ? NULL : slot;
}
