#include "stats/welch.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* A side's share of the variance, squared, per degree of freedom. */
static double uncertainty(ll_welch_side side, double error)
{
    double share = side.error / error;

    share *= share;
    return share * share / (double)(side.count - 1);
}

ll_welch ll_welch_test(double difference, ll_welch_side one, ll_welch_side other)
{
    double error = hypot(one.error, other.error);

    assert(one.count >= 2 && other.count >= 2);
    assert(isfinite(difference));
    assert(error > 0 && isfinite(error));
    return (ll_welch){
        .error = error,
        .t = fmax(fmin(difference / error, DBL_MAX), -DBL_MAX),
        .degrees = 1.0 / (uncertainty(one, error) + uncertainty(other, error)),
    };
}
