/* guardrail.h - what a better prompt must not cost: is a variant no worse than the champion?
 *
 * One-sided at 5 %, on means of units. Unknown as long as there is too little to tell.
 *
 * Threads: pure functions.
 * Uses:    evidence's words, unit_mean, stats. */
#ifndef LL_EXPERIMENT_GUARDRAIL_H
#define LL_EXPERIMENT_GUARDRAIL_H

#include "experiment/evidence.h"

void ll_guardrail_test(ll_guardrail_kind kind, const ll_ab_arm *champion, const ll_ab_arm *variant,
                       llmlearn_noninferiority *out);

/* "latency", "cost", "failures", "rating"; and "pass", "fail", "unknown". */
const char *ll_guardrail_name(ll_guardrail_kind kind);
const char *ll_guardrail_word(int32_t guardrail);

#endif
