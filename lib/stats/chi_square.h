/* chi_square.h - the chi-square distribution's tail.
 *
 * Uses: stats/special. */
#ifndef LL_STATS_CHI_SQUARE_H
#define LL_STATS_CHI_SQUARE_H

#include <stdint.h>

#define LL_CHI_SQUARE_DEGREES_MAX 1024

/* P(X > x) and its logarithm for x >= 0 and 1 to LL_CHI_SQUARE_DEGREES_MAX
 * degrees of freedom. Finite sums, Abramowitz & Stegun 26.4.4 and 26.4.5. The
 * logarithm stays finite where the probability is 0, and keeps its relative
 * precision where the probability is all but 1. */
double ll_chi_square_sf(double x, uint32_t degrees);
double ll_chi_square_ln_sf(double x, uint32_t degrees);

#endif
