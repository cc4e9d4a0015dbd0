#include "analytics/summary.h"

#include "base/err.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sums of a row of by_ticker, in this order. */
enum { EXPLANATIONS, POSITIVE, NEGATIVE, RATING_COUNT, RATING_SUM, TICKER_SUMS };

static llmlearn_err no_memory(void)
{
    return ll_fail(LLMLEARN_ENOMEM, "out of memory for a report");
}

/* ---- latencies ---- */

/* Makes the spread reach from `first` to `end`. */
static llmlearn_err widen(ll_spread *s, uint32_t first, uint32_t end)
{
    int64_t *wider;

    assert(first < end && end <= LL_LATENCY_BUCKETS);
    if (s->count > 0) {
        if (s->first <= first && end <= s->first + s->count)
            return LLMLEARN_OK;
        first = s->first < first ? s->first : first;
        end = s->first + s->count > end ? s->first + s->count : end;
    }
    wider = calloc(end - first, sizeof wider[0]);
    if (wider == NULL)
        return no_memory();
    if (s->count > 0)
        memcpy(wider + (s->first - first), s->explanations, s->count * sizeof wider[0]);
    free(s->explanations);
    *s = (ll_spread){ .first = first, .count = end - first, .explanations = wider };
    return LLMLEARN_OK;
}

static llmlearn_err add_latencies(ll_spread *s, const ll_rollup_bucket *buckets, uint32_t count)
{
    llmlearn_err err;

    if (count == 0)
        return LLMLEARN_OK;
    err = widen(s, buckets[0].bucket, buckets[count - 1].bucket + 1);
    if (err != LLMLEARN_OK)
        return err;
    for (uint32_t i = 0; i < count; i++)
        s->explanations[buckets[i].bucket - s->first] += buckets[i].explanations;
    return LLMLEARN_OK;
}

bool ll_spread_percentile(const ll_spread *spread, int percent, double *out_ms)
{
    int64_t all = 0, below = 0, rank;
    uint32_t at = 0;

    assert(percent > 0 && percent <= 100);
    for (uint32_t i = 0; i < spread->count; i++)
        all += spread->explanations[i];
    if (all == 0)
        return false;
    rank = (all * percent + 99) / 100; /* the first is 1; all is at most 90 x 1000 x 2^32 */
    while (below + spread->explanations[at] < rank)
        below += spread->explanations[at++];
    *out_ms = ll_latency_of_bucket(spread->first + at);
    return true;
}

/* ---- adding ---- */

llmlearn_err ll_summary_begin(ll_summary *s, int64_t first, int64_t last)
{
    llmlearn_err err;

    assert(first <= last && last - first < LL_ROLLUP_DAYS_MAX);
    memset(s, 0, sizeof *s);
    s->first = first;
    s->last = last;
    err = ll_tally_init(&s->by_variant, LL_COUNTS_FIELDS);
    if (err == LLMLEARN_OK)
        err = ll_tally_init(&s->by_ticker, TICKER_SUMS);
    return err;
}

/* A spread for each row that by_variant has room for. */
static llmlearn_err reserve_spreads(ll_summary *s)
{
    uint32_t capacity = s->by_variant.capacity;
    ll_spread *spreads;

    if (s->spread_capacity >= capacity)
        return LLMLEARN_OK;
    spreads = realloc(s->spreads, capacity * sizeof spreads[0]);
    if (spreads == NULL)
        return no_memory();
    memset(spreads + s->spread_capacity, 0, (capacity - s->spread_capacity) * sizeof spreads[0]);
    s->spreads = spreads;
    s->spread_capacity = capacity;
    return LLMLEARN_OK;
}

static llmlearn_err add_variant(ll_summary *s, const ll_rollup_day *day, const ll_rollup_variant *v)
{
    const int64_t key[] = { v->variant, 0, 0 };

    ll_tally_add(&s->by_variant, key, (const int64_t *)&v->counts);
    return add_latencies(&s->spreads[s->by_variant.latest], day->buckets + v->bucket_index,
                         v->bucket_count);
}

/* The counts of a day are so far below the largest number that these sums cannot reach it. */
static void add_ticker(ll_summary *s, const ll_rollup_ticker *t)
{
    const int64_t key[] = { t->ticker, 0, 0 };
    int64_t *sums = ll_tally_sums(&s->by_ticker, key);

    sums[EXPLANATIONS] += t->explanations;
    sums[POSITIVE] += t->positive;
    sums[NEGATIVE] += t->negative;
    sums[RATING_COUNT] += t->rating_count;
    sums[RATING_SUM] += t->rating_sum;
}

llmlearn_err ll_summary_add(void *summary, const ll_rollup_day *day)
{
    ll_summary *s = summary;
    llmlearn_err err = ll_tally_reserve(&s->by_variant, day->variant_count);

    assert(day->day >= s->first && day->day <= s->last);
    s->series[day->day - s->first] = day->total;
    ll_counts_add(&s->total, &day->total);
    if (err == LLMLEARN_OK)
        err = reserve_spreads(s);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < day->variant_count; i++)
        err = add_variant(s, day, &day->variants[i]);
    if (err == LLMLEARN_OK)
        err = ll_tally_reserve(&s->by_ticker, day->ticker_count);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < day->ticker_count; i++)
        add_ticker(s, &day->tickers[i]);
    return err;
}

/* ---- finishing ---- */

static llmlearn_err add_spread(ll_spread *sum, const ll_spread *s)
{
    llmlearn_err err;

    if (s->count == 0)
        return LLMLEARN_OK;
    err = widen(sum, s->first, s->first + s->count);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < s->count; i++)
        sum->explanations[s->first - sum->first + i] += s->explanations[i];
    return err;
}

static llmlearn_err finish_latency(ll_summary *s)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; err == LLMLEARN_OK && i < s->by_variant.count; i++)
        err = add_spread(&s->latency, &s->spreads[i]);
    return err;
}

static int compare_variants(const void *a, const void *b)
{
    const ll_label *left = ((const ll_summary_variant *)a)->label;
    const ll_label *right = ((const ll_summary_variant *)b)->label;
    int order = strcmp(left->signal, right->signal);

    return order != 0 ? order : strcmp(left->name, right->name);
}

static llmlearn_err finish_variants(ll_summary *s, ll_labels *labels, ll_connection *connection)
{
    uint32_t count = s->by_variant.count;
    llmlearn_err err = LLMLEARN_OK;

    s->variants = calloc(count + 1, sizeof s->variants[0]);
    if (s->variants == NULL)
        return no_memory();
    for (uint32_t i = 0; err == LLMLEARN_OK && i < count; i++) {
        const int64_t *row = ll_tally_row(&s->by_variant, i);
        ll_summary_variant *v = &s->variants[i];

        memcpy(&v->counts, row + LL_TALLY_KEY_CELLS, sizeof v->counts);
        v->latency = &s->spreads[i];
        err = ll_labels_variant(labels, connection, row[0], &v->label);
    }
    if (err != LLMLEARN_OK)
        return err;
    qsort(s->variants, count, sizeof s->variants[0], compare_variants);
    s->variant_count = count;
    return LLMLEARN_OK;
}

static ll_summary_ticker ticker_of(const int64_t *row)
{
    const int64_t *sums = row + LL_TALLY_KEY_CELLS;

    return (ll_summary_ticker){ .explanations = sums[EXPLANATIONS],
                                .positive = sums[POSITIVE],
                                .negative = sums[NEGATIVE],
                                .rating_count = sums[RATING_COUNT],
                                .rating_sum = sums[RATING_SUM] };
}

/* Negative if a stands before b: more votes, then more explanations; 0 if the names decide. */
static int compare_tickers(const ll_summary_ticker *a, const ll_summary_ticker *b)
{
    int64_t votes_a = a->positive + a->negative, votes_b = b->positive + b->negative;

    if (votes_a != votes_b)
        return votes_a > votes_b ? -1 : 1;
    if (a->explanations != b->explanations)
        return a->explanations > b->explanations ? -1 : 1;
    return 0;
}

/* Keeps the first ten. A name is only looked up for those that get that far. */
static llmlearn_err offer_ticker(ll_summary *s, ll_labels *labels, ll_connection *connection,
                                 const int64_t *row)
{
    ll_summary_ticker t = ticker_of(row);
    uint32_t at = s->ticker_count;
    llmlearn_err err;

    if (at == LL_SUMMARY_TICKERS_MAX && compare_tickers(&t, &s->tickers[at - 1]) > 0)
        return LLMLEARN_OK;
    err = ll_labels_ticker(labels, connection, row[0], &t.label);
    if (err != LLMLEARN_OK)
        return err;
    while (at > 0) {
        int order = compare_tickers(&t, &s->tickers[at - 1]);

        if (order > 0 || (order == 0 && strcmp(t.label->name, s->tickers[at - 1].label->name) > 0))
            break;
        at--;
    }
    if (at == LL_SUMMARY_TICKERS_MAX)
        return LLMLEARN_OK;
    if (s->ticker_count < LL_SUMMARY_TICKERS_MAX)
        s->ticker_count++;
    memmove(&s->tickers[at + 1], &s->tickers[at],
            (s->ticker_count - 1 - at) * sizeof s->tickers[0]);
    s->tickers[at] = t;
    return LLMLEARN_OK;
}

llmlearn_err ll_summary_finish(ll_summary *s, ll_labels *labels, ll_connection *connection)
{
    llmlearn_err err = finish_variants(s, labels, connection);

    if (err == LLMLEARN_OK)
        err = finish_latency(s);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < s->by_ticker.count; i++)
        err = offer_ticker(s, labels, connection, ll_tally_row(&s->by_ticker, i));
    return err;
}

void ll_summary_free(ll_summary *s)
{
    for (uint32_t i = 0; i < s->spread_capacity; i++)
        free(s->spreads[i].explanations);
    free(s->spreads);
    free(s->latency.explanations);
    free(s->variants);
    ll_tally_free(&s->by_variant);
    ll_tally_free(&s->by_ticker);
    memset(s, 0, sizeof *s);
}
