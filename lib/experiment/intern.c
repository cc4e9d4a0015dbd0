#include "experiment/intern.h"

#include "base/err.h"
#include "base/hash.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct kept {
    struct kept *next;
    uint64_t hash;
    size_t bytes;
    char text[];
} kept;

#define BUCKETS_FIRST 64

struct ll_intern {
    pthread_mutex_t lock;
    kept **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/* Texts come from the database and the program itself: no key to keep secret. */
static const uint64_t hash_key[2] = { 0x6c6c6d6c6561726e, 0x696e7465726e0000 };

llmlearn_err ll_intern_new(ll_intern **out)
{
    ll_intern *intern = calloc(1, sizeof *intern);
    kept **buckets = calloc(BUCKETS_FIRST, sizeof(kept *));

    if (intern == NULL || buckets == NULL || pthread_mutex_init(&intern->lock, NULL) != 0) {
        free(buckets);
        free(intern);
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a table of texts");
    }
    intern->buckets = buckets;
    intern->bucket_count = BUCKETS_FIRST;
    *out = intern;
    return LLMLEARN_OK;
}

void ll_intern_free(ll_intern *intern)
{
    if (intern == NULL)
        return;
    for (size_t i = 0; i < intern->bucket_count; i++) {
        while (intern->buckets[i] != NULL) {
            kept *first = intern->buckets[i];
            intern->buckets[i] = first->next;
            free(first);
        }
    }
    free(intern->buckets);
    pthread_mutex_destroy(&intern->lock);
    free(intern);
}

static const kept *find(const ll_intern *intern, uint64_t hash, const char *text, size_t bytes)
{
    const kept *k = intern->buckets[hash & (intern->bucket_count - 1)];

    while (k != NULL && (k->hash != hash || k->bytes != bytes || memcmp(k->text, text, bytes) != 0))
        k = k->next;
    return k;
}

static void push(kept **buckets, size_t bucket_count, kept *k)
{
    kept **bucket = &buckets[k->hash & (bucket_count - 1)];

    k->next = *bucket;
    *bucket = k;
}

/* Failing to grow costs speed, nothing else. */
static void grow(ll_intern *intern)
{
    size_t bucket_count = 2 * intern->bucket_count;
    kept **buckets = calloc(bucket_count, sizeof(kept *));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < intern->bucket_count; i++) {
        while (intern->buckets[i] != NULL) {
            kept *first = intern->buckets[i];
            intern->buckets[i] = first->next;
            push(buckets, bucket_count, first);
        }
    }
    free(intern->buckets);
    intern->buckets = buckets;
    intern->bucket_count = bucket_count;
}

static const kept *add(ll_intern *intern, uint64_t hash, const char *text, size_t bytes)
{
    kept *k = malloc(sizeof *k + bytes + 1);

    if (k == NULL)
        return NULL;
    k->hash = hash;
    k->bytes = bytes;
    memcpy(k->text, text, bytes);
    k->text[bytes] = '\0';
    if (intern->count == intern->bucket_count)
        grow(intern);
    push(intern->buckets, intern->bucket_count, k);
    intern->count++;
    return k;
}

llmlearn_err ll_intern_text(ll_intern *intern, const char *text, size_t bytes,
                            const char **out_text)
{
    uint64_t hash = ll_siphash13(hash_key, text, bytes);

    assert(text != NULL);
    pthread_mutex_lock(&intern->lock);
    const kept *k = find(intern, hash, text, bytes);
    if (k == NULL)
        k = add(intern, hash, text, bytes);
    pthread_mutex_unlock(&intern->lock);
    if (k == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a text of %zu bytes", bytes);
    *out_text = k->text;
    return LLMLEARN_OK;
}
