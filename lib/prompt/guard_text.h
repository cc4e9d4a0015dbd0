/* guard_text.h - a prompt seen in all the ways in which the guards look at it.
 *
 *   text       Do NOT 1gnore  {{ticker}}'s "rules" !
 *   plain      do not 1gnore {{ticker}}'s "rules" !     folded, blanks squeezed
 *   dense      donot1gnore{{ticker}}'s"rules"!          plain without blanks
 *   letters    donotgnoresruies                         letters alone, l as i, none twice
 *   digits     donotignoresruies                        1 as i, 0 as o, 3 as e, ...
 *   signs      donotignoresruiesi                       ! as i, @ as a, $ as s as well
 *   corrected  letters, with misspelt key words put right
 *   backwards  letters from behind
 *   rotated    letters moved by 13
 *
 * Placeholders are left out of all from `letters` on, so that they split no word. Each byte
 * remembers where it comes from.
 *
 * Threads: one at a time per text.
 * Uses:    fold, template. */
#ifndef LL_PROMPT_GUARD_TEXT_H
#define LL_PROMPT_GUARD_TEXT_H

#include "prompt/template.h"

typedef enum ll_view_kind {
    LL_VIEW_PLAIN,
    LL_VIEW_DENSE,
    LL_VIEW_LETTERS,
    LL_VIEW_DIGITS,
    LL_VIEW_SIGNS,
    LL_VIEW_CORRECTED,
    LL_VIEW_BACKWARDS,
    LL_VIEW_ROTATED,
    LL_VIEW_COUNT
} ll_view_kind;

/* Of a byte of a view. */
#define LL_EDGE_BEGIN 1u /* here begins a word */
#define LL_EDGE_END 2u

typedef struct ll_view {
    char *data;
    size_t length;
    uint32_t *from; /* the byte of the text that each byte comes from */
    uint8_t *edge;
} ll_view;

typedef struct ll_guard_word {
    uint64_t hash;  /* of the folded word, or of the placeholder's name with its braces */
    uint32_t from;  /* in the text */
    uint32_t begin; /* in the plain view */
    uint16_t bytes; /* there; a longer word is cut */
    bool is_placeholder;
    bool is_single; /* of one character, in a script that has letters */
} ll_guard_word;

typedef struct ll_guard_text {
    ll_prompt_text raw;
    ll_view views[LL_VIEW_COUNT];
    ll_guard_word *words; /* a character of Han, kana or Thai is a word of its own */
    size_t word_count;
    void *memory;
} ll_guard_text;

/* The text must be valid UTF-8. all: every view; if not, plain and the words alone. Returns
 * LLMLEARN_ENOMEM. */
llmlearn_err ll_guard_text_make(ll_prompt_text raw, bool all, ll_guard_text *out);
void ll_guard_text_free(ll_guard_text *t);

/* A phrase as it would stand in the view `letters`, with a NUL behind it; cut at out_bytes. */
void ll_guard_text_squeeze(const char *phrase, char *out, size_t out_bytes);

/* Line and column, from 1, of a byte of the text. */
void ll_guard_text_place(const ll_guard_text *t, size_t at, size_t *out_line, size_t *out_column);

/* A sentence ends between these two bytes of the text. */
bool ll_guard_text_breaks(const ll_guard_text *t, size_t from, size_t to);

uint64_t ll_guard_text_hash(const char *data, size_t bytes);

#endif
