/* keeper.h - the journal's own thread: pages ready before they are stored into, drained segments
 * back into the ring, a word when much is waiting.
 *
 * It affects speed and how soon space comes back, never what is accepted below the limit.
 *
 * Uses: journal/ring.h. */
#ifndef LL_JOURNAL_KEEPER_H
#define LL_JOURNAL_KEEPER_H

#include "base/clock.h"
#include "journal/journal.h"

/* Starts it. Called once, while the ring is being made. */
llmlearn_err ll_keeper_start(ll_journal *journal);

/* Has it end. False if it did not within the deadline: a disk that does not answer. It then
 * frees the journal when it ends, and nobody may touch the journal any more. */
bool ll_keeper_stop(ll_journal *journal, ll_deadline deadline);

/* There is something to do: do not sleep any longer. */
void ll_keeper_call(ll_journal *journal);

/* Makes the next few MB behind the tail writable without faults. */
void ll_keeper_prefault(ll_journal *journal);

#endif
