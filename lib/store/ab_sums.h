/* ab_sums.h - the tests that a transaction changes, with their sums, in memory.
 *
 *   a row, a vote or a failure touches a test ──▶ the test, its arms and its e-process are read
 *   at the end of its statements ──▶ it is counted, in memory: store/ab_count.h
 *   before the commit, or before anybody reads the tables ──▶ what changed is written, once
 *
 * Counting cannot fail. So what failed or was undone before it was counted leaves no trace, and
 * what was counted stands as its rows do.
 *
 * Threads: the ingest thread, inside a write transaction.
 * Uses:    base, ab_days, ab_eprocess, ab_tests, tally. */
#ifndef LL_STORE_AB_SUMS_H
#define LL_STORE_AB_SUMS_H

#include "store/ab_days.h"
#include "store/ab_eprocess.h"
#include "store/ab_tests.h"

/* A test as the transaction has it by now. */
typedef struct ll_ab_open {
    ll_ab_test test;
    uint32_t arm_count;
    bool failed; /* something did, since the breaker was asked */
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];

    /* For ab_sums.c and ab_count.c: what is to be written. */
    bool test_changed, stepped;
    uint64_t arms_changed;             /* a bit for each */
    ll_ab_day came[LLMLEARN_ARMS_MAX]; /* on the day at hand */
    const ll_ab_stepper *stepper;      /* NULL: no e-process is to be stepped */
    bool has_state;
    llmlearn_eprocess state;
    ll_ab_eprocess eprocess; /* as read, with its weeks turned */
} ll_ab_open;

_Static_assert(LLMLEARN_ARMS_MAX <= 64, "a bit for each");

/* The arm, to be changed. */
static inline ll_ab_arm *ll_ab_change_arm(ll_ab_open *open, uint32_t arm)
{
    open->arms_changed |= UINT64_C(1) << arm;
    return &open->arms[arm];
}

typedef struct ll_ab_sums ll_ab_sums;

/* stepper NULL: e-processes stay as they are. */
llmlearn_err ll_ab_sums_new(const ll_ab_stepper *stepper, ll_ab_sums **out_sums);
void ll_ab_sums_free(ll_ab_sums *sums);

/* A transaction begins; nothing is known of the one before. now_us never goes back within one
 * database. */
void ll_ab_sums_begin(ll_ab_sums *sums, ll_connection *connection, int64_t now_us);

/* Is there no room for one more test? Then write, before the mark of what comes next: its
 * undoing must not take along what was counted before. */
bool ll_ab_sums_is_full(const ll_ab_sums *sums);

/* The test, read if it is not here yet, with room to count one thing that happens in it.
 * *out_open is NULL if there is no such test; else good until the next write. */
llmlearn_err ll_ab_sums_open(ll_ab_sums *sums, uint64_t test, ll_ab_open **out_open);

/* A latency of the arm's exposures. Room for one is what each opening gives. */
void ll_ab_sums_add_latency(ll_ab_sums *sums, const ll_ab_open *open, uint32_t arm,
                            double latency_ms);

/* One after another, those in which something failed since they were told of; then NULL. */
ll_ab_open *ll_ab_sums_next_failed(ll_ab_sums *sums);

/* Did anything change since the transaction began? */
bool ll_ab_sums_changed(const ll_ab_sums *sums);

/* Writes all that changed, and forgets it. */
llmlearn_err ll_ab_sums_write(ll_ab_sums *sums);

#endif
