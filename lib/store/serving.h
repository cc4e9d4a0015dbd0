/* serving.h - what is read to decide which prompt a request gets.
 *
 * Uses: connection. */
#ifndef LL_STORE_SERVING_H
#define LL_STORE_SERVING_H

#include "store/connection.h"

/* Texts are valid until the callback returns. */
typedef struct ll_served {
    const char *signal;
    size_t signal_bytes;
    const char *version;
    size_t version_bytes;
    const char *text; /* NULL: none was added */
    size_t text_bytes;
    uint64_t test; /* of the running tests: their id */
    int64_t variant;
    double weight;
    bool off; /* switched off by the breaker */
} ll_served;

typedef llmlearn_err (*ll_served_fn)(void *context, const ll_served *served);

/* Every champion, and for signals without one the baseline version if it has a text and was
 * not taken out of use: signal, version, text; by signal. */
llmlearn_err ll_serving_champions(ll_connection *connection, const char *baseline,
                                  ll_served_fn each, void *context);

/* Every running test: signal and test; by signal. */
llmlearn_err ll_serving_tests(ll_connection *connection, ll_served_fn each, void *context);

/* The arms of a test in their order: version, text, variant, weight, off. */
llmlearn_err ll_serving_arms(ll_connection *connection, uint64_t test, ll_served_fn each,
                             void *context);

#endif
