/* ab_eprocess.h - the e-process of a test, as bytes: rows of llm_ab_eprocess.
 *
 * It takes a step with every first vote, in the order of the commits. Kept beside it is how it
 * stood when the latest whole week since the start of the test was over: the rule that is always
 * valid decides by that one, so that no weekday decides.
 *
 * Uses: connection. */
#ifndef LL_STORE_AB_EPROCESS_H
#define LL_STORE_AB_EPROCESS_H

#include "store/connection.h"

/* As llmlearn_eprocess_write writes it. A test that began before there was this table has none:
 * now_bytes is 0. */
typedef struct ll_ab_eprocess {
    uint8_t now[LLMLEARN_EPROCESS_BYTES_MAX], week_end[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t now_bytes, week_end_bytes;
    int64_t week; /* whole weeks that were over at week_end; 0: that is the start */
} ll_ab_eprocess;

/* As it was written last: who wants to know week_end turns the weeks first. */
llmlearn_err ll_ab_eprocess_read(ll_connection *connection, uint64_t test,
                                 ll_ab_eprocess *out_eprocess);
/* week_end_bytes 0: it begins, and now is the end of week 0. */
llmlearn_err ll_ab_eprocess_write(ll_connection *connection, uint64_t test,
                                  const ll_ab_eprocess *eprocess);

/* Weeks may have ended, by now_us, since it took its latest step: then it ended the last of them as
 * it is. */
void ll_ab_eprocess_turn_weeks(ll_ab_eprocess *eprocess, int64_t started_us, int64_t now_us);

/* What the store, which knows no statistics, is given to take the steps with. As the public
 * functions llmlearn_eprocess_read, _add and _write; and what the e-process of the split gains, as
 * its logarithm, by a unit of an arm that has so many of all the units and such a share of the
 * weights. */
typedef struct ll_ab_stepper {
    llmlearn_err (*read)(const uint8_t *bytes, size_t size, llmlearn_eprocess *out_state);
    llmlearn_err (*add)(llmlearn_eprocess *state, uint32_t arm, int32_t success);
    llmlearn_err (*write)(const llmlearn_eprocess *state, uint8_t *out_bytes, size_t *out_size);
    double (*split_gain)(uint64_t units, uint64_t all_units, double share);
} ll_ab_stepper;

#endif
