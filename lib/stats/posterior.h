/* posterior.h - what is believed of k rates after their counts: Beta posteriors, which of them is
 * probably the highest, and what choosing another would cost.
 *
 * Deterministic: Gauss quadrature over the log-odds, on panels laid where any posterior bends.
 * The integrals of densities run along, so that no distribution function is computed at a node.
 *
 * Uses: stats/beta, stats/logit, stats/quadrature. */
#ifndef LL_STATS_POSTERIOR_H
#define LL_STATS_POSTERIOR_H

#include "llmlearn.h"

#define LL_POSTERIOR_PRIOR_MIN 1e-3
#define LL_POSTERIOR_PRIOR_MAX 1e6

/* Fills all but struct_size. arm_count is 1 to LLMLEARN_ARMS_MAX, priors within the bounds
 * above, confidence between 0 and 1. Probabilities to 1e-9 absolute, losses to 1e-10. */
void ll_posterior(const llmlearn_rate *arms, uint32_t arm_count, double prior_successes,
                  double prior_failures, double confidence, llmlearn_posterior *out);

#endif
