/* sentence.h - a verdict in words that a trader understands, with its numbers.
 *
 * Plain ASCII, the same in every locale.
 *
 * Uses: decide, story. */
#ifndef LL_EXPERIMENT_SENTENCE_H
#define LL_EXPERIMENT_SENTENCE_H

#include "base/buffer.h"
#include "experiment/decide.h"

/* One to three sentences, and one for each thing that blocks. */
void ll_sentence_write(const ll_decide_input *in, const ll_decide_outcome *outcome, ll_buffer *out);

#endif
