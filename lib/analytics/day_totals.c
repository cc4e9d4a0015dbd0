#include "analytics/day_totals.h"

#include "store/metrics_read.h"

#include <assert.h>

/* The days of a window that have a version, in order. */
typedef struct versions {
    uint32_t count;
    int64_t day[LL_DAY_TOTALS_MAX], version[LL_DAY_TOTALS_MAX];
} versions;

static llmlearn_err take_version(void *user, int64_t day, int64_t version)
{
    versions *v = user;

    assert(v->count < LL_DAY_TOTALS_MAX);
    v->day[v->count] = day;
    v->version[v->count++] = version;
    return LLMLEARN_OK;
}

static llmlearn_err take_counts(void *user, int64_t ticker, int64_t variant,
                                const ll_counts *counts)
{
    assert(ticker == 0);
    (void)ticker;
    (void)variant;
    ll_counts_add(user, counts);
    return LLMLEARN_OK;
}

static ll_day_total *slot_of(ll_day_totals *totals, int64_t day)
{
    int64_t index = day % LL_DAY_TOTALS_MAX;

    return &totals->days[index < 0 ? index + LL_DAY_TOTALS_MAX : index];
}

static llmlearn_err load(ll_day_totals *totals, ll_connection *connection, int64_t day,
                         int64_t version)
{
    ll_day_total *slot = slot_of(totals, day);
    ll_day_total read = { .day = day, .version = version };
    const ll_metrics_reader reader = { .counts = take_counts, .user = &read.counts };
    llmlearn_err err;

    if (slot->day == day && slot->version == version)
        return LLMLEARN_OK;
    err = ll_metrics_read_variants(connection, day, &reader);
    if (err != LLMLEARN_OK)
        return err;
    *slot = read;
    totals->days_read++;
    return LLMLEARN_OK;
}

llmlearn_err ll_day_totals_sum(ll_day_totals *totals, ll_connection *connection, int64_t first,
                               int64_t last, ll_counts *out_sum)
{
    versions found = { .count = 0 };
    const ll_metrics_reader reader = { .day = take_version, .user = &found };
    ll_counts sum = { .explanations = 0 };
    llmlearn_err err;

    assert(first <= last && last - first < LL_DAY_TOTALS_MAX);
    err = ll_metrics_read_versions(connection, first, last, &reader);
    for (uint32_t i = 0; i < found.count && err == LLMLEARN_OK; i++) {
        err = load(totals, connection, found.day[i], found.version[i]);
        if (err == LLMLEARN_OK)
            ll_counts_add(&sum, &slot_of(totals, found.day[i])->counts);
    }
    if (err == LLMLEARN_OK)
        *out_sum = sum;
    return err;
}
