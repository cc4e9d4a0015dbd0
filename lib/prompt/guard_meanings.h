/* guard_meanings.h - forbidden sense: words of one class near words of another.
 *
 *   "Leave the downside out of it"       HIDES (leave .. out)  near  RISK (downside)
 *   "Do not bring up any losses"         NOT, TELLS (bring up), RISK, one behind the other
 *
 * Where guard_phrases.h looks for how a thing is written, this looks for what is meant, by classes
 * of words: the same sense in words that nobody foresaw is met as long as each of them is in its
 * class. Words must stand in one sentence. "Do not leave out the risks" is excused: the clause has
 * one negation before the first of the words, and nothing that turns it around.
 *
 * Threads: pure functions.
 * Uses:    guard_text. */
#ifndef LL_PROMPT_GUARD_MEANINGS_H
#define LL_PROMPT_GUARD_MEANINGS_H

#include "prompt/guard_text.h"

typedef enum ll_meaning {
    LL_MEANING_NONE, /* ends a rule's parts */
    LL_MEANING_NOT,
    LL_MEANING_HIDES,
    LL_MEANING_KEEPS,
    LL_MEANING_EMPTY,
    LL_MEANING_TELLS,
    LL_MEANING_RISK,
    LL_MEANING_ONLY,
    LL_MEANING_BRIGHT,
    LL_MEANING_DARK,
    LL_MEANING_ALWAYS,
    LL_MEANING_SLIGHTS,
    LL_MEANING_DATA,
    LL_MEANING_INVENTS,
    LL_MEANING_FACT,
    LL_MEANING_CERTAIN,
    LL_MEANING_RECORD,
    LL_MEANING_SHARE,
    LL_MEANING_MOVES,
    LL_MEANING_READER,
    LL_MEANING_ACTS,
    LL_MEANING_HASTE,
    LL_MEANING_PARTY,
    LL_MEANING_CITES,
    LL_MEANING_AUTHORITY,
    LL_MEANING_SECRET,
    LL_MEANING_REPEATS,
    LL_MEANING_PROMPT,
    LL_MEANING_IF,
    LL_MEANING_CASE,
    LL_MEANING_IS,
    LL_MEANING_COUNT
} ll_meaning;

#define LL_MEANING_PARTS_MAX 3

typedef struct ll_meaning_rule {
    const char *why; /* "leaves out what may go wrong"; NULL: the end of the rules */
    uint8_t parts[LL_MEANING_PARTS_MAX];
    uint8_t words[LL_MEANING_PARTS_MAX - 1]; /* the next part is at most so many words on */
    bool either_way;                         /* of two parts: or so many words before */
    bool unexcused;                          /* no negation makes it better */
    uint8_t unless;                          /* a sentence with such a word says both sides */
} ll_meaning_rule;

/* Words of a class with a blank between them. "risk*": whatever begins so; "leave+out": the one,
 * and not more than four words on the other. "act~now": the other right behind it. */
extern const char *const ll_meaning_words[LL_MEANING_COUNT];
extern const ll_meaning_rule ll_one_sided_rules[], ll_steering_rules[];

/* The first match that nothing excuses, of a rule whose bit in `skipped` is not set. t was made
 * with its plain view. *out_at: where in the text. */
bool ll_guard_meanings_find(const ll_guard_text *t, const ll_meaning_rule *rules, uint64_t skipped,
                            size_t *out_rule, size_t *out_at);

#endif
