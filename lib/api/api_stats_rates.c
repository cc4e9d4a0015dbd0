/* The header's section "statistics": what is one rate, which is probably the best? */
#include "api/arguments.h"
#include "api/stats_arguments.h"
#include "base/err.h"
#include "stats/posterior.h"
#include "stats/rate.h"

llmlearn_err llmlearn_stats_rate(const llmlearn_rate *arm, double confidence, int32_t method,
                                 llmlearn_interval *out_interval)
{
    llmlearn_interval interval = { .struct_size = sizeof interval };
    llmlearn_err err = ll_arguments_check_out("out_interval", out_interval, sizeof *out_interval);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_rate("arm", arm);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err != LLMLEARN_OK)
        return err;
    if (method == 0)
        method = LLMLEARN_INTERVAL_WILSON;
    if (method < LLMLEARN_INTERVAL_WILSON || method > LLMLEARN_INTERVAL_SEQUENCE)
        return ll_fail(LLMLEARN_EINVAL,
                       "method: %d; of a rate there are LLMLEARN_INTERVAL_WILSON (1), "
                       "_CLOPPER_PEARSON (2) and _SEQUENCE (3)",
                       method);
    ll_rate_interval(arm, confidence, (llmlearn_interval_method)method, &interval);
    ll_arguments_write(out_interval, &interval, sizeof interval);
    return LLMLEARN_OK;
}

/* 0 is the default, 1. */
static llmlearn_err read_prior(const char *what, double *prior)
{
    if (*prior == 0)
        *prior = 1.0;
    return ll_stats_check_range(what, *prior, LL_POSTERIOR_PRIOR_MIN, LL_POSTERIOR_PRIOR_MAX);
}

llmlearn_err llmlearn_stats_posterior(const llmlearn_rate *arms, uint32_t arm_count,
                                      double prior_successes, double prior_failures,
                                      double confidence, llmlearn_posterior *out_posterior)
{
    llmlearn_posterior posterior = { .struct_size = sizeof posterior };
    llmlearn_err err =
        ll_arguments_check_out("out_posterior", out_posterior, sizeof *out_posterior);

    if (err == LLMLEARN_OK)
        err = ll_stats_check_arms("arms", arms, arm_count);
    if (err == LLMLEARN_OK)
        err = read_prior("prior_successes", &prior_successes);
    if (err == LLMLEARN_OK)
        err = read_prior("prior_failures", &prior_failures);
    if (err == LLMLEARN_OK)
        err = ll_stats_check_open_ratio("confidence", confidence);
    if (err != LLMLEARN_OK)
        return err;
    ll_posterior(arms, arm_count, prior_successes, prior_failures, confidence, &posterior);
    ll_arguments_write(out_posterior, &posterior, sizeof posterior);
    return LLMLEARN_OK;
}
