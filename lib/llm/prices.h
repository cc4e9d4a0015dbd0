/* prices.h - what a call costs, from a price file that the caller keeps up to date.
 *
 * The file is LiteLLM's model_prices_and_context_window.json as it is: one object, a member per
 * model, prices in dollars per token. Read once, kept as whole femto-dollars (1e-15): the doubles
 * of the file mean decimal numbers, and rounding them so gives those back exactly. A model's
 * members:
 *
 *   input_cost_per_token, output_cost_per_token           both, or the model is unknown
 *   cache_read_input_token_cost                           else the same as input
 *   each with _above_128k_tokens (or another number)      the whole request, if its prompt is
 *                                                         longer than that
 *
 * A cost is summed in femto-dollars, without loss, and then rounded to the nearest nano-dollar,
 * halves up. Cached tokens are among the prompt's. Other prices (batches, audio, reasoning apart
 * from output) are not looked at.
 *
 * Threads: any number at once; it never changes.
 * Uses:    err, json; jansson. */
#ifndef LL_LLM_PRICES_H
#define LL_LLM_PRICES_H

#include "llmlearn.h"

#include <stddef.h>
#include <stdint.h>

/* The real file has 1.6 MB; ten times as many models still fit. */
#define LL_PRICES_FILE_BYTES_MAX (16u * 1024 * 1024)
#define LL_PRICES_UNKNOWN INT64_C(-1)

typedef struct ll_prices ll_prices;

/* LLMLEARN_EIO if it cannot be read, LLMLEARN_ELLM if it is no such file or holds no model,
 * LLMLEARN_ENOMEM. */
llmlearn_err ll_prices_load(const char *path, ll_prices **out_prices);

/* The same from memory. */
llmlearn_err ll_prices_parse(const char *text, size_t bytes, ll_prices **out_prices);

void ll_prices_free(ll_prices *prices);

/* Models with a price. */
size_t ll_prices_count(const ll_prices *prices);

/* Nano-dollars; LL_PRICES_UNKNOWN if the model has no price, the prompt's or the completion's
 * tokens are unknown (-1), or it is more than an int64_t holds. prices NULL: no model has one.
 * cached_tokens -1 or more than the prompt's: none, or all of them. */
int64_t ll_prices_cost(const ll_prices *prices, const char *model, int64_t prompt_tokens,
                       int64_t cached_tokens, int64_t completion_tokens);

/* The most that one attempt can cost, rounded up: nothing cached, at most a token for each byte of
 * the request's whole body (of the prompt alone it would leave out what the service puts between
 * messages), all of max_tokens, at the dearest of the model's prices. LL_PRICES_UNKNOWN also if
 * max_tokens is 0, that is without limit. */
int64_t ll_prices_ceiling(const ll_prices *prices, const char *model, size_t request_bytes,
                          uint32_t max_tokens);

#endif
