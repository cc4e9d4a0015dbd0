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

/* The t where the Beta distribution of ll_student_t_sf is at a point. */
static double t_at(ll_logit_point at, double degrees)
{
    if (at.x <= 0)
        return DBL_MAX;
    return fmin(sqrt(degrees) * sqrt(at.y / at.x), DBL_MAX);
}

double ll_student_t_isf(double p, double degrees)
{
    assert(p > 0 && p < 1);

    double v = allowed(degrees);
    if (p < 0.5)
        return t_at(ll_beta_solve_lower(2.0 * p, 0.5 * v, 0.5), v);
    if (p > 0.5)
        return -t_at(ll_beta_solve_lower(2.0 * (1.0 - p), 0.5 * v, 0.5), v);
    return 0.0;
}

double ll_student_t_two_sided(double confidence, double degrees)
{
    assert(confidence > 0 && confidence < 1);

    double v = allowed(degrees);
    if (confidence < 0.5) /* of which 1 - confidence would lose digits, or all */
        return t_at(ll_beta_solve_upper(confidence, 0.5 * v, 0.5), v);
    return t_at(ll_beta_solve_lower(1.0 - confidence, 0.5 * v, 0.5), v);
}
