#include "prompt/guard_meanings.h"

#include "prompt/guards.h"

#include <assert.h>
#include <string.h>

/* A longer sentence is looked at in pieces. */
#define SENTENCE_WORDS_MAX 256
#define COMPOUND_WORDS 4 /* "leave the whole downside out" */
#define LOOK_BACK_WORDS 12

_Static_assert(LL_MEANING_COUNT <= 32, "a bit for each meaning");

typedef struct sentence {
    const ll_guard_text *text;
    size_t begin, count;                /* of the text's words */
    uint32_t means[SENTENCE_WORDS_MAX]; /* a bit for each meaning */
} sentence;

/* ---- what a word means --------------------------------------------------- */

/* Does the word match "risk" or "risk*"? */
static bool is_word(const sentence *s, size_t index, const char *form, size_t bytes)
{
    const ll_guard_word *word = &s->text->words[s->begin + index];
    const char *data = s->text->views[LL_VIEW_PLAIN].data + word->begin;
    bool is_beginning = form[bytes - 1] == '*';

    bytes -= is_beginning;
    return !word->is_placeholder && (is_beginning ? word->bytes >= bytes : word->bytes == bytes) &&
           memcmp(data, form, bytes) == 0;
}

/* The forms of "leave+out" one after another, the first at this very word. */
static bool is_compound(const sentence *s, size_t index, const char *form, size_t bytes)
{
    const char *end = form + bytes;
    size_t at = index, last = index; /* where the form at hand may stand */

    while (form < end) {
        size_t length = 0;

        while (form + length < end && form[length] != '+' && form[length] != '~')
            length++;
        while (at < s->count && at <= last && !is_word(s, at, form, length))
            at++;
        if (at >= s->count || at > last)
            return false;
        form += length;
        last = at + (form < end && *form == '+' ? COMPOUND_WORDS : 1);
        form += form < end;
        at++;
    }
    return true;
}

static bool is_in_class(const sentence *s, size_t index, const char *words)
{
    while (*words != '\0') {
        size_t bytes = strcspn(words, " ");

        if (is_compound(s, index, words, bytes))
            return true;
        words += bytes + (words[bytes] == ' ');
    }
    return false;
}

/* All classes' words by their first letter, for as long as one search takes. */
typedef struct entry {
    const char *form;
    uint8_t bytes, meaning;
    uint16_t next; /* of this letter; 0: the last */
} entry;

enum { ENTRIES_MAX = 1200, LETTERS = 26 };

typedef struct lexicon {
    entry entries[ENTRIES_MAX]; /* the first is none */
    uint16_t first[LETTERS];
} lexicon;

static void write_lexicon(lexicon *l)
{
    uint16_t count = 1;

    memset(l->first, 0, sizeof l->first);
    for (size_t meaning = 1; meaning < LL_MEANING_COUNT; meaning++) {
        const char *at = ll_meaning_words[meaning];

        while (*at != '\0') {
            size_t bytes = strcspn(at, " "), letter = (size_t)(*at - 'a');

            assert(count < ENTRIES_MAX && letter < LETTERS && bytes < 64);
            l->entries[count] = (entry){ at, (uint8_t)bytes, (uint8_t)meaning, l->first[letter] };
            l->first[letter] = count++;
            at += bytes + (at[bytes] == ' ');
        }
    }
}

static uint32_t meanings_of(const lexicon *l, const sentence *s, size_t index)
{
    const ll_guard_word *word = &s->text->words[s->begin + index];
    size_t letter = (size_t)s->text->views[LL_VIEW_PLAIN].data[word->begin] - 'a';
    uint32_t result = 0;

    for (size_t i = letter < LETTERS ? l->first[letter] : 0; i != 0; i = l->entries[i].next) {
        uint32_t bit = 1u << l->entries[i].meaning;

        if (!(result & bit) && is_compound(s, index, l->entries[i].form, l->entries[i].bytes))
            result |= bit;
    }
    return result;
}

/* The sentence that begins with this word. */
static void read_sentence(const lexicon *l, const ll_guard_text *t, size_t begin, sentence *s)
{
    s->text = t;
    s->begin = begin;
    s->count = 1;
    while (s->count < SENTENCE_WORDS_MAX && begin + s->count < t->word_count &&
           !ll_guard_text_breaks(t, t->words[begin + s->count - 1].from,
                                 t->words[begin + s->count].from))
        s->count++;
    for (size_t i = 0; i < s->count; i++)
        s->means[i] = meanings_of(l, s, i);
}

/* ---- excuses ------------------------------------------------------------- */

static const char negations[] = "not dont never no nor without avoid* refrain* cannot neither "
                                "nothing nobody none isnt arent doesnt wont shouldnt mustnt";
/* "Do not hesitate to", "if you do not": what follows is asked for after all. */
static const char turns[] = "if unless why hesitat* fail* forget* afraid shy worry worries stop* "
                            "mind until whoever";
static const char clauses[] = "but yet just simply then instead rather";

static bool is_comma_between(const sentence *s, size_t index)
{
    size_t from = s->text->words[s->begin + index].from;
    size_t to = s->text->words[s->begin + index + 1].from;

    return memchr(s->text->raw.text + from, ',', to - from) != NULL;
}

/* One negation, and nothing that turns it around, stands before it in its clause. */
static bool is_excused(const sentence *s, size_t index)
{
    size_t negated = 0, back = 0;

    while (index-- > 0 && back++ < LOOK_BACK_WORDS) {
        if (is_comma_between(s, index) || is_in_class(s, index, clauses))
            break;
        if (is_in_class(s, index, turns))
            return false;
        negated += is_in_class(s, index, negations);
    }
    return negated == 1;
}

/* ---- rules --------------------------------------------------------------- */

static bool means(const sentence *s, size_t index, unsigned meaning)
{
    return s->means[index] >> meaning & 1;
}

/* The parts from this one on stand behind the word at `index`. */
static bool is_followed(const sentence *s, const ll_meaning_rule *rule, size_t part, size_t index)
{
    if (part == LL_MEANING_PARTS_MAX || rule->parts[part] == LL_MEANING_NONE)
        return true;
    for (size_t i = index + 1; i < s->count && i <= index + rule->words[part - 1]; i++)
        if (means(s, i, rule->parts[part]) && is_followed(s, rule, part + 1, i))
            return true;
    return false;
}

static bool is_preceded(const sentence *s, const ll_meaning_rule *rule, size_t index)
{
    for (size_t i = index; i-- > 0 && index - i <= rule->words[0];)
        if (means(s, i, rule->parts[1]))
            return true;
    return false;
}

static bool says_both_sides(const sentence *s, const ll_meaning_rule *rule)
{
    for (size_t i = 0; rule->unless != LL_MEANING_NONE && i < s->count; i++)
        if (means(s, i, rule->unless))
            return true;
    return false;
}

static bool breaks(const sentence *s, const ll_meaning_rule *rule, size_t *out_index)
{
    if (says_both_sides(s, rule))
        return false;
    for (size_t i = 0; i < s->count; i++) {
        if (!means(s, i, rule->parts[0]) || (!rule->unexcused && is_excused(s, i)))
            continue;
        if (is_followed(s, rule, 1, i) || (rule->either_way && is_preceded(s, rule, i))) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

bool ll_guard_meanings_find(const ll_guard_text *t, const ll_meaning_rule *rules, uint64_t skipped,
                            size_t *out_rule, size_t *out_at)
{
    lexicon words;
    sentence s;

    write_lexicon(&words);
    for (size_t begin = 0; begin < t->word_count; begin += s.count) {
        read_sentence(&words, t, begin, &s);
        for (size_t i = 0; rules[i].why != NULL; i++) {
            size_t index;

            assert(i < 64);
            if (skipped >> i & 1 || !breaks(&s, &rules[i], &index))
                continue;
            *out_rule = i;
            *out_at = t->words[begin + index].from;
            return true;
        }
    }
    return false;
}

/* ---- the guards ---------------------------------------------------------- */

/* What the base prompt itself asks for is the operator's business. */
static bool object_to(const ll_guard_context *c, const ll_meaning_rule *rules, ll_guard_reason *out)
{
    uint64_t skipped = 0;
    size_t rule, at;

    while (ll_guard_meanings_find(&c->candidate, rules, skipped, &rule, &at)) {
        size_t own, own_at;

        if (!ll_guard_meanings_find(&c->base, rules, ~(UINT64_C(1) << rule), &own, &own_at))
            return ll_guard_object_at(c, at, out, "a sentence that %s", rules[rule].why);
        skipped |= UINT64_C(1) << rule;
    }
    return false;
}

bool ll_guard_one_sided(const ll_guard_context *c, ll_guard_reason *out)
{
    return object_to(c, ll_one_sided_rules, out);
}

bool ll_guard_steering(const ll_guard_context *c, ll_guard_reason *out)
{
    return object_to(c, ll_steering_rules, out);
}
