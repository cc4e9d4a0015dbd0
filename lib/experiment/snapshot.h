/* snapshot.h - what every signal is served, as one immutable table.
 *
 *   key: the signal's bytes, padded with zeros to four words
 *   slots: open addressing, a power of two, at most half full; an empty slot has key 0
 *
 * Two snapshots of the same content have the same bytes, so they can be compared.
 *
 * Threads: a finished snapshot may be read by any.
 * Uses:    assign. */
#ifndef LL_EXPERIMENT_SNAPSHOT_H
#define LL_EXPERIMENT_SNAPSHOT_H

#include "experiment/assign.h"

#include <stdbool.h>

#define LL_SIGNAL_BYTES_MAX 32

/* A test as it is for ever; kept until close. */
typedef struct ll_snapshot_arm {
    int64_t variant;
    const char *version, *text;
} ll_snapshot_arm;

typedef struct ll_snapshot_test {
    uint64_t id;
    int64_t signal;
    uint32_t champion; /* its arm */
    uint32_t reserved;
    ll_assign_split split;
    ll_snapshot_arm arms[LLMLEARN_ARMS_MAX];
} ll_snapshot_test;

typedef struct ll_snapshot_signal {
    uint64_t key[4];
    const char *version, *text;   /* the champion's; version NULL: there is none */
    const ll_snapshot_test *test; /* NULL: none is running */
    uint64_t off;                 /* a bit for each of its arms that the breaker has switched off */
} ll_snapshot_signal;

typedef struct ll_snapshot {
    struct ll_snapshot *next; /* the owner's list */
    uint64_t hash;            /* of the slots */
    uint32_t count;
    uint32_t slot_count;
    ll_snapshot_signal slots[];
} ll_snapshot;

/* Big enough for this many signals. LLMLEARN_ENOMEM. */
llmlearn_err ll_snapshot_new(uint32_t signals_max, ll_snapshot **out);

/* The slot of a signal, taken for it if it has none yet; 1 to LL_SIGNAL_BYTES_MAX bytes. */
ll_snapshot_signal *ll_snapshot_put(ll_snapshot *snapshot, const char *signal, size_t bytes);

/* No put may follow. */
void ll_snapshot_finish(ll_snapshot *snapshot);
bool ll_snapshot_equal(const ll_snapshot *a, const ll_snapshot *b);

/* NULL if the snapshot does not know it. */
const ll_snapshot_signal *ll_snapshot_find(const ll_snapshot *snapshot, const char *signal,
                                           size_t bytes);

#endif
