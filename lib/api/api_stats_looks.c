/* The header's part "may I stop at this planned look?". */
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/looks.h"

#include <inttypes.h>
#include <stdio.h>

static llmlearn_err check_look(const double *information, uint32_t look, uint32_t look_count,
                               double information_max)
{
    char name[32];
    llmlearn_err err;

    snprintf(name, sizeof name, "information[%" PRIu32 "]", look);
    err = ll_stats_check_range(name, information[look], LL_LOOKS_INFORMATION_MIN,
                               LL_LOOKS_INFORMATION_MAX);
    if (err != LLMLEARN_OK)
        return err;
    if (look > 0 && information[look] <= information[look - 1])
        return ll_fail(LLMLEARN_EINVAL, "%s: %g; must be more than at the look before", name,
                       information[look]);
    if (look + 1 < look_count && information[look] >= information_max)
        return ll_fail(LLMLEARN_EINVAL, "%s: %g; only the last look may reach information_max",
                       name, information[look]);
    return LLMLEARN_OK;
}

static llmlearn_err check_looks(const double *information, uint32_t look_count,
                                double information_max)
{
    llmlearn_err err = ll_stats_check_pointer("information", information);

    if (err == LLMLEARN_OK && (look_count == 0 || look_count > LLMLEARN_LOOKS_MAX))
        err = ll_fail(LLMLEARN_EINVAL, "look_count: %" PRIu32 "; 1 to %d are allowed", look_count,
                      LLMLEARN_LOOKS_MAX);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_range("information_max", information_max, LL_LOOKS_INFORMATION_MIN,
                                   LL_LOOKS_INFORMATION_MAX);
    for (uint32_t i = 0; err == LLMLEARN_OK && i < look_count; i++)
        err = check_look(information, i, look_count, information_max);
    return err;
}

llmlearn_err llmlearn_stats_look_bounds(const double *information, uint32_t look_count,
                                        double information_max, double alpha_ratio, uint32_t flags,
                                        double *out_bounds, double *out_spent)
{
    llmlearn_err err = check_looks(information, look_count, information_max);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("alpha_ratio", alpha_ratio);
    if (err == LLMLEARN_OK && (flags & ~LLMLEARN_FINAL_LOOK) != 0)
        err =
            ll_fail(LLMLEARN_EINVAL,
                    "flags: 0x%" PRIx32 " has unknown bits; allowed is LLMLEARN_FINAL_LOOK", flags);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_pointer("out_bounds", out_bounds);
    if (err == LLMLEARN_OK)
        ll_looks_bounds(information, look_count, information_max, alpha_ratio,
                        (flags & LLMLEARN_FINAL_LOOK) != 0, out_bounds, out_spent);
    return err;
}
