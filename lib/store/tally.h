/* tally.h - sums by key: a hash map from three whole numbers to a fixed number of sums.
 *
 * A row is its key and its sums in one array of int64_t, as the arguments of a statement
 * want them. Rows keep the order in which their keys first came, until sorted.
 *
 * Threads: one at a time per tally.
 * Uses:    err. */
#ifndef LL_STORE_TALLY_H
#define LL_STORE_TALLY_H

#include "llmlearn.h"

#include <stddef.h>

#define LL_TALLY_KEY_CELLS 3

/* slots: open addressing, twice as many as rows have room; a row's index plus one, 0 if free. */
typedef struct ll_tally {
    uint32_t cells; /* of a row: the key, then the sums */
    uint32_t count;
    uint32_t capacity; /* a power of two */
    uint32_t latest;   /* the row found last */
    int64_t *rows;
    uint32_t *slots;
} ll_tally;

llmlearn_err ll_tally_init(ll_tally *t, uint32_t sum_count);
void ll_tally_free(ll_tally *t);

/* Room for that many new keys, so that the adding cannot fail. */
llmlearn_err ll_tally_reserve(ll_tally *t, uint32_t more);

/* The sums of the key, which start at 0; needs room for one. Good until the next key comes;
 * t->latest is then the row's index. */
int64_t *ll_tally_find_or_add(ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS]);

/* The same, without hashing for keys that come in the order of an earlier round. */
static inline int64_t *ll_tally_sums(ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS])
{
    uint32_t guess = t->latest + 1;

    if (guess < t->count) {
        int64_t *row = t->rows + (size_t)guess * t->cells;

        if (row[0] == key[0] && row[1] == key[1] && row[2] == key[2]) {
            t->latest = guess;
            return row + LL_TALLY_KEY_CELLS;
        }
    }
    return ll_tally_find_or_add(t, key);
}

/* Adds to all sums of the key, found by hashing. They stop at the largest number instead of
 * wrapping. */
void ll_tally_add(ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS], const int64_t *deltas);

/* The row's cells: key, then sums. */
const int64_t *ll_tally_row(const ll_tally *t, uint32_t index);

/* By key, ascending; indexes change. */
void ll_tally_sort(ll_tally *t);

/* Empty again; memory beyond a usual batch's is given back. */
void ll_tally_clear(ll_tally *t);

#endif
