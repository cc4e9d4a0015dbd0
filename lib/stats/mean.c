#include "stats/mean.h"

#include "stats/limits.h"
#include "stats/student_t.h"
#include "stats/sum.h"
#include "stats/welch.h"

#include <assert.h>
#include <math.h>

/* Means of no spread that are as alike as decimal fractions can be are equal. */
static const double rounding = 0x1p-50;

static void check(const llmlearn_mean *side)
{
    assert(side->count <= LL_STATS_COUNT_MAX);
    assert(side->count < 1 || isfinite(side->mean));
    assert(side->count < 2 || (isfinite(side->variance) && side->variance >= 0));
}

/* (1 + margin) control - variant: what the variant keeps below its limit. */
static double headroom(double control, double variant, double margin)
{
    double product = margin * control;
    ll_sum limit = { .high = control, .rest = fma(margin, control, -product) };

    ll_sum_add(&limit, product);
    return (limit.high - variant) + limit.rest;
}

/* From the square roots, as a variance per count may vanish. */
static ll_welch_side side_of(const llmlearn_mean *mean, double factor)
{
    double error = sqrt(mean->variance) / sqrt((double)mean->count);
    return (ll_welch_side){ .count = mean->count, .error = factor * error };
}

/* Without spread a mean is what it is. */
static int32_t verdict_of_means(double room, double limit)
{
    return room >= -rounding * limit ? LLMLEARN_GUARDRAIL_PASS : LLMLEARN_GUARDRAIL_FAIL;
}

/* Only the side that the statistic is on can be shown, even if alpha is above 1/2. */
static int32_t verdict_of_test(const llmlearn_noninferiority *result, double alpha)
{
    if (result->statistic > 0 && result->p_value < alpha)
        return LLMLEARN_GUARDRAIL_PASS;
    if (result->statistic < 0 && result->p_worse < alpha)
        return LLMLEARN_GUARDRAIL_FAIL;
    return LLMLEARN_GUARDRAIL_UNKNOWN;
}

static void test(const llmlearn_mean *control, const llmlearn_mean *variant, double margin,
                 double alpha, llmlearn_noninferiority *out)
{
    /* Room for the factor of up to 2^20, where means are that large. */
    double scale = fmax(control->mean, fabs(variant->mean)) > 0x1p1000 ? 0x1p-64 : 1.0;
    double room = headroom(control->mean * scale, variant->mean * scale, margin);
    ll_welch_side one = side_of(control, scale * (1.0 + margin));
    ll_welch_side other = side_of(variant, scale);

    if (one.error <= 0 && other.error <= 0) {
        out->status = LLMLEARN_STATS_NO_VARIATION;
        out->guardrail = verdict_of_means(room, (1.0 + margin) * (control->mean * scale));
        return;
    }
    ll_welch welch = ll_welch_test(room, one, other);
    out->status = LLMLEARN_STATS_OK;
    out->statistic = welch.t;
    out->degrees = welch.degrees;
    out->p_value = ll_student_t_sf(welch.t, welch.degrees);
    out->p_worse = ll_student_t_sf(-welch.t, welch.degrees);
    out->guardrail = verdict_of_test(out, alpha);
}

void ll_mean_not_worse(const llmlearn_mean *control, const llmlearn_mean *variant, double margin,
                       double alpha, llmlearn_noninferiority *out)
{
    uint32_t struct_size = out->struct_size;

    check(control);
    check(variant);
    assert(control->count < 1 || control->mean >= 0);
    assert(margin >= -1 && margin <= LL_MEAN_MARGIN_MAX);
    assert(alpha > 0 && alpha < 1);

    *out = (llmlearn_noninferiority){
        .struct_size = struct_size,
        .status = LLMLEARN_STATS_NO_DATA,
        .guardrail = LLMLEARN_GUARDRAIL_UNKNOWN,
        .p_value = 1.0,
        .p_worse = 1.0,
    };
    if (control->count == 0 || variant->count == 0)
        return;
    out->status = LLMLEARN_STATS_TOO_FEW;
    if (control->count < 2 || variant->count < 2)
        return;
    test(control, variant, margin, alpha, out);
}
