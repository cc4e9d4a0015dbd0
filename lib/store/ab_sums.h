/* ab_sums.h - the sums of tests and arms, as one transaction changes them.
 *
 *   first touch of a test ──▶ its arms' rows and e-process are read
 *   rows, votes, failures ──▶ change them in memory; nothing here can fail then
 *   before the commit, or before anybody reads llm_ab_arms ──▶ written, once each
 *
 * Everything a verdict needs is kept here and equals a recount of llm_ab_units and the raw rows.
 * First votes come in commit order; each takes the e-process one step on.
 *
 * Threads: the ingest thread. Uses: base, stats is not known here: the e-process is
 * stepped by a function that the owner gives. */
#ifndef LL_STORE_AB_SUMS_H
#define LL_STORE_AB_SUMS_H

#include "store/ab_tests.h"

typedef struct ll_ab_sums ll_ab_sums;

/* Steps a serialised e-process by one first vote; false if the bytes are damaged. Given by api,
 * since the store does not know stats. */
typedef bool (*ll_ab_step_fn)(void *user, uint8_t *bytes, size_t size, uint32_t arm, int success);

llmlearn_err ll_ab_sums_new(ll_ab_step_fn step, void *user, ll_ab_sums **out_sums);
void ll_ab_sums_free(ll_ab_sums *sums);

/* After a rollback, and at the begin of a transaction: nothing is known. */
void ll_ab_sums_forget(ll_ab_sums *sums);

/* A test whose arms may be changed in memory; read at first touch. *out_test is NULL if there is no
 * such test. Good until the next forget. */
typedef struct ll_ab_open {
    ll_ab_test test;
    uint32_t arm_count;
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
} ll_ab_open;

llmlearn_err ll_ab_sums_open(ll_ab_sums *sums, ll_connection *connection, uint64_t test,
                             ll_ab_open **out_test);

/* Writes all that changed. */
llmlearn_err ll_ab_sums_write(ll_ab_sums *sums, ll_connection *connection);

#endif
