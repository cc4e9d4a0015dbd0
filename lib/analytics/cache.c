#include "analytics/cache.h"

#include "base/err.h"
#include "base/thread.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* number: of the computation that made it, counted over all windows; 0: none. */
typedef struct entry {
    ll_cache_body body;
    size_t head_bytes;
    size_t tail_bytes;
    uint64_t number;
} entry;

struct ll_cache {
    ll_cache_options options;
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t ended;  /* a computation did */
    bool computing;
    uint64_t started; /* computations ever, the running one among them */
    size_t bytes;
    entry entries[LL_CACHE_WINDOWS_MAX];
    /* The latest computation that failed, for those who waited for it. */
    uint32_t failed_window;
    uint64_t failed_number;
    ll_err_report failure;
};

llmlearn_err ll_cache_open(const ll_cache_options *options, ll_cache **out_cache)
{
    ll_cache *cache = calloc(1, sizeof *cache);
    llmlearn_err err;

    assert(options->compute != NULL);
    if (cache == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for the report cache");
    cache->options = *options;
    err = ll_thread_condition_init(&cache->ended);
    if (err != LLMLEARN_OK) {
        free(cache);
        return err;
    }
    pthread_mutex_init(&cache->mutex, NULL);
    *out_cache = cache;
    return LLMLEARN_OK;
}

/* ---- entries; all with the mutex held ---- */

static size_t bytes_of(const entry *e)
{
    return e->head_bytes + e->tail_bytes;
}

static void drop(ll_cache *cache, entry *e)
{
    assert(cache->bytes >= bytes_of(e));
    cache->bytes -= bytes_of(e);
    free(e->body.head);
    free(e->body.tail);
    *e = (entry){ 0 };
}

/* Keeps the newest even if it is too large alone: whoever waits for it wants it now. */
static void drop_oldest_beyond_limit(ll_cache *cache)
{
    while (cache->bytes > LL_CACHE_BYTES_MAX) {
        entry *oldest = NULL;

        for (int i = 0; i < LL_CACHE_WINDOWS_MAX; i++) {
            entry *e = &cache->entries[i];

            if (e->number != 0 && (oldest == NULL || e->number < oldest->number))
                oldest = e;
        }
        assert(oldest != NULL);
        if (oldest->number == cache->started)
            return;
        drop(cache, oldest);
    }
}

static void keep(ll_cache *cache, entry *e, const ll_cache_body *body)
{
    assert(body->head != NULL && body->tail != NULL);
    drop(cache, e);
    *e = (entry){ .body = *body,
                  .head_bytes = strlen(body->head),
                  .tail_bytes = strlen(body->tail),
                  .number = cache->started };
    cache->bytes += bytes_of(e);
    drop_oldest_beyond_limit(cache);
}

static bool is_fresh(const ll_cache *cache, const entry *e, int64_t now_us)
{
    return e->number != 0 && e->body.at_us <= now_us &&
           now_us - e->body.at_us < (int64_t)cache->options.ttl_ms * 1000 &&
           ll_clock_day(e->body.at_us) == ll_clock_day(now_us);
}

static llmlearn_err answer(const entry *e, int64_t now_us, char **out_text)
{
    char age[24];
    int64_t age_ms = now_us > e->body.at_us ? (now_us - e->body.at_us) / 1000 : 0;
    int age_bytes = snprintf(age, sizeof age, "%lld", (long long)age_ms);
    char *text = malloc(bytes_of(e) + sizeof age);
    char *at = text;

    if (text == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for a report");
    memcpy(at, e->body.head, e->head_bytes);
    at += e->head_bytes;
    memcpy(at, age, (size_t)age_bytes);
    at += age_bytes;
    memcpy(at, e->body.tail, e->tail_bytes + 1);
    *out_text = text;
    return LLMLEARN_OK;
}

/* ---- one computation at a time ---- */

/* Lets go of the mutex meanwhile. */
static llmlearn_err compute(ll_cache *cache, uint32_t window, ll_deadline deadline)
{
    ll_cache_body body = { 0 };
    llmlearn_err err;

    assert(!cache->computing);
    cache->computing = true;
    cache->started++;
    pthread_mutex_unlock(&cache->mutex);
    err = cache->options.compute(cache->options.user, window, deadline, &body);
    pthread_mutex_lock(&cache->mutex);
    cache->computing = false;
    if (err == LLMLEARN_OK) {
        keep(cache, &cache->entries[window - 1], &body);
    } else {
        cache->failed_window = window;
        cache->failed_number = cache->started;
        ll_err_capture(err, &cache->failure);
    }
    pthread_cond_broadcast(&cache->ended);
    return err;
}

static llmlearn_err wait_for_end(ll_cache *cache, ll_deadline deadline)
{
    struct timespec until = ll_deadline_timespec(deadline);

    while (cache->computing) {
        if (pthread_cond_timedwait(&cache->ended, &cache->mutex, &until) != 0 && cache->computing)
            return ll_fail(LLMLEARN_ETIMEDOUT, "another report was still being computed");
    }
    return LLMLEARN_OK;
}

/* Did a computation for the window with at least that number fail, for a reason that is not
 * its caller's own deadline? */
static bool has_failed(const ll_cache *cache, uint32_t window, uint64_t number)
{
    return cache->failed_window == window && cache->failed_number >= number &&
           cache->failure.err != LLMLEARN_ETIMEDOUT;
}

static llmlearn_err get_computed(ll_cache *cache, uint32_t window, bool refresh,
                                 ll_deadline deadline)
{
    const entry *e = &cache->entries[window - 1];
    /* The first computation that will do: for most callers the running one. */
    uint64_t number = cache->started + (cache->computing && !refresh ? 0 : 1);

    for (;;) {
        llmlearn_err err = wait_for_end(cache, deadline);

        if (err != LLMLEARN_OK || e->number >= number)
            return err;
        if (has_failed(cache, window, number))
            return ll_err_restore(&cache->failure);
        err = compute(cache, window, deadline);
        if (err != LLMLEARN_OK)
            return err;
    }
}

llmlearn_err ll_cache_get(ll_cache *cache, uint32_t window, bool refresh, ll_deadline deadline,
                          char **out_text)
{
    const entry *e = &cache->entries[window - 1];
    llmlearn_err err = LLMLEARN_OK;

    assert(window >= 1 && window <= LL_CACHE_WINDOWS_MAX);
    pthread_mutex_lock(&cache->mutex);
    if (refresh || !is_fresh(cache, e, ll_clock_now_us(cache->options.clock)))
        err = get_computed(cache, window, refresh, deadline);
    if (err == LLMLEARN_OK)
        err = answer(e, ll_clock_now_us(cache->options.clock), out_text);
    pthread_mutex_unlock(&cache->mutex);
    return err;
}

llmlearn_err ll_cache_find(ll_cache *cache, uint32_t window, char **out_text)
{
    const entry *e = &cache->entries[window - 1];
    llmlearn_err err = LLMLEARN_OK;

    assert(window >= 1 && window <= LL_CACHE_WINDOWS_MAX);
    pthread_mutex_lock(&cache->mutex);
    int64_t now_us = ll_clock_now_us(cache->options.clock);
    if (is_fresh(cache, e, now_us))
        err = answer(e, now_us, out_text);
    else
        err =
            ll_fail(LLMLEARN_ENOTFOUND, "there is no fresh report on %u days in the cache", window);
    pthread_mutex_unlock(&cache->mutex);
    return err;
}

void ll_cache_close(ll_cache *cache)
{
    if (cache == NULL)
        return;
    assert(!cache->computing);
    for (int i = 0; i < LL_CACHE_WINDOWS_MAX; i++)
        drop(cache, &cache->entries[i]);
    pthread_cond_destroy(&cache->ended);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}
