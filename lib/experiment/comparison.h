/* comparison.h - counts of variants without a test, judged by the classic rule, and what an expert
 * asks for beside it, as llmlearn_compare_variants documents it.
 *
 * Uses: sentence, stats. */
#ifndef LL_EXPERIMENT_COMPARISON_H
#define LL_EXPERIMENT_COMPARISON_H

#include "stats/classic.h"

typedef struct ll_comparison {
    ll_classic_input asked; /* with a champion */
    ll_classic_result result;
    const char *const *versions; /* of the arms */
} ll_comparison;

/* 1 - p with a winner, else 0. */
double ll_comparison_confidence(const ll_comparison *c);

/* The caller frees it. LLMLEARN_ENOMEM. */
llmlearn_err ll_comparison_json(const ll_comparison *c, char **out_json);

#endif
