/* split.h - sample ratio mismatch: do counts follow the weights they were drawn with?
 *
 * An arm of weight 0 takes no part; that something was counted there is told by the status.
 *
 * Uses: stats/chi_square, stats/limits, stats/special. */
#ifndef LL_STATS_SPLIT_H
#define LL_STATS_SPLIT_H

#include "llmlearn.h"

/* A weight is 0 or within these, so that no square or ratio of weights over- or underflows. */
#define LL_SPLIT_WEIGHT_MIN 1e-100
#define LL_SPLIT_WEIGHT_MAX 1e100

#define LL_SPLIT_CONCENTRATION_MAX 1e9

/* The e-value is the likelihood of the counts under a Dirichlet prior of that concentration around
 * the weights, over their likelihood under the weights. Lindon & Malek 2022, "Anytime-valid
 * inference for multinomial count data". The chi-square is Pearson's of 1900.
 *
 * count is 1 to LL_STATS_ARMS_MAX, not all weights are 0, 1 <= concentration <= 1e9. Fills all of
 * *out but struct_size. ln_e_value is within 1e-9 of the truth, or 1e-14 of itself. */
void ll_split_test(const uint64_t *counts, const double *weights, uint32_t count,
                   double concentration, llmlearn_split *out);

/* What ln_e_value gains if the next of `trials` falls to an arm that has `count` of them: ln of
 * (C share + count) / (C + trials), how likely the prior and those before make it, over its share
 * of the weights. Before the next, arms may leave: the gains, each of the arms that are there,
 * still add up to an e-process. */
double ll_split_gain(uint64_t count, uint64_t trials, double share, double concentration);

#endif
