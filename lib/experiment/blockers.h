/* blockers.h - what keeps a winner from being promoted without a person, and what else a reader
 * should know.
 *
 * A broken split and users of one arm who answer more are looked for at every look, by e-values
 * that allow it; either makes the whole test invalid. Guardrails are asked about a winner only.
 *
 * Threads: pure functions.
 * Uses:    evidence, stats/advisory. */
#ifndef LL_EXPERIMENT_BLOCKERS_H
#define LL_EXPERIMENT_BLOCKERS_H

#include "experiment/evidence.h"
#include "stats/advisory.h"

/* Bits. */
#define LL_BLOCKER_CACHED_SHARE 0x001u  /* over 5 % of an arm's explanations came from a cache */
#define LL_BLOCKER_CONTAMINATION 0x002u /* at least 10 units, and 1 % of all, met two arms */
#define LL_BLOCKER_SRM 0x004u           /* units do not follow the weights: e-value 1,000 */
#define LL_BLOCKER_RESPONSE 0x008u      /* first votes do not: e-value 100, and over 10 % apart */
#define LL_BLOCKER_SWITCHED_OFF 0x010u  /* the breaker has switched the winner off */
#define LL_BLOCKER_GUARDRAIL 0x020u     /* the first of them; the others follow in their order */

#define LL_BLOCKERS_INVALID (LL_BLOCKER_SRM | LL_BLOCKER_RESPONSE)

/* Beside those of stats/advisory.h, of which they leave the bits alone. */
#define LL_ADVISORY_CLUSTERED 0x100u        /* a design effect over 1.2 in an arm */
#define LL_ADVISORY_MISMATCHES 0x200u       /* 10 rows, and 1 % of all, claimed a wrong arm */
#define LL_ADVISORY_ARM_SWITCHED_OFF 0x400u /* by the breaker */

/* Of the test as a whole. */
uint32_t ll_blockers_find(const ll_decide_input *in, const ll_evidence *evidence);

/* Of one arm, as the winner. */
uint32_t ll_blockers_of_winner(const ll_decide_input *in, const ll_evidence *evidence,
                               uint32_t winner);

/* final: the rule has spoken; winner -1: none. */
uint32_t ll_advisories_find(const ll_decide_input *in, const ll_evidence *evidence, bool final,
                            int32_t winner);

/* "cached_share", ... "guardrail_latency", ... and "v_gate_blocks", ... of one bit. */
const char *ll_blockers_name(uint32_t blocker);
const char *ll_advisories_name(uint32_t advisory);

#endif
