/* traffic.h - what came for a signal over some days, from the rollups.
 *
 * Uses: connection. */
#ifndef LL_STORE_TRAFFIC_H
#define LL_STORE_TRAFFIC_H

#include "store/connection.h"

typedef struct ll_traffic {
    int64_t first_day;           /* of those asked about, the first with anything; 0: none */
    int64_t explanations, rated; /* of all versions; rated: those with a vote */
    int64_t votes, positive;     /* of one variant */
} ll_traffic;

/* Over the days (UTC) from first_day to before end_day. */
llmlearn_err ll_traffic_read(ll_connection *connection, int64_t signal, int64_t variant,
                             int64_t first_day, int64_t end_day, ll_traffic *out_traffic);

#endif
