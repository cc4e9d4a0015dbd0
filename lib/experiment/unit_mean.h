/* unit_mean.h - mean and spread of what units met, from exact sums.
 *
 * The squares' sum less the sum's square would cancel up to all digits; so the spread is taken
 * about the nearest whole number to the mean, in integers, and only then rounded.
 *
 * Threads: pure functions.
 * Uses:    store (the sums). */
#ifndef LL_EXPERIMENT_UNIT_MEAN_H
#define LL_EXPERIMENT_UNIT_MEAN_H

#include "llmlearn.h"
#include "store/ab_moments.h"

#include <stdbool.h>

/* Can numbers of 0 to LL_AB_VALUE_MAX have these sums? */
bool ll_unit_mean_is_sound(const ll_ab_moments *moments);

/* Of sound sums. Within 1e-15 of the truth. */
llmlearn_mean ll_unit_mean_of(const ll_ab_moments *moments);

#endif
