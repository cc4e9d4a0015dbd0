/* plan_json.h - what was planned for a test, as the receipt of its start: see
 * llmlearn_decisions.
 *
 * Uses: json, outlook. */
#ifndef LL_EXPERIMENT_PLAN_JSON_H
#define LL_EXPERIMENT_PLAN_JSON_H

#include "experiment/outlook.h"

/* The text is the caller's to free(). LLMLEARN_ENOMEM. */
llmlearn_err ll_plan_write(const ll_ab_test *test, const ll_plan *plan, char **out_json);

#endif
