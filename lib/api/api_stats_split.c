/* The header's part "was the split broken?". */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/split.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

/* Detects units: a mismatch of one part in thirty shows after some ten thousand. */
#define CONCENTRATION_DEFAULT 1000.0

static llmlearn_err check_arm(uint32_t arm, uint64_t count, double weight)
{
    if (count > LLMLEARN_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "counts[%" PRIu32 "]: %" PRIu64 "; at most 2^53", arm,
                       count);
    if (weight == 0 || (weight >= LL_SPLIT_WEIGHT_MIN && weight <= LL_SPLIT_WEIGHT_MAX))
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EINVAL, "weights[%" PRIu32 "]: %g; must be 0, or %g to %g", arm, weight,
                   LL_SPLIT_WEIGHT_MIN, LL_SPLIT_WEIGHT_MAX);
}

static llmlearn_err check_arms(const uint64_t *counts, const double *weights, uint32_t count)
{
    bool drawn = false;
    llmlearn_err err = ll_stats_check_pointer("counts", counts);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("weights", weights);
    if (err == LLMLEARN_OK && (count == 0 || count > LLMLEARN_ARMS_MAX))
        err = ll_fail(LLMLEARN_EINVAL, "count: %" PRIu32 "; 1 to %d are allowed", count,
                      LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < count; i++) {
        err = check_arm(i, counts[i], weights[i]);
        drawn = drawn || weights[i] > 0;
    }
    if (err == LLMLEARN_OK && !drawn)
        err = ll_fail(LLMLEARN_EINVAL, "weights: all are 0; at least one must be more");
    return err;
}

llmlearn_err llmlearn_stats_split(const uint64_t *counts, const double *weights, uint32_t count,
                                  double concentration, llmlearn_split *out_split)
{
    llmlearn_split split = { .struct_size = sizeof split };
    double chosen = concentration == 0 ? CONCENTRATION_DEFAULT : concentration;
    llmlearn_err err = check_arms(counts, weights, count);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("concentration", chosen, 1, LL_SPLIT_CONCENTRATION_MAX);
    if (err == LLMLEARN_OK)
        err = ll_arguments_check_out("out_split", out_split, sizeof *out_split);
    if (err != LLMLEARN_OK)
        return err;
    ll_split_test(counts, weights, count, chosen, &split);
    ll_arguments_write(out_split, &split, sizeof split);
    return LLMLEARN_OK;
}
