#include "api/stats_arguments.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

llmlearn_err ll_stats_check_rate(const char *what, const llmlearn_rate *arm)
{
    if (arm == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: NULL; an arm's counts are required", what);
    if (arm->trials > LLMLEARN_COUNT_MAX)
        return ll_fail(LLMLEARN_EINVAL, "%s: %" PRIu64 " trials; at most 2^53", what, arm->trials);
    if (arm->successes > arm->trials)
        return ll_fail(LLMLEARN_EINVAL,
                       "%s: %" PRIu64 " successes of %" PRIu64 " trials; they cannot be more", what,
                       arm->successes, arm->trials);
    return LLMLEARN_OK;
}

llmlearn_err ll_stats_check_arms(const char *what, const llmlearn_rate *arms, uint32_t arm_count)
{
    char name[40];

    if (arms == NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: NULL; an array of arms is required", what);
    if (arm_count == 0 || arm_count > LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arm_count: %" PRIu32 "; 1 to %d are allowed", arm_count,
                       LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; i < arm_count; i++) {
        if (arms[i].successes <= arms[i].trials && arms[i].trials <= LLMLEARN_COUNT_MAX)
            continue;
        snprintf(name, sizeof name, "%.24s[%" PRIu32 "]", what, i);
        return ll_stats_check_rate(name, &arms[i]);
    }
    return LLMLEARN_OK;
}

llmlearn_err ll_stats_check_open_ratio(const char *what, double value)
{
    if (value >= LL_STATS_RATIO_MIN && value < 1)
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EINVAL, "%s: %g; must be more than 0 (at least %g) and less than 1",
                   what, value, LL_STATS_RATIO_MIN);
}

llmlearn_err ll_stats_check_range(const char *what, double value, double low, double high)
{
    if (value >= low && value <= high)
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EINVAL, "%s: %g; must be %g to %g", what, value, low, high);
}

llmlearn_err ll_stats_check_pointer(const char *what, const void *pointer)
{
    if (pointer != NULL)
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EINVAL, "%s: NULL; a pointer is required", what);
}
