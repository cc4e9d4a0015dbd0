/* chi_square_power.h - how often the chi-square test of k arms finds that they differ.
 *
 * Uses: stats/chi_square, stats/special, stats/limits. */
#ifndef LL_STATS_CHI_SQUARE_POWER_H
#define LL_STATS_CHI_SQUARE_POWER_H

#include <stdint.h>

/* The x with P(X > x) = p, 0 < p < 1, for 1 to LL_CHI_SQUARE_DEGREES_MAX degrees. */
double ll_chi_square_power_threshold(double p, uint32_t degrees);

/* P(X > x) of the noncentral distribution: the mixture of central ones with more degrees,
 * by twos, that a Poisson count with mean noncentrality/2 makes. Abramowitz & Stegun 26.4.25. */
double ll_chi_square_power_noncentral_sf(double x, uint32_t degrees, double noncentrality);

/* For 2 to LL_STATS_ARMS_MAX true rates between 0 and 1, trials_per_arm >= 0 and
 * 0 < alpha < 1: noncentrality N w^2, w^2 the variance of the rates over that of
 * their mean. Cohen 1988, Statistical Power Analysis, 7. */
double ll_chi_square_power(const double *rates, uint32_t arm_count, double trials_per_arm,
                           double alpha);

#endif
