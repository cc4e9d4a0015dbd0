#include "stats/cramer.h"

#include "stats/limits.h"
#include "stats/margins.h"
#include "stats/pearson.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

/* Sum over arms of s^2/n, as a fraction over the trials of all of them. */
typedef struct fraction {
    ll_wide numerator, denominator;
} fraction;

static void sum_of_shares(const llmlearn_rate *arms, uint32_t arm_count, fraction *out)
{
    ll_wide_set(&out->numerator, 0);
    ll_wide_set(&out->denominator, 1);
    for (uint32_t i = 0; i < arm_count; i++) {
        if (arms[i].trials == 0)
            continue;
        ll_wide share = out->denominator;
        ll_wide_multiply(&share, arms[i].successes);
        ll_wide_multiply(&share, arms[i].successes);
        ll_wide_multiply(&out->numerator, arms[i].trials);
        ll_wide_add(&out->numerator, &share);
        ll_wide_multiply(&out->denominator, arms[i].trials);
    }
}

/* V^2 = (N sum(s^2/n) - S^2) / (S F) against the fraction billionths/1e9 squared:
 *
 *   1e18 N numerator > denominator S (1e18 S + billionths^2 F) */
static bool exceeds_exactly(const ll_margins *m, const llmlearn_rate *arms, uint32_t arm_count,
                            uint64_t billionths)
{
    const uint64_t billion = UINT64_C(1000000000);
    fraction sum;
    ll_wide right;

    sum_of_shares(arms, arm_count, &sum);
    ll_wide_multiply(&sum.numerator, billion * billion);
    ll_wide_multiply(&sum.numerator, m->trials);

    ll_wide_multiply(&sum.denominator, m->successes);
    right = sum.denominator;
    ll_wide_multiply(&sum.denominator, billion * billion);
    ll_wide_multiply(&sum.denominator, m->successes);
    ll_wide_multiply(&right, billionths * billionths);
    ll_wide_multiply(&right, m->failures);
    ll_wide_add(&right, &sum.denominator);
    return ll_wide_compare(&sum.numerator, &right) > 0;
}

bool ll_cramer_exceeds(const llmlearn_rate *arms, uint32_t arm_count, double effect_min)
{
    assert(effect_min >= 0);

    ll_margins m = ll_margins_of(arms, arm_count);
    if (m.arms_used < 2 || m.successes == 0 || m.failures == 0)
        return false; /* V is 0 */
    if (effect_min >= 1)
        return false; /* V is at most 1 */

    double billionths = round(effect_min * 1e9);
    double square = ll_pearson_chi_square(&m, arms, arm_count) / (double)m.trials;
    double limit = billionths * billionths * 1e-18;

    /* Doubles decide unless they are close; their own error is below 1e-13. */
    if (square > limit * (1.0 + 1e-10))
        return true;
    if (square < limit * (1.0 - 1e-10))
        return false;
    return exceeds_exactly(&m, arms, arm_count, (uint64_t)billionths);
}

/* X2 (N-1)/N - (k-1), or 0 if that is negative:
 *
 *   (N (N-1) numerator - denominator S ((N-1) S + (k-1) F)) / (denominator S F) */
static double beyond_chance_exactly(const ll_margins *m, const llmlearn_rate *arms,
                                    uint32_t arm_count)
{
    fraction sum;
    ll_wide chance;

    sum_of_shares(arms, arm_count, &sum);
    ll_wide_multiply(&sum.numerator, m->trials);
    ll_wide_multiply(&sum.numerator, m->trials - 1);

    ll_wide_multiply(&sum.denominator, m->successes);
    chance = sum.denominator;
    ll_wide_multiply(&chance, m->trials - 1);
    ll_wide_multiply(&chance, m->successes);
    ll_wide_multiply(&sum.denominator, m->failures);
    ll_wide part = sum.denominator;
    ll_wide_multiply(&part, m->arms_used - 1);
    ll_wide_add(&chance, &part);
    if (ll_wide_compare(&sum.numerator, &chance) <= 0)
        return 0.0;
    ll_wide_subtract(&sum.numerator, &chance);
    return ll_wide_ratio(&sum.numerator, &sum.denominator);
}

double ll_cramer_unbiased(const llmlearn_rate *arms, uint32_t arm_count, double chi_square)
{
    ll_margins m = ll_margins_of(arms, arm_count);
    double n = (double)m.trials;

    assert(chi_square >= 0);
    if (m.arms_used < 2 || m.successes == 0 || m.failures == 0 || m.trials == m.arms_used)
        return 0.0; /* one trial in each arm: every table has V = 1 */

    double k_less_1 = m.arms_used - 1;
    double beyond_chance = chi_square * ((n - 1.0) / n) - k_less_1;
    if (fabs(beyond_chance) < 0.01 * k_less_1) /* too many digits cancelled */
        beyond_chance = beyond_chance_exactly(&m, arms, arm_count);
    if (beyond_chance <= 0)
        return 0.0;
    /* Both k'-1 and r'-1 times N-1, which phi^2 has got already. */
    double most = fmin(k_less_1 * (double)(m.trials - m.arms_used), n - 2.0);
    return fmin(sqrt(beyond_chance / most), 1.0);
}
