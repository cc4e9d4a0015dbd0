/* ab_fixture.h - a store with tests in it, and one write transaction at a time. */
#ifndef SUPPORT_AB_FIXTURE_H
#define SUPPORT_AB_FIXTURE_H

#include "store/ab_tests.h"
#include "store/store.h"

#define AB_START_US (INT64_C(1760000000) * 1000000)

extern char ab_path[]; /* of the database */
extern ll_store *ab_store;
extern ll_connection *ab_connection; /* of the transaction that ab_begin began */

/* Checked fixtures. */
void ab_set_up(void);
void ab_tear_down(void);

void ab_begin(void);
void ab_commit(void);
void ab_rollback(void);

/* A running test of a signal of its own, of arms v1, the champion, v2, ... with equal weights; in a
 * transaction of its own. */
uint64_t ab_add_test(uint32_t arm_count);

/* One number by SQL, from outside. */
int64_t ab_number(const char *sql);

#endif
