#include "ingest/name_cache.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* 500 tickers, a few signals, models and versions fit many times over; 96 bytes each. */
#define ENTRIES 8192u
#define ENTRIES_USED_MAX (ENTRIES / 2)
#define NAME_BYTES_MAX 64u

_Static_assert((ENTRIES & (ENTRIES - 1)) == 0, "the place of a hash is a mask");

typedef struct entry {
    uint64_t space;
    int64_t number; /* 0: free */
    uint32_t bytes;
    char name[NAME_BYTES_MAX];
} entry;

struct ll_name_cache {
    uint32_t used;
    entry entries[ENTRIES];
};

ll_name_cache *ll_name_cache_new(void)
{
    return calloc(1, sizeof(ll_name_cache));
}

void ll_name_cache_free(ll_name_cache *cache)
{
    free(cache);
}

void ll_name_cache_forget(ll_name_cache *cache)
{
    memset(cache, 0, sizeof *cache);
}

/* The entry that holds the name, or the free one where it would go. */
static uint32_t place_of(const ll_name_cache *cache, uint64_t space, const char *name, size_t bytes)
{
    const uint64_t key[2] = { space, 0x6c6c6d6c6561726eULL };
    uint32_t place = (uint32_t)ll_siphash13(key, name, bytes) & (ENTRIES - 1);

    assert(cache->used < ENTRIES);
    while (cache->entries[place].number != 0) {
        const entry *e = &cache->entries[place];

        if (e->space == space && e->bytes == bytes && memcmp(e->name, name, bytes) == 0)
            break;
        place = (place + 1) & (ENTRIES - 1);
    }
    return place;
}

int64_t ll_name_cache_get(const ll_name_cache *cache, uint64_t space, const char *name,
                          size_t bytes)
{
    return cache->entries[place_of(cache, space, name, bytes)].number;
}

void ll_name_cache_put(ll_name_cache *cache, uint64_t space, const char *name, size_t bytes,
                       int64_t number)
{
    entry *e;

    assert(number != 0);
    if (bytes > NAME_BYTES_MAX)
        return;
    if (cache->used >= ENTRIES_USED_MAX)
        ll_name_cache_forget(cache);
    e = &cache->entries[place_of(cache, space, name, bytes)];
    cache->used += e->number == 0;
    *e = (entry){ .space = space, .number = number, .bytes = (uint32_t)bytes };
    memcpy(e->name, name, bytes);
}
