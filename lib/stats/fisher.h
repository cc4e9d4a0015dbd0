/* fisher.h - Fisher's exact test of a 2 x 2 table, conditional on its margins.
 *
 * The two-sided p is the probability of all tables no likelier than the
 * observed one, where "no likelier" forgives a relative 1e-7 (the convention
 * of R and SciPy). The mid-p counts tables exactly as likely by half.
 *
 * Cost grows with the standard deviation of the first cell: microseconds while
 * an expected count is small, about a millisecond at 1e9 trials. Past
 * LL_FISHER_TERMS_MAX tables to add in one tail the test says so instead.
 *
 * Uses: stats/hypergeometric, stats/limits, stats/special, stats/wide. */
#ifndef LL_STATS_FISHER_H
#define LL_STATS_FISHER_H

#include <stdint.h>

#define LL_FISHER_TERMS_MAX 1000000

typedef enum ll_fisher_status {
    LL_FISHER_OK = 0,
    LL_FISHER_TOO_LARGE /* more tables to add than LL_FISHER_TERMS_MAX; never when an expected
                           count is below 5 */
} ll_fisher_status;

typedef struct ll_fisher_result {
    double p_value;     /* two-sided */
    double ln_p_value;  /* off by less than 1e-12, or 1e-12 of itself */
    double mid_p_value; /* two-sided mid-p */
} ll_fisher_result;

/* out is untouched unless LL_FISHER_OK. An empty arm or no variation gives
 * p = 1 and mid-p = 1/2: there is only one table.
 * Fisher 1922; mid-p: Lancaster 1961. Probabilities as in Loader 2000. */
ll_fisher_status ll_fisher_test(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                uint64_t trials_2, ll_fisher_result *out);

#endif
