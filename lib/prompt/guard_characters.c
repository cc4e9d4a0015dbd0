#include "prompt/characters.h"
#include "prompt/guards.h"

#include <string.h>

/* The first character of the candidate that is of this kind. */
static bool find(const ll_guard_context *c, bool (*is)(uint32_t), size_t *out_at, uint32_t *out)
{
    ll_prompt_text text = c->in->candidate;
    size_t at = 0;

    while (at < text.bytes) {
        *out_at = at;
        *out = ll_character_next(text.text, text.bytes, &at);
        if (is(*out))
            return true;
    }
    return false;
}

bool ll_guard_control(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t at;
    uint32_t character;

    return find(c, ll_character_is_control, &at, &character) &&
           ll_guard_object_at(c, at, out, "U+%04X is a control character", (unsigned)character);
}

bool ll_guard_invisible(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t at;
    uint32_t character;

    return find(c, ll_character_is_invisible, &at, &character) &&
           ll_guard_object_at(c, at, out, "U+%04X hides or turns text", (unsigned)character);
}

bool ll_guard_unassigned(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t at;
    uint32_t character;

    return find(c, ll_character_is_unassigned, &at, &character) &&
           ll_guard_object_at(c, at, out, "U+%04X is private or no character", (unsigned)character);
}

/* ---- scripts: those of the base and no others ---------------------------- */

/* One bit for each script. */
static unsigned scripts_of(ll_prompt_text text)
{
    unsigned scripts = 1u << LL_SCRIPT_ANY;
    size_t at = 0;

    while (at < text.bytes)
        scripts |= 1u << ll_character_script(ll_character_next(text.text, text.bytes, &at));
    /* Japanese is written in all of these, Korean may be. */
    if (scripts & (1u << LL_SCRIPT_KANA | 1u << LL_SCRIPT_HANGUL))
        scripts |= 1u << LL_SCRIPT_HAN;
    return scripts & ~(1u << LL_SCRIPT_FOREIGN);
}

static bool contains(ll_prompt_text text, const char *bytes, size_t count)
{
    return memmem(text.text, text.bytes, bytes, count) != NULL;
}

/* A foreign character in the base is the operator's own, and may be kept. */
bool ll_guard_foreign(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;
    unsigned welcome = scripts_of(c->in->base);
    size_t at = 0;

    while (at < text.bytes) {
        size_t from = at;
        uint32_t character = ll_character_next(text.text, text.bytes, &at);

        if (character >= 0x80 && !(welcome & 1u << ll_character_script(character)) &&
            !contains(c->in->base, text.text + from, at - from))
            return ll_guard_object_at(c, from, out, "U+%04X is of no script of the base prompt",
                                      (unsigned)character);
    }
    return false;
}

/* Letters of two scripts that look alike in one word: written to be misread. */
bool ll_guard_mixed_scripts(const ll_guard_context *c, ll_guard_reason *out)
{
    static const unsigned alike = 1u << LL_SCRIPT_LATIN | 1u << LL_SCRIPT_GREEK |
                                  1u << LL_SCRIPT_CYRILLIC | 1u << LL_SCRIPT_ARMENIAN;
    ll_prompt_text text = c->in->candidate;
    unsigned word = 0;
    size_t at = 0, begin = 0;

    while (at < text.bytes) {
        size_t from = at;
        uint32_t character = ll_character_next(text.text, text.bytes, &at);

        if (!ll_character_is_word(character)) {
            word = 0;
            continue;
        }
        if (word == 0)
            begin = from;
        word |= 1u << ll_character_script(character);
        if (((word & alike) & ((word & alike) - 1)) != 0 &&
            !contains(c->in->base, text.text + begin, at - begin))
            return ll_guard_object_at(c, begin, out, "letters of two scripts in one word");
    }
    return false;
}

/* ---- words in pieces ----------------------------------------------------- */

/* Five letters in a row that stand alone: "i g n o r e". Lists like "a, b, c" are shorter. */
#define SINGLES_MAX 4

bool ll_guard_split_words(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_guard_text *t = &c->candidate;
    size_t singles = 0;

    for (size_t i = 0; i < t->word_count; i++) {
        const ll_guard_word *word = &t->words[i];
        char first = t->views[LL_VIEW_PLAIN].data[word->begin];
        bool is_letter = (first < '0' || first > '9') && (unsigned char)first < 0xe0;

        singles = word->is_single && is_letter ? singles + 1 : 0;
        if (singles > SINGLES_MAX)
            return ll_guard_object_at(c, word->from, out, "a word written letter by letter");
    }
    return false;
}
