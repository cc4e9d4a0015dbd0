/* stop_words.h - the small words that every sentence of a language has, and no other language
 * has as many of. In Latin script, folded (fold.h); a word may belong to several.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_PROMPT_STOP_WORDS_H
#define LL_PROMPT_STOP_WORDS_H

#include <stddef.h>

/* English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Indonesian,
 * Swedish, Vietnamese, Czech. */
#define LL_STOP_LANGUAGES 13
#define LL_STOP_ENGLISH 0x1u
/* Set beside them: a word like "ten" or "in", which other languages have as well. It does not
 * tell that a text is not in one of those. */
#define LL_STOP_AMBIGUOUS 0x8000u

/* One bit for each language that has this word among its small ones. */
unsigned ll_stop_word(const char *word, size_t bytes);

#endif
