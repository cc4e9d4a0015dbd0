#include "llm/response_cache.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/random.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_OF_ONE 4u /* of the bytes one entry may take at most the fourth part */

/* Key and answer are one block: model, version, prompt, system and text, each with its NUL. */
typedef struct entry {
    struct entry *next; /* in its slot */
    struct entry *newer, *older;
    uint64_t hash;
    int64_t at_us;
    size_t bytes, key_bytes;
    char data[];
} entry;

struct ll_response_cache {
    pthread_mutex_t mutex;
    const ll_clock *clock;
    int64_t ttl_us;
    uint64_t seed[2];
    uint32_t entries_max, count;
    size_t bytes_max, bytes;
    entry *newest, *oldest; /* by use */
    uint32_t slot_count;    /* a power of two */
    entry *slots[];
};

static uint32_t slots_for(uint32_t entries)
{
    uint32_t slots = 1;

    while (slots < entries && slots < UINT32_MAX / 2)
        slots *= 2;
    return slots;
}

llmlearn_err ll_response_cache_new(uint32_t entries_max, size_t bytes_max, uint32_t ttl_ms,
                                   const ll_clock *clock, ll_response_cache **out_cache)
{
    uint32_t slots = slots_for(entries_max);
    ll_response_cache *cache = calloc(1, sizeof *cache + slots * sizeof *cache->slots);
    llmlearn_err err;

    assert(entries_max > 0 && entries_max <= UINT32_MAX / 4);
    if (cache == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the cache of answers");
    err = ll_random_bytes(cache->seed, sizeof cache->seed);
    if (err != LLMLEARN_OK) {
        free(cache);
        return err;
    }
    pthread_mutex_init(&cache->mutex, NULL);
    cache->clock = clock;
    cache->ttl_us = (int64_t)ttl_ms * 1000;
    cache->entries_max = entries_max;
    cache->bytes_max = bytes_max;
    cache->slot_count = slots;
    *out_cache = cache;
    return LLMLEARN_OK;
}

void ll_response_cache_free(ll_response_cache *cache)
{
    if (cache == NULL)
        return;
    for (entry *e = cache->newest, *older; e != NULL; e = older) {
        older = e->older;
        free(e);
    }
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

/* ---- entries ----------------------------------------------------------- */

static char *put_text(char *at, const char *text)
{
    size_t bytes = strlen(text) + 1;

    memcpy(at, text, bytes);
    return at + bytes;
}

static entry *make_entry(const ll_response_cache *cache, const ll_response_key *key,
                         const char *text)
{
    const char *system = key->system != NULL ? key->system : "";
    size_t key_bytes =
        strlen(key->model) + strlen(key->version) + strlen(key->prompt) + strlen(system) + 4;
    size_t bytes = sizeof(entry) + key_bytes + strlen(text) + 1;
    entry *e = bytes <= cache->bytes_max / SHARE_OF_ONE ? malloc(bytes) : NULL;

    if (e == NULL)
        return NULL;
    *e = (entry){ .bytes = bytes, .key_bytes = key_bytes };
    char *at = put_text(put_text(e->data, key->model), key->version);
    put_text(put_text(put_text(at, key->prompt), system), text);
    e->hash = ll_siphash13(cache->seed, e->data, key_bytes);
    return e;
}

/* Where what points to the entry of this key is, or would be. */
static entry **find(ll_response_cache *cache, const entry *key)
{
    entry **at = &cache->slots[key->hash & (cache->slot_count - 1)];

    while (*at != NULL && !((*at)->hash == key->hash && (*at)->key_bytes == key->key_bytes &&
                            memcmp((*at)->data, key->data, key->key_bytes) == 0))
        at = &(*at)->next;
    return at;
}

static void take_out_of_use(ll_response_cache *cache, entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void make_newest(ll_response_cache *cache, entry *e)
{
    e->newer = NULL;
    e->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = e;
    cache->newest = e;
}

static void forget(ll_response_cache *cache, entry **at)
{
    entry *e = *at;

    *at = e->next;
    take_out_of_use(cache, e);
    cache->count--;
    cache->bytes -= e->bytes;
    free(e);
}

static bool is_fresh(const ll_response_cache *cache, const entry *e)
{
    int64_t now_us = ll_clock_now_us(cache->clock);

    return now_us >= e->at_us && now_us - e->at_us < cache->ttl_us;
}

/* ---- get and put ------------------------------------------------------- */

char *ll_response_cache_get(ll_response_cache *cache, const ll_response_key *key)
{
    entry *wanted = make_entry(cache, key, "");
    char *text = NULL;

    if (wanted == NULL)
        return NULL;
    pthread_mutex_lock(&cache->mutex);
    entry **at = find(cache, wanted);
    if (*at != NULL && !is_fresh(cache, *at)) {
        forget(cache, at);
    } else if (*at != NULL) {
        take_out_of_use(cache, *at);
        make_newest(cache, *at);
        text = strdup((*at)->data + (*at)->key_bytes);
    }
    pthread_mutex_unlock(&cache->mutex);
    free(wanted);
    return text;
}

void ll_response_cache_put(ll_response_cache *cache, const ll_response_key *key, const char *text)
{
    entry *e = make_entry(cache, key, text);

    if (e == NULL)
        return;
    e->at_us = ll_clock_now_us(cache->clock);
    pthread_mutex_lock(&cache->mutex);
    entry **at = find(cache, e);
    if (*at != NULL)
        forget(cache, at);
    while (cache->count == cache->entries_max || cache->bytes + e->bytes > cache->bytes_max)
        forget(cache, find(cache, cache->oldest));
    at = find(cache, e);
    *at = e;
    make_newest(cache, e);
    cache->count++;
    cache->bytes += e->bytes;
    pthread_mutex_unlock(&cache->mutex);
}
