/* listing.h - tests, champions and decisions as the JSON that llmlearn.h documents.
 *
 * Only reads: the evidence on a test that runs is what a look would find, but nobody looks. Keys
 * keep their order.
 *
 * Uses: decide, look, store. */
#ifndef LL_EXPERIMENT_LISTING_H
#define LL_EXPERIMENT_LISTING_H

#include "store/connection.h"

/* signal NULL: all. The text is the caller's to free(). */
llmlearn_err ll_listing_tests(ll_connection *connection, const char *signal, uint32_t limit,
                              int64_t now_us, char **out_json);
llmlearn_err ll_listing_decisions(ll_connection *connection, const char *signal, uint32_t limit,
                                  char **out_json);

#endif
