#include "stats/chi_square.h"

#include "stats/limits.h"
#include "stats/special.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

static const double two_over_sqrt_pi = 1.12837916709551257389615890312;

/* exp(-y) is a normal double up to here. */
static const double exponent_max = 700.0;

/* P(X <= x) for y = x/2 < degrees/2, by the series y^a e^-y/Gamma(a+1) times
 * 1 + y/(a+1) + y^2/((a+1)(a+2)) ... with a = degrees/2. A&S 6.5.29. */
static double lower_tail(double y, uint32_t degrees)
{
    double a = 0.5 * degrees;
    double front = exp(-y);
    double i = 1.0;
    if (degrees % 2 == 1) {
        front *= two_over_sqrt_pi * sqrt(y);
        i = 1.5;
    }
    for (; i <= a; i += 1.0)
        front *= y / i;

    double term = 1.0;
    double sum = 1.0;
    for (i = a + 1.0; term > sum * 1e-17; i += 1.0) {
        term *= y / i;
        sum += term;
    }
    return front * sum;
}

/* P(X > x) while exp(-y) does not underflow. A&S 26.4.4 and 26.4.5. */
static double upper_tail(double y, uint32_t degrees)
{
    double term = exp(-y);
    double sum = 0.0;

    if (degrees % 2 == 0) {
        for (uint32_t i = 1; i <= degrees / 2; i++) {
            sum += term;
            term *= y / i;
        }
        return sum;
    }

    term *= two_over_sqrt_pi * sqrt(y);
    for (uint32_t i = 1; i <= degrees / 2; i++) {
        sum += term;
        term *= y / (i + 0.5);
    }
    return sum + erfc(sqrt(y));
}

/* ln P(X > x) beyond that: the same sum with its last term, the largest, in
 * front, and each earlier one as a fraction of the next. */
static double ln_far_tail(double y, uint32_t degrees)
{
    uint32_t terms = degrees / 2;
    double bracket, ln_front, i;

    if (degrees % 2 == 0) {
        bracket = 1.0;
        ln_front = 0.0;
        i = 1.0;
        terms--;
    } else if (terms == 0) {
        return log(ll_special_erfc_scaled(sqrt(y))) - y;
    } else {
        double first = two_over_sqrt_pi * sqrt(y);
        bracket = 1.0 + ll_special_erfc_scaled(sqrt(y)) / first;
        ln_front = log(first);
        i = 1.5;
        terms--;
    }
    for (; terms > 0; terms--, i += 1.0) {
        bracket = 1.0 + bracket * i / y;
        ln_front += log(y / i);
    }
    return log(bracket) + ln_front - y;
}

double ll_chi_square_sf(double x, uint32_t degrees)
{
    assert(x >= 0 && isfinite(x));
    assert(degrees >= 1 && degrees <= LL_CHI_SQUARE_DEGREES_MAX);

    double y = 0.5 * x;
    if (y > exponent_max)
        return exp(ln_far_tail(y, degrees));
    return fmin(upper_tail(y, degrees), 1.0);
}

double ll_chi_square_ln_sf(double x, uint32_t degrees)
{
    assert(x >= 0 && isfinite(x));
    assert(degrees >= 1 && degrees <= LL_CHI_SQUARE_DEGREES_MAX);

    double y = 0.5 * x;
    if (y > exponent_max)
        return ln_far_tail(y, degrees);
    if (x <= 0)
        return 0.0;
    if (x < degrees)
        return log1p(-lower_tail(y, degrees));
    return log(upper_tail(y, degrees));
}

/* What the columns of a table add up to. */
typedef struct margins {
    uint64_t successes, failures, trials;
    uint64_t trials_least; /* of an arm with trials; 0 if there is none */
    uint32_t arms_used;
} margins;

static margins add_up(const uint64_t *successes, const uint64_t *trials, uint32_t arm_count)
{
    margins m = { 0 };

    for (uint32_t i = 0; i < arm_count; i++) {
        assert(trials[i] <= LL_STATS_COUNT_MAX);
        assert(successes[i] <= trials[i]);
        if (trials[i] == 0)
            continue;
        m.successes += successes[i];
        m.trials += trials[i];
        if (m.arms_used == 0 || trials[i] < m.trials_least)
            m.trials_least = trials[i];
        m.arms_used++;
    }
    m.failures = m.trials - m.successes;
    return m;
}

/* s N - n S: the observed less the expected successes, times N. */
static double exact_difference(const margins *m, uint64_t successes, uint64_t trials)
{
    ll_wide_i128 observed = (ll_wide_i128)successes * m->trials;
    ll_wide_i128 expected = (ll_wide_i128)trials * m->successes;
    return (double)(observed - expected);
}

static double sum_of_squares(const margins *m, const uint64_t *successes, const uint64_t *trials,
                             uint32_t arm_count)
{
    double scale = (double)m->successes * (double)m->failures;
    double sum = 0.0;

    for (uint32_t i = 0; i < arm_count; i++) {
        if (trials[i] == 0)
            continue;
        double difference = exact_difference(m, successes[i], trials[i]);
        sum += difference * difference / ((double)trials[i] * scale);
    }
    return sum;
}

/* Cells of one arm whose expected count, n S/N or n F/N, is below 5. */
static uint32_t low_cells(const margins *m, uint64_t trials)
{
    ll_wide_u128 five = (ll_wide_u128)5 * m->trials;
    return (uint32_t)((ll_wide_u128)trials * m->successes < five) +
           (uint32_t)((ll_wide_u128)trials * m->failures < five);
}

static void count_expected(const margins *m, const uint64_t *trials, uint32_t arm_count,
                           ll_chi_square_result *out)
{
    uint64_t rarer = m->successes < m->failures ? m->successes : m->failures;
    ll_wide_u128 product = (ll_wide_u128)m->trials_least * rarer;

    out->expected_min = (double)product / (double)m->trials;
    out->cells_low = 0;
    for (uint32_t i = 0; i < arm_count; i++) {
        if (trials[i] > 0)
            out->cells_low += low_cells(m, trials[i]);
    }
    out->low_expected = out->cells_low > 0;
}

void ll_chi_square_test(const uint64_t *successes, const uint64_t *trials, uint32_t arm_count,
                        ll_chi_square_result *out)
{
    assert(arm_count <= LL_STATS_ARMS_MAX);

    margins m = add_up(successes, trials, arm_count);
    *out = (ll_chi_square_result){
        .trials = m.trials,
        .arms_used = m.arms_used,
        .degrees = m.arms_used > 0 ? m.arms_used - 1 : 0,
        .no_variation = m.arms_used < 2 || m.successes == 0 || m.failures == 0,
        .p_value = 1.0,
    };
    if (m.trials > 0)
        count_expected(&m, trials, arm_count, out);
    if (out->no_variation)
        return;

    out->chi_square = sum_of_squares(&m, successes, trials, arm_count);
    out->p_value = ll_chi_square_sf(out->chi_square, out->degrees);
    out->ln_p_value = ll_chi_square_ln_sf(out->chi_square, out->degrees);
    out->cramers_v = fmin(sqrt(out->chi_square / (double)m.trials), 1.0);
}

/* V^2 = (N sum(s^2/n) - S^2) / (S F) over the common denominator of all arms,
 * against the fraction billionths/1e9 squared:
 *
 *   1e18 N numerator > denominator S (1e18 S + billionths^2 F) */
static bool exceeds_exactly(const margins *m, const uint64_t *successes, const uint64_t *trials,
                            uint32_t arm_count, uint64_t billionths)
{
    const uint64_t billion = UINT64_C(1000000000);
    ll_wide numerator, denominator, right;

    ll_wide_set(&numerator, 0);
    ll_wide_set(&denominator, 1);
    for (uint32_t i = 0; i < arm_count; i++) {
        if (trials[i] == 0)
            continue;
        ll_wide share = denominator;
        ll_wide_multiply(&share, successes[i]);
        ll_wide_multiply(&share, successes[i]);
        ll_wide_multiply(&numerator, trials[i]);
        ll_wide_add(&numerator, &share);
        ll_wide_multiply(&denominator, trials[i]);
    }

    ll_wide_multiply(&numerator, billion * billion);
    ll_wide_multiply(&numerator, m->trials);

    ll_wide_multiply(&denominator, m->successes);
    right = denominator;
    ll_wide_multiply(&denominator, billion * billion);
    ll_wide_multiply(&denominator, m->successes);
    ll_wide_multiply(&right, billionths * billionths);
    ll_wide_multiply(&right, m->failures);
    ll_wide_add(&right, &denominator);
    return ll_wide_compare(&numerator, &right) > 0;
}

bool ll_chi_square_effect_exceeds(const uint64_t *successes, const uint64_t *trials,
                                  uint32_t arm_count, double effect_min)
{
    assert(arm_count <= LL_STATS_ARMS_MAX);
    assert(effect_min >= 0);

    margins m = add_up(successes, trials, arm_count);
    if (m.arms_used < 2 || m.successes == 0 || m.failures == 0)
        return false; /* V is 0 */
    if (effect_min >= 1)
        return false; /* V is at most 1 */

    double billionths = round(effect_min * 1e9);
    double square = sum_of_squares(&m, successes, trials, arm_count) / (double)m.trials;
    double limit = billionths * billionths * 1e-18;

    /* Doubles decide unless they are close; their own error is below 1e-13. */
    if (square > limit * (1.0 + 1e-10))
        return true;
    if (square < limit * (1.0 - 1e-10))
        return false;
    return exceeds_exactly(&m, successes, trials, arm_count, (uint64_t)billionths);
}
