/* rules.h - what each rule makes of the evidence: verdict, status, winner, looks.
 *
 *   rule_classic.c            one look, by chi-square and Cramer's V, then frozen
 *   rule_group_sequential.c   a look a week at the most, against bounds that share out alpha
 *   rule_always_valid.c       the e-process as it was at the end of the last whole week
 *
 * An arm that the breaker has switched off gets no more votes: no sequential rule waits for it, and
 * it cannot win by one.
 *
 * Threads: pure functions.
 * Uses:    decide's words, looks_taken, stats. */
#ifndef LL_EXPERIMENT_RULES_H
#define LL_EXPERIMENT_RULES_H

#include "experiment/decide.h"

/* The part of an outcome that is the rule's; all 0 and winner -1 before. */
void ll_rule_classic(const ll_decide_input *in, const ll_evidence *evidence,
                     ll_decide_outcome *out);
void ll_rule_group_sequential(const ll_decide_input *in, const ll_evidence *evidence,
                              ll_decide_outcome *out);
void ll_rule_always_valid(const ll_decide_input *in, const ll_evidence *evidence,
                          ll_decide_outcome *out);

#endif
