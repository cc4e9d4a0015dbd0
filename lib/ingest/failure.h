/* failure.h - what a failure of which no explanation is logged changes in its test.
 *
 * Threads: the ingest thread, in a job that goes through the sums.
 * Uses:    store, ingest. */
#ifndef LL_INGEST_FAILURE_H
#define LL_INGEST_FAILURE_H

#include "ingest/ingest.h"

typedef struct ll_failure {
    uint64_t test;
    uint32_t arm;
    const char *unit; /* NULL: what failed was its own unit */
} ll_failure;

/* Is there such an arm of a running test? LLMLEARN_ENOTFOUND, LLMLEARN_ESTATE. */
llmlearn_err ll_failure_check(const ll_write *write, const ll_failure *failure);

/* Counts it as an exposure of its arm that failed. Of one that is switched off nothing is: there
 * it was the champion's prompt that failed.
 * As ll_failure_check; LLMLEARN_EINVAL: the unit has been in another arm. Whether it belongs in
 * this one the caller has checked. */
llmlearn_err ll_failure_count(const ll_write *write, const ll_failure *failure);

#endif
