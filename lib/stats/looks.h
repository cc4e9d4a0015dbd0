/* looks.h - bounds for z at the planned looks of a group-sequential test.
 *
 * Alpha is spent as information comes in: after the share t of what was planned, a(t) =
 * 2(1 - Phi(z_{alpha/2} / sqrt t)), little at first (O'Brien & Fleming's shape, in the form of Lan
 * & DeMets 1983). The bound of a look is the z that is first exceeded there with the probability
 * a(t) - a(t of the look before). z at two looks correlates by sqrt(I_i / I_j).
 *
 * Uses: stats/normal, stats/quadrature. */
#ifndef LL_STATS_LOOKS_H
#define LL_STATS_LOOKS_H

#include "llmlearn.h"

#include <stdbool.h>

/* Of information and of its plan; so that no ratio of them over- or underflows. */
#define LL_LOOKS_INFORMATION_MIN 1e-100
#define LL_LOOKS_INFORMATION_MAX 1e100

/* No z is asked to be more: P(Z > 40) is 4e-350. */
#define LL_LOOKS_BOUND_MAX 40.0

/* information: look_count (1 to LLMLEARN_LOOKS_MAX) increasing numbers within the limits above,
 * only the last at or beyond information_max. final: the last look spends all that is left.
 * out_bounds: look_count values of z, to better than 1e-6. out_spent: look_count shares of alpha,
 * or NULL. A bound depends on its look and those before it, not on later ones. */
void ll_looks_bounds(const double *information, uint32_t look_count, double information_max,
                     double alpha, bool final, double *out_bounds, double *out_spent);

#endif
