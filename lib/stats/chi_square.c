#include "stats/chi_square.h"

#include "stats/special.h"

#include <assert.h>
#include <math.h>

static const double two_over_sqrt_pi = 1.12837916709551257389615890312;

/* exp(-y) is a normal double up to here. */
static const double exponent_max = 700.0;

/* P(X <= x) for y = x/2 < degrees/2, by the series y^a e^-y/Gamma(a+1) times
 * 1 + y/(a+1) + y^2/((a+1)(a+2)) ... with a = degrees/2. A&S 6.5.29. */
static double lower_tail(double y, uint32_t degrees)
{
    double a = 0.5 * degrees;
    double front = exp(-y);
    double i = 1.0;
    if (degrees % 2 == 1) {
        front *= two_over_sqrt_pi * sqrt(y);
        i = 1.5;
    }
    for (; i <= a; i += 1.0)
        front *= y / i;

    double term = 1.0;
    double sum = 1.0;
    for (i = a + 1.0; term > sum * 1e-17; i += 1.0) {
        term *= y / i;
        sum += term;
    }
    return front * sum;
}

/* P(X > x) while exp(-y) does not underflow. A&S 26.4.4 and 26.4.5. */
static double upper_tail(double y, uint32_t degrees)
{
    double term = exp(-y);
    double sum = 0.0;

    if (degrees % 2 == 0) {
        for (uint32_t i = 1; i <= degrees / 2; i++) {
            sum += term;
            term *= y / i;
        }
        return sum;
    }

    term *= two_over_sqrt_pi * sqrt(y);
    for (uint32_t i = 1; i <= degrees / 2; i++) {
        sum += term;
        term *= y / (i + 0.5);
    }
    return sum + erfc(sqrt(y));
}

/* ln P(X > x) beyond that: the same sum with its last term, the largest, in
 * front, and each earlier one as a fraction of the next. */
static double ln_far_tail(double y, uint32_t degrees)
{
    uint32_t terms = degrees / 2;
    double bracket, ln_front, i;

    if (degrees % 2 == 0) {
        bracket = 1.0;
        ln_front = 0.0;
        i = 1.0;
        terms--;
    } else if (terms == 0) {
        return log(ll_special_erfc_scaled(sqrt(y))) - y;
    } else {
        double first = two_over_sqrt_pi * sqrt(y);
        bracket = 1.0 + ll_special_erfc_scaled(sqrt(y)) / first;
        ln_front = log(first);
        i = 1.5;
        terms--;
    }
    for (; terms > 0; terms--, i += 1.0) {
        bracket = 1.0 + bracket * i / y;
        ln_front += log(y / i);
    }
    return log(bracket) + ln_front - y;
}

double ll_chi_square_sf(double x, uint32_t degrees)
{
    assert(x >= 0 && isfinite(x));
    assert(degrees >= 1 && degrees <= LL_CHI_SQUARE_DEGREES_MAX);

    double y = 0.5 * x;
    if (y > exponent_max)
        return exp(ln_far_tail(y, degrees));
    return fmin(upper_tail(y, degrees), 1.0);
}

double ll_chi_square_ln_sf(double x, uint32_t degrees)
{
    assert(x >= 0 && isfinite(x));
    assert(degrees >= 1 && degrees <= LL_CHI_SQUARE_DEGREES_MAX);

    double y = 0.5 * x;
    if (y > exponent_max)
        return ln_far_tail(y, degrees);
    if (x <= 0)
        return 0.0;
    if (x < degrees)
        return log1p(-lower_tail(y, degrees));
    return log(upper_tail(y, degrees));
}
