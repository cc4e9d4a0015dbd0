/* test_plan.h - how long a test may take and by what it is decided: what a caller said, with the
 * defaults of llmlearn_ab_test for what he did not.
 *
 * Uses: store. */
#ifndef LL_API_TEST_PLAN_H
#define LL_API_TEST_PLAN_H

#include "llmlearn.h"
#include "store/ab_tests.h"

/* Durations, rule and thresholds. LLMLEARN_EINVAL names the field. */
llmlearn_err ll_test_plan_check(const llmlearn_ab_test *test);

/* The same of a test that was checked, and a new salt. */
llmlearn_err ll_test_plan_make(const llmlearn_ab_test *test, ll_ab_test *out_plan);

#endif
