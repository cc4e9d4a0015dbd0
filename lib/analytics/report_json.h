/* report_json.h - a summary as the JSON that llmlearn.h documents for llmlearn_analytics.
 *
 * Threads: a pure function.
 * Uses:    summary, stats/interval. */
#ifndef LL_ANALYTICS_REPORT_JSON_H
#define LL_ANALYTICS_REPORT_JSON_H

#include "analytics/summary.h"

/* The members from "pending" on, compact, with the comma before and the closing brace behind:
 * what else there is depends on when it is read. NULL: no memory. The caller's to free(). */
char *ll_report_json(const ll_summary *summary, uint64_t pending);

#endif
