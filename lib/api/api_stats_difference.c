/* The header's section "statistics": the difference of two rates, and whether it is tolerable. */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/difference.h"
#include "stats/normal.h"
#include "stats/score.h"

static llmlearn_err check_two(const llmlearn_rate *control, const llmlearn_rate *variant)
{
    llmlearn_err err = ll_stats_check_rate("control", control);
    return err == LLMLEARN_OK ? ll_stats_check_rate("variant", variant) : err;
}

llmlearn_err llmlearn_stats_difference(const llmlearn_rate *control, const llmlearn_rate *variant,
                                       double confidence, int32_t method,
                                       llmlearn_difference *out_difference)
{
    llmlearn_difference found;
    llmlearn_err err =
        ll_arguments_check_out("out_difference", out_difference, sizeof *out_difference);

    if (method == 0)
        method = LLMLEARN_INTERVAL_NEWCOMBE;
    if (err == LLMLEARN_OK)
        err = check_two(control, variant);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err == LLMLEARN_OK && method != LLMLEARN_INTERVAL_NEWCOMBE &&
        method != LLMLEARN_INTERVAL_MIETTINEN_NURMINEN)
        err = ll_fail(LLMLEARN_EINVAL,
                      "method: %d; LLMLEARN_INTERVAL_NEWCOMBE (%d), _MIETTINEN_NURMINEN (%d) or 0",
                      method, LLMLEARN_INTERVAL_NEWCOMBE, LLMLEARN_INTERVAL_MIETTINEN_NURMINEN);
    if (err != LLMLEARN_OK)
        return err;
    ll_difference(control, variant, ll_normal_two_sided(confidence),
                  (llmlearn_interval_method)method, &found);
    ll_arguments_write(out_difference, &found, sizeof found);
    return LLMLEARN_OK;
}

static llmlearn_rate failures_of(const llmlearn_rate *arm)
{
    return (llmlearn_rate){ .successes = arm->trials - arm->successes, .trials = arm->trials };
}

static llmlearn_err check_limits(double margin, double alpha, uint32_t flags)
{
    if (!(margin >= 0 && margin < 1))
        return ll_fail(LLMLEARN_EINVAL, "margin: %g; must be at least 0 and less than 1", margin);
    if ((flags & ~LLMLEARN_LOWER_IS_BETTER) != 0)
        return ll_fail(LLMLEARN_EINVAL,
                       "flags: 0x%x has unknown bits; allowed is LLMLEARN_LOWER_IS_BETTER", flags);
    return ll_stats_check_open_ratio("alpha_ratio", alpha);
}

llmlearn_err llmlearn_stats_rate_not_worse(const llmlearn_rate *control,
                                           const llmlearn_rate *variant, double margin,
                                           double alpha_ratio, uint32_t flags,
                                           llmlearn_noninferiority *out_result)
{
    bool lower = (flags & LLMLEARN_LOWER_IS_BETTER) != 0;
    llmlearn_noninferiority result;
    llmlearn_err err = ll_arguments_check_out("out_result", out_result, sizeof *out_result);

    if (err == LLMLEARN_OK)
        err = check_two(control, variant);
    if (err == LLMLEARN_OK)
        err = check_limits(margin, alpha_ratio, flags);
    if (err != LLMLEARN_OK)
        return err;
    llmlearn_rate one = lower ? failures_of(control) : *control;
    llmlearn_rate two = lower ? failures_of(variant) : *variant;
    ll_score_not_worse(&one, &two, margin, alpha_ratio, &result);
    ll_arguments_write(out_result, &result, sizeof result);
    return LLMLEARN_OK;
}
