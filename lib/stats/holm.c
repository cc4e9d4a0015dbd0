#include "stats/holm.h"

#include "stats/limits.h"

#include <assert.h>
#include <math.h>

/* Positions of p_values from the smallest up; equal values keep their order. */
static void sort_positions(const double *p_values, uint32_t count, uint32_t *out_positions)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        while (at > 0 && p_values[out_positions[at - 1]] > p_values[i]) {
            out_positions[at] = out_positions[at - 1];
            at--;
        }
        out_positions[at] = i;
    }
}

void ll_holm_adjust(const double *p_values, uint32_t count, double *out_adjusted)
{
    uint32_t positions[LL_STATS_ARMS_MAX];
    double floor = 0.0;

    assert(count <= LL_STATS_ARMS_MAX);
    sort_positions(p_values, count, positions);
    for (uint32_t i = 0; i < count; i++) {
        double p = p_values[positions[i]];
        assert(p >= 0 && p <= 1);
        floor = fmax(floor, fmin(p * (count - i), 1.0));
        out_adjusted[positions[i]] = floor;
    }
}
