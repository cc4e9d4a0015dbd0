#include "stats/normal.h"

#include "stats/special.h"

#include <assert.h>
#include <math.h>

static const double sqrt_half_high = 0.70710678118654757;    /* sqrt(1/2) as a double */
static const double sqrt_half_low = -4.8336466567264565e-17; /* and what that leaves out */
static const double one_over_sqrt_pi = 0.564189583547756286948079451561;
static const double one_over_sqrt_two_pi = 0.398942280401432677939946059934;
static const double sqrt_half_pi = 1.25331413731550025120788264241;

/* Past this, tails are written as exp(-z^2/2) times a slow function. */
static const double far_out = 20.0;

double ll_normal_sf(double z)
{
    assert(isfinite(z));

    /* An argument rounded by a relative e changes erfc by z^2 e: too much far
     * out. So the rounding of z sqrt(1/2) is kept and put right to first order. */
    double argument = z * sqrt_half_high;
    double rounding = fma(z, sqrt_half_high, -argument) + z * sqrt_half_low;
    double slope = one_over_sqrt_pi * exp(-argument * argument);

    return 0.5 * erfc(argument) - rounding * slope;
}

double ll_normal_cdf(double z)
{
    return ll_normal_sf(-z);
}

double ll_normal_ln_sf(double z)
{
    assert(isfinite(z));

    if (z < -0.5)
        return log1p(-ll_normal_cdf(z));
    if (z < far_out)
        return log(ll_normal_sf(z));
    return log(0.5 * ll_special_erfc_scaled(z * sqrt_half_high)) - 0.5 * z * z;
}

/* P(Z > z) over the density at z. */
static double mills_ratio(double z)
{
    if (z > far_out)
        return sqrt_half_pi * ll_special_erfc_scaled(z * sqrt_half_high);
    return ll_normal_sf(z) / (one_over_sqrt_two_pi * exp(-0.5 * z * z));
}

/* Solves P(0 < Z < z) = share for a small share, which keeps the digits of a
 * small z that ln P(Z > z) would lose. */
static double central_quantile(double share)
{
    double z = share / one_over_sqrt_two_pi;

    for (int i = 0; i < 6; i++) {
        double density = one_over_sqrt_two_pi * exp(-0.5 * z * z);
        z -= (0.5 * erf(z * sqrt_half_high) - share) / density;
    }
    return z;
}

/* p below 0.2: Newton on ln P(Z > z), concave, from a start within 0.01. */
static double tail_isf(double p)
{
    double ln_p = log(p);
    double t = sqrt(-2.0 * ln_p);
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

    for (int i = 0; i < 6; i++)
        z += (ll_normal_ln_sf(z) - ln_p) * mills_ratio(z);
    return z;
}

double ll_normal_isf(double p)
{
    assert(p > 0 && p < 1);

    if (p < 0.2)
        return tail_isf(p);
    if (p > 0.8)
        return -tail_isf(1.0 - p); /* the subtraction is exact from 1/2 on */
    return central_quantile(0.5 - p);
}

double ll_normal_two_sided(double confidence)
{
    assert(confidence > 0 && confidence < 1);

    if (confidence < 0.6)
        return central_quantile(0.5 * confidence);
    return tail_isf(0.5 * (1.0 - confidence));
}
