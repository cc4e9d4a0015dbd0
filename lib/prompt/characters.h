/* characters.h - what kind of character is this, and does it belong into a prompt?
 *
 * No tables of the whole of Unicode: a character that is not known to be harmless is foreign,
 * which is what the guards need, and needs no new table each year.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_PROMPT_CHARACTERS_H
#define LL_PROMPT_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character that begins at *at, which it steps over. The text must be valid UTF-8 and
 * *at < bytes. */
uint32_t ll_character_next(const char *text, size_t bytes, size_t *at);

/* C0 and C1 but tab and line feed, and the separators of lines and paragraphs. */
bool ll_character_is_control(uint32_t c);
/* Takes no room, or turns the direction of writing, or is a blank nobody can tell from nothing:
 * what hides text from the eye but not from a model. */
bool ll_character_is_invisible(uint32_t c);
/* Private use, noncharacters, and planes that hold nothing. */
bool ll_character_is_unassigned(uint32_t c);

typedef enum ll_script {
    LL_SCRIPT_ANY, /* digits, blanks, common punctuation, arrows, currencies */
    LL_SCRIPT_LATIN,
    LL_SCRIPT_GREEK,
    LL_SCRIPT_CYRILLIC,
    LL_SCRIPT_ARMENIAN,
    LL_SCRIPT_HEBREW,
    LL_SCRIPT_ARABIC,
    LL_SCRIPT_INDIC, /* Devanagari to Malayalam, Sinhala */
    LL_SCRIPT_THAI,  /* and Lao */
    LL_SCRIPT_HANGUL,
    LL_SCRIPT_KANA,
    LL_SCRIPT_HAN,    /* and the punctuation of East Asia */
    LL_SCRIPT_FOREIGN /* none of the above, so not welcome */
} ll_script;

ll_script ll_character_script(uint32_t c);

/* A letter or digit of any kind: what words are made of. */
bool ll_character_is_word(uint32_t c);

#endif
