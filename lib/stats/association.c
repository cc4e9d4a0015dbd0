#include "stats/association.h"

#include "stats/cramer.h"
#include "stats/fisher.h"
#include "stats/freeman_halton.h"
#include "stats/pearson.h"

#include <assert.h>

/* With an expected count below 5 there are only a few tables to add up. */
static void test_two(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out)
{
    llmlearn_rate two[2];
    uint32_t found = 0;
    ll_fisher_result exact = { .p_value = 1.0 };

    for (uint32_t i = 0; i < arm_count; i++) {
        if (arms[i].trials > 0)
            two[found++] = arms[i];
    }
    assert(found == 2);
    ll_fisher_status status =
        ll_fisher_test(two[0].successes, two[0].trials, two[1].successes, two[1].trials, &exact);
    assert(status == LL_FISHER_OK);
    (void)status;
    out->method = LLMLEARN_METHOD_FISHER;
    out->p_value = exact.p_value;
    out->ln_p_value = exact.ln_p_value;
    out->mid_p_value = exact.mid_p_value;
}

static void test_more(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out)
{
    if (!ll_freeman_halton_test(arms, arm_count, &out->p_value, &out->ln_p_value)) {
        out->method = LLMLEARN_METHOD_LOW_EXPECTED;
        return;
    }
    out->method = LLMLEARN_METHOD_FREEMAN_HALTON;
    out->mid_p_value = out->p_value;
}

void ll_association_test(const llmlearn_rate *arms, uint32_t arm_count, llmlearn_association *out)
{
    ll_pearson_test(arms, arm_count, out);
    if (out->status != LLMLEARN_STATS_OK)
        return;
    out->cramers_v_unbiased = ll_cramer_unbiased(arms, arm_count, out->chi_square);
    if (out->cells_low == 0)
        return;
    if (out->arms_used == 2)
        test_two(arms, arm_count, out);
    else
        test_more(arms, arm_count, out);
}
