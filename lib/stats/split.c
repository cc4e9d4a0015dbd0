#include "stats/split.h"

#include "stats/chi_square.h"
#include "stats/limits.h"
#include "stats/special.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

static const double half_ln_two_pi = 0.918938533204672741780329736406;

/* What the arms of weight > 0 add up to. Both sums are kept in two parts, the second being what
 * rounding took from the first: with counts near 2^53, half a count lost in the expected one would
 * be the largest error of all. */
typedef struct totals {
    double weight, weight_rest;
    double trials, trials_rest;
    uint32_t arms;
    bool misassigned;
} totals;

static totals add_up(const uint64_t *counts, const double *weights, uint32_t count)
{
    totals t = { 0 };
    uint64_t trials = 0;

    for (uint32_t i = 0; i < count; i++) {
        assert(counts[i] <= LL_STATS_COUNT_MAX);
        if (weights[i] <= 0) {
            t.misassigned = t.misassigned || counts[i] > 0;
            continue;
        }
        assert(weights[i] >= LL_SPLIT_WEIGHT_MIN && weights[i] <= LL_SPLIT_WEIGHT_MAX);
        double sum = t.weight + weights[i];
        double added = sum - t.weight;
        t.weight_rest += (t.weight - (sum - added)) + (weights[i] - added);
        t.weight = sum;
        trials += counts[i];
        t.arms++;
    }
    t.trials = (double)trials;
    t.trials_rest = (double)(int64_t)(trials - (uint64_t)t.trials);
    return t;
}

/* The observed less the expected count, n_j - N w_j / W, as (n_j W - N w_j) / W. */
static double excess(const totals *t, uint64_t count, double weight)
{
    double n = (double)count;
    double observed = n * t->weight;
    double expected = t->trials * weight;
    double rest = fma(n, t->weight, -observed) - fma(t->trials, weight, -expected);

    rest += n * t->weight_rest - t->trials_rest * weight;
    return (observed - expected + rest) / t->weight;
}

/* ln Gamma(x) less x ln x - x, for x > 0: small where ln Gamma itself reaches 1e17. */
static double ln_gamma_rest(double x)
{
    return half_ln_two_pi - 0.5 * log(x) + ll_special_stirling_error(x);
}

/* Taken together over the arms, the parts x ln x - x of ln Gamma come to the deviances of x_j = C
 * theta_j + n_j from theta_j (C + N), none of them negative; the difference of those two is the
 * excess of n_j, whatever C. What is left of ln Gamma is small. */
static double arm_evidence(const totals *t, uint64_t count, double share, double concentration,
                           double difference)
{
    double prior = concentration * share;
    double observed = prior + (double)count;
    double expected = share * (concentration + t->trials);

    return ll_special_deviance(observed, expected, difference) +
           (ln_gamma_rest(observed) - ln_gamma_rest(prior));
}

static void compare(const uint64_t *counts, const double *weights, uint32_t count,
                    double concentration, const totals *t, llmlearn_split *out)
{
    double ln_e = ln_gamma_rest(concentration) - ln_gamma_rest(concentration + t->trials);
    double chi_square = 0.0;

    for (uint32_t i = 0; i < count; i++) {
        if (weights[i] <= 0)
            continue;
        double difference = excess(t, counts[i], weights[i]);
        double share = weights[i] / t->weight;
        ln_e += arm_evidence(t, counts[i], share, concentration, difference);
        chi_square += difference * (difference / (t->trials * share)); /* no square underflows */
        out->deviation_max = fmax(out->deviation_max, fmin(fabs(difference) / t->trials, 1.0));
    }
    out->ln_e_value = ln_e;
    out->chi_square = chi_square;
    out->p_value = ll_chi_square_sf(chi_square, out->degrees);
    out->ln_p_value = ll_chi_square_ln_sf(chi_square, out->degrees);
}

void ll_split_test(const uint64_t *counts, const double *weights, uint32_t count,
                   double concentration, llmlearn_split *out)
{
    assert(count >= 1 && count <= LL_STATS_ARMS_MAX);
    assert(concentration >= 1 && concentration <= LL_SPLIT_CONCENTRATION_MAX);

    totals t = add_up(counts, weights, count);
    assert(t.arms >= 1);
    *out =
        (llmlearn_split){ .struct_size = out->struct_size, .degrees = t.arms - 1, .p_value = 1.0 };
    if (t.arms >= 2 && t.trials > 0)
        compare(counts, weights, count, concentration, &t, out);
    if (t.misassigned)
        out->status = LLMLEARN_STATS_MISASSIGNED;
    else if (t.arms < 2)
        out->status = LLMLEARN_STATS_TOO_FEW_ARMS;
    else if (t.trials <= 0)
        out->status = LLMLEARN_STATS_NO_DATA;
}

double ll_split_gain(uint64_t count, uint64_t trials, double share, double concentration)
{
    double expected = share * (double)trials;

    assert(count <= trials && share > 0 && share <= 1);
    return log1p(((double)count - expected) / (share * concentration + expected));
}
