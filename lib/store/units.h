/* units.h - what was randomised in a test, and the sums its arms keep.
 *
 * A unit with a text (user, account) gets a row with its first exposure; an explanation that
 * is its own unit gets one with its first vote, being counted as a unit by the arm before.
 * The first vote of a unit and its sequence never change once set.
 *
 * Uses: connection. */
#ifndef LL_STORE_UNITS_H
#define LL_STORE_UNITS_H

#include "store/connection.h"

/* What an arm's sums grow by; see llm_ab_arms. */
typedef struct ll_arm_delta {
    int64_t explanations, cached, fallback, rerouted, units;
    int64_t first_votes, first_positive, votes, positive, rating_count, rating_sum;
    int64_t cost_nanousd, cost_known;
} ll_arm_delta;

llmlearn_err ll_arms_add(ll_connection *connection, uint64_t test, uint32_t arm,
                         const ll_arm_delta *delta);

/* Counts on the test itself. */
llmlearn_err ll_tests_count_mismatch(ll_connection *connection, uint64_t test, int64_t count);

typedef enum ll_unit_arrival {
    LL_UNIT_NEW = 1,
    LL_UNIT_KNOWN,       /* in this arm already */
    LL_UNIT_CONTAMINATED /* its first arm is another one; counted once per unit */
} ll_unit_arrival;

/* A unit was exposed to an arm. */
llmlearn_err ll_units_arrive(ll_connection *connection, uint64_t test, int64_t unit, uint32_t arm,
                             ll_unit_arrival *out_arrival);

/* Live votes of the unit change by these; `first` >= 0 offers a first vote (0 or 1) with its
 * sequence, taken if the unit has none and the test is running. *out_first_taken says so;
 * *out_counts is false when the unit belongs to another arm: then nothing changed. */
llmlearn_err ll_units_vote(ll_connection *connection, uint64_t test, int64_t unit, uint32_t arm,
                           int64_t votes, int64_t positive, int first, int64_t sequence,
                           bool *out_first_taken, bool *out_counts);

#endif
