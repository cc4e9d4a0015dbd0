#include "analytics/report_json.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "stats/interval.h"
#include "stats/limits.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

/* Enough to tell any two rates of counted things apart that a reader would; 0.7 stays 0.7. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define CONFIDENCE 0.95

/* What every group of rows shows. */
typedef struct group {
    int64_t explanations;
    int64_t positive;
    int64_t negative;
    int64_t rating_count;
    int64_t rating_sum;
} group;

/* Wants of memory are collected and looked at once, at the end: jansson takes the NULL that an
 * earlier call returned and fails again. */
typedef struct object {
    json_t *json;
    bool failed;
} object;

static void put(object *o, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(o->json, key, value) != 0)
        o->failed = true;
}

static void put_int(object *o, const char *key, int64_t value)
{
    put(o, key, json_integer((json_int_t)value));
}

static void put_ratio(object *o, const char *key, int64_t part, int64_t whole)
{
    put(o, key, whole > 0 ? json_real((double)part / (double)whole) : json_null());
}

static void put_text(object *o, const char *key, const char *text)
{
    put(o, key, json_string(text));
}

static object new_object(void)
{
    object o = { .json = json_object() };

    o.failed = o.json == NULL;
    return o;
}

/* Appends the finished object to the array; it is used up. */
static void append(json_t *array, object *o, bool *failed)
{
    if (o->failed) {
        json_decref(o->json);
        *failed = true;
    } else if (json_array_append_new(array, o->json) != 0) {
        *failed = true;
    }
}

static void put_interval(object *o, int64_t positive, int64_t votes)
{
    if (votes == 0 || (uint64_t)votes > LL_STATS_COUNT_MAX) {
        put(o, "positive_rate_interval", json_null());
        return;
    }
    ll_interval i = ll_interval_wilson((uint64_t)positive, (uint64_t)votes, CONFIDENCE);
    put(o, "positive_rate_interval", json_pack("[f,f]", i.low, i.high));
}

static void put_group(object *o, const group *g)
{
    int64_t votes = g->positive + g->negative;

    put_int(o, "explanations", g->explanations);
    put_int(o, "feedback", votes);
    put_int(o, "positive", g->positive);
    put_ratio(o, "positive_rate", g->positive, votes);
    put_interval(o, g->positive, votes);
    put_int(o, "rating_count", g->rating_count);
    put_ratio(o, "average_rating", g->rating_sum, g->rating_count);
}

static group group_of(const ll_counts *c)
{
    group g = { .explanations = c->explanations, .positive = c->positive, .negative = c->negative };

    for (int i = 0; i < 5; i++) {
        g.rating_count += c->rating[i];
        g.rating_sum += (i + 1) * c->rating[i];
    }
    return g;
}

static void put_use(object *o, const ll_counts *c)
{
    put_ratio(o, "cached_rate", c->cached, c->explanations);
    put_ratio(o, "fallback_rate", c->fallback, c->explanations);
    put_int(o, "prompt_tokens", c->prompt_tokens);
    put_int(o, "completion_tokens", c->completion_tokens);
    put_int(o, "cost_nanousd", c->cost_nanousd);
    put_int(o, "cost_known", c->cost_known);
}

static void put_counts(object *o, const ll_counts *c)
{
    group g = group_of(c);

    put_group(o, &g);
    put_use(o, c);
}

static void put_window(object *o, const ll_summary *s)
{
    char from[LL_TIME_TEXT_BYTES], to[LL_TIME_TEXT_BYTES];

    ll_clock_format_day(s->first, from);
    ll_clock_format_day(s->last, to);
    put(o, "window",
        json_pack("{s:I,s:s,s:s}", "days", (json_int_t)(s->last - s->first + 1), "from", from, "to",
                  to));
}

static void put_totals(object *o, const ll_counts *c)
{
    group g = group_of(c);
    int64_t votes = g.positive + g.negative;

    put_int(o, "total_explanations", c->explanations);
    put_int(o, "total_feedback", votes);
    put_int(o, "positive", c->positive);
    put_int(o, "negative", c->negative);
    put_int(o, "rated_explanations", c->rated);
    put_ratio(o, "response_rate", c->rated, c->explanations);
    put_ratio(o, "positive_rate", c->positive, votes);
    put_interval(o, c->positive, votes);
    put_int(o, "rating_count", g.rating_count);
    put_ratio(o, "average_rating", g.rating_sum, g.rating_count);
    put(o, "rating_histogram",
        json_pack("[I,I,I,I,I]", (json_int_t)c->rating[0], (json_int_t)c->rating[1],
                  (json_int_t)c->rating[2], (json_int_t)c->rating[3], (json_int_t)c->rating[4]));
    put_use(o, c);
}

/* The variants come sorted by signal: a signal is a run of them. */
static void put_signals(object *o, const ll_summary *s)
{
    json_t *array = json_array();
    uint32_t next;

    for (uint32_t i = 0; i < s->variant_count; i = next) {
        const char *signal = s->variants[i].label->signal;
        ll_counts sum = { 0 };
        object item = new_object();

        for (next = i;
             next < s->variant_count && strcmp(s->variants[next].label->signal, signal) == 0;
             next++)
            ll_counts_add(&sum, &s->variants[next].counts);
        put_text(&item, "signal", signal);
        put_counts(&item, &sum);
        append(array, &item, &o->failed);
    }
    put(o, "by_signal", array);
}

static void put_tickers(object *o, const ll_summary *s)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < s->ticker_count; i++) {
        const ll_summary_ticker *t = &s->tickers[i];
        const group g = { .explanations = t->explanations,
                          .positive = t->positive,
                          .negative = t->negative,
                          .rating_count = t->rating_count,
                          .rating_sum = t->rating_sum };
        object item = new_object();

        put_text(&item, "ticker", t->label->name);
        put_group(&item, &g);
        append(array, &item, &o->failed);
    }
    put(o, "by_ticker", array);
}

static void put_percentile(object *o, const char *key, const ll_spread *latency, int percent)
{
    double ms;

    put(o, key, ll_spread_percentile(latency, percent, &ms) ? json_real(ms) : json_null());
}

static void put_variants(object *o, const ll_summary *s)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < s->variant_count; i++) {
        const ll_summary_variant *v = &s->variants[i];
        object item = new_object(), latency = new_object();

        put_text(&item, "signal", v->label->signal);
        put_text(&item, "version", v->label->name);
        put_text(&item, "status", v->label->status);
        put_counts(&item, &v->counts);
        put_percentile(&latency, "p50", v->latency, 50);
        put_percentile(&latency, "p95", v->latency, 95);
        put_percentile(&latency, "p99", v->latency, 99);
        item.failed |= latency.failed;
        put(&item, "latency_ms", latency.json);
        append(array, &item, &o->failed);
    }
    put(o, "by_variant", array);
}

static void put_series(object *o, const ll_summary *s)
{
    json_t *array = json_array();

    for (int64_t day = s->first; day <= s->last; day++) {
        char text[LL_TIME_TEXT_BYTES];
        object item = new_object();

        ll_clock_format_day(day, text);
        put_text(&item, "day", text);
        put_counts(&item, &s->series[day - s->first]);
        append(array, &item, &o->failed);
    }
    put(o, "series", array);
}

/* Not json_dumps: the host may have given jansson another allocator than malloc. */
static int append_text(const char *text, size_t bytes, void *buffer)
{
    ll_buffer_append(buffer, text, bytes);
    return 0;
}

char *ll_report_json(const ll_summary *summary, uint64_t pending)
{
    object o = new_object();
    ll_buffer buffer = { 0 };
    char *text;

    put_int(&o, "pending", pending > INT64_MAX ? INT64_MAX : (int64_t)pending);
    put_window(&o, summary);
    put_totals(&o, &summary->total);
    put_signals(&o, summary);
    put_tickers(&o, summary);
    put_variants(&o, summary);
    put_series(&o, summary);
    if (o.failed || json_dump_callback(o.json, append_text, &buffer, DUMP_FLAGS) != 0)
        buffer.failed = true;
    json_decref(o.json);
    text = ll_buffer_take(&buffer);
    if (text != NULL) {
        assert(text[0] == '{');
        text[0] = ',';
    }
    return text;
}
