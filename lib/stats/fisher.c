#include "stats/fisher.h"

#include "stats/hypergeometric.h"
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

/* ln of the hypergeometric probability of first cell x. All four cells are off
 * their expectation by the same amount, known exactly but for one division.
 * The pairs are added so that a mirrored or a swapped table gives equal bits. */
static double ln_probability(const table *t, uint64_t x)
{
    if (t->first == t->last)
        return 0.0;

    uint64_t total = t->trials_1 + t->trials_2;
    ll_wide_i128 off = (ll_wide_i128)x * total - (ll_wide_i128)t->trials_1 * t->successes;
    double excess = (double)off / (double)total;
    double arm_1 = ll_hypergeometric_arm(x, t->trials_1, t->successes, t->failures, excess);
    double arm_2 =
        ll_hypergeometric_arm(t->successes - x, t->trials_2, t->successes, t->failures, -excess);
    return t->ln_margins - (arm_1 + arm_2);
}

/* The smallest x from low on with ln P(x) <= ln_limit; last + 1 if none. It is
 * usually near the mode, so the steps towards it begin small. */
static uint64_t first_at_most(const table *t, uint64_t low, double ln_limit)
{
    uint64_t step = 1;

    while (step <= t->last + 1 - low && ln_probability(t, low + step - 1) > ln_limit) {
        low += step; /* all before low are above the limit */
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

/* The observed table's probability, and what the tables that count add up to,
 * in units of it. */
typedef struct tally {
    double ln_observed;
    double rounding; /* that ln_probability and the sums may have, generously */
    double likelier; /* but by no more than a forgiven 1e-7 */
    double equal;
    double rarer;
} tally;

/* P(x) and everything beyond it to the last table. */
static ll_fisher_status add_tail(const table *t, uint64_t x, tally *sums)
{
    double term = exp(ln_probability(t, x) - sums->ln_observed);
    double sum = 0.0;

    for (uint32_t i = 0; i < LL_FISHER_TERMS_MAX; i++, x++) {
        if (term > 1.0 + sums->rounding)
            sums->likelier += term;
        else if (term >= 1.0 - sums->rounding)
            sums->equal += term;
        else
            sums->rarer += term;
        sum += term;
        if (x == t->last || term <= sum * 1e-18)
            return LL_FISHER_OK;
        double up = (double)(t->trials_1 - x) * (double)(t->successes - x);
        double down = (double)(x + 1) * (double)(t->trials_2 + x + 1 - t->successes);
        term *= up / down;
    }
    return LL_FISHER_TOO_LARGE;
}

/* Adds the tables from low outwards that are no likelier than the observed one;
 * *out_from is the first of them. */
static ll_fisher_status add_side(const table *t, uint64_t low, tally *sums, uint64_t *out_from)
{
    double forgiven = 1e-7 + sums->rounding;

    *out_from = first_at_most(t, low, sums->ln_observed + forgiven);
    if (*out_from > t->last)
        return LL_FISHER_OK;
    return add_tail(t, *out_from, sums);
}

ll_fisher_status ll_fisher_test(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                uint64_t trials_2, ll_fisher_result *out)
{
    assert(trials_1 <= LL_STATS_COUNT_MAX && trials_2 <= LL_STATS_COUNT_MAX);
    assert(successes_1 <= trials_1 && successes_2 <= trials_2);

    table t = make_table(trials_1, trials_2, successes_1 + successes_2);
    table mirrored = mirror(&t);
    double ln_observed = ln_probability(&t, successes_1);
    tally sums = { .ln_observed = ln_observed, .rounding = 1e-10 + 1e-13 * fabs(ln_observed) };
    uint64_t upper_from, lower_from;

    ll_fisher_status status = add_side(&t, t.mode, &sums, &upper_from);
    if (status == LL_FISHER_OK)
        status = add_side(&mirrored, mirrored.mode + 1, &sums, &lower_from);
    if (status != LL_FISHER_OK)
        return status;

    /* The observed table is among those added, whatever the rounding. */
    bool all = upper_from == t.mode;
    double sum = fmax(sums.likelier + sums.equal + sums.rarer, 1.0);
    double p_observed = exp(ln_observed);
    out->p_value = all ? 1.0 : fmin(sum * p_observed, 1.0);
    out->ln_p_value = all ? 0.0 : fmin(ln_observed + log(sum), 0.0);
    out->mid_p_value = fmin((0.5 * sums.equal + sums.rarer) * p_observed, out->p_value);
    return LL_FISHER_OK;
}
