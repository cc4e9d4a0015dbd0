/* series.h - how a test came to where it is, day by day, as the JSON that llmlearn.h documents.
 *
 * The last day holds what the arms hold; each day before it that less what came since.
 * So the series agrees with the arms to the last vote, also in a test that began before days
 * were kept: what nobody dated is there from the first day on.
 *
 * Uses: evidence, json, store. */
#ifndef LL_EXPERIMENT_SERIES_H
#define LL_EXPERIMENT_SERIES_H

#include "store/connection.h"

/* Of a longer test every second day is shown, or every third, ... */
#define LL_SERIES_POINTS_MAX 400

/* LLMLEARN_ENOTFOUND. The text is the caller's to free(). */
llmlearn_err ll_series_json(ll_connection *connection, uint64_t test_id, int64_t now_us,
                            char **out_json);

#endif
