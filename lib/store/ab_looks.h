/* ab_looks.h - rows of llm_ab_looks: what each look of a sequential rule saw.
 *
 * Uses: connection. */
#ifndef LL_STORE_AB_LOOKS_H
#define LL_STORE_AB_LOOKS_H

#include "store/connection.h"

typedef struct ll_ab_look {
    int64_t at_us;
    int64_t vote_sequence; /* the last one given */
    int64_t first_votes[LLMLEARN_ARMS_MAX], first_positive[LLMLEARN_ARMS_MAX];
} ll_ab_look;

/* Adds the next look. LLMLEARN_EINVAL beyond LLMLEARN_LOOKS_MAX of them. */
llmlearn_err ll_ab_looks_add(ll_connection *connection, uint64_t test, const ll_ab_look *look,
                             uint32_t arm_count);

/* In order; arms that the test does not have read 0. */
llmlearn_err ll_ab_looks_read(ll_connection *connection, uint64_t test,
                              ll_ab_look out_looks[LLMLEARN_LOOKS_MAX], uint32_t *out_count);

#endif
