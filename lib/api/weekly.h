/* weekly.h - the weekly job: runs if it is due and nobody else runs it, step by step.
 *
 *   take the lease ──▶ each signal: look ──▶ generate ──▶ start ──▶ models that retire ──▶ finish
 *                                     (see weekly_step.h)
 *
 * What fails for one signal is noted and told, and the next signal's turn comes. What the disk or
 * the time fails ends the run here: its lease is given back, and who comes next goes on where it
 * was.
 *
 * Threads: any, several at once: one of them gets the lease.
 * Uses:    generate, weekly_step. */
#ifndef LL_API_WEEKLY_H
#define LL_API_WEEKLY_H

#include "api/handle.h"
#include "api/weekly_plan.h"

typedef struct ll_weekly_outcome {
    bool ran;        /* to its end */
    int64_t look_us; /* when to ask again, by the store's clock; 0: not known */
} ll_weekly_outcome;

/* cancel: NULL, or non-zero: stop. LLMLEARN_ECANCELLED, LLMLEARN_ETIMEDOUT, the storing errors;
 * LLMLEARN_OK also if the job was not due or another process has it. */
llmlearn_err ll_weekly_run(llmlearn *learner, const ll_weekly_plan *plan, ll_deadline deadline,
                           const atomic_int *cancel, ll_weekly_outcome *out_outcome);

#endif
