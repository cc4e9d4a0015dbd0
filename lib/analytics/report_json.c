#include "analytics/report_json.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "stats/interval.h"
#include "stats/limits.h"

#include <assert.h>
#include <string.h>

#define CONFIDENCE 0.95

/* What every group of rows shows. */
typedef struct group {
    int64_t explanations;
    int64_t positive;
    int64_t negative;
    int64_t rating_count;
    int64_t rating_sum;
} group;

static void put_ratio(ll_json_writer *w, const char *key, int64_t part, int64_t whole)
{
    ll_json_writer_key(w, key);
    if (whole > 0)
        ll_json_writer_rounded(w, (double)part / (double)whole);
    else
        ll_json_writer_null(w);
}

static void put_interval(ll_json_writer *w, int64_t positive, int64_t votes)
{
    ll_interval interval;

    ll_json_writer_key(w, "positive_rate_interval");
    if (votes == 0 || (uint64_t)votes > LL_STATS_COUNT_MAX) {
        ll_json_writer_null(w);
        return;
    }
    interval = ll_interval_wilson((uint64_t)positive, (uint64_t)votes, CONFIDENCE);
    ll_json_writer_open(w, '[');
    ll_json_writer_rounded(w, interval.low);
    ll_json_writer_rounded(w, interval.high);
    ll_json_writer_close(w, ']');
}

static void put_group(ll_json_writer *w, const group *g)
{
    int64_t votes = g->positive + g->negative;

    ll_json_writer_put_int(w, "explanations", g->explanations);
    ll_json_writer_put_int(w, "feedback", votes);
    ll_json_writer_put_int(w, "positive", g->positive);
    put_ratio(w, "positive_rate", g->positive, votes);
    put_interval(w, g->positive, votes);
    ll_json_writer_put_int(w, "rating_count", g->rating_count);
    put_ratio(w, "average_rating", g->rating_sum, g->rating_count);
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

static void put_use(ll_json_writer *w, const ll_counts *c)
{
    put_ratio(w, "cached_rate", c->cached, c->explanations);
    put_ratio(w, "fallback_rate", c->fallback, c->explanations);
    ll_json_writer_put_int(w, "prompt_tokens", c->prompt_tokens);
    ll_json_writer_put_int(w, "completion_tokens", c->completion_tokens);
    ll_json_writer_put_int(w, "cost_nanousd", c->cost_nanousd);
    ll_json_writer_put_int(w, "cost_known", c->cost_known);
}

static void put_counts(ll_json_writer *w, const ll_counts *c)
{
    group g = group_of(c);

    put_group(w, &g);
    put_use(w, c);
}

static void put_window(ll_json_writer *w, const ll_summary *s)
{
    char day[LL_TIME_TEXT_BYTES];

    ll_json_writer_key(w, "window");
    ll_json_writer_open(w, '{');
    ll_json_writer_put_int(w, "days", s->last - s->first + 1);
    ll_clock_format_day(s->first, day);
    ll_json_writer_put_string(w, "from", day);
    ll_clock_format_day(s->last, day);
    ll_json_writer_put_string(w, "to", day);
    ll_json_writer_close(w, '}');
}

static void put_totals(ll_json_writer *w, const ll_counts *c)
{
    group g = group_of(c);
    int64_t votes = g.positive + g.negative;

    ll_json_writer_put_int(w, "total_explanations", c->explanations);
    ll_json_writer_put_int(w, "total_feedback", votes);
    ll_json_writer_put_int(w, "positive", c->positive);
    ll_json_writer_put_int(w, "negative", c->negative);
    ll_json_writer_put_int(w, "rated_explanations", c->rated);
    put_ratio(w, "response_rate", c->rated, c->explanations);
    put_ratio(w, "positive_rate", c->positive, votes);
    put_interval(w, c->positive, votes);
    ll_json_writer_put_int(w, "rating_count", g.rating_count);
    put_ratio(w, "average_rating", g.rating_sum, g.rating_count);
    ll_json_writer_key(w, "rating_histogram");
    ll_json_writer_open(w, '[');
    for (int i = 0; i < 5; i++)
        ll_json_writer_int(w, c->rating[i]);
    ll_json_writer_close(w, ']');
    put_use(w, c);
}

static void put_latency(ll_json_writer *w, const ll_spread *latency)
{
    static const struct {
        const char *key;
        int percent;
    } shown[] = { { "p50", 50 }, { "p95", 95 }, { "p99", 99 } };
    double ms;

    ll_json_writer_key(w, "latency_ms");
    ll_json_writer_open(w, '{');
    for (int i = 0; i < 3; i++) {
        ll_json_writer_key(w, shown[i].key);
        if (ll_spread_percentile(latency, shown[i].percent, &ms))
            ll_json_writer_rounded(w, ms);
        else
            ll_json_writer_null(w);
    }
    ll_json_writer_close(w, '}');
}

static void put_previous(ll_json_writer *w, const ll_summary *s)
{
    char day[LL_TIME_TEXT_BYTES];

    ll_json_writer_key(w, "previous");
    ll_json_writer_open(w, '{');
    ll_clock_format_day(2 * s->first - s->last - 1, day);
    ll_json_writer_put_string(w, "from", day);
    ll_clock_format_day(s->first - 1, day);
    ll_json_writer_put_string(w, "to", day);
    put_counts(w, &s->previous);
    ll_json_writer_put_int(w, "rated_explanations", s->previous.rated);
    put_ratio(w, "response_rate", s->previous.rated, s->previous.explanations);
    ll_json_writer_close(w, '}');
}

/* The variants come sorted by signal: a signal is a run of them. */
static void put_signals(ll_json_writer *w, const ll_summary *s)
{
    uint32_t next;

    ll_json_writer_key(w, "by_signal");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < s->variant_count; i = next) {
        const char *signal = s->variants[i].label->signal;
        ll_counts sum = { 0 };

        for (next = i;
             next < s->variant_count && strcmp(s->variants[next].label->signal, signal) == 0;
             next++)
            ll_counts_add(&sum, &s->variants[next].counts);
        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "signal", signal);
        put_counts(w, &sum);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

static void put_tickers(ll_json_writer *w, const ll_summary *s)
{
    ll_json_writer_key(w, "by_ticker");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < s->ticker_count; i++) {
        const ll_summary_ticker *t = &s->tickers[i];
        const group g = { .explanations = t->explanations,
                          .positive = t->positive,
                          .negative = t->negative,
                          .rating_count = t->rating_count,
                          .rating_sum = t->rating_sum };

        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "ticker", t->label->name);
        put_group(w, &g);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

static void put_variants(ll_json_writer *w, const ll_summary *s)
{
    ll_json_writer_key(w, "by_variant");
    ll_json_writer_open(w, '[');
    for (uint32_t i = 0; i < s->variant_count; i++) {
        const ll_summary_variant *v = &s->variants[i];

        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "signal", v->label->signal);
        ll_json_writer_put_string(w, "version", v->label->name);
        ll_json_writer_put_string(w, "status", v->label->status);
        put_counts(w, &v->counts);
        put_latency(w, v->latency);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

static void put_series(ll_json_writer *w, const ll_summary *s)
{
    ll_json_writer_key(w, "series");
    ll_json_writer_open(w, '[');
    for (int64_t day = s->first; day <= s->last; day++) {
        char text[LL_TIME_TEXT_BYTES];

        ll_clock_format_day(day, text);
        ll_json_writer_open(w, '{');
        ll_json_writer_put_string(w, "day", text);
        put_counts(w, &s->series[day - s->first]);
        ll_json_writer_close(w, '}');
    }
    ll_json_writer_close(w, ']');
}

char *ll_report_json(const ll_summary *summary, uint64_t pending)
{
    ll_json_writer w = { .comma = true };

    ll_json_writer_put_int(&w, "pending", pending > INT64_MAX ? INT64_MAX : (int64_t)pending);
    put_window(&w, summary);
    put_totals(&w, &summary->total);
    put_latency(&w, &summary->latency);
    put_previous(&w, summary);
    put_signals(&w, summary);
    put_tickers(&w, summary);
    put_variants(&w, summary);
    put_series(&w, summary);
    ll_json_writer_close(&w, '}');
    return ll_buffer_take(&w.buffer);
}
