/* look.h - reads everything that a verdict on a test is made of, and nothing that grows with it.
 *
 * Threads: one connection. Uses: input, store. */
#ifndef LL_EXPERIMENT_LOOK_H
#define LL_EXPERIMENT_LOOK_H

#include "experiment/input.h"

/* The test as it is read, and its arms as the connection sees them: sums that a transaction has
 * not written yet are missing. LLMLEARN_ECORRUPT: numbers that counting cannot give. */
llmlearn_err ll_look_read(ll_connection *connection, const ll_ab_test *test, int64_t now_us,
                          int64_t vote_sequence, ll_decide_input *out);

/* Adds it to the looks that the test has had. */
llmlearn_err ll_look_keep(ll_connection *connection, const ll_decide_input *in);

#endif
