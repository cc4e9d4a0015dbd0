/* advisory.h - what a reader of a verdict by the classic rule should know, seen from the counts
 * alone. Bits.
 *
 * Uses: stats/classic, stats/wide. */
#ifndef LL_STATS_ADVISORY_H
#define LL_STATS_ADVISORY_H

#include "stats/classic.h"

#define LL_ADVISORY_V_GATE_BLOCKS 0x01u        /* p < alpha, but V is not above effect_min */
#define LL_ADVISORY_WINNER_NOT_SEPARATED 0x02u /* from the second best or from the champion */
#define LL_ADVISORY_LOW_EXPECTED 0x04u         /* an expected count is below 5 */

/* The advisories that a verdict and the counts behind it call for. */
uint32_t ll_advisory_find(const ll_classic_input *in, const ll_classic_result *result);

/* "v_gate_blocks" ... of one bit. */
const char *ll_advisory_name(uint32_t advisory);

#endif
