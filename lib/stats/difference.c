#include "stats/difference.h"

#include "stats/interval.h"
#include "stats/score.h"

#include <assert.h>

void ll_difference(const llmlearn_rate *control, const llmlearn_rate *variant, double z,
                   llmlearn_interval_method method, llmlearn_difference *out)
{
    uint64_t s1 = control->successes, n1 = control->trials;
    uint64_t s2 = variant->successes, n2 = variant->trials;
    bool newcombe = method == LLMLEARN_INTERVAL_NEWCOMBE;

    assert(newcombe || method == LLMLEARN_INTERVAL_MIETTINEN_NURMINEN);
    ll_interval interval =
        newcombe ? ll_interval_newcombe_z(s1, n1, s2, n2, z) : ll_score_interval(s1, n1, s2, n2, z);
    *out = (llmlearn_difference){ .low = interval.low, .high = interval.high };
    if (interval.no_data) {
        out->status = LLMLEARN_STATS_NO_DATA;
        return;
    }
    out->difference = ll_interval_difference(s1, n1, s2, n2);
    if (s1 > 0) {
        out->has_lift = 1;
        out->lift_ratio = out->difference * (double)n1 / (double)s1;
    }
}
