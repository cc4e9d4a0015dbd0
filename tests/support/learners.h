/* learners.h - open learners with a small journal, and short calls on them. */
#ifndef SUPPORT_LEARNERS_H
#define SUPPORT_LEARNERS_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stdint.h>

/* Far enough for anything that should work, on the slowest machine. */
#define LEARNER_DEADLINE_MS 60000u

/* A ring of sixteen segments of 64 KiB, so that it is soon recycled; no limit of votes; no secret
 * may be in the log. */
void learner_options(const char *path, llmlearn_options *out_options);
llmlearn *learner_open(const char *path);

/* The same explanation with each text: NVDA, BUY, version v1.0, 12.5 ms, 7 nano-dollars. */
llmlearn_err learner_log(llmlearn *learner, const char *text, llmlearn_id *out_id);
/* Starts a test of v1.0, the champion, to v1.2 for BUY. */
uint64_t learner_start_test(llmlearn *learner);
/* An explanation for BUY as the running test assigns it, to one of 50 users or to none: now and
 * then out of a cache, a fallback, of unknown latency or cost. */
llmlearn_err learner_log_in_test(llmlearn *learner, const char *text, uint64_t *random,
                                 llmlearn_id *out_id);
/* user NULL: anonymous; rating 0: none. */
llmlearn_err learner_vote(llmlearn *learner, const llmlearn_id *id, const char *user, bool helpful,
                          int rating);
/* Stores what every process has journaled. False if some of it was left. */
bool learner_drain_all(llmlearn *learner);

/* Files in <path>.journal. */
int learner_journal_files(const char *path);

/* Repeatable numbers: the same seed, the same numbers. */
uint32_t learner_random(uint64_t *state);
/* $LL_SEED, or one from the clock; printed, so that a failure can be had again. */
uint64_t learner_seed(const char *test);
/* How often to do something: `quick` under a sanitizer or with $LL_QUICK set. */
int learner_rounds(int usual, int quick);
/* May a process with threads be forked here? False, and a line that says what is skipped, under a
 * sanitizer: its allocator may be locked by another thread at that moment, and then is so for ever
 * in the child; the thread sanitizer follows no thread started after a fork. */
bool learner_may_fork(void);

#endif
