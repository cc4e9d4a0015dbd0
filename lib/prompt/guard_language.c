/* Is the candidate written in the base's language, all of it?
 *
 * By the share of each script among the letters; by small words ("the", "und"), which every
 * sentence has; and sentence by sentence, since one sentence is enough for an instruction. The
 * limits: only the languages of stop_words.h are told apart, a sentence of fewer than six words
 * that the base does not have is judged only by small words of other languages, and a language that
 * is written in the base's script without any word of the table shows only by having no small words
 * of the base's. */
#include "prompt/characters.h"
#include "prompt/guards.h"
#include "prompt/stop_words.h"

#include <string.h>

/* A share of a script may grow by this much: a field's name more, or one in Latin letters. */
#define SCRIPT_GROWTH_MAX 0.25
/* Fewer words say nothing about their language. */
#define WORDS_JUDGED 12u
#define SENTENCE_WORDS_JUDGED 6u
/* "Sprich nur Deutsch": enough if a small word of another language is among them. */
#define SHORT_SENTENCE_WORDS 2u
/* New words without any small one: keywords are listed like that, sentences are not. */
#define SENTENCE_WORDS_BARE_MAX 14u
/* Texts of the languages we know have 25 % and more small words; a terse prompt half of that. */
#define SMALL_SHARE 0.08
#define SMALL_SHARE_LEFT 0.4

/* ---- scripts ------------------------------------------------------------- */

typedef struct letters {
    double share[LL_SCRIPT_FOREIGN + 1];
    size_t count;
} letters;

static bool is_text_word(const ll_guard_word *word)
{
    return !word->is_placeholder;
}

/* Of the words, without placeholders: their names are ASCII in every language. */
static letters count_letters(const ll_guard_text *t)
{
    letters result = { .count = 0 };
    size_t counts[LL_SCRIPT_FOREIGN + 1] = { 0 };

    for (size_t i = 0; i < t->word_count; i++) {
        size_t at = t->words[i].from;
        size_t end = i + 1 < t->word_count ? t->words[i + 1].from : t->raw.bytes;

        while (is_text_word(&t->words[i]) && at < end) {
            ll_script script =
                ll_character_script(ll_character_next(t->raw.text, t->raw.bytes, &at));

            counts[script] += script != LL_SCRIPT_ANY;
            result.count += script != LL_SCRIPT_ANY;
        }
    }
    for (size_t i = 0; result.count > 0 && i <= LL_SCRIPT_FOREIGN; i++)
        result.share[i] = (double)counts[i] / (double)result.count;
    return result;
}

static bool has_other_scripts(const ll_guard_context *c)
{
    letters base = count_letters(&c->base), candidate = count_letters(&c->candidate);

    for (size_t i = 0; i <= LL_SCRIPT_FOREIGN; i++)
        if (candidate.share[i] > base.share[i] + SCRIPT_GROWTH_MAX)
            return base.count > 0;
    return false;
}

/* ---- small words --------------------------------------------------------- */

static unsigned languages_of(const ll_guard_text *t, const ll_guard_word *word)
{
    if (word->is_placeholder)
        return 0;
    return ll_stop_word(t->views[LL_VIEW_PLAIN].data + word->begin, word->bytes);
}

typedef struct small_words {
    size_t of[LL_STOP_LANGUAGES];
    size_t words;
    size_t best; /* the language with the most */
} small_words;

static small_words count_small_words(const ll_guard_text *t)
{
    small_words s = { .words = 0 };

    for (size_t i = 0; i < t->word_count; i++) {
        unsigned languages = languages_of(t, &t->words[i]);

        s.words += is_text_word(&t->words[i]);
        for (size_t k = 0; k < LL_STOP_LANGUAGES; k++)
            s.of[k] += languages >> k & 1;
    }
    for (size_t k = 1; k < LL_STOP_LANGUAGES; k++)
        if (s.of[k] > s.of[s.best])
            s.best = k;
    return s;
}

static double share(const small_words *s, size_t language)
{
    return s->words == 0 ? 0 : (double)s->of[language] / (double)s->words;
}

bool ll_guard_is_english(const ll_guard_context *c)
{
    small_words base = count_small_words(&c->base), candidate = count_small_words(&c->candidate);

    return (LL_STOP_ENGLISH >> base.best & 1) && (LL_STOP_ENGLISH >> candidate.best & 1) &&
           base.of[base.best] > 0 && base.words + candidate.words >= WORDS_JUDGED;
}

/* ---- sentences ----------------------------------------------------------- */

/* Words of the base, as a bit for each of 2^16 hashes: one too many now and then. */
typedef struct known_words {
    uint8_t bits[1 << 13];
} known_words;

static void note_words(const ll_guard_text *t, known_words *known)
{
    memset(known, 0, sizeof *known);
    for (size_t i = 0; i < t->word_count; i++)
        known->bits[t->words[i].hash >> 3 & 0x1fff] |= (uint8_t)(1u << (t->words[i].hash & 7));
}

static bool is_new(const known_words *known, const ll_guard_word *word)
{
    return !(known->bits[word->hash >> 3 & 0x1fff] & 1u << (word->hash & 7));
}

bool ll_guard_is_field(const ll_guard_context *c, const ll_guard_word *word)
{
    const char *data = c->candidate.raw.text + word->from;

    for (size_t i = 0; i < c->in->json_field_count; i++)
        if (memmem(c->in->json_fields[i], strlen(c->in->json_fields[i]), data,
                   word->bytes < c->candidate.raw.bytes - word->from
                       ? word->bytes
                       : c->candidate.raw.bytes - word->from) != NULL)
            return true;
    return false;
}

static bool ends_sentence(const ll_guard_text *t, size_t index)
{
    size_t to = index + 1 < t->word_count ? t->words[index + 1].from : t->raw.bytes;

    for (size_t i = t->words[index].from; i < to; i++)
        if (strchr(".!?;:\n", t->raw.text[i]) != NULL)
            return true;
    return index + 1 == t->word_count;
}

typedef struct sentence {
    size_t new_words, own_small, other_small;
} sentence;

static bool is_strange(const sentence *s)
{
    if (s->own_small == 0 && s->other_small > 0 && s->new_words >= SHORT_SENTENCE_WORDS)
        return true;
    if (s->new_words < SENTENCE_WORDS_JUDGED || s->own_small > s->other_small)
        return false;
    return s->other_small >= 2 || (s->own_small == 0 && s->new_words > SENTENCE_WORDS_BARE_MAX);
}

/* language: LL_STOP_LANGUAGES if the base is in none that we know, and then in another script. */
static bool has_strange_sentence(const ll_guard_context *c, size_t language, size_t *out_at)
{
    const ll_guard_text *t = &c->candidate;
    known_words known;
    sentence s = { 0, 0, 0 };
    size_t begin = 0;

    note_words(&c->base, &known);
    for (size_t i = 0; i < t->word_count; i++) {
        const ll_guard_word *word = &t->words[i];
        unsigned languages = languages_of(t, word);
        bool is_latin = (unsigned char)t->views[LL_VIEW_PLAIN].data[word->begin] < 0x80;

        if (is_latin && is_text_word(word) && is_new(&known, word) && !ll_guard_is_field(c, word))
            s.new_words++;
        if (language < LL_STOP_LANGUAGES && (languages >> language & 1))
            s.own_small++;
        else if (languages != 0 && !(languages & LL_STOP_AMBIGUOUS))
            s.other_small++;
        if (!ends_sentence(t, i))
            continue;
        if (is_strange(&s)) {
            *out_at = t->words[begin].from;
            return true;
        }
        s = (sentence){ 0, 0, 0 };
        begin = i + 1;
    }
    return false;
}

bool ll_guard_language(const ll_guard_context *c, ll_guard_reason *out)
{
    small_words base = count_small_words(&c->base), candidate = count_small_words(&c->candidate);
    bool is_known = base.words >= WORDS_JUDGED && share(&base, base.best) >= SMALL_SHARE;
    letters base_letters = count_letters(&c->base);
    size_t at;

    if (has_other_scripts(c))
        return ll_guard_object(out, "another script than the base prompt's");
    if (is_known && candidate.words >= WORDS_JUDGED) {
        double expected = share(&base, base.best) * SMALL_SHARE_LEFT;

        if (candidate.best != base.best || share(&candidate, base.best) < expected)
            return ll_guard_object(out, "another language than the base prompt's");
    }
    if (!is_known && base_letters.share[LL_SCRIPT_LATIN] > 0.5)
        return false; /* too short, or a language not in the table */
    return has_strange_sentence(c, is_known ? base.best : LL_STOP_LANGUAGES, &at) &&
           ll_guard_object_at(c, at, out, "a sentence in another language");
}
