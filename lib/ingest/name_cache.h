/* name_cache.h - numbers of names, remembered between transactions.
 *
 * Bounded: when it is full it starts again empty. Forget it after a rollback, because
 * numbers given in that transaction are gone with it.
 *
 * Uses: base. */
#ifndef LL_INGEST_NAME_CACHE_H
#define LL_INGEST_NAME_CACHE_H

#include <stddef.h>
#include <stdint.h>

typedef struct ll_name_cache ll_name_cache;

/* NULL: no memory. */
ll_name_cache *ll_name_cache_new(void);
void ll_name_cache_free(ll_name_cache *cache);
void ll_name_cache_forget(ll_name_cache *cache);

/* The number of (space, name); 0: not remembered. */
int64_t ll_name_cache_get(const ll_name_cache *cache, uint64_t space, const char *name,
                          size_t bytes);
/* Remembers it if the name is at most 64 bytes. */
void ll_name_cache_put(ll_name_cache *cache, uint64_t space, const char *name, size_t bytes,
                       int64_t number);

#endif
