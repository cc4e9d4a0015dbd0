#include "stats/describe.h"

#include "stats/sum.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define BYTES_OF_KEY 8
#define BYTE_VALUES 256
#define PREFIX_BITS 16 /* sign, exponent and four bits more: a sixteenth of an octave */
#define PREFIXES (1 << PREFIX_BITS)

static const uint64_t sign_bit = UINT64_C(1) << 63;

/* ---- keys ---- */

/* Keys order as their values do: negative ones upside down, below the others. */
static uint64_t key_of(double value)
{
    uint64_t bits;

    value += 0.0; /* a negative zero becomes a zero */
    memcpy(&bits, &value, sizeof bits);
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

static double value_of(uint64_t key)
{
    uint64_t bits = key & sign_bit ? key & ~sign_bit : ~key;
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static unsigned byte_of(uint64_t key, int byte)
{
    return (unsigned)(key >> (8 * byte)) & (BYTE_VALUES - 1);
}

static uint64_t prefix_of(uint64_t key)
{
    return key >> (64 - PREFIX_BITS);
}

/* How often each byte has each value. */
static void count_bytes(const uint64_t *keys, uint64_t count,
                        uint64_t counts[BYTES_OF_KEY][BYTE_VALUES])
{
    memset(counts, 0, BYTES_OF_KEY * sizeof counts[0]);
    for (uint64_t i = 0; i < count; i++) {
        for (int byte = 0; byte < BYTES_OF_KEY; byte++)
            counts[byte][byte_of(keys[i], byte)]++;
    }
}

/* Turns counts into the places where each byte value begins. */
static void turn_into_places(uint64_t *counts)
{
    uint64_t place = 0;

    for (int value = 0; value < BYTE_VALUES; value++) {
        uint64_t here = counts[value];
        counts[value] = place;
        place += here;
    }
}

/* Sorts from the last byte to the first, each time keeping the order there is.
 * Returns the sorted keys, which are in either of the two arrays. */
static const uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, uint64_t count)
{
    uint64_t places[BYTES_OF_KEY][BYTE_VALUES];

    count_bytes(keys, count, places);
    for (int byte = 0; byte < BYTES_OF_KEY; byte++) {
        if (places[byte][byte_of(keys[0], byte)] == count)
            continue; /* all alike */
        turn_into_places(places[byte]);
        for (uint64_t i = 0; i < count; i++)
            spare[places[byte][byte_of(keys[i], byte)]++] = keys[i];

        uint64_t *sorted = spare;
        spare = keys;
        keys = sorted;
    }
    return keys;
}

/* ---- quantiles ---- */

enum { LOWEST, Q50, Q90, Q95, Q99, HIGHEST, QUANTILES };

static const unsigned percents[QUANTILES] = { 0, 50, 90, 95, 99, 100 };

/* Each quantile lies a share of the way between two neighbours in the sorted values; the
 * places of both are kept one after the other, all in rising order. */
typedef struct quantiles {
    uint64_t places[2 * QUANTILES];
    double shares[QUANTILES];
} quantiles;

/* Quantile p is (count - 1) p along, which is found in hundredths without rounding. */
static quantiles find_places(uint64_t count)
{
    quantiles q;

    for (int i = 0; i < QUANTILES; i++) {
        uint64_t hundredths = (count - 1) * percents[i];
        q.places[2 * i] = hundredths / 100;
        q.places[2 * i + 1] = hundredths / 100 + (hundredths % 100 > 0);
        q.shares[i] = (double)(hundredths % 100) / 100.0;
    }
    return q;
}

/* Turns the count of each prefix into whether a quantile has it, and places among all keys
 * into those among the keys of such prefixes. */
static void mark_wanted(uint64_t *counts, quantiles *q)
{
    uint64_t below = 0, skipped = 0;
    int next = 0;

    for (uint64_t prefix = 0; prefix < PREFIXES; prefix++) {
        uint64_t here = counts[prefix];
        counts[prefix] = 0;
        for (; next < 2 * QUANTILES && q->places[next] < below + here; next++) {
            q->places[next] -= skipped;
            counts[prefix] = 1;
        }
        skipped += counts[prefix] ? 0 : here;
        below += here;
    }
    assert(next == 2 * QUANTILES);
}

/* Of many keys only those matter that begin like one asked for, a tenth or so. Moves them to
 * the front and says how many they are. */
static uint64_t keep_wanted(uint64_t *keys, uint64_t count, uint64_t *counts, quantiles *q)
{
    uint64_t kept = 0;

    memset(counts, 0, PREFIXES * sizeof *counts);
    for (uint64_t i = 0; i < count; i++)
        counts[prefix_of(keys[i])]++;
    mark_wanted(counts, q);
    for (uint64_t i = 0; i < count; i++) {
        keys[kept] = keys[i];
        kept += counts[prefix_of(keys[i])];
    }
    return kept;
}

static double quantile(const uint64_t *sorted, const quantiles *q, int which)
{
    double below = value_of(sorted[q->places[2 * which]]);
    double above = value_of(sorted[q->places[2 * which + 1]]);
    double share = q->shares[which];

    if (below < 0.0 && above > 0.0)
        return (1.0 - share) * below + share * above; /* their distance may be infinite */
    return fmin(below + share * (above - below), above);
}

static void describe_order(const double *values, uint64_t *workspace, llmlearn_summary *out)
{
    uint64_t count = out->count;
    uint64_t *keys = workspace, *spare = workspace + count;
    quantiles q = find_places(count);

    for (uint64_t i = 0; i < count; i++)
        keys[i] = key_of(values[i]);
    if (count >= PREFIXES)
        count = keep_wanted(keys, count, spare, &q);
    const uint64_t *sorted = sort_keys(keys, spare, count);
    out->min = quantile(sorted, &q, LOWEST);
    out->max = quantile(sorted, &q, HIGHEST);
    out->q50 = quantile(sorted, &q, Q50);
    out->q90 = quantile(sorted, &q, Q90);
    out->q95 = quantile(sorted, &q, Q95);
    out->q99 = quantile(sorted, &q, Q99);
}

/* ---- mean and spread ---- */

/* A power of two that leaves room for 2^32 squares and, if the largest value
 * is that far down, keeps its square from vanishing. 1 for all that is usual. */
static int scale_exponent(double magnitude)
{
    if (magnitude > 0x1p400)
        return -600;
    return magnitude < 0x1p-400 ? 600 : 0;
}

/* The mean as a double and what that leaves out. */
static ll_sum mean_of(const double *values, uint64_t count, double scale)
{
    ll_sum sum = { 0 };
    double n = (double)count;

    for (uint64_t i = 0; i < count; i++)
        ll_sum_add(&sum, values[i] * scale);

    double mean = sum.high / n;
    double rest = (fma(-mean, n, sum.high) + sum.rest) / n;
    double high = mean + rest;
    return (ll_sum){ .high = high, .rest = rest - (high - mean) };
}

static double variance_about(ll_sum mean, const double *values, uint64_t count, double scale)
{
    ll_sum squares = { 0 };

    for (uint64_t i = 0; i < count; i++) {
        double deviation = (values[i] * scale - mean.high) - mean.rest;
        ll_sum_add(&squares, deviation * deviation);
    }
    return (squares.high + squares.rest) / (double)(count - 1);
}

static void describe_spread(const double *values, llmlearn_summary *out)
{
    int exponent = scale_exponent(fmax(fabs(out->min), fabs(out->max)));
    double scale = ldexp(1.0, exponent);
    ll_sum mean = mean_of(values, out->count, scale);

    out->mean = fmin(fmax(ldexp(mean.high, -exponent), out->min), out->max);
    if (out->count < 2)
        return;
    out->status = LLMLEARN_STATS_OK;
    if (out->min >= out->max)
        return; /* not even what the mean's rounding would make of it */
    double variance = variance_about(mean, values, out->count, scale);
    out->variance = fmin(ldexp(variance, -2 * exponent), DBL_MAX);
    out->deviation = fmin(ldexp(sqrt(variance), -exponent), DBL_MAX);
}

void ll_describe(const double *values, uint64_t count, uint64_t *workspace, llmlearn_summary *out)
{
    uint32_t struct_size = out->struct_size;

    assert(count <= LL_DESCRIBE_COUNT_MAX);
    assert(count == 0 || (values != NULL && workspace != NULL));

    *out = (llmlearn_summary){ .struct_size = struct_size, .status = LLMLEARN_STATS_NO_DATA };
    if (count == 0)
        return;
    out->status = LLMLEARN_STATS_TOO_FEW;
    out->count = count;
    describe_order(values, workspace, out);
    assert(isfinite(out->min) && isfinite(out->max)); /* what is not finite sorts to the ends */
    describe_spread(values, out);
}
