/* Words that a prompt for an explanation has no use for.
 *
 * Whatever an attacker wants named (a party, a place, a bait, a person, a day) or paraphrased takes
 * words; those that explaining takes are few and known (vocabulary.h), or in the base prompt. So
 * each sentence may have one word of its own, and none where it is short, or puts words in the
 * reader's way: there a single word is the whole attack. A name counts twice.
 *
 * For base prompts in English. In other languages this guard says nothing. */
#include "prompt/guards.h"
#include "prompt/stop_words.h"
#include "prompt/vocabulary.h"

#include <ctype.h>
#include <string.h>

#define WORD_BYTES_MIN 3
/* Of strange words in a sentence, in one that is short or steers, and in the whole prompt. */
#define SENTENCE_WEIGHT_MAX 1
#define TEXT_WEIGHT_MAX 4
#define SHORT_WORDS 5
#define STRANGE_MAX 32

/* Verbs and conditions with which a prompt says more than how to explain. */
static const char *const cues[] = { "suggest", "advise",  "recommend", "encourage", "urge",
                                    "invite",  "promote", "hint",      "claim",     "pretend",
                                    "unless",  "assure",  "insist",    "convince" };

static const char *word_of(const ll_guard_text *t, const ll_guard_word *word)
{
    return t->views[LL_VIEW_PLAIN].data + word->begin;
}

/* "explain" and "explanation" are, "confident" and "confidential" are not. */
static bool is_akin(const ll_guard_text *t, const ll_guard_word *a, const ll_guard_text *u,
                    const ll_guard_word *b)
{
    enum { COMMON_BYTES_MIN = 4, ENDING_BYTES_MAX = 3 };
    const char *p = word_of(t, a), *q = word_of(u, b);
    size_t common = 0;

    while (common < a->bytes && common < b->bytes && p[common] == q[common])
        common++;
    if (common == a->bytes && common == b->bytes)
        return true;
    return common >= COMMON_BYTES_MIN && a->bytes - common <= ENDING_BYTES_MAX &&
           b->bytes - common <= ENDING_BYTES_MAX;
}

static bool is_of_base(const ll_guard_context *c, const ll_guard_word *word)
{
    for (size_t i = 0; i < c->base.word_count; i++)
        if (is_akin(&c->candidate, word, &c->base, &c->base.words[i]))
            return true;
    return false;
}

static bool is_number(const char *word, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (word[i] < '0' || word[i] > '9')
            return false;
    return true;
}

static bool is_familiar(const ll_guard_context *c, const ll_guard_word *word, bool negated)
{
    const char *data = word_of(&c->candidate, word);

    return word->is_placeholder || word->bytes < WORD_BYTES_MIN || is_number(data, word->bytes) ||
           (ll_stop_word(data, word->bytes) & LL_STOP_ENGLISH) ||
           ll_vocabulary_has(data, word->bytes) ||
           (negated && ll_vocabulary_forbids(data, word->bytes)) || ll_guard_is_field(c, word) ||
           is_of_base(c, word);
}

/* "... with Halcyon": a capital, and small letters behind it, in a sentence that has begun. */
static bool is_name(const ll_guard_text *t, const ll_guard_word *word)
{
    const char *raw = t->raw.text + word->from;

    return raw[0] >= 'A' && raw[0] <= 'Z' && raw[1] >= 'a' && raw[1] <= 'z' &&
           (word->from == 0 || (raw[-1] != '"' && raw[-1] != '\''));
}

static bool is_cue(const ll_guard_text *t, const ll_guard_word *word)
{
    for (size_t i = 0; i < sizeof cues / sizeof cues[0]; i++)
        if (strlen(cues[i]) == word->bytes && memcmp(cues[i], word_of(t, word), word->bytes) == 0)
            return true;
    return false;
}

static bool is_no(const ll_guard_text *t, const ll_guard_word *word)
{
    static const char *const noes[] = { "no",      "not",    "never",   "dont",    "without",
                                        "avoid",   "nor",    "neither", "nothing", "refrain",
                                        "instead", "rather", "free" };

    for (size_t i = 0; i < sizeof noes / sizeof noes[0]; i++)
        if (strlen(noes[i]) == word->bytes && memcmp(noes[i], word_of(t, word), word->bytes) == 0)
            return true;
    return false;
}

/* ---- sentence by sentence ------------------------------------------------ */

typedef struct strange {
    const ll_guard_word *words[STRANGE_MAX]; /* each once */
    size_t count;
} strange;

/* How much the word weighs: 0 if it was there before. */
static size_t add(strange *s, const ll_guard_text *t, const ll_guard_word *word, bool is_first)
{
    for (size_t i = 0; i < s->count; i++)
        if (is_akin(t, s->words[i], t, word))
            return 0;
    if (s->count < STRANGE_MAX)
        s->words[s->count++] = word;
    return is_name(t, word) && !is_first ? 2 : 1;
}

static size_t sentence_end(const ll_guard_text *t, size_t begin)
{
    size_t end = begin + 1;

    while (end < t->word_count &&
           !ll_guard_text_breaks(t, t->words[end - 1].from, t->words[end].from))
        end++;
    return end;
}

static bool has_too_many(const ll_guard_context *c, strange *s, size_t begin, size_t end)
{
    const ll_guard_text *t = &c->candidate;
    bool negated = false, cued = end - begin <= SHORT_WORDS;
    size_t weight = 0;

    for (size_t i = begin; i < end; i++) {
        if (!is_familiar(c, &t->words[i], negated))
            weight += add(s, t, &t->words[i], i == begin);
        cued = cued || (!negated && is_cue(t, &t->words[i]));
        negated = negated || is_no(t, &t->words[i]);
    }
    return weight > (cued ? 0 : SENTENCE_WEIGHT_MAX) || s->count > TEXT_WEIGHT_MAX;
}

bool ll_guard_unfamiliar(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_guard_text *t = &c->candidate;
    strange s = { .count = 0 };
    size_t end;

    if (!ll_guard_is_english(c))
        return false;
    for (size_t begin = 0; begin < t->word_count; begin = end) {
        end = sentence_end(t, begin);
        if (has_too_many(c, &s, begin, end))
            return ll_guard_object_at(c, t->words[begin].from, out,
                                      "a sentence with words that explaining takes none of");
    }
    return false;
}
