/* ab_votes.h - the first votes of a test, one by one, in the order in which they were given.
 *
 * Uses: connection. */
#ifndef LL_STORE_AB_VOTES_H
#define LL_STORE_AB_VOTES_H

#include "store/connection.h"

typedef struct ll_ab_vote {
    int64_t at_us;
    bool positive;
} ll_ab_vote;

/* At most `most` of them, into an array for free(), NULL if there are none. LLMLEARN_ESTATE: there
 * are more, or they are from before their times were kept. */
llmlearn_err ll_ab_votes_read(ll_connection *connection, uint64_t test, uint32_t most,
                              ll_ab_vote **out_votes, uint32_t *out_count);

#endif
