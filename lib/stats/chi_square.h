/* chi_square.h - the chi-square distribution's tail, and Pearson's test of a
 * k x 2 table: do k arms share one success rate?
 *
 * No Yates correction (it makes a nominal 5 % test a 1 % one in small samples).
 * Arms without trials are left out. Whether an expected count is below 5 and
 * whether the effect exceeds a threshold are decided in integers.
 *
 * Uses: stats/limits, stats/special, stats/wide. */
#ifndef LL_STATS_CHI_SQUARE_H
#define LL_STATS_CHI_SQUARE_H

#include <stdbool.h>
#include <stdint.h>

#define LL_CHI_SQUARE_DEGREES_MAX 1024

/* P(X > x) and its logarithm for x >= 0 and 1 to LL_CHI_SQUARE_DEGREES_MAX
 * degrees of freedom. Finite sums, Abramowitz & Stegun 26.4.4 and 26.4.5. The
 * logarithm stays finite where the probability is 0, and keeps its relative
 * precision where the probability is all but 1. */
double ll_chi_square_sf(double x, uint32_t degrees);
double ll_chi_square_ln_sf(double x, uint32_t degrees);

typedef struct ll_chi_square_result {
    uint64_t trials;     /* of all arms together */
    uint32_t arms_used;  /* arms with trials */
    uint32_t degrees;    /* arms_used - 1, or 0 */
    bool no_variation;   /* fewer than two arms used, or all outcomes alike: X2 = 0, p = 1 */
    bool low_expected;   /* an expected count is below 5 */
    uint32_t cells_low;  /* how many of the 2 x arms_used cells have that */
    double expected_min; /* the smallest expected count */
    double chi_square;   /* X2 */
    double p_value;      /* 0 below 1e-323 or so; then see ln_p_value */
    double ln_p_value;
    double cramers_v; /* sqrt(X2 / N); phi when two arms are used */
} ll_chi_square_result;

/* X2 = sum over arms of (s N - n S)^2 / (n S F), numerators exact.
 * Pearson 1900; V: Cramer 1946. arm_count is 0 to LL_STATS_ARMS_MAX. */
void ll_chi_square_test(const uint64_t *successes, const uint64_t *trials, uint32_t arm_count,
                        ll_chi_square_result *out);

/* Is Cramer's V greater than effect_min >= 0? Exact: equality is "no" whatever
 * the rounding of doubles says. effect_min means the decimal fraction of at
 * most nine places nearest to it, so 0.1 is one tenth. */
bool ll_chi_square_effect_exceeds(const uint64_t *successes, const uint64_t *trials,
                                  uint32_t arm_count, double effect_min);

#endif
