/* tests.h - the tests met so far, running or ended, as immutable facts kept until close.
 *
 * Threads: one at a time; a test handed out may be read by any.
 * Uses:    intern, snapshot, store. */
#ifndef LL_EXPERIMENT_TESTS_H
#define LL_EXPERIMENT_TESTS_H

#include "experiment/intern.h"
#include "experiment/snapshot.h"
#include "store/connection.h"

/* All zero is empty. Slots: open addressing by id, a power of two, at most half full. */
typedef struct ll_tests {
    ll_snapshot_test **slots;
    uint32_t slot_count;
    uint32_t count;
    uint64_t committed;        /* tests up to this id are in the database for good */
    ll_snapshot_test *passing; /* read inside a transaction that may yet be rolled back */
} ll_tests;

void ll_tests_free(ll_tests *tests);

/* Call with committed rows in sight: what is there now may be kept when asked about. */
llmlearn_err ll_tests_know_up_to(ll_tests *tests, ll_connection *connection);

/* The test, read if it is not kept; *out is NULL if there is none. One that is not known to be
 * committed is valid only until the next call. */
llmlearn_err ll_tests_keep(ll_tests *tests, ll_intern *intern, ll_connection *connection,
                           uint64_t id, const ll_snapshot_test **out);

#endif
