/* guard_phrases.h - forbidden phrases as rules, found however they are dressed.
 *
 * A rule is one to three lists of phrases that must follow one another closely:
 *
 *   "ignore|disregard|forget" ··gap·· "instruction|rule|guideline"
 *
 * They are looked for in the squeezed views of a text (guard_text.h), where blanks, case,
 * accents, punctuation, doubled letters, digits for letters, misspelt key words, and writing
 * backwards make no difference. '^' before a phrase: it begins where a word begins; '$' behind
 * it: it ends where one ends. A gap counts squeezed bytes.
 *
 * "Do not guarantee profits" says the opposite of what it forbids, and good prompts say it. So a
 * match is excused if one negation, and nothing but small harmless words, stands before it in
 * its sentence; or if its two halves have nothing but "no" between them.
 *
 * Threads: pure functions.
 * Uses:    guard_text. */
#ifndef LL_PROMPT_GUARD_PHRASES_H
#define LL_PROMPT_GUARD_PHRASES_H

#include "prompt/guard_text.h"

#define LL_PHRASE_PARTS_MAX 3

typedef struct ll_phrase_rule {
    const char *parts[LL_PHRASE_PARTS_MAX]; /* alternatives with '|' between them; NULL: no more */
    uint8_t gap;                            /* at most so many bytes between two parts */
    bool unexcused;                         /* no negation makes it better */
} ll_phrase_rule;

typedef struct ll_phrase_match {
    char phrase[48]; /* what was found of the first part, as in the rule */
    size_t at;       /* in the text */
    size_t rule_index;
} ll_phrase_match;

/* The first match that nothing excuses, of a rule whose bit in `skipped` is not set. At most 40
 * rules. t was made with all its views. */
bool ll_guard_phrases_find(const ll_guard_text *t, const ll_phrase_rule *rules, size_t rule_count,
                           uint64_t skipped, ll_phrase_match *out);

/* A negation, and nothing but small words, stands before this byte of the text. */
bool ll_guard_phrases_negated(const ll_guard_text *t, size_t at);

/* guard_phrase_rules.c; ended by a rule without parts. */
extern const ll_phrase_rule ll_override_rules[], ll_role_rules[], ll_exfiltration_rules[],
    ll_tool_use_rules[], ll_fixed_verdict_rules[], ll_profit_promise_rules[], ll_toxic_rules[];

#endif
