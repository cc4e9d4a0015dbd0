/* self_check.h - how often each rule would crown a winner on a test's own traffic, if nothing
 * but chance told its arms apart.
 *
 *   the test's votes, in order: time, outcome ─┐
 *   its weights ──▶ an arm for each, afresh ───┴─▶ the rules look, as they would have ──▶ tally
 *
 * Whose arm is drawn again is compared with nobody but itself, so that drift, weekdays and
 * loyal units stay as they were. Looks are at whole days since the start, and at the end of the
 * data, where the test counts as over. Only first votes are drawn: what is recounted is
 * whether a rule crowns and would promote by its counts; blockers are not.
 *
 * Threads: pure functions, the same for the same test.
 * Uses:    rules, looks_taken, store (votes). */
#ifndef LL_EXPERIMENT_SELF_CHECK_H
#define LL_EXPERIMENT_SELF_CHECK_H

#include "base/clock.h"
#include "experiment/input.h"
#include "store/ab_votes.h"

#define LL_SELF_CHECK_VOTES_MAX 100000u
#define LL_SELF_CHECK_RULES 3 /* by their numbers, from LLMLEARN_RULE_CLASSIC on */

typedef struct ll_self_check_tally {
    uint32_t winners;  /* any arm, the champion too */
    uint32_t promoted; /* arms that would have replaced the champion */
} ll_self_check_tally;

typedef struct ll_self_check {
    uint32_t runs; /* that were made */
    bool complete; /* all that were asked for */
    ll_self_check_tally rules[LL_SELF_CHECK_RULES];
} ll_self_check;

/* `in` is the test as it is now; vote_count is at least 1. Ends early at the deadline; then fewer
 * runs were made, perhaps none. LLMLEARN_ENOMEM. */
llmlearn_err ll_self_check_run(const ll_decide_input *in, const ll_ab_vote *votes,
                               uint32_t vote_count, uint32_t runs, ll_deadline deadline,
                               ll_self_check *out);

/* As llmlearn_self_check documents it; for free(). */
llmlearn_err ll_self_check_write(const ll_decide_input *in, const char *signal, uint32_t vote_count,
                                 const ll_self_check *check, char **out_json);

#endif
