/* ab_count.h - what a unit's exposures and votes mean for its arm.
 *
 * A unit's part in the sums of its arm follows from its row alone: the part that it had is taken
 * out, the part that it has now put in. The arms of a test are therefore what its units, and
 * the rows that are their own units, add up to.
 *
 * Nothing here can fail: see store/ab_sums.h.
 *
 * Threads: the ingest thread.
 * Uses:    ab_sums, units. */
#ifndef LL_STORE_AB_COUNT_H
#define LL_STORE_AB_COUNT_H

#include "store/ab_sums.h"
#include "store/units.h"

/* A unit was exposed once more; `hash` is its number in llm_ab_units, or would be. */
void ll_ab_count_exposure(ll_ab_open *open, uint32_t arm, uint64_t hash, const ll_unit *before,
                          const ll_unit *after);

/* Its live votes changed, and perhaps it voted first. */
void ll_ab_count_vote(ll_ab_open *open, uint32_t arm, const ll_unit *before, const ll_unit *after);

#endif
