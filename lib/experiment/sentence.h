/* sentence.h - a verdict in words that a trader understands, with its numbers.
 *
 * Plain ASCII, the same in every locale.
 *
 * Uses: decide. */
#ifndef LL_EXPERIMENT_SENTENCE_H
#define LL_EXPERIMENT_SENTENCE_H

#include "base/buffer.h"
#include "experiment/decide.h"

/* On a test: one to three sentences. */
void ll_sentence_write(const ll_decide_input *in, const ll_decide_outcome *outcome, ll_buffer *out);

/* On counts without a test: one or two. */
void ll_sentence_compare(const ll_classic_input *in, const ll_classic_result *result,
                         const char *const *versions, ll_buffer *out);

#endif
