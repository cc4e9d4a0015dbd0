/* comments.h - which few of many comments say most about a prompt.
 *
 * The longest ones of up to a few sentences, of both votes, no two of which say the same; none
 * that gives orders (guard_phrases.h), which no honest comment on an explanation does. The same
 * comments in the same order give the same choice.
 *
 * Threads: pure functions.
 * Uses:    err, guard_phrases. */
#ifndef LL_PROMPT_COMMENTS_H
#define LL_PROMPT_COMMENTS_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A meta-prompt with more is not read more carefully. */
#define LL_COMMENTS_CHOSEN_MAX 20
/* Of more, the first are looked at: the caller gives the newest first. */
#define LL_COMMENTS_CONSIDERED_MAX 1000
/* Of a longer one the beginning counts (llmlearn.h allows 4 KiB). */
#define LL_COMMENTS_BYTES_READ 1000

typedef struct ll_comment {
    const char *text; /* any bytes */
    size_t bytes;
    bool helpful; /* the vote it came with */
} ll_comment;

/* Writes the indexes of at most count_max (and LL_COMMENTS_CHOSEN_MAX) comments, most useful
 * first. Returns LLMLEARN_ENOMEM. */
llmlearn_err ll_comments_choose(const ll_comment *comments, size_t count, size_t count_max,
                                size_t *out_indexes, size_t *out_count);

#endif
