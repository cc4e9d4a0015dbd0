/* vocabulary.h - the English words that a prompt for an explanation is made of.
 *
 * Of form, telling, readers, markets, indicators, doubt and risk. An attacker may write with them
 * as well; but to name a party, a place, a bait or a disguise takes others.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_PROMPT_VOCABULARY_H
#define LL_PROMPT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

/* A folded word, in whatever form. */
bool ll_vocabulary_has(const char *word, size_t bytes);

/* One that good prompts say only to forbid it: "promise", "hurry", "hype". */
bool ll_vocabulary_forbids(const char *word, size_t bytes);

#endif
