#include "stats/special.h"

#include <assert.h>
#include <math.h>

static const double half_ln_two_pi = 0.918938533204672741780329736406;
static const double one_over_sqrt_pi = 0.564189583547756286948079451561;

/* ln(n!) - n ln n + n for n = 0 to 15, computed with 40 digits; the series
 * below needs n > 15. The entry for 0 counts 0 ln 0 as 0. */
static const double small_factorial_rest[16] = {
    0.0,
    1.0,
    1.306852819440054690583,
    1.495922603223725926627,
    1.632876385868383144309,
    1.740302180611544121244,
    1.828694396641770990185,
    1.903790317678221164428,
    1.969070569306562802404,
    2.026806284055495166093,
    2.078561643135058455046,
    2.125459845091809854606,
    2.168334698205882426761,
    2.207822206123445316876,
    2.244418568125060896777,
    2.278518367307740576149,
};

double ll_special_ln_factorial_rest(uint64_t n)
{
    if (n < 16)
        return small_factorial_rest[n];

    /* Stirling's series; what is left out is below 1.1e-16 at n = 16. */
    double x = (double)n;
    double inverse_square = 1.0 / (x * x);
    double series = 1.0 / 1680.0 - inverse_square / 1188.0;
    series = 1.0 / 1260.0 - series * inverse_square;
    series = 1.0 / 360.0 - series * inverse_square;
    series = 1.0 / 12.0 - series * inverse_square;
    return half_ln_two_pi + 0.5 * log(x) + series / x;
}

double ll_special_stirling_error(double z)
{
    double error = 0.0;

    assert(z > 0);
    /* The series is good from 16 on; each step up to there is (z + 1/2) ln(1 + 1/z) - 1. */
    for (; z < 16; z += 1.0)
        error += (z + 0.5) * log1p(1.0 / z) - 1.0;
    double inverse_square = 1.0 / (z * z);
    double series = 1.0 / 1680.0 - inverse_square / 1188.0;
    series = 1.0 / 1260.0 - series * inverse_square;
    series = 1.0 / 360.0 - series * inverse_square;
    series = 1.0 / 12.0 - series * inverse_square;
    return error + series / z;
}

double ll_special_deviance(double observed, double expected, double difference)
{
    assert(observed >= 0 && expected > 0);

    double sum_of_both = observed + expected;
    if (fabs(difference) >= 0.1 * sum_of_both) {
        if (observed <= 0)
            return expected;
        return observed * log(observed / expected) - difference;
    }

    /* ln(x/m) = 2 atanh(v), with v = (x - m)/(x + m), cancels badly near 0; its
     * series does not. |v| < 0.1, so each term gains two digits. */
    double v = difference / sum_of_both;
    double square = v * v;
    double power = 2.0 * observed * v;
    double sum = difference * v;
    for (int odd = 3; odd < 40; odd += 2) {
        power *= square;
        sum += power / odd;
    }
    return sum;
}

double ll_special_erfc_scaled(double r)
{
    assert(r >= 10);

    /* At r = 10 the terms fall by 200 at first and the 20th is below 1e-21. */
    double step = -0.5 / (r * r);
    double term = 1.0;
    double sum = 1.0;
    for (int odd = 1; odd < 40; odd += 2) {
        term *= step * odd;
        sum += term;
    }
    return sum * one_over_sqrt_pi / r;
}
