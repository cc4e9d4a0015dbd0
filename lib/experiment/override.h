/* override.h - what a person who promotes a variant by hand goes against, for the receipt of that
 * promotion.
 *
 *   a test of the signal runs              its evidence as it is now; that ends the test
 *   the last one named another winner,     what its verdict said
 *   or this one, and something blocked
 *   anything else                          no receipt
 *
 * Threads: inside a write transaction. Uses: decide, look, members, promote, receipt. */
#ifndef LL_EXPERIMENT_OVERRIDE_H
#define LL_EXPERIMENT_OVERRIDE_H

#include "experiment/promote.h"

/* Before anything is changed. *out_receipt is the caller's to free(); NULL: none. */
llmlearn_err ll_override_find(const ll_change *change, const ll_variant *variant,
                              char **out_receipt);

#endif
