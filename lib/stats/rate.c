#include "stats/rate.h"

#include "stats/beta.h"
#include "stats/interval.h"
#include "stats/limits.h"
#include "stats/special.h"

#include <assert.h>
#include <math.h>

typedef struct ends {
    double low, high;
} ends;

static ends wilson(const llmlearn_rate *arm, double confidence)
{
    ll_interval interval = ll_interval_wilson(arm->successes, arm->trials, confidence);

    return (ends){ .low = interval.low, .high = interval.high };
}

/* Clopper & Pearson 1934: the rates that leave half of alpha beyond what was seen. */
static ends clopper_pearson(const llmlearn_rate *arm, double confidence)
{
    double s = (double)arm->successes;
    double f = (double)(arm->trials - arm->successes);
    double tail = 0.5 * (1.0 - confidence);
    double all = log(tail) / (s + f); /* for when all trials had one outcome */

    return (ends){
        .low = s == 0   ? 0.0
               : f == 0 ? exp(all)
                        : ll_beta_quantile(tail, s, f + 1.0),
        .high = f == 0   ? 1.0
                : s == 0 ? -expm1(all)
                         : ll_beta_upper_quantile(tail, s + 1.0, f),
    };
}

/* Robbins 1970: the rates p under which the mixture of all rates is not 1/alpha times as likely,
 * B(1+s, 1+f) < p^s q^f / alpha. In logarithms that is deviance of p < ln(1/alpha) + slack. */
static ends sequence(const llmlearn_rate *arm, double confidence)
{
    uint64_t failures = arm->trials - arm->successes;
    double s = (double)arm->successes, f = (double)failures, n = s + f;
    double slack = log1p(n) + ll_special_ln_factorial_rest(arm->trials) -
                   ll_special_ln_factorial_rest(arm->successes) -
                   ll_special_ln_factorial_rest(failures);
    double divergence = (slack - log1p(-confidence)) / n;

    if (s == 0)
        return (ends){ .low = 0.0, .high = -expm1(-divergence) };
    if (f == 0)
        return (ends){ .low = exp(-divergence), .high = 1.0 };
    double x = s / n, y = f / n;
    return (ends){
        .low = ll_logit_move(x, y, ll_logit_step_to(x, y, divergence, -1)).x,
        .high = ll_logit_move(x, y, ll_logit_step_to(x, y, divergence, 1)).x,
    };
}

void ll_rate_interval(const llmlearn_rate *arm, double confidence, llmlearn_interval_method method,
                      llmlearn_interval *out)
{
    ends found = { .low = 0.0, .high = 1.0 };

    assert(arm->successes <= arm->trials && arm->trials <= LL_STATS_COUNT_MAX);
    assert(confidence > 0 && confidence < 1);
    out->status = LLMLEARN_STATS_NO_DATA;
    out->estimate = 0.0;
    if (arm->trials > 0) {
        out->status = LLMLEARN_STATS_OK;
        out->estimate = (double)arm->successes / (double)arm->trials;
        found = method == LLMLEARN_INTERVAL_WILSON            ? wilson(arm, confidence)
                : method == LLMLEARN_INTERVAL_CLOPPER_PEARSON ? clopper_pearson(arm, confidence)
                                                              : sequence(arm, confidence);
        /* A confidence near 0 leaves the rate alone, and rounding must not part the ends. */
        found.low = fmin(found.low, out->estimate);
        found.high = fmax(found.high, out->estimate);
    }
    out->low = found.low;
    out->high = found.high;
}
