/* response_cache.h - answers of a model, kept for a while by what was asked.
 *
 *   key: model, version, the whole prompt and what was said before it, compared byte for byte
 *   oldest use goes first, beyond so many entries or bytes
 *
 * Threads: any may get and put.
 * Uses:    base. */
#ifndef LL_LLM_RESPONSE_CACHE_H
#define LL_LLM_RESPONSE_CACHE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ll_response_cache ll_response_cache;

typedef struct ll_response_key {
    const char *model, *version, *prompt;
    const char *system; /* NULL: none */
} ll_response_key;

/* An answer and its key together may have at most a quarter of bytes_max. */
llmlearn_err ll_response_cache_new(uint32_t entries_max, size_t bytes_max, uint32_t ttl_ms,
                                   const ll_clock *clock, ll_response_cache **out_cache);
void ll_response_cache_free(ll_response_cache *cache);

/* A copy of the text for free(), or NULL: there is none, or it is too old, or no memory. One that
 * comes from the future, the clock having gone back, is too old. */
char *ll_response_cache_get(ll_response_cache *cache, const ll_response_key *key);

/* Without memory, or room, nothing is kept. */
void ll_response_cache_put(ll_response_cache *cache, const ll_response_key *key, const char *text);

#endif
