#include "stats/student_t.h"

#include "stats/beta.h"

#include <assert.h>
#include <float.h>
#include <math.h>

static double allowed(double degrees)
{
    assert(degrees >= LL_STUDENT_T_DEGREES_MIN);
    return fmin(degrees, LL_STUDENT_T_DEGREES_MAX);
}

/* P(|T| > t) is the lower tail of Beta(degrees/2, 1/2) at degrees/(degrees + t^2). */
double ll_student_t_sf(double t, double degrees)
{
    assert(isfinite(t));

    double v = allowed(degrees);
    double ratio = t / sqrt(v); /* whose square may overflow: then x is 0 */
    double square = ratio * ratio;
    double x = 1.0 / (1.0 + square);
    double y = isinf(square) ? 1.0 : square / (1.0 + square);
    double both = ll_beta_cdf(x, y, 0.5 * v, 0.5).lower;
    return t > 0 ? 0.5 * both : 1.0 - 0.5 * both;
}

/* The t > 0 with P(|T| > t) = p. */
static double both_tails(double p, double degrees)
{
    ll_logit_point at = ll_beta_solve_lower(p, 0.5 * degrees, 0.5);

    if (at.x <= 0)
        return DBL_MAX;
    return fmin(sqrt(degrees) * sqrt(at.y / at.x), DBL_MAX);
}

double ll_student_t_isf(double p, double degrees)
{
    assert(p > 0 && p < 1);

    double v = allowed(degrees);
    if (p < 0.5)
        return both_tails(2.0 * p, v);
    if (p > 0.5)
        return -both_tails(2.0 * (1.0 - p), v);
    return 0.0;
}

double ll_student_t_two_sided(double confidence, double degrees)
{
    assert(confidence > 0 && confidence < 1);

    return both_tails(1.0 - confidence, allowed(degrees));
}
