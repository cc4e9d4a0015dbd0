#include "stats/logit.h"

#include <assert.h>
#include <math.h>

/* exp() of more than this is infinite. */
static const double exponent_max = 700.0;

ll_logit_point ll_logit_move(double x, double y, double step)
{
    double grown = exp(-fabs(step));
    double from = step > 0 ? x : x * grown;
    double to = step > 0 ? y * grown : y;

    return (ll_logit_point){ .x = from / (from + to), .y = to / (from + to) };
}

/* By the cumulants of the coin; what is left out is below 1e-13 of it. */
static double small_divergence(double x, double y, double step)
{
    double variance = x * y;
    double skew = y - x;
    double k4 = 1.0 - 6.0 * variance;
    double k5 = skew * (1.0 - 12.0 * variance);
    double k6 = 1.0 - 30.0 * variance * (1.0 - 4.0 * variance);
    double series = k5 / 120.0 + step * k6 / 720.0;
    series = k4 / 24.0 + step * series;
    series = skew / 6.0 + step * series;
    series = 0.5 + step * series;
    return variance * series * step * step;
}

double ll_logit_divergence(double x, double y, double step)
{
    assert(x > 0 && y > 0);

    if (fabs(step) <= 0.01)
        return small_divergence(x, y, step);
    if (x > y)
        return ll_logit_divergence(y, x, -step); /* the same, seen from the other end */
    if (step > exponent_max)
        return y * step + log(x);
    return log1p(x * expm1(step)) - x * step;
}

/* How fast it grows with the step: the rate there less the rate here. */
static double slope(double x, double y, double step)
{
    ll_logit_point there = ll_logit_move(x, y, step);

    return step > 0 ? there.x * y * -expm1(-step) : there.y * x * expm1(step);
}

double ll_logit_step_to(double x, double y, double divergence, double direction)
{
    assert(divergence > 0 && direction != 0);

    /* Convex, so that Newton's method comes to it from outside, without turning back. */
    double step = copysign(sqrt(2.0 * divergence / x / y), direction);
    double limit = (divergence + 750.0) / (direction > 0 ? y : x); /* it is less than that */
    if (fabs(step) > limit)
        step = copysign(limit, direction);
    for (int i = 0; i < 100; i++) {
        double error = ll_logit_divergence(x, y, step) - divergence;
        step -= error / slope(x, y, step);
        if (fabs(error) <= 1e-8 * divergence)
            break;
    }
    return step;
}
