/* holm.h - p-values of several tests, adjusted so that the chance of even one
 * false rejection stays below alpha, whatever the dependence between them. */
#ifndef LL_STATS_HOLM_H
#define LL_STATS_HOLM_H

#include <stdint.h>

/* Step-down: the i-th smallest of m is multiplied by m - i + 1, and none is
 * below one before it. count is 0 to LL_STATS_ARMS_MAX; out_adjusted may be
 * p_values itself. Holm 1979, Scand. J. Statist. 6:65. */
void ll_holm_adjust(const double *p_values, uint32_t count, double *out_adjusted);

#endif
