#include "stats/chi_square_power.h"

#include "stats/chi_square.h"
#include "stats/limits.h"
#include "stats/normal.h"
#include "stats/special.h"

#include <assert.h>
#include <math.h>

static const double two_pi = 6.28318530717958647692528676656;
static const double half_ln_two_pi = 0.918938533204672741780329736406;

/* Beyond this the test finds what it looks for, whatever the threshold: P(X > x) is 1. */
static const double noncentrality_max = 2e4;

static double ln_gamma(double z)
{
    return (z - 0.5) * log(z) - z + half_ln_two_pi + ll_special_stirling_error(z);
}

/* ln of y^a e^-y / Gamma(a + 1), the step from the tail for 2a degrees to that for 2a + 2, where
 * y = x/2. */
static double ln_tail_step(double y, double a)
{
    return a * log(y) - y - ln_gamma(a + 1.0);
}

double ll_chi_square_power_threshold(double p, uint32_t degrees)
{
    assert(p > 0 && p < 1);

    double ln_p = log(p);
    double d = degrees;
    double root = 1.0 - 2.0 / (9.0 * d) + ll_normal_isf(p) * sqrt(2.0 / (9.0 * d));
    double x = fmax(d * root * root * root, 1e-3 * d); /* Wilson & Hilferty 1931 */

    /* Newton on the logarithm of the tail, which is concave: from the right it may jump below 0. */
    for (int i = 0; i < 100; i++) {
        double ln_tail = ll_chi_square_ln_sf(x, degrees);
        /* By logarithms: tail and density may both be below the least double. */
        double slope = exp(ln_tail_step(0.5 * x, 0.5 * d) - ln_tail) * d / x * 0.5;
        double next = x + (ln_tail - ln_p) / slope;
        if (!(next > 0.1 * x))
            next = 0.1 * x;
        double change = fabs(next - x);
        x = next;
        if (change <= 1e-9 * x)
            break;
    }
    return x;
}

/* P(J = j) of a Poisson count with that mean > 0. Loader 2000. */
static double poisson(uint32_t j, double mean)
{
    double p = exp(-ll_special_deviance(j, mean, (double)j - mean));

    return j == 0 ? p : p * exp(-ll_special_stirling_error(j)) / sqrt(two_pi * j);
}

double ll_chi_square_power_noncentral_sf(double x, uint32_t degrees, double noncentrality)
{
    assert(x > 0 && isfinite(x) && noncentrality >= 0);

    double mean = 0.5 * noncentrality;
    if (mean == 0)
        return ll_chi_square_sf(x, degrees);
    if (noncentrality > noncentrality_max)
        return 1.0;
    double y = 0.5 * x;
    double tail = ll_chi_square_sf(x, degrees);
    double step = exp(ln_tail_step(y, 0.5 * degrees));
    double sum = 0.0;
    double last = mean + 40.0 * sqrt(mean) + 40.0;
    for (uint32_t j = 0; (double)j <= last; j++) {
        sum += poisson(j, mean) * tail;
        tail = fmin(tail + step, 1.0);
        step *= y / (0.5 * degrees + j + 1.0);
    }
    return fmin(sum, 1.0);
}

/* The sum of squares of the rates about their mean m, over m (1 - m). Sums are of what rates are
 * above the least, which is nothing if all are alike; and 1 - m would be 0 next to 1. */
static double spread(const double *rates, uint32_t arm_count)
{
    double sum = 0.0, failing = 0.0, above = 0.0, squares = 0.0, least = rates[0];

    assert(arm_count >= 2 && arm_count <= LL_STATS_ARMS_MAX);
    for (uint32_t i = 0; i < arm_count; i++) {
        sum += rates[i];
        failing += 1.0 - rates[i];
        least = fmin(least, rates[i]);
    }
    for (uint32_t i = 0; i < arm_count; i++)
        above += rates[i] - least;
    for (uint32_t i = 0; i < arm_count; i++) {
        double off = rates[i] - least - above / arm_count;
        squares += off * off;
    }
    return squares / (sum / arm_count) / (failing / arm_count);
}

double ll_chi_square_power(const double *rates, uint32_t arm_count, double trials_per_arm,
                           double alpha)
{
    double noncentrality = trials_per_arm * spread(rates, arm_count);
    double x = ll_chi_square_power_threshold(alpha, arm_count - 1);

    /* The test is unbiased: rounding takes nothing from alpha. */
    return fmax(ll_chi_square_power_noncentral_sf(x, arm_count - 1, noncentrality), alpha);
}
