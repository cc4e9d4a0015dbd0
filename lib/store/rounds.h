/* rounds.h - with what can the next round of testing begin? Signals, and the variants that a model
 * wrote for each.
 *
 *   a model's draft, made from the variant that is champion now, never yet an arm of a test
 *
 * One that was an arm is not tried again by itself, however that test ended: if nothing was found,
 * the next would find the same, and if a person stopped it, there was a reason.
 *
 * Uses: connection, variants. */
#ifndef LL_STORE_ROUNDS_H
#define LL_STORE_ROUNDS_H

#include "store/names.h"
#include "store/variants.h"

typedef llmlearn_err (*ll_rounds_signal_fn)(void *context, const char *signal);

/* The signals that have a champion or ever had a test, by name. */
llmlearn_err ll_rounds_list_signals(ll_connection *connection, ll_rounds_signal_fn each,
                                    void *context);

#define LL_ROUNDS_UNTESTED_MAX 64

typedef struct ll_rounds_variant {
    char version[LL_VERSION_BYTES_MAX + 1];
    bool approved;
} ll_rounds_variant;

/* What can be tested against the champion, the approved first, then the newest; no more than
 * LL_ROUNDS_UNTESTED_MAX of them. */
llmlearn_err ll_rounds_list_untested(ll_connection *connection, int64_t champion,
                                     ll_rounds_variant *out_variants, uint32_t *out_count);

#endif
