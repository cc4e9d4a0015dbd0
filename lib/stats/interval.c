#include "stats/interval.h"

#include "stats/limits.h"
#include "stats/normal.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

/* Both ends of Wilson's interval are (s + z^2/2 -+ z root) / (n + z^2). */
static double root(uint64_t successes, uint64_t trials, double z)
{
    double failures = (double)(trials - successes);
    return sqrt((double)successes * failures / (double)trials + 0.25 * z * z);
}

/* The low end as (s/n)^2 over the high end, so that nothing cancels. */
static double low_end(uint64_t successes, uint64_t trials, double z)
{
    double s = (double)successes;

    if (successes == 0)
        return 0.0;
    return s * s / (double)trials / (s + 0.5 * z * z + z * root(successes, trials, z));
}

/* From a low end the complement is good; from a high end near 0 it is not. */
static double high_end(uint64_t successes, uint64_t trials, double z)
{
    uint64_t failures = trials - successes;

    if (failures < successes)
        return 1.0 - low_end(failures, trials, z);
    return ((double)successes + 0.5 * z * z + z * root(successes, trials, z)) /
           ((double)trials + z * z);
}

/* From the low end up to the rate itself: z (root - z (1/2 - p)) / (n + z^2),
 * written without the difference when that difference is small. */
static double gap_below(uint64_t successes, uint64_t trials, double z)
{
    double n = (double)trials;
    uint64_t failures = trials - successes;

    if (successes == 0)
        return 0.0;
    double r = root(successes, trials, z);
    if (successes <= failures) {
        double below_half = (double)(failures - successes) / (2.0 * n);
        double variance = (double)successes * (double)failures / n / n;
        return z * variance / (r + z * below_half);
    }
    double above_half = (double)(successes - failures) / (2.0 * n);
    return z * (r + z * above_half) / (n + z * z);
}

ll_interval ll_interval_wilson(uint64_t successes, uint64_t trials, double confidence)
{
    assert(trials <= LL_STATS_COUNT_MAX && successes <= trials);

    double z = ll_normal_two_sided(confidence);
    if (trials == 0)
        return (ll_interval){ .low = 0.0, .high = 1.0, .no_data = true };
    /* A confidence near 0 leaves the rate alone, and rounding must not part the ends. */
    double rate = (double)successes / (double)trials;
    return (ll_interval){
        .low = fmin(low_end(successes, trials, z), rate),
        .high = fmax(high_end(successes, trials, z), rate),
    };
}

double ll_interval_difference(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                              uint64_t trials_2)
{
    assert(trials_1 > 0 && trials_2 > 0);

    ll_wide_i128 cross = (ll_wide_i128)successes_2 * trials_1;
    cross -= (ll_wide_i128)successes_1 * trials_2;
    return (double)cross / ((double)trials_1 * (double)trials_2);
}

ll_interval ll_interval_newcombe(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                 uint64_t trials_2, double confidence)
{
    return ll_interval_newcombe_z(successes_1, trials_1, successes_2, trials_2,
                                  ll_normal_two_sided(confidence));
}

ll_interval ll_interval_newcombe_z(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                                   uint64_t trials_2, double z)
{
    assert(trials_1 <= LL_STATS_COUNT_MAX && successes_1 <= trials_1);
    assert(trials_2 <= LL_STATS_COUNT_MAX && successes_2 <= trials_2);
    assert(z > 0);

    if (trials_1 == 0 || trials_2 == 0)
        return (ll_interval){ .low = -1.0, .high = 1.0, .no_data = true };

    double difference = ll_interval_difference(successes_1, trials_1, successes_2, trials_2);
    double below =
        hypot(gap_below(successes_2, trials_2, z), gap_below(trials_1 - successes_1, trials_1, z));
    double above =
        hypot(gap_below(trials_2 - successes_2, trials_2, z), gap_below(successes_1, trials_1, z));
    return (ll_interval){
        .low = fmax(difference - below, -1.0),
        .high = fmin(difference + above, 1.0),
    };
}
