/* cache.h - answers kept for a while, each computed by one caller while the others wait.
 *
 * One entry for each window length. A caller that finds no fresh entry computes it, or
 * waits for the one who does: one computation at a time, so that what it works on needs
 * no lock of its own. Freshness is judged by the handle's clock, waiting by the monotonic
 * one.
 *
 * An answer is head, its age in ms, tail: the age alone depends on when it is read.
 *
 * Threads: get from any; open and close before and after.
 * Uses:    base. */
#ifndef LL_ANALYTICS_CACHE_H
#define LL_ANALYTICS_CACHE_H

#include "base/clock.h"

#define LL_CACHE_WINDOWS_MAX 90
/* A report of 30 days is about 20 KB. Beyond this the oldest entries go first. */
#define LL_CACHE_BYTES_MAX ((size_t)1 << 20)

typedef struct ll_cache ll_cache;

/* What a computation gives: texts from malloc, which the cache takes over. */
typedef struct ll_cache_body {
    char *head;
    char *tail;
    int64_t at_us; /* the time of the numbers in it */
} ll_cache_body;

typedef struct ll_cache_options {
    const ll_clock *clock;
    uint32_t ttl_ms;
    llmlearn_err (*compute)(void *user, uint32_t window, ll_deadline deadline,
                            ll_cache_body *out_body);
    void *user;
} ll_cache_options;

llmlearn_err ll_cache_open(const ll_cache_options *options, ll_cache **out_cache);
void ll_cache_close(ll_cache *cache);

/* The answer for a window of 1 to LL_CACHE_WINDOWS_MAX days, for free(). An entry may be served
 * while it is younger than the ttl, not from the future and of the same UTC day. With `refresh`
 * only a computation that began after this call will do. LLMLEARN_ETIMEDOUT: another's computation
 * did not end in time; or what compute returned, to this caller or the one it waited for. */
llmlearn_err ll_cache_get(ll_cache *cache, uint32_t window, bool refresh, ll_deadline deadline,
                          char **out_text);
/* The same if there is a fresh entry, at once; else LLMLEARN_ENOTFOUND. */
llmlearn_err ll_cache_find(ll_cache *cache, uint32_t window, char **out_text);

#endif
