#include "stats/cluster.h"

#include "stats/interval.h"
#include "stats/limits.h"
#include "stats/normal.h"
#include "stats/student_t.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

/* Is a b > c d? */
static bool exceeds(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return (ll_wide_u128)a * b > (ll_wide_u128)c * d;
}

static const char *fault_of_size(const llmlearn_cluster *arm)
{
    if (arm->units > LL_STATS_COUNT_MAX)
        return "units: more than 2^53";
    if (arm->trials > LL_STATS_COUNT_MAX)
        return "trials: more than 2^53";
    if (arm->successes > LL_STATS_COUNT_MAX)
        return "successes: more than 2^53";
    if (arm->trials_squared > LL_STATS_COUNT_MAX)
        return "trials_squared: more than 2^53";
    if (arm->products > LL_STATS_COUNT_MAX)
        return "products: more than 2^53";
    if (arm->successes_squared > LL_STATS_COUNT_MAX)
        return "successes_squared: more than 2^53";
    return NULL;
}

/* s <= n and 1 <= n, whence s <= s s <= s n <= n n, and so for the sums. */
static const char *fault_of_order(const llmlearn_cluster *arm)
{
    if (arm->units > arm->trials)
        return "units: more than trials";
    if (arm->units == 0 && arm->trials > 0)
        return "units: none, but there are trials";
    if (arm->successes > arm->trials)
        return "successes: more than trials";
    if (arm->trials_squared < arm->trials)
        return "trials_squared: less than trials";
    if (arm->products > arm->trials_squared)
        return "products: more than trials_squared";
    if (arm->products < arm->successes)
        return "products: less than successes";
    if (arm->successes_squared > arm->products)
        return "successes_squared: more than products";
    if (arm->successes_squared < arm->successes)
        return "successes_squared: less than successes";
    return NULL;
}

/* A sum of squares is at most the square of the sum. And Cauchy & Schwarz: the
 * square of a sum of products is at most the product of the sums of squares. */
static const char *fault_of_squares(const llmlearn_cluster *arm)
{
    if (exceeds(arm->trials_squared, 1, arm->trials, arm->trials))
        return "trials_squared: more than the square of trials";
    if (exceeds(arm->trials, arm->trials, arm->units, arm->trials_squared))
        return "trials_squared: too small for so many trials of so few units";
    if (exceeds(arm->successes_squared, 1, arm->successes, arm->successes))
        return "successes_squared: more than the square of successes";
    if (exceeds(arm->successes, arm->successes, arm->units, arm->successes_squared))
        return "successes_squared: too small for so many successes of so few units";
    if (exceeds(arm->products, arm->products, arm->trials_squared, arm->successes_squared))
        return "products: too large for the sums of squares";
    return NULL;
}

/* The failures f = n - s are counts as well; of f f = n n - 2 s n + s s it is already
 * known that the sum is not negative. */
static const char *fault_of_failures(const llmlearn_cluster *arm)
{
    uint64_t failures = arm->trials - arm->successes;
    uint64_t squared = arm->trials_squared + arm->successes_squared - 2 * arm->products;

    assert(squared <= arm->trials_squared);
    if (squared < failures)
        return "products: too large for so many failures";
    if (exceeds(squared, 1, failures, failures))
        return "products: too small for so few failures";
    if (exceeds(failures, failures, arm->units, squared))
        return "products: too large for so many failures of so few units";
    return NULL;
}

const char *ll_cluster_fault(const llmlearn_cluster *arm)
{
    const char *fault = fault_of_size(arm);

    if (fault == NULL)
        fault = fault_of_order(arm);
    if (fault == NULL)
        fault = fault_of_squares(arm);
    return fault != NULL ? fault : fault_of_failures(arm);
}

/* N^2 times the sum of (s_u - rate n_u)^2, which is N (N A - S B) - S (N B - S C)
 * with the sums A of s s, B of s n, C of n n: exact but for its own rounding. */
static double spread(const llmlearn_cluster *arm)
{
    uint64_t n = arm->trials, s = arm->successes;
    ll_wide_i128 left = (ll_wide_i128)n * arm->successes_squared;
    ll_wide_i128 right = (ll_wide_i128)n * arm->products;

    left -= (ll_wide_i128)s * arm->products;
    right -= (ll_wide_i128)s * arm->trials_squared;

    /* Both have up to 107 bits, so the factors n and s are applied to halves.
     * A right shift of a negative number rounds down: gcc and clang say so. */
    ll_wide_i128 low = (ll_wide_i128)n * (uint64_t)left - (ll_wide_i128)s * (uint64_t)right;
    ll_wide_i128 high = (ll_wide_i128)n * (left >> 64) - (ll_wide_i128)s * (right >> 64);
    high += low >> 64;
    assert(high >= 0); /* products^2 <= trials_squared successes_squared */
    return (double)high * 0x1p64 + (double)(uint64_t)low;
}

static int32_t status_of(const llmlearn_cluster *arm, double spread_of_arm)
{
    if (arm->units == 0)
        return LLMLEARN_STATS_NO_DATA;
    if (arm->units < 2)
        return LLMLEARN_STATS_TOO_FEW;
    return spread_of_arm > 0 ? LLMLEARN_STATS_OK : LLMLEARN_STATS_NO_VARIATION;
}

/* Everything but the interval. */
static llmlearn_clustered rate_of(const llmlearn_cluster *arm)
{
    assert(ll_cluster_fault(arm) == NULL);

    double s = (double)arm->successes, n = (double)arm->trials;
    double squares = arm->units == 0 ? 0.0 : spread(arm);
    llmlearn_clustered out = {
        .status = status_of(arm, squares),
        .rate = arm->units == 0 ? 0.0 : s / n,
        .design_effect = 1.0,
        .high = 1.0,
    };
    if (out.status != LLMLEARN_STATS_OK)
        return out;

    double units = (double)arm->units;
    double corrected = squares / n * (units / (units - 1.0));
    out.variance = corrected / n / n / n;
    out.design_effect = corrected / (s * (double)(arm->trials - arm->successes));
    return out;
}

void ll_cluster_rate(const llmlearn_cluster *arm, double confidence, llmlearn_clustered *out)
{
    uint32_t struct_size = out->struct_size;

    assert(confidence > 0 && confidence < 1);
    *out = rate_of(arm);
    out->struct_size = struct_size;
    if (out->status != LLMLEARN_STATS_OK)
        return;
    double degrees = (double)(arm->units - 1);
    double reach = sqrt(out->variance) * ll_student_t_two_sided(confidence, degrees);
    out->low = fmax(out->rate - reach, 0.0);
    out->high = fmin(out->rate + reach, 1.0);
}

/* How bad a status is, from what is missing most. */
static int badness(int32_t status)
{
    switch (status) {
    case LLMLEARN_STATS_NO_DATA:
        return 3;
    case LLMLEARN_STATS_TOO_FEW:
        return 2;
    case LLMLEARN_STATS_NO_VARIATION:
        return 1;
    default:
        return 0;
    }
}

void ll_cluster_difference(const llmlearn_cluster *control, const llmlearn_cluster *variant,
                           double confidence, llmlearn_clustered_difference *out)
{
    llmlearn_clustered one = rate_of(control), other = rate_of(variant);
    uint32_t struct_size = out->struct_size;

    assert(confidence > 0 && confidence < 1);
    *out = (llmlearn_clustered_difference){
        .struct_size = struct_size,
        .status = badness(one.status) > badness(other.status) ? one.status : other.status,
        .low = -1.0,
        .high = 1.0,
        .p_value = 1.0,
        .p_normal = 1.0,
    };
    if (out->status == LLMLEARN_STATS_NO_DATA)
        return;
    out->difference = ll_interval_difference(control->successes, control->trials,
                                             variant->successes, variant->trials);
    if (out->status != LLMLEARN_STATS_OK)
        return;
    double error = sqrt(one.variance + other.variance);
    out->z = out->difference / error;
    out->degrees = (double)(control->units + variant->units - 2);
    double reach = error * ll_student_t_two_sided(confidence, out->degrees);
    out->low = fmax(out->difference - reach, -1.0);
    out->high = fmin(out->difference + reach, 1.0);
    out->p_value = fmin(2.0 * ll_student_t_sf(fabs(out->z), out->degrees), 1.0);
    out->p_normal = fmin(2.0 * ll_normal_sf(fabs(out->z)), 1.0);
}
