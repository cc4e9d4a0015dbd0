#include "prompt/guard_phrases.h"

#include "prompt/guards.h"

#include <assert.h>
#include <string.h>

#define PHRASE_BYTES_MAX 80
/* Which three bytes in a row occur: a bit for each of 2^16 hashes. A phrase with three that do
 * not occur is not looked for, which leaves nearly none to look for. */
#define TRIPLES_BITS 16

#define TRIPLES_BYTES (1u << (TRIPLES_BITS - 3))

typedef struct phrase {
    const char *plain; /* in the rule */
    const char *squeezed;
    uint8_t plain_bytes, bytes;
    bool at_begin, at_end;
} phrase;

/* A set of rules with its phrases squeezed, for as long as one search takes. */
enum { RULES_MAX = 40, PHRASES_MAX = 960, SQUEEZED_BYTES_MAX = 20 * 1024 };

typedef struct book {
    const ll_phrase_rule *rules;
    size_t rule_count;
    uint16_t first[RULES_MAX][LL_PHRASE_PARTS_MAX + 1]; /* of each part's phrases */
    phrase phrases[PHRASES_MAX];
    size_t phrase_count;
    char squeezed[SQUEEZED_BYTES_MAX];
    size_t squeezed_bytes;
} book;

typedef struct finder {
    const ll_guard_text *text;
    const ll_view *view;
    const book *book;
    uint8_t triples[TRIPLES_BYTES];
} finder;

static unsigned triple_hash(const char *p)
{
    unsigned value = (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8 |
                     (unsigned)(unsigned char)p[2] << 16;

    return (value * 2654435761u) >> (32 - TRIPLES_BITS);
}

static void note_triples(finder *f)
{
    memset(f->triples, 0, sizeof f->triples);
    for (size_t i = 0; i + 3 <= f->view->length; i++) {
        unsigned hash = triple_hash(f->view->data + i);

        f->triples[hash >> 3] |= (uint8_t)(1u << (hash & 7));
    }
}

/* In a turned text words are not known, so a short phrase would be found by chance: "naval
 * era" has "eval" in it. */
#define TURNED_BYTES_MIN 6

static bool is_turned(const ll_guard_text *t, const ll_view *v)
{
    return v == &t->views[LL_VIEW_BACKWARDS] || v == &t->views[LL_VIEW_ROTATED];
}

static bool may_occur(const finder *f, const phrase *p)
{
    if (is_turned(f->text, f->view) && p->bytes < TURNED_BYTES_MIN)
        return false;
    for (size_t i = 0; i + 3 <= p->bytes; i++) {
        unsigned hash = triple_hash(p->squeezed + i);

        if (!(f->triples[hash >> 3] & 1u << (hash & 7)))
            return false;
    }
    return true;
}

/* ---- the book ------------------------------------------------------------ */

/* Adds the alternative that begins here; returns what is behind it. */
static const char *add_phrase(book *b, const char *from)
{
    size_t bytes = strcspn(from, "|");
    const char *behind = from + bytes + (from[bytes] == '|');
    phrase *p = &b->phrases[b->phrase_count++];
    char plain[PHRASE_BYTES_MAX];
    char *squeezed = b->squeezed + b->squeezed_bytes;

    assert(bytes > 2 && bytes < sizeof plain && b->phrase_count < PHRASES_MAX);
    p->at_begin = *from == '^';
    p->at_end = from[bytes - 1] == '$';
    from += p->at_begin;
    bytes -= (size_t)p->at_begin + p->at_end;
    memcpy(plain, from, bytes);
    plain[bytes] = '\0';
    assert(SQUEEZED_BYTES_MAX - b->squeezed_bytes > PHRASE_BYTES_MAX);
    ll_guard_text_squeeze(plain, squeezed, PHRASE_BYTES_MAX);
    p->plain = from;
    p->plain_bytes = (uint8_t)bytes;
    p->squeezed = squeezed;
    p->bytes = (uint8_t)strlen(squeezed);
    b->squeezed_bytes += p->bytes;
    assert(p->bytes > 1);
    return behind;
}

static void write_book(const ll_phrase_rule *rules, size_t rule_count, book *b)
{
    assert(rule_count <= RULES_MAX);
    b->rules = rules;
    b->rule_count = rule_count;
    b->phrase_count = b->squeezed_bytes = 0;
    for (size_t i = 0; i < rule_count; i++) {
        for (size_t part = 0; part < LL_PHRASE_PARTS_MAX; part++) {
            const char *at = rules[i].parts[part];

            b->first[i][part] = (uint16_t)b->phrase_count;
            while (at != NULL && *at != '\0')
                at = add_phrase(b, at);
        }
        b->first[i][LL_PHRASE_PARTS_MAX] = (uint16_t)b->phrase_count;
    }
}

/* ---- one phrase ---------------------------------------------------------- */

static bool has_edges(const ll_view *v, size_t at, const phrase *p)
{
    return (!p->at_begin || v->edge[at] & LL_EDGE_BEGIN) &&
           (!p->at_end || v->edge[at + p->bytes - 1] & LL_EDGE_END);
}

/* Where it stands next, from *at on and beginning before `end`. */
static bool find_phrase(const ll_view *v, const phrase *p, size_t end, size_t *at)
{
    if (end > v->length)
        end = v->length;
    while (*at < end) {
        size_t room = end - *at + p->bytes - 1;

        if (room > v->length - *at)
            room = v->length - *at;
        const char *found = memmem(v->data + *at, room, p->squeezed, p->bytes);
        if (found == NULL)
            return false;
        *at = (size_t)(found - v->data);
        if (has_edges(v, *at, p))
            return true;
        ++*at;
    }
    return false;
}

/* ---- excuses ------------------------------------------------------------- */

#define LOOK_BACK_WORDS 9

static const char *const negations[] = {
    "not",     "never",   "dont",    "no",     "without", "avoid",     "refrain",    "cannot",
    "neither", "nor",     "instead", "rather", "mustnt",  "shouldnt",  "wont",       "nicht",
    "nie",     "niemals", "kein",    "keine",  "keinen",  "ohne",      "jamais",     "pas",
    "sans",    "aucun",   "aucune",  "nunca",  "sin",     "jamas",     "ningun",     "ninguna",
    "senza",   "mai",     "non",     "nao",    "nobody",  "none",      "nothing",    "noone",
    "sem",     "geen",    "niet",    "nooit",  "zonder",  "forbidden", "prohibited",
};
/* Folded, as all words: these are Russian and Chinese. */
static const char *const folded_negations[] = { "не", "никогда", "без", "不", "勿", "别", "禁" };

static const char *const small_words[] = {
    "ever",       "make",     "making",    "any",
    "use",        "using",    "include",   "including",
    "give",       "giving",   "offer",     "to",
    "the",        "a",        "an",        "of",
    "from",       "than",     "or",        "be",
    "in",         "claim",    "claims",    "say",
    "saying",     "state",    "write",     "imply",
    "suggest",    "promise",  "under",     "circumstances",
    "please",     "phrases",  "words",     "statements",
    "language",   "like",     "such",      "as",
    "that",       "you",      "sentence",  "sentences",
    "present",    "describe", "sound",     "text",
    "field",      "it",       "is",        "are",
    "reader",     "user",     "with",      "promises",
    "this",       "these",    "predict",   "guarantee",
    "guarantees", "invent",   "reveal",    "your",
    "their",      "his",      "ihr",       "du",
    "der",        "die",      "das",       "zu",
    "de",         "la",       "le",        "les",
    "des",        "du",       "el",        "los",
    "las",        "un",       "une",       "una",
    "que",        "anybody",  "anyone",    "signal",
    "change",     "alter",    "repeat",    "mention",
    "add",        "tell",     "recommend",
};
static const char *const folded_small_words[] = { "要", "得", "可", "能", "止", "以" };

/* "If you do not", "why not": what follows is asked for after all. */
static const char *const turning_words[] = { "if",     "unless",  "why",   "whoever", "failure",
                                             "until",  "wenn",    "falls", "warum",   "si",
                                             "porque", "penalty", "wrong", "mistake" };

static const char *const taking_back[] = { "forbidden", "prohibited", "unless",  "except",
                                           "wrong",     "mistake",    "failure", "but" };

static bool is_among(const ll_guard_text *t, const ll_guard_word *word, const char *const *words,
                     size_t count)
{
    const char *data = t->views[LL_VIEW_PLAIN].data + word->begin;

    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == word->bytes && memcmp(words[i], data, word->bytes) == 0)
            return true;
    return false;
}

/* The same for words that are not in their folded form. */
static bool is_among_folded(const ll_guard_text *t, const ll_guard_word *word,
                            const char *const *words, size_t count)
{
    const char *data = t->views[LL_VIEW_PLAIN].data + word->begin;
    char squeezed[PHRASE_BYTES_MAX];

    if ((unsigned char)data[0] < 0x80 && word->bytes < 2)
        return false;
    for (size_t i = 0; i < count; i++) {
        ll_guard_text_squeeze(words[i], squeezed, sizeof squeezed);
        if (strlen(squeezed) == word->bytes && memcmp(squeezed, data, word->bytes) == 0)
            return true;
    }
    return false;
}

#define AMONG(t, word, words) is_among(t, word, words, sizeof(words) / sizeof(words)[0])
#define AMONG_FOLDED(t, word, words)                                                               \
    is_among_folded(t, word, words, sizeof(words) / sizeof(words)[0])

static bool is_negation(const ll_guard_text *t, const ll_guard_word *word)
{
    return AMONG(t, word, negations) || AMONG_FOLDED(t, word, folded_negations);
}

/* How many words begin before this byte. */
static size_t words_before(const ll_guard_text *t, size_t at)
{
    size_t low = 0, high = t->word_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->words[middle].from < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const char *const clause_openers[] = { "do", "and", "or", "but", "please", "also" };

/* ", do not ...", ", and never ...": the words from here to the negation open a clause of its own,
 * for which no earlier one matters. */
static bool opens_clause(const ll_guard_text *t, size_t from, size_t negation)
{
    if (memchr(t->raw.text + t->words[from - 1].from, ',',
               t->words[from].from - t->words[from - 1].from) == NULL)
        return false;
    for (size_t i = from; i < negation; i++)
        if (!AMONG(t, &t->words[i], clause_openers))
            return false;
    return true;
}

/* No word that turns the negation around stands before it in the sentence. */
static bool is_unconditional(const ll_guard_text *t, size_t index)
{
    size_t negation = index;

    for (size_t back = 0; index > 0 && back < LOOK_BACK_WORDS; back++) {
        if (opens_clause(t, index, negation))
            return true;
        const ll_guard_word *word = &t->words[--index];

        if (ll_guard_text_breaks(t, word->from, t->words[index + 1].from))
            return true;
        if (AMONG(t, word, turning_words) || is_negation(t, word))
            return false;
    }
    return true;
}

/* No comma or other sign between the two: "not, I repeat" denies nothing. */
static bool is_joined(const ll_guard_text *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (strchr(",()[]{}*_/\\|=+<>&%#@$~^-", t->raw.text[i]) != NULL)
            return false;
    return true;
}

bool ll_guard_phrases_negated(const ll_guard_text *t, size_t at)
{
    size_t index = words_before(t, at);

    for (size_t back = 0; index > 0 && back < LOOK_BACK_WORDS; back++) {
        const ll_guard_word *word = &t->words[--index];
        size_t next = index + 1 < t->word_count ? t->words[index + 1].from : at;

        if (ll_guard_text_breaks(t, word->from, next < at ? next : at))
            return false;
        if (is_negation(t, word))
            return is_joined(t, word->from + word->bytes, next < at ? next : at) &&
                   is_unconditional(t, index);
        if (!AMONG(t, word, small_words) && !AMONG_FOLDED(t, word, folded_small_words))
            return false;
    }
    return false;
}

/* "Guarantee no profit", "returns are not guaranteed": between the halves one negation, and
 * nothing but small words. */
static bool is_negated_between(const ll_guard_text *t, size_t first, size_t second)
{
    size_t count = 0;

    for (size_t i = words_before(t, first + 1); i < t->word_count; i++) {
        const ll_guard_word *word = &t->words[i];
        bool is_no = AMONG(t, word, negations);

        if (word->from >= second)
            break;
        if (!is_no && !AMONG(t, word, small_words))
            return false;
        count += is_no;
    }
    return count == 1 && !ll_guard_text_breaks(t, first, second);
}

/* "To promise no profit is forbidden", "... unless": not a plain negation any more. */
static bool is_taken_back(const ll_guard_text *t, size_t at)
{
    size_t index = words_before(t, at + 1);

    for (size_t i = 0; i < LOOK_BACK_WORDS && index + i < t->word_count; i++) {
        const ll_guard_word *word = &t->words[index + i];

        if (index + i > 0 && ll_guard_text_breaks(t, t->words[index + i - 1].from, word->from))
            return false;
        if (AMONG(t, word, turning_words) || AMONG(t, word, taking_back))
            return true;
    }
    return false;
}

/* ---- one rule ------------------------------------------------------------ */

/* The later parts stand behind `end`. *out_next: where the second does. */
static bool is_followed(const finder *f, size_t rule, size_t part, size_t end, size_t *out_next)
{
    size_t last = part < LL_PHRASE_PARTS_MAX ? f->book->first[rule][part + 1] : 0;
    size_t gap = f->book->rules[rule].gap;

    if (part == LL_PHRASE_PARTS_MAX || f->book->rules[rule].parts[part] == NULL)
        return true;
    for (size_t i = f->book->first[rule][part]; i < last; i++) {
        const phrase *p = &f->book->phrases[i];
        size_t ignored;

        if (!may_occur(f, p))
            continue;
        /* From the last byte on: "always say" is aiwaysay. */
        for (size_t at = end - 1; find_phrase(f->view, p, end + gap + 1, &at); at++) {
            if (is_followed(f, rule, part + 1, at + p->bytes, &ignored)) {
                *out_next = at;
                return true;
            }
        }
    }
    return false;
}

static bool is_excused(const finder *f, const ll_phrase_rule *rule, size_t at, size_t next)
{
    const ll_view *v = f->view;
    bool is_turned =
        v == &f->text->views[LL_VIEW_BACKWARDS] || v == &f->text->views[LL_VIEW_ROTATED];

    if (rule->unexcused || is_turned)
        return false;
    bool before = ll_guard_phrases_negated(f->text, v->from[at]);
    bool between =
        rule->parts[1] != NULL && is_negated_between(f->text, v->from[at], v->from[next]);

    /* Twice no is yes. */
    return before != between && !is_taken_back(f->text, v->from[at]);
}

static bool breaks_rule(const finder *f, size_t rule, ll_phrase_match *out)
{
    for (size_t i = f->book->first[rule][0]; i < f->book->first[rule][1]; i++) {
        const phrase *p = &f->book->phrases[i];
        size_t next = 0;

        if (!may_occur(f, p))
            continue;
        for (size_t at = 0; find_phrase(f->view, p, f->view->length, &at); at++) {
            if (is_followed(f, rule, 1, at + p->bytes, &next) &&
                !is_excused(f, &f->book->rules[rule], at, next)) {
                out->phrase[0] = '\0';
                strncat(out->phrase, p->plain,
                        p->plain_bytes < sizeof out->phrase ? p->plain_bytes
                                                            : sizeof out->phrase - 1);
                out->at = f->view->from[at];
                out->rule_index = rule;
                return true;
            }
        }
    }
    return false;
}

bool ll_guard_phrases_find(const ll_guard_text *t, const ll_phrase_rule *rules, size_t rule_count,
                           uint64_t skipped, ll_phrase_match *out)
{
    book b;
    finder f = { .text = t, .book = &b };

    write_book(rules, rule_count, &b);
    for (size_t kind = LL_VIEW_LETTERS; kind < LL_VIEW_COUNT; kind++) {
        f.view = &t->views[kind];
        note_triples(&f);
        for (size_t i = 0; i < rule_count; i++)
            if (!(skipped >> i & 1) && breaks_rule(&f, i, out))
                return true;
    }
    return false;
}

/* ---- the guards ---------------------------------------------------------- */

/* What the base prompt itself says is the operator's business, and no variant could do without. */
bool ll_guard_object_to(const ll_guard_context *c, const ll_phrase_rule *rules, const char *why,
                        ll_guard_reason *out)
{
    ll_phrase_match match, own;
    uint64_t skipped = 0;
    size_t count = 0;

    while (rules[count].parts[0] != NULL)
        count++;
    while (ll_guard_phrases_find(&c->candidate, rules, count, skipped, &match)) {
        if (!ll_guard_phrases_find(&c->base, &rules[match.rule_index], 1, 0, &own))
            return ll_guard_object_at(c, match.at, out, "\"%s\" %s", match.phrase, why);
        skipped |= UINT64_C(1) << match.rule_index;
    }
    return false;
}

bool ll_guard_override(const ll_guard_context *c, ll_guard_reason *out)
{
    return ll_guard_object_to(c, ll_override_rules, "sets other instructions aside", out);
}

bool ll_guard_exfiltration(const ll_guard_context *c, ll_guard_reason *out)
{
    return ll_guard_object_to(c, ll_exfiltration_rules, "gives away what is not the reader's", out);
}

bool ll_guard_tool_use(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_view *plain = &c->candidate.views[LL_VIEW_PLAIN];
    const char *from = plain->data, *end = plain->data + plain->length, *at;

    /* A fenced block of anything but JSON or text is a program. */
    while ((at = memmem(from, (size_t)(end - from), "```", 3)) != NULL) {
        from = at + 3;
        bool is_language = from < end && *from >= 'a' && *from <= 'z';
        bool is_text =
            end - from >= 4 && (memcmp(from, "json", 4) == 0 || memcmp(from, "text", 4) == 0);

        if (is_language && !is_text)
            return ll_guard_object_at(c, plain->from[at - plain->data], out, "a block of code");
    }
    return ll_guard_object_to(c, ll_tool_use_rules, "asks for more than words", out);
}

bool ll_guard_fixed_verdict(const ll_guard_context *c, ll_guard_reason *out)
{
    return ll_guard_object_to(c, ll_fixed_verdict_rules, "decides what the signal must be", out);
}

bool ll_guard_profit_promise(const ll_guard_context *c, ll_guard_reason *out)
{
    return ll_guard_object_to(c, ll_profit_promise_rules, "promises or presses", out);
}

bool ll_guard_toxic(const ll_guard_context *c, ll_guard_reason *out)
{
    return ll_guard_object_to(c, ll_toxic_rules, "insults or harms", out);
}
