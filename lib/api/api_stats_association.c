/* The header's section "statistics": do the arms differ, and several p-values at once. */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/association.h"
#include "stats/holm.h"

#include <inttypes.h>
#include <stdio.h>

const char *llmlearn_stats_status_name(int32_t status)
{
    switch (status) {
    case LLMLEARN_STATS_OK:
        return "ok";
    case LLMLEARN_STATS_NO_DATA:
        return "no_data";
    case LLMLEARN_STATS_TOO_FEW_ARMS:
        return "too_few_arms";
    case LLMLEARN_STATS_NO_VARIATION:
        return "no_variation";
    case LLMLEARN_STATS_TOO_FEW:
        return "too_few";
    case LLMLEARN_STATS_UNREACHABLE:
        return "unreachable";
    case LLMLEARN_STATS_MISASSIGNED:
        return "misassigned";
    default:
        return "?";
    }
}

llmlearn_err llmlearn_stats_association(const llmlearn_rate *arms, uint32_t arm_count,
                                        llmlearn_association *out_association)
{
    llmlearn_association found;
    llmlearn_err err =
        ll_arguments_check_out("out_association", out_association, sizeof *out_association);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_arms("arms", arms, arm_count);
    if (err != LLMLEARN_OK)
        return err;
    ll_association_test(arms, arm_count, &found);
    ll_arguments_write(out_association, &found, sizeof found);
    return LLMLEARN_OK;
}

static llmlearn_err check_p_values(const double *p_values, uint32_t count)
{
    char name[32];

    for (uint32_t i = 0; i < count; i++) {
        if (p_values[i] >= 0 && p_values[i] <= 1)
            continue;
        snprintf(name, sizeof name, "p_values[%" PRIu32 "]", i);
        return ll_stats_check_range(name, p_values[i], 0.0, 1.0);
    }
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_stats_holm(const double *p_values, uint32_t count, double *out_adjusted)
{
    llmlearn_err err = LLMLEARN_OK;

    if (count > LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "count: %" PRIu32 "; at most %d are allowed", count,
                       LLMLEARN_ARMS_MAX);
    if (count == 0)
        return LLMLEARN_OK;
    err = ll_stats_check_pointer("p_values", p_values);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_adjusted", out_adjusted);
    if (err == LLMLEARN_OK)
        err = check_p_values(p_values, count);
    if (err == LLMLEARN_OK)
        ll_holm_adjust(p_values, count, out_adjusted);
    return err;
}
