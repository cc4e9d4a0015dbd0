#include "stats/margins.h"

#include "stats/limits.h"
#include "stats/wide.h"

#include <assert.h>

_Static_assert(LLMLEARN_ARMS_MAX == LL_STATS_ARMS_MAX, "stats takes what the header allows");
_Static_assert(LLMLEARN_COUNT_MAX == LL_STATS_COUNT_MAX, "stats takes what the header allows");

ll_margins ll_margins_of(const llmlearn_rate *arms, uint32_t arm_count)
{
    ll_margins m = { 0 };

    assert(arm_count <= LL_STATS_ARMS_MAX);
    for (uint32_t i = 0; i < arm_count; i++) {
        assert(arms[i].trials <= LL_STATS_COUNT_MAX);
        assert(arms[i].successes <= arms[i].trials);
        if (arms[i].trials == 0)
            continue;
        m.successes += arms[i].successes;
        m.trials += arms[i].trials;
        if (m.arms_used == 0 || arms[i].trials < m.trials_least)
            m.trials_least = arms[i].trials;
        m.arms_used++;
    }
    m.failures = m.trials - m.successes;
    return m;
}

double ll_margins_excess(const ll_margins *margins, uint64_t successes, uint64_t trials)
{
    ll_wide_i128 observed = (ll_wide_i128)successes * margins->trials;
    ll_wide_i128 expected = (ll_wide_i128)trials * margins->successes;
    return (double)(observed - expected);
}

uint32_t ll_margins_cells_low(const ll_margins *margins, uint64_t trials)
{
    ll_wide_u128 five = (ll_wide_u128)5 * margins->trials;
    return (uint32_t)((ll_wide_u128)trials * margins->successes < five) +
           (uint32_t)((ll_wide_u128)trials * margins->failures < five);
}
