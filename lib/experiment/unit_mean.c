#include "experiment/unit_mean.h"

#include <assert.h>

/* As many as the sums of squares have room for; see ab_moments.h. */
#define UNITS_MAX INT64_C(10000000000)

/* The whole number nearest to the mean, and what the sum is above it. */
typedef struct middle {
    int64_t value;
    int64_t rest;
} middle;

static middle middle_of(const ll_ab_moments *m)
{
    int64_t value = (int64_t)((m->sum + m->units / 2) / m->units);

    return (middle){ .value = value, .rest = (int64_t)(m->sum - (ll_i128)value * m->units) };
}

/* The sum of (x - middle)^2 over the units. In this order no term exceeds what squares may be. */
static ll_i128 squares_about(const ll_ab_moments *m, middle about)
{
    return m->squares - m->sum * about.value - (ll_i128)about.rest * about.value;
}

bool ll_unit_mean_is_sound(const ll_ab_moments *m)
{
    const ll_i128 units = m->units;

    if (units == 0)
        return m->sum == 0 && m->squares == 0;
    if (units < 0 || units > UNITS_MAX || m->sum < 0 || m->sum > units * LL_AB_VALUE_MAX ||
        m->squares < 0 || m->squares > units * LL_AB_VALUE_MAX * LL_AB_VALUE_MAX)
        return false;
    middle about = middle_of(m);
    /* Squares of whole numbers are no less than their sum, whatever its sign. */
    return squares_about(m, about) >= (about.rest < 0 ? -about.rest : about.rest);
}

llmlearn_mean ll_unit_mean_of(const ll_ab_moments *m)
{
    llmlearn_mean mean = { .count = (uint64_t)m->units };

    assert(ll_unit_mean_is_sound(m));
    if (m->units == 0)
        return mean;
    middle about = middle_of(m);
    double rest = (double)about.rest / (double)m->units;
    mean.mean = (double)about.value + rest;
    if (m->units > 1)
        mean.variance =
            ((double)squares_about(m, about) - (double)about.rest * rest) / (double)(m->units - 1);
    return mean;
}
