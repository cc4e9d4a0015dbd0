/* weekly_plan.h - what the weekly job is to do, as the caller of llmlearn_set_schedule said it.
 *
 * A plan never changes once it is set. Setting another publishes that by one pointer; a run that
 * began before goes on with its own, so all are kept until the handle is closed.
 *
 * Threads: any; freeing comes last.
 * Uses:    generate, test_plan; cron. */
#ifndef LL_API_WEEKLY_PLAN_H
#define LL_API_WEEKLY_PLAN_H

#include "llmlearn.h"
#include "store/schedule.h"

#include <stdatomic.h>

typedef struct ll_weekly_plan ll_weekly_plan;

struct ll_weekly_plan {
    ll_weekly_plan *next; /* of all that were ever set */
    uint32_t flags;
    char *cron;
    char **signals; /* NULL: all */
    uint32_t signal_count;
    llmlearn_ab_test test; /* rule, durations and lift of the tests; the rest 0 */
    char **fields;
    uint32_t field_count;
    uint32_t variants, replays, generate_flags;
    double response_rate_min;
};

/* All zero: none is set. */
typedef struct ll_weekly_plans {
    _Atomic(ll_weekly_plan *) current;
    _Atomic(ll_weekly_plan *) all;
} ll_weekly_plans;

/* NULL: none is set. */
const ll_weekly_plan *ll_weekly_plan_get(const ll_weekly_plans *plans);
void ll_weekly_plans_free(ll_weekly_plans *plans);

/* The job's name in llm_jobs, and what its lines mean. */
#define LL_WEEKLY_JOB "weekly"
extern const ll_schedule_rule ll_weekly_rule;

#endif
