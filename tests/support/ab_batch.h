/* ab_batch.h - rows, votes and failures of one test, in transactions like ingest's own, with a
 * breaker that a test can see through. */
#ifndef SUPPORT_AB_BATCH_H
#define SUPPORT_AB_BATCH_H

#include "ingest/batch.h"
#include "support/ab_fixture.h"

#define AB_PLAIN (LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_COST)
#define AB_TEST_UNKNOWN 999 /* rows of it claim a test that there is not */
#define AB_ARM_WRONG 63u    /* and these an arm that is not theirs */

extern ll_batch *ab_batch;
extern ll_write ab_write;    /* of the transaction at hand */
extern int64_t ab_now_us;    /* its time */
extern uint64_t ab_test_id;  /* of two arms, running; or another that rows are to claim */
extern int ab_breaker_calls; /* it switches off an arm whose last three exposures failed */
extern bool ab_skips_recount;

/* Checked fixtures; the second recounts everything. */
void ab_batch_set_up(void);
void ab_batch_tear_down(void);

/* Lets go of the database, and takes it up again. */
void ab_batch_close(void);
void ab_batch_open(void);

void ab_batch_begin(void);
void ab_batch_commit(void);
void ab_batch_undo(void);

/* Row n; the same n is the same record. */
void ab_log_row(int n, uint32_t arm, const char *unit, uint32_t flags, double latency_ms,
                int64_t cost);
llmlearn_err ab_vote(int n, const char *user, bool helpful, int rating);
llmlearn_err ab_withdraw(int n, const char *user);
void ab_report(uint32_t arm, const char *unit);

/* As it is in the database, until the next call. */
const ll_ab_arm *ab_arm_of(uint64_t test, uint32_t arm);

/* The e-process of ab_test_id, and whether it is what these votes give, now and at the end of the
 * last week before ab_now_us: "0+ 1- " is one for arm 0 and then one against arm 1. */
void ab_start_eprocess(void);
void ab_expect_eprocess(const char *now, const char *week_end);

#endif
