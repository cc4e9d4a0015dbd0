/* start.h - begins a test: checks its arms, freezes them, plans how long it takes, notes it down.
 *
 * Threads: inside a write transaction. Uses: outlook, stats (the e-process), store. */
#ifndef LL_EXPERIMENT_START_H
#define LL_EXPERIMENT_START_H

#include "store/ab_tests.h"

typedef struct ll_start {
    const char *signal;
    const char *const *versions; /* of the arms, each once */
    const double *weights;
    uint32_t arm_count;
    const char *baseline; /* becomes champion if the signal has none and it is an arm */
    bool keep_previous;   /* the champion before may be an arm, though it is archived */
    const char *actor;
    int64_t now_us;
    ll_ab_test test; /* salt, rule, durations and thresholds; the rest is found out or planned */
} ll_start;

/* Errors as llmlearn_start_ab_test says. */
llmlearn_err ll_start_test(ll_connection *connection, const ll_start *start, uint64_t *out_test);

#endif
