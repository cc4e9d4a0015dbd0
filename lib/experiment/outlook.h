/* outlook.h - how long a test takes: planned from the traffic before it, then from its own.
 *
 * What is needed is fixed when the test begins, never by the lift seen so far:
 *
 *   sequential rules   as much as tells lift_min from nothing with a power of 0.8, at
 *                      alpha / (arms - 1); planned once and a half for always_valid. In first
 *                      votes of each of two arms of equal shares, `trials`; unequal shares
 *                      need more: see the information in looks_taken.h
 *   classic            trials_min first votes in every arm, and its minimum duration
 *
 * Threads: pure functions.
 * Uses:    input, looks_taken, stats/plan, store (the traffic). */
#ifndef LL_EXPERIMENT_OUTLOOK_H
#define LL_EXPERIMENT_OUTLOOK_H

#include "experiment/input.h"
#include "store/traffic.h"

#define LL_TRAFFIC_DAYS 28

typedef struct ll_plan {
    double rate;    /* the champion's, as if 20 votes of 50 % had been among those counted */
    int64_t trials; /* as above */
    double kappa;   /* for the e-process */
    double explanations_per_day, response_ratio, first_votes_per_day; /* 0: unknown */
    double days;            /* until there is what is needed; -1: unknown */
    bool cannot_finish;     /* not before duration_max, at that traffic */
    double lift_v_gate;     /* where Cramer's V of the smallest arm alone passes effect_min; -1:
                             * nowhere. For the classic rule */
    double lift_detectable; /* what the classic rule finds with a power of 0.8; -1: nothing */
} ll_plan;

/* Reads the test's rule, thresholds and durations, and the arms' weights. The traffic is that of
 * LL_TRAFFIC_DAYS before the day at hand, and the champion's votes in it. */
void ll_outlook_plan(const ll_ab_test *test, const ll_ab_arm *arms, uint32_t arm_count,
                     uint32_t champion, const ll_traffic *traffic, int64_t today, ll_plan *out);

/* Of a running test: days until it can be decided at the latest, -1: unknown. */
void ll_outlook_find(const ll_decide_input *in, double *out_days_left, bool *out_cannot_finish);

#endif
