/* plan.h - how many trials a comparison needs, what it can find, and how long that takes.
 *
 *   control trials n, variants' trials r n, d = variant's rate p2 less the control's p1,
 *   pb = (p1 + r p2) / (1 + r), z_a for alpha / (variants), two-sided:
 *
 *     |d| sqrt(n) = z_a sqrt(pb (1 - pb) (1 + 1/r)) + z_power sqrt(p1 (1 - p1) + p2 (1 - p2) / r)
 *
 * Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, 4.2 and 4.3, without
 * continuity correction; R's power.prop.test(strict = FALSE).
 *
 * Uses: stats/normal, stats/limits. */
#ifndef LL_STATS_PLAN_H
#define LL_STATS_PLAN_H

#include "llmlearn.h"

#include <stdbool.h>

/* As llmlearn_plan, with every default in its place; struct_size is not read. Each fills all
 * of out but struct_size. */
void ll_plan_sample_size(const llmlearn_plan *plan, llmlearn_planned *out);
void ll_plan_power(const llmlearn_plan *plan, llmlearn_planned *out);
void ll_plan_detectable_effect(const llmlearn_plan *plan, llmlearn_planned *out);

/* How many times the trials of one look at the end a design may take. 60 against 65 %, k = 2 to 4:
 * the always-valid rule has a power of .76 to .86 at 1.6, the group sequential of .80 at 1.05. */
double ll_plan_design_factor(llmlearn_plan_design design);

#endif
