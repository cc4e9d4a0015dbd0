#include "store/tally.h"

#include "base/err.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64
/* 4,096 rows of the widest tally are 590 KB: more than a usual batch has. */
#define ROWS_KEPT_MAX 4096
/* So that slots, twice the rows, are counted in 32 bits. */
#define ROWS_MAX (1u << 30)

static int64_t *row_at(const ll_tally *t, uint32_t index)
{
    assert(index < t->capacity);
    return t->rows + (size_t)index * t->cells;
}

static bool same_key(const int64_t *a, const int64_t *b)
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

static uint32_t hash_key(const int64_t key[LL_TALLY_KEY_CELLS])
{
    uint64_t h = 0;

    for (int i = 0; i < LL_TALLY_KEY_CELLS; i++) {
        h = (h ^ (uint64_t)key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return (uint32_t)h;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *find_slot(const ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS])
{
    uint32_t mask = 2 * t->capacity - 1;
    uint32_t at = hash_key(key) & mask;

    while (t->slots[at] != 0 && !same_key(row_at(t, t->slots[at] - 1), key))
        at = (at + 1) & mask;
    return &t->slots[at];
}

static void fill_slots(ll_tally *t)
{
    memset(t->slots, 0, 2 * (size_t)t->capacity * sizeof t->slots[0]);
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t *slot = find_slot(t, row_at(t, i));

        assert(*slot == 0);
        *slot = i + 1;
    }
    t->latest = 0;
}

static llmlearn_err resize(ll_tally *t, uint32_t capacity)
{
    int64_t *rows;
    uint32_t *slots;

    assert(capacity >= t->count);
    slots = malloc(2 * (size_t)capacity * sizeof slots[0]);
    if (slots == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for sums");
    rows = realloc(t->rows, (size_t)capacity * t->cells * sizeof rows[0]);
    if (rows == NULL) {
        free(slots);
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for sums");
    }
    free(t->slots);
    t->rows = rows;
    t->slots = slots;
    t->capacity = capacity;
    fill_slots(t);
    return LLMLEARN_OK;
}

llmlearn_err ll_tally_init(ll_tally *t, uint32_t sum_count)
{
    assert(t != NULL && sum_count > 0);
    *t = (ll_tally){ .cells = LL_TALLY_KEY_CELLS + sum_count };
    return resize(t, ROWS_FIRST);
}

void ll_tally_free(ll_tally *t)
{
    assert(t != NULL);
    free(t->rows);
    free(t->slots);
    *t = (ll_tally){ 0 };
}

llmlearn_err ll_tally_reserve(ll_tally *t, uint32_t more)
{
    uint32_t capacity = t->capacity;

    if (more <= capacity - t->count)
        return LLMLEARN_OK;
    if (more > ROWS_MAX - t->count)
        return ll_fail(LLMLEARN_ENOMEM, "too many different keys in one sum");
    while (capacity < t->count + more)
        capacity *= 2;
    return resize(t, capacity);
}

int64_t *ll_tally_find_or_add(ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS])
{
    uint32_t *slot = find_slot(t, key);
    int64_t *row;

    if (*slot == 0) {
        assert(t->count < t->capacity);
        row = row_at(t, t->count);
        memcpy(row, key, LL_TALLY_KEY_CELLS * sizeof key[0]);
        memset(row + LL_TALLY_KEY_CELLS, 0, (t->cells - LL_TALLY_KEY_CELLS) * sizeof row[0]);
        *slot = ++t->count;
    }
    t->latest = *slot - 1;
    return row_at(t, t->latest) + LL_TALLY_KEY_CELLS;
}

void ll_tally_add(ll_tally *t, const int64_t key[LL_TALLY_KEY_CELLS], const int64_t *deltas)
{
    int64_t *sums = ll_tally_find_or_add(t, key);

    for (uint32_t i = 0; i < t->cells - LL_TALLY_KEY_CELLS; i++) {
        if (__builtin_add_overflow(sums[i], deltas[i], &sums[i]))
            sums[i] = deltas[i] > 0 ? INT64_MAX : INT64_MIN;
    }
}

const int64_t *ll_tally_row(const ll_tally *t, uint32_t index)
{
    assert(index < t->count);
    return row_at(t, index);
}

static int compare_keys(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    for (int i = 0; i < LL_TALLY_KEY_CELLS; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

void ll_tally_sort(ll_tally *t)
{
    qsort(t->rows, t->count, t->cells * sizeof t->rows[0], compare_keys);
    fill_slots(t);
}

void ll_tally_clear(ll_tally *t)
{
    t->count = 0;
    /* Where there is no memory for the smaller one, keeping the larger is fine. */
    if (t->capacity > ROWS_KEPT_MAX && resize(t, ROWS_FIRST) == LLMLEARN_OK)
        return;
    fill_slots(t);
}
