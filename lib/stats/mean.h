/* mean.h - is a mean, of latencies or costs, no worse than another?
 *
 * Lower is better. Welch's t of variant - (1 + margin) control, where the
 * difference keeps its digits however much of it cancels.
 *
 * Uses: stats/student_t, stats/sum, stats/welch. */
#ifndef LL_STATS_MEAN_H
#define LL_STATS_MEAN_H

#include "llmlearn.h"

#define LL_MEAN_MARGIN_MAX 1e6

/* Fills everything in out but struct_size. margin: -1 to LL_MEAN_MARGIN_MAX.
 * The control's mean is at least 0; what a count below 2 leaves undefined is
 * not read. No delta method: the hypothesis is linear in both means. */
void ll_mean_not_worse(const llmlearn_mean *control, const llmlearn_mean *variant, double margin,
                       double alpha, llmlearn_noninferiority *out);

#endif
