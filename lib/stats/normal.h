/* normal.h - the standard normal distribution.
 *
 * Tails are computed as tails, never as one minus the other side. Any finite
 * argument is allowed. */
#ifndef LL_STATS_NORMAL_H
#define LL_STATS_NORMAL_H

/* P(Z <= z) and P(Z > z), by erfc with its argument's rounding made good;
 * relative error below 4e-15 down to 1e-307. Abramowitz & Stegun 26.2.29. */
double ll_normal_cdf(double z);
double ll_normal_sf(double z);

/* ln P(Z > z), finite where P(Z > z) itself is 0. */
double ll_normal_ln_sf(double z);

/* The z with P(Z > z) = p, for 0 < p < 1; relative error below 4e-15.
 * Start by Abramowitz & Stegun 26.2.23, then Newton steps. */
double ll_normal_isf(double p);

/* The z with P(|Z| <= z) = confidence, for 0 < confidence < 1. */
double ll_normal_two_sided(double confidence);

#endif
