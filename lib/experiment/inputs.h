/* inputs.h - what a verdict was made of, as bytes that are kept with it: little-endian, whatever
 * the machine.
 *
 *        0  "LLDI"
 *        4  version, 1
 *        8  bytes in all
 *       12  CRC-32C of all the other bytes
 *       16  the test, its arms, e-processes, looks, days: every field of ll_decide_input that a
 *           verdict or its receipt reads; reals as their bits, texts with their length before them
 *
 * Every form, also a later one, begins with these 16 bytes: so that damage can be told from news.
 *
 * Threads: pure functions.
 * Uses:    base, input, stats (the e-process's own form). */
#ifndef LL_EXPERIMENT_INPUTS_H
#define LL_EXPERIMENT_INPUTS_H

#include "base/buffer.h"
#include "experiment/input.h"

/* Longer is none of ours: 64 arms with 63 looks take 104,000. */
#define LL_INPUTS_BYTES_MAX (128u << 10)

/* Appends the bytes; *in is only read. Running out of memory shows in the buffer. */
void ll_inputs_write(ll_decide_input *in, ll_buffer *out);

/* Any bytes may be given. LLMLEARN_ECORRUPT or LLMLEARN_EUNSUPPORTED (a newer form), with *out
 * undefined; else a sound input. */
llmlearn_err ll_inputs_read(const void *bytes, size_t size, ll_decide_input *out);

#endif
