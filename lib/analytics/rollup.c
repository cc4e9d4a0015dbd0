#include "analytics/rollup.h"

#include "base/buffer.h"
#include "base/err.h"
#include "store/metrics_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- one day from the database ---- */

/* Rows as they come, until their number is known. A buffer that ran out of memory is
 * found at the end. */
typedef struct reading {
    ll_counts total;
    ll_buffer variants;
    ll_buffer buckets;
    ll_buffer tickers;
    size_t at; /* index of the variant whose latencies are coming */
} reading;

static uint32_t cap_u32(int64_t count)
{
    assert(count >= 0);
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static ll_rollup_ticker compact(int64_t ticker, const ll_counts *counts)
{
    ll_rollup_ticker t = { .ticker = ticker,
                           .explanations = counts->explanations,
                           .positive = cap_u32(counts->positive),
                           .negative = cap_u32(counts->negative) };
    int64_t rating_count = 0;

    for (int i = 0; i < 5; i++) {
        int64_t count = cap_u32(counts->rating[i]);

        rating_count += count;
        t.rating_sum += (i + 1) * count;
    }
    t.rating_count = cap_u32(rating_count);
    return t;
}

static llmlearn_err take_counts(void *user, int64_t ticker, int64_t variant,
                                const ll_counts *counts)
{
    reading *r = user;

    if (ticker == 0) {
        const ll_rollup_variant row = { .variant = variant, .counts = *counts };

        ll_counts_add(&r->total, counts);
        ll_buffer_append(&r->variants, &row, sizeof row);
    } else {
        const ll_rollup_ticker row = compact(ticker, counts);

        ll_buffer_append(&r->tickers, &row, sizeof row);
    }
    return LLMLEARN_OK;
}

/* Both came sorted by variant. */
static llmlearn_err take_latency(void *user, int64_t variant, uint32_t bucket, int64_t explanations)
{
    reading *r = user;
    ll_rollup_variant *variants = (ll_rollup_variant *)(void *)r->variants.data;
    size_t count = r->variants.length / sizeof variants[0];
    const ll_rollup_bucket row = { .bucket = bucket, .explanations = cap_u32(explanations) };

    while (r->at < count && variants[r->at].variant < variant)
        r->at++;
    if (r->at >= count || variants[r->at].variant != variant) {
        if (r->variants.failed)
            return LLMLEARN_OK;
        return ll_fail(LLMLEARN_ECORRUPT, "llm_latency counts what llm_metrics does not");
    }
    if (variants[r->at].bucket_count == 0)
        variants[r->at].bucket_index = (uint32_t)(r->buckets.length / sizeof row);
    variants[r->at].bucket_count++;
    ll_buffer_append(&r->buckets, &row, sizeof row);
    return LLMLEARN_OK;
}

/* Copies the rows to *at, which moves behind them. */
static const void *pack_rows(char **at, const ll_buffer *rows)
{
    char *packed = *at;

    if (rows->length > 0)
        memcpy(packed, rows->data, rows->length);
    *at += rows->length;
    return packed;
}

static ll_rollup_day *pack(const reading *r, int64_t day, int64_t version)
{
    size_t bytes =
        sizeof(ll_rollup_day) + r->variants.length + r->buckets.length + r->tickers.length;
    ll_rollup_day *d;
    char *at;

    _Static_assert(sizeof(ll_rollup_day) % 8 == 0 && sizeof(ll_rollup_variant) % 8 == 0 &&
                       sizeof(ll_rollup_bucket) % 8 == 0,
                   "what follows is aligned");
    if (r->variants.failed || r->buckets.failed || r->tickers.failed)
        return NULL;
    d = malloc(bytes);
    if (d == NULL)
        return NULL;
    *d = (ll_rollup_day){ .day = day, .version = version, .bytes = bytes, .total = r->total };
    at = (char *)(d + 1);
    d->variants = pack_rows(&at, &r->variants);
    d->buckets = pack_rows(&at, &r->buckets);
    d->tickers = pack_rows(&at, &r->tickers);
    d->variant_count = (uint32_t)(r->variants.length / sizeof d->variants[0]);
    d->bucket_count = (uint32_t)(r->buckets.length / sizeof d->buckets[0]);
    d->ticker_count = (uint32_t)(r->tickers.length / sizeof d->tickers[0]);
    return d;
}

static llmlearn_err read_day(ll_connection *connection, int64_t day, int64_t version,
                             ll_rollup_day **out_day)
{
    reading rows = { 0 };
    const ll_metrics_reader reader = { .counts = take_counts,
                                       .latency = take_latency,
                                       .user = &rows };
    llmlearn_err err = ll_metrics_read_day(connection, day, &reader);

    if (err == LLMLEARN_OK) {
        ll_rollup_day *packed = pack(&rows, day, version);

        if (packed != NULL)
            *out_day = packed;
        else
            err = ll_fail(LLMLEARN_ENOMEM, "out of memory for the rollups of a day");
    }
    ll_buffer_free(&rows.variants);
    ll_buffer_free(&rows.buckets);
    ll_buffer_free(&rows.tickers);
    return err;
}

/* ---- the ring of days ---- */

static ll_rollup_day **slot_of(ll_rollup *r, int64_t day)
{
    int64_t index = day % LL_ROLLUP_DAYS_MAX;

    return &r->days[index < 0 ? index + LL_ROLLUP_DAYS_MAX : index];
}

static void drop(ll_rollup *r, ll_rollup_day **slot)
{
    if (*slot == NULL)
        return;
    assert(r->bytes >= (*slot)->bytes);
    r->bytes -= (*slot)->bytes;
    free(*slot);
    *slot = NULL;
}

/* Days that no window ending today can reach. */
static void drop_outside(ll_rollup *r, int64_t today)
{
    for (int i = 0; i < LL_ROLLUP_DAYS_MAX; i++) {
        const ll_rollup_day *d = r->days[i];

        if (d != NULL && (d->day > today || d->day <= today - LL_ROLLUP_DAYS_MAX))
            drop(r, &r->days[i]);
    }
}

static void drop_oldest_beyond_limit(ll_rollup *r, int64_t today)
{
    for (int64_t day = today - LL_ROLLUP_DAYS_MAX + 1; r->bytes > LL_ROLLUP_BYTES_MAX; day++) {
        assert(day <= today);
        drop(r, slot_of(r, day));
    }
}

static llmlearn_err load(ll_rollup *r, ll_connection *connection, int64_t day, int64_t version)
{
    ll_rollup_day **slot = slot_of(r, day);
    llmlearn_err err;

    if (*slot != NULL && (*slot)->version == version)
        return LLMLEARN_OK;
    drop(r, slot);
    err = read_day(connection, day, version, slot);
    if (err != LLMLEARN_OK)
        return err;
    r->bytes += (*slot)->bytes;
    r->days_read++;
    return LLMLEARN_OK;
}

/* The days of a window that have a version, in order. */
typedef struct versions {
    uint32_t count;
    int64_t day[LL_ROLLUP_DAYS_MAX];
    int64_t version[LL_ROLLUP_DAYS_MAX];
} versions;

static llmlearn_err take_version(void *user, int64_t day, int64_t version)
{
    versions *v = user;

    assert(v->count < LL_ROLLUP_DAYS_MAX);
    v->day[v->count] = day;
    v->version[v->count] = version;
    v->count++;
    return LLMLEARN_OK;
}

llmlearn_err ll_rollup_each(ll_rollup *r, ll_connection *connection, int64_t first, int64_t last,
                            ll_rollup_fn each, void *user)
{
    versions found = { 0 };
    const ll_metrics_reader reader = { .day = take_version, .user = &found };
    llmlearn_err err;

    assert(first <= last && last - first < LL_ROLLUP_DAYS_MAX);
    drop_outside(r, last);
    err = ll_metrics_read_versions(connection, first, last, &reader);
    for (uint32_t i = found.count; err == LLMLEARN_OK && i-- > 0;) {
        err = load(r, connection, found.day[i], found.version[i]);
        if (err == LLMLEARN_OK)
            err = each(user, *slot_of(r, found.day[i]));
        drop_oldest_beyond_limit(r, last);
    }
    return err;
}

void ll_rollup_clear(ll_rollup *r)
{
    for (int i = 0; i < LL_ROLLUP_DAYS_MAX; i++)
        drop(r, &r->days[i]);
    assert(r->bytes == 0);
}
