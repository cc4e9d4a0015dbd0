/* The header's section "reports": what is asked of the rollups. */
#include "analytics/report.h"
#include "api/handle.h"
#include "base/err.h"

#define DAYS_DEFAULT 30u

llmlearn_err llmlearn_analytics(llmlearn *learner, uint32_t days, uint32_t flags,
                                uint32_t deadline_ms, char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    llmlearn_err err;

    if (days > LL_ANALYTICS_DAYS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "days: %u; allowed are 1 to %d, and 0 for %u", days,
                       LL_ANALYTICS_DAYS_MAX, DAYS_DEFAULT);
    if (flags != 0 && flags != LLMLEARN_REFRESH && flags != LLMLEARN_IF_CACHED)
        return ll_fail(LLMLEARN_EINVAL,
                       "flags: 0x%x; allowed are 0, LLMLEARN_REFRESH and LLMLEARN_IF_CACHED",
                       flags);
    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    err = ll_handle_enter(learner, deadline, &core);
    if (err != LLMLEARN_OK)
        return err;
    days = days == 0 ? DAYS_DEFAULT : days;
    if (flags == LLMLEARN_IF_CACHED)
        return ll_analytics_cached(core->analytics, days, out_json);
    return ll_analytics_report(core->analytics, days, flags == LLMLEARN_REFRESH, deadline,
                               out_json);
}
