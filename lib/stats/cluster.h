/* cluster.h - rates over all votes when one unit, such as a user, casts many.
 *
 * A unit's votes are not independent; units are. So the spread is taken
 * between units, about the common rate: the ratio (delta) variance. It comes
 * from six running sums, by a difference of which up to all digits cancel;
 * therefore the difference is formed in integers.
 *
 * Deng, Knoblich & Lu 2018, "Applying the delta method in metric analytics";
 * Cochran 1977, "Sampling techniques", 6.4.
 *
 * Uses: stats/interval, stats/limits, stats/normal, stats/student_t, stats/wide. */
#ifndef LL_STATS_CLUSTER_H
#define LL_STATS_CLUSTER_H

#include "llmlearn.h"

/* NULL if units with 0 <= s_u <= n_u and n_u >= 1 may have these sums, as far
 * as any two or three of them tell; else the field and what is wrong with it,
 * "units: more than trials". */
const char *ll_cluster_fault(const llmlearn_cluster *arm);

/* Each fills everything in out but struct_size. The sums have no fault. */
void ll_cluster_rate(const llmlearn_cluster *arm, double confidence, llmlearn_clustered *out);
void ll_cluster_difference(const llmlearn_cluster *control, const llmlearn_cluster *variant,
                           double confidence, llmlearn_clustered_difference *out);

#endif
