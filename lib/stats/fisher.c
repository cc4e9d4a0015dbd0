#include "stats/fisher.h"

#include "stats/limits.h"
#include "stats/special.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

/* A table with these margins is known by its first cell, the successes of the
 * first arm. Its probability has one peak, at mode, and falls on both sides. */
typedef struct table {
    uint64_t trials_1, trials_2;
    uint64_t successes, failures;
    uint64_t first, last, mode; /* of the first cell */
    double ln_margins;          /* the part of ln P that all tables share */
} table;

static table make_table(uint64_t trials_1, uint64_t trials_2, uint64_t successes)
{
    uint64_t total = trials_1 + trials_2;
    ll_wide_u128 peak = (ll_wide_u128)(trials_1 + 1) * (successes + 1) / (total + 2);
    table t = {
        .trials_1 = trials_1,
        .trials_2 = trials_2,
        .successes = successes,
        .failures = total - successes,
        .first = successes > trials_2 ? successes - trials_2 : 0,
        .last = successes < trials_1 ? successes : trials_1,
        .mode = (uint64_t)peak,
    };

    assert(t.first <= t.mode && t.mode <= t.last);
    t.ln_margins =
        (ll_special_ln_factorial_rest(trials_1) + ll_special_ln_factorial_rest(trials_2)) +
        (ll_special_ln_factorial_rest(t.successes) + ll_special_ln_factorial_rest(t.failures)) -
        ll_special_ln_factorial_rest(total);
    return t;
}

/* The same tables seen from the failures of the first arm: upper becomes lower. */
static table mirror(const table *t)
{
    table m = *t;

    m.successes = t->failures;
    m.failures = t->successes;
    m.first = t->trials_1 - t->last;
    m.last = t->trials_1 - t->first;
    m.mode = t->trials_1 - t->mode;
    return m;
}

/* One cell's share of -ln P, from its count and what its margins expect. */
static double cell(uint64_t count, uint64_t row, uint64_t column, double total, double difference)
{
    double expected = (double)((ll_wide_u128)row * column) / total;
    return ll_special_ln_factorial_rest(count) +
           ll_special_deviance((double)count, expected, difference);
}

/* ln of the hypergeometric probability of first cell x. All four cells are off
 * their expectation by the same amount, known exactly but for one division.
 * The pairs are added so that a mirrored or a swapped table gives equal bits. */
static double ln_probability(const table *t, uint64_t x)
{
    uint64_t total = t->trials_1 + t->trials_2;
    double n = (double)total;
    ll_wide_i128 off = (ll_wide_i128)x * total - (ll_wide_i128)t->trials_1 * t->successes;
    double d = (double)off / n;
    uint64_t y = t->successes - x;

    if (t->first == t->last)
        return 0.0;
    double row_1 = cell(x, t->trials_1, t->successes, n, d) +
                   cell(t->trials_1 - x, t->trials_1, t->failures, n, -d);
    double row_2 = cell(y, t->trials_2, t->successes, n, -d) +
                   cell(t->trials_2 - y, t->trials_2, t->failures, n, d);
    return t->ln_margins - (row_1 + row_2);
}

/* The smallest x past the mode with ln P(x) <= ln_limit; last + 1 if none. It
 * is usually near the mode, so the steps towards it begin small. */
static uint64_t first_at_most(const table *t, double ln_limit)
{
    uint64_t low = t->mode + 1; /* all before are above the limit */
    uint64_t step = 1;

    while (step <= t->last + 1 - low && ln_probability(t, low + step - 1) > ln_limit) {
        low += step;
        step *= 2;
    }
    uint64_t high = step <= t->last + 1 - low ? low + step - 1 : t->last + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (ln_probability(t, middle) <= ln_limit)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* P(x) + P(x + 1) + ... to the last, in units of P(x). */
static ll_fisher_status add_tail(const table *t, uint64_t x, double *out_sum)
{
    double term = 1.0;
    double sum = 1.0;

    for (uint32_t i = 0; x < t->last && term > sum * 1e-18; i++, x++) {
        if (i == LL_FISHER_TERMS_MAX)
            return LL_FISHER_TOO_LARGE;
        double up = (double)(t->trials_1 - x) * (double)(t->successes - x);
        double down = (double)(x + 1) * (double)(t->trials_2 + x + 1 - t->successes);
        term *= up / down;
        sum += term;
    }
    *out_sum = sum;
    return LL_FISHER_OK;
}

/* Adds to *sum, in units of exp(ln_unit), all tables past the mode whose ln P
 * is at most ln_limit. */
static ll_fisher_status add_side(const table *t, double ln_limit, double ln_unit, double *sum)
{
    uint64_t x = first_at_most(t, ln_limit);
    double tail;

    if (x > t->last)
        return LL_FISHER_OK;
    ll_fisher_status status = add_tail(t, x, &tail);
    if (status == LL_FISHER_OK)
        *sum += tail * exp(ln_probability(t, x) - ln_unit);
    return status;
}

/* The probability of all tables whose ln P is at most ln_limit, in units of
 * exp(ln_unit); *out_all instead when that is every table. */
static ll_fisher_status add_at_most(const table *t, double ln_limit, double ln_unit,
                                    double *out_sum, bool *out_all)
{
    table mirrored = mirror(t);

    *out_sum = 0.0;
    *out_all = ln_probability(t, t->mode) <= ln_limit;
    if (*out_all)
        return LL_FISHER_OK;
    ll_fisher_status status = add_side(t, ln_limit, ln_unit, out_sum);
    if (status == LL_FISHER_OK)
        status = add_side(&mirrored, ln_limit, ln_unit, out_sum);
    return status;
}

ll_fisher_status ll_fisher_test(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                uint64_t trials_2, ll_fisher_result *out)
{
    assert(trials_1 <= LL_STATS_COUNT_MAX && trials_2 <= LL_STATS_COUNT_MAX);
    assert(successes_1 <= trials_1 && successes_2 <= trials_2);

    table t = make_table(trials_1, trials_2, successes_1 + successes_2);
    double ln_observed = ln_probability(&t, successes_1);
    double rounding = 1e-10 + 1e-13 * fabs(ln_observed); /* of ln_probability, generously */
    double sum, below, level;
    bool all, none, level_all;

    ll_fisher_status status =
        add_at_most(&t, ln_observed + 1e-7 + rounding, ln_observed, &sum, &all);
    if (status == LL_FISHER_OK)
        status = add_at_most(&t, ln_observed + rounding, ln_observed, &level, &level_all);
    if (status == LL_FISHER_OK)
        status = add_at_most(&t, ln_observed - rounding, ln_observed, &below, &none);
    if (status != LL_FISHER_OK)
        return status;
    assert(!none); /* the likeliest table is no less likely than the observed one */

    double p_observed = exp(ln_observed);
    level = level_all ? 1.0 : level * p_observed;
    out->ln_p_value = all ? 0.0 : fmin(ln_observed + log(fmax(sum, 1.0)), 0.0);
    out->p_value = all ? 1.0 : fmin(sum * p_observed, 1.0);
    out->mid_p_value = fmin(0.5 * (below * p_observed + level), 1.0);
    return LL_FISHER_OK;
}
