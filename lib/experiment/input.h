/* input.h - everything that a verdict is made of, at one moment.
 *
 * Read from the store (experiment/look.h) or from what a decision kept (experiment/inputs.h).
 * Either may be damaged: all that comes after relies on ll_input_fault being NULL.
 *
 * Threads: pure functions.
 * Uses:    stats (what it allows), store (rows). */
#ifndef LL_EXPERIMENT_INPUT_H
#define LL_EXPERIMENT_INPUT_H

#include "store/ab_days.h"
#include "store/ab_looks.h"
#include "store/ab_tests.h"
#include "store/variants.h"

#include <stdbool.h>

/* Whole days by which the traffic is judged. */
#define LL_RECENT_DAYS_MAX 7

/* 130 KiB: not for the stack. Arms are looked up by index; what an arm's breaker remembers
 * (`recent`) is no part of a verdict. */
typedef struct ll_decide_input {
    ll_ab_test test;
    uint32_t arm_count;
    uint32_t champion; /* its index among the arms */
    int64_t now_us;
    int64_t vote_sequence; /* the last one given */
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    char versions[LLMLEARN_ARMS_MAX][LL_VERSION_BYTES_MAX + 1];
    double latency_p50_ms[LLMLEARN_ARMS_MAX], latency_p95_ms[LLMLEARN_ARMS_MAX]; /* -1: unknown */

    /* After the last first vote, and as it was at the end of the last whole week. */
    bool has_eprocess; /* false: the test began before they were kept */
    int64_t week;      /* whole weeks that were over by then */
    llmlearn_eprocess eprocess, eprocess_week_end;

    uint32_t look_count; /* earlier looks of the group-sequential rule */
    ll_ab_look looks[LLMLEARN_LOOKS_MAX];

    ll_ab_days recent; /* whole UTC days since the start, up to LL_RECENT_DAYS_MAX */
} ll_decide_input;

/* NULL if all numbers are such as counting gives and what decides can take; else what is wrong. */
const char *ll_input_fault(const ll_decide_input *in);

/* The arm's votes on all, by unit. */
llmlearn_cluster ll_input_cluster(const ll_ab_arm *arm);

static inline int64_t ll_input_age_us(const ll_decide_input *in)
{
    return in->now_us - in->test.started_us;
}

/* Has the breaker left the arm in the test? */
static inline bool ll_input_is_on(const ll_decide_input *in, uint32_t arm)
{
    return in->arms[arm].off_us == 0;
}

#endif
