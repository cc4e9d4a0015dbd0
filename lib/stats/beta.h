/* beta.h - the Beta distribution: both tails of it, and its quantiles.
 *
 * A point is given as x and y = 1 - x, because near an end only the smaller of the
 * two has digits to spare. Parameters are a, b > 0, from LL_BETA_PARAMETER_MIN to 2^55; the tail
 * that is the smaller one is computed, never a difference from 1.
 *
 * Relative error of a tail below 1e-12 for parameters from 0.1 to 2^54, and 1e-11 for smaller
 * ones, if x and y are exact. What their own rounding by 1e-16 does comes on top: that times
 * |a - (a + b) x| or sqrt(a + b), whichever is more. A quantile hits its tail as
 * closely; below 1e-308 it is 0.
 *
 * Uses: stats/logit, stats/normal, stats/quadrature, stats/special. */
#ifndef LL_STATS_BETA_H
#define LL_STATS_BETA_H

#include "stats/logit.h"

#define LL_BETA_PARAMETER_MIN 1e-3
#define LL_BETA_PARAMETER_MAX 0x1p55

typedef struct ll_beta_tails {
    double lower, upper;
} ll_beta_tails;

/* I_x(a, b) and 1 - I_x(a, b). Continued fraction, DLMF 8.17.22, its front by saddle point, Loader
 * 2000; where both parameters are large, quadrature of the density from x outwards. */
ll_beta_tails ll_beta_cdf(double x, double y, double a, double b);

/* The density times x y, which is the density of ln(x / y): finite everywhere. */
double ll_beta_logit_density(double x, double y, double a, double b);

/* Where the lower or the upper tail is p, 0 < p < 1. */
ll_logit_point ll_beta_solve_lower(double p, double a, double b);
ll_logit_point ll_beta_solve_upper(double p, double a, double b);
double ll_beta_quantile(double p, double a, double b);
double ll_beta_upper_quantile(double p, double a, double b);

#endif
