/* promote.h - who is champion: changed by a test or by hand, in the caller's transaction.
 *
 * Every change adds rows to llm_decisions; none is ever rewritten. What becomes of a test's
 * variants when it ends:
 *
 *                    winner             champion before     other arms
 *   winner promoted  champion           archived            archived
 *   winner only      draft              stays               archived    (promote it later)
 *   champion won     -                  stays               archived
 *   no difference    -                  stays               draft       (nobody lost)
 *   stopped          -                  stays               draft
 *   by hand          champion           archived            archived    (the test is stopped)
 *   rolled back      the one before     archived            draft       (the test is stopped)
 *   invalid          -                  stays               draft
 *
 * The champion before, as an arm (LLMLEARN_AB_KEEP_PREVIOUS), is archived again unless it won.
 *
 * Threads: inside a write transaction. Uses: store. */
#ifndef LL_EXPERIMENT_PROMOTE_H
#define LL_EXPERIMENT_PROMOTE_H

#include "store/ab_tests.h"
#include "store/decisions.h"
#include "store/variants.h"

/* Who changes what, when and why; goes into every row that the change adds. */
typedef struct ll_change {
    ll_connection *connection;
    int64_t now_us;
    int64_t signal; /* llm_names.id */
    const char *actor, *reason;
    int64_t vote_sequence; /* the last one given */
} ll_change;

/* The signal's id; LLMLEARN_ENOTFOUND if nobody has used it. */
llmlearn_err ll_promote_find_signal(ll_connection *connection, const char *signal,
                                    int64_t *out_signal);

/* ---- what people do by hand -------------------------------------------- */

/* Each as the public call of that name in llmlearn.h says. */
llmlearn_err ll_promote_by_hand(const ll_change *change, const char *version);
llmlearn_err ll_promote_rollback(const ll_change *change);
llmlearn_err ll_promote_archive(const ll_change *change, const char *version);
/* change->signal is found out. */
llmlearn_err ll_promote_stop(const ll_change *change, uint64_t test);

/* ---- the steps, for those who decide ----------------------------------- */

/* Makes the row's `to` champion and archives its `from` (0: there is none). The rest of the row
 * but kind, test (0: by hand) and receipt is the change's. */
llmlearn_err ll_promote_set_champion(const ll_change *change, const ll_decision_row *row);

/* The same by a test. The champion before, if it was an arm and won, is back: that is a rollback,
 * and rolling back once more goes further back. */
llmlearn_err ll_promote_by_test(const ll_change *change, const ll_ab_test *test, int64_t from,
                                int64_t to);

/* Ends a running test: its arms that are active get the status `others`, but for `spared`, which
 * becomes a draft, and for the champion before, which is archived again. */
llmlearn_err ll_promote_end_test(const ll_change *change, const ll_ab_test *test,
                                 ll_ab_status ending, ll_variant_status others, int64_t spared);

#endif
