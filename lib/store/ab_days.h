/* ab_days.h - rows of llm_ab_days: what came new into each arm of a test, day by day.
 *
 * Days (UTC) are those of the commits, so that one that is over never changes.
 *
 * Uses: connection. */
#ifndef LL_STORE_AB_DAYS_H
#define LL_STORE_AB_DAYS_H

#include "store/connection.h"

typedef struct ll_ab_day {
    int64_t units, first_votes, first_positive;
} ll_ab_day;

llmlearn_err ll_ab_days_add(ll_connection *connection, uint64_t test, int64_t day, uint32_t arm,
                            const ll_ab_day *added);

/* Each arm's sums over `day_count` days from first_day on. */
typedef struct ll_ab_days {
    int64_t first_day;
    uint32_t day_count;
    int64_t units[LLMLEARN_ARMS_MAX], first_votes[LLMLEARN_ARMS_MAX];
} ll_ab_days;

llmlearn_err ll_ab_days_read(ll_connection *connection, uint64_t test, int64_t first_day,
                             uint32_t day_count, ll_ab_days *out_days);

/* arm < LLMLEARN_ARMS_MAX. */
typedef llmlearn_err (*ll_ab_day_fn)(void *context, int64_t day, uint32_t arm,
                                     const ll_ab_day *came);

/* All rows of a test: by day, then arm. A day on which nothing came has none. */
llmlearn_err ll_ab_days_each(ll_connection *connection, uint64_t test, ll_ab_day_fn each,
                             void *context);

#endif
