#include "analytics/report.h"

#include "analytics/cache.h"
#include "analytics/day_totals.h"
#include "analytics/labels.h"
#include "analytics/report_json.h"
#include "analytics/rollup.h"
#include "analytics/summary.h"
#include "base/buffer.h"
#include "base/err.h"

#include <assert.h>
#include <stdlib.h>

/* Of the time that is left, what the drain may not take: reading must still fit. */
#define READ_SHARE 4

/* What follows the cache belongs to the computation, of which it runs one at a time. */
struct ll_analytics {
    ll_analytics_options options;
    ll_cache *cache;
    ll_rollup rollup;
    ll_labels labels;
    ll_day_totals totals;
};

/* What the drain left behind; at least 1 if it failed. */
static uint64_t drain(const ll_analytics *a, ll_deadline deadline)
{
    uint64_t left_ms = ll_deadline_left_ms(deadline), pending = 0;
    ll_deadline sooner = ll_deadline_within_ms(deadline, left_ms - left_ms / READ_SHARE);

    if (a->options.drain(a->options.user, sooner, &pending) != LLMLEARN_OK && pending == 0)
        pending = 1;
    return pending;
}

static llmlearn_err read_window(ll_analytics *a, ll_connection *connection, ll_summary *s)
{
    llmlearn_err err = ll_labels_begin(&a->labels, connection);

    if (err == LLMLEARN_OK)
        err = ll_rollup_each(&a->rollup, connection, s->first, s->last, ll_summary_add, s);
    if (err == LLMLEARN_OK)
        err = ll_summary_finish(s, &a->labels, connection);
    if (err == LLMLEARN_OK)
        err = ll_day_totals_sum(&a->totals, connection, 2 * s->first - s->last - 1, s->first - 1,
                                &s->previous);
    return err;
}

static llmlearn_err summarize(ll_analytics *a, int64_t today, uint32_t days, ll_deadline deadline,
                              ll_summary *s)
{
    ll_connection *connection;
    llmlearn_err err = ll_summary_begin(s, today - (int64_t)days + 1, today);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_store_read_begin(a->options.store, deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = read_window(a, connection, s);
    ll_store_read_end(a->options.store);
    return err;
}

static char *head_of(int64_t now_us)
{
    char as_of[LL_TIME_TEXT_BYTES];
    ll_buffer head = { 0 };

    ll_clock_format_time(now_us, as_of);
    ll_buffer_printf(&head, "{\"schema\":1,\"as_of\":\"%s\",\"age_ms\":", as_of);
    return ll_buffer_take(&head);
}

/* For the cache. */
static llmlearn_err compute(void *user, uint32_t days, ll_deadline deadline,
                            ll_cache_body *out_body)
{
    ll_analytics *a = user;
    uint64_t pending = drain(a, deadline);
    int64_t now_us = ll_clock_now_us(a->options.clock);
    ll_summary summary;
    ll_cache_body body = { .at_us = now_us };
    llmlearn_err err = summarize(a, ll_clock_day(now_us), days, deadline, &summary);

    if (err == LLMLEARN_OK) {
        body.head = head_of(now_us);
        body.tail = ll_report_json(&summary, pending);
        if (body.head == NULL || body.tail == NULL)
            err = ll_fail(LLMLEARN_ENOMEM, "out of memory for a report");
    }
    ll_summary_free(&summary);
    if (err == LLMLEARN_OK) {
        *out_body = body;
    } else {
        free(body.head);
        free(body.tail);
    }
    return err;
}

llmlearn_err ll_analytics_open(const ll_analytics_options *options, ll_analytics **out_analytics)
{
    ll_analytics *a = calloc(1, sizeof *a);
    llmlearn_err err;

    assert(options->store != NULL && options->drain != NULL);
    if (a == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory for reports");
    a->options = *options;
    err = ll_cache_open(
        &(ll_cache_options){
            .clock = options->clock, .ttl_ms = options->ttl_ms, .compute = compute, .user = a },
        &a->cache);
    if (err == LLMLEARN_OK)
        *out_analytics = a;
    else
        free(a);
    return err;
}

void ll_analytics_close(ll_analytics *a)
{
    if (a == NULL)
        return;
    ll_cache_close(a->cache);
    ll_rollup_clear(&a->rollup);
    ll_labels_clear(&a->labels);
    free(a);
}

llmlearn_err ll_analytics_report(ll_analytics *a, uint32_t days, bool refresh, ll_deadline deadline,
                                 char **out_json)
{
    _Static_assert(LL_ANALYTICS_DAYS_MAX <= LL_CACHE_WINDOWS_MAX &&
                       LL_ANALYTICS_DAYS_MAX <= LL_ROLLUP_DAYS_MAX &&
                       2 * LL_ANALYTICS_DAYS_MAX <= LL_DAY_TOTALS_MAX,
                   "a window fits what is kept");
    assert(days >= 1 && days <= LL_ANALYTICS_DAYS_MAX);
    return ll_cache_get(a->cache, days, refresh, deadline, out_json);
}

llmlearn_err ll_analytics_cached(ll_analytics *a, uint32_t days, char **out_json)
{
    assert(days >= 1 && days <= LL_ANALYTICS_DAYS_MAX);
    return ll_cache_find(a->cache, days, out_json);
}
