/* candidates.h - what a model answered when asked for prompts, read and judged.
 *
 * Taken are {"variants": [{"prompt": "...", "hypothesis": "..."}, ...]}, the plain form
 * {"variants": ["...", ...]}, and either in one fenced block. An answer that is anything else
 * is an error; a candidate that a guard objects to is kept with the objections.
 *
 * Threads: pure functions.
 * Uses:    err, json_text, guard; jansson. */
#ifndef LL_PROMPT_CANDIDATES_H
#define LL_PROMPT_CANDIDATES_H

#include "prompt/guard.h"

/* Ten prompts at their longest, escaped, and room. A longer answer is not one. */
#define LL_CANDIDATES_BYTES_MAX (1024u * 1024)
#define LL_CANDIDATES_MAX 10
#define LL_CANDIDATES_HYPOTHESIS_BYTES_MAX 500

typedef struct ll_candidate {
    char *prompt; /* a NUL stands behind it; valid UTF-8 */
    size_t bytes;
    char *hypothesis; /* cleaned and cut; "" if there was none */
    ll_guard_verdict verdict;
} ll_candidate;

typedef struct ll_candidates {
    ll_candidate *items;
    size_t count;
    size_t left_out; /* more than were wanted */
} ll_candidates;

/* Takes the first count_max (and LL_CANDIDATES_MAX). Returns LLMLEARN_ELLM, with the reason,
 * if the answer is not usable; LLMLEARN_ENOMEM. */
llmlearn_err ll_candidates_read(const char *answer, size_t bytes, size_t count_max,
                                ll_candidates *out);

/* Fills every verdict, and empties a hypothesis that is more than a remark. frame: all but the
 * candidate, the known variants among it; each candidate is held against the ones before it too.
 * Returns LLMLEARN_EINVAL (frame), LLMLEARN_ENOMEM. */
llmlearn_err ll_candidates_judge(ll_candidates *candidates, const ll_guard_input *frame);

void ll_candidates_free(ll_candidates *candidates);

#endif
