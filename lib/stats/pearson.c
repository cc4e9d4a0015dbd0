#include "stats/pearson.h"

#include "stats/chi_square.h"
#include "stats/limits.h"
#include "stats/wide.h"

#include <assert.h>
#include <math.h>

double ll_pearson_chi_square(const ll_margins *margins, const llmlearn_rate *arms,
                             uint32_t arm_count)
{
    double scale = (double)margins->successes * (double)margins->failures;
    double sum = 0.0;

    assert(scale > 0);
    for (uint32_t i = 0; i < arm_count; i++) {
        if (arms[i].trials == 0)
            continue;
        double excess = ll_margins_excess(margins, arms[i].successes, arms[i].trials);
        sum += excess * excess / ((double)arms[i].trials * scale);
    }
    return sum;
}

static void count_expected(const ll_margins *m, const llmlearn_rate *arms, uint32_t arm_count,
                           llmlearn_association *out)
{
    uint64_t rarer = m->successes < m->failures ? m->successes : m->failures;
    ll_wide_u128 product = (ll_wide_u128)m->trials_least * rarer;

    out->expected_min = (double)product / (double)m->trials;
    for (uint32_t i = 0; i < arm_count; i++) {
        if (arms[i].trials > 0)
            out->cells_low += ll_margins_cells_low(m, arms[i].trials);
    }
}

void ll_pearson_test(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out)
{
    ll_margins m = ll_margins_of(arms, arm_count);

    *out = (llmlearn_association){
        .status = LLMLEARN_STATS_OK,
        .arms_used = m.arms_used,
        .degrees = m.arms_used > 0 ? m.arms_used - 1 : 0,
        .p_value = 1.0,
        .mid_p_value = 1.0,
        .pearson_p_value = 1.0,
    };
    if (m.arms_used < 2) {
        out->status = LLMLEARN_STATS_TOO_FEW_ARMS;
        return;
    }
    count_expected(&m, arms, arm_count, out);
    if (m.successes == 0 || m.failures == 0) {
        out->status = LLMLEARN_STATS_NO_VARIATION;
        return;
    }
    out->method = LLMLEARN_METHOD_PEARSON;
    out->chi_square = ll_pearson_chi_square(&m, arms, arm_count);
    out->p_value = ll_chi_square_sf(out->chi_square, out->degrees);
    out->ln_p_value = ll_chi_square_ln_sf(out->chi_square, out->degrees);
    out->mid_p_value = out->p_value;
    out->pearson_p_value = out->p_value;
    out->cramers_v = fmin(sqrt(out->chi_square / (double)m.trials), 1.0);
}
