#include "prompt/guard_text.h"

#include "base/err.h"
#include "prompt/characters.h"
#include "prompt/fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MAX 64
/* Misspelt by one letter, or by their order, a shorter word could be too many others. */
#define KEY_BYTES_MIN 6

uint64_t ll_guard_text_hash(const char *data, size_t bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

/* ---- views --------------------------------------------------------------- */

static void push(ll_view *v, char byte, size_t from, unsigned edge)
{
    v->data[v->length] = byte;
    v->from[v->length] = (uint32_t)from;
    v->edge[v->length] = (uint8_t)edge;
    v->length++;
}

/* One byte of a squeezed view: the letter it counts as, or 0. */
static char letter_of(unsigned char c, ll_view_kind kind)
{
    static const char digits[] = "oizeasgtbg"; /* 0123456789 */

    if (c >= 0x80)
        return (char)c;
    if (c >= 'a' && c <= 'z')
        return (char)(c == 'l' ? 'i' : c);
    if (kind != LL_VIEW_LETTERS && c >= '0' && c <= '9')
        return digits[c - '0'];
    if (kind == LL_VIEW_SIGNS) {
        static const char signs[] = "@$!|+", letters[] = "asiit";
        const char *at = c == '\0' ? NULL : strchr(signs, c);

        return (char)(at == NULL ? 0 : letters[at - signs]);
    }
    return 0;
}

typedef struct squeezer {
    ll_view *view;
    ll_view_kind kind;
    bool in_word;
} squeezer;

static void end_word(squeezer *s)
{
    if (s->in_word)
        s->view->edge[s->view->length - 1] |= LL_EDGE_END;
    s->in_word = false;
}

/* A folded character of a view of letters. */
static void squeeze(squeezer *s, uint32_t c, const char *folded, size_t bytes, size_t from)
{
    bool is_word = bytes == 1 || ll_character_is_word(c);
    bool is_part = false;

    for (size_t i = 0; is_word && i < bytes; i++) {
        ll_view *v = s->view;
        char letter = letter_of((unsigned char)folded[i], s->kind);
        unsigned edge = s->in_word ? 0 : LL_EDGE_BEGIN;

        if (letter == 0)
            continue;
        is_part = true;
        s->in_word = true;
        if (bytes == 1 && v->length > 0 && v->data[v->length - 1] == letter)
            v->edge[v->length - 1] |= (uint8_t)edge;
        else
            push(v, letter, from, edge);
    }
    /* What folds to nothing, and an apostrophe, do not end a word; a digit dropped neither. */
    bool is_digit = bytes == 1 && folded[0] >= '0' && folded[0] <= '9';
    if (!is_part && bytes > 0 && !is_digit && folded[0] != '\'')
        end_word(s);
}

static void push_plain(ll_guard_text *t, const char *folded, size_t bytes, size_t from)
{
    ll_view *v = &t->views[LL_VIEW_PLAIN];
    char last = (char)(v->length > 0 ? v->data[v->length - 1] : '\n');
    bool is_blank = bytes == 1 && (folded[0] == ' ' || folded[0] == '\t');

    if (is_blank && (last == ' ' || last == '\n'))
        return;
    if (is_blank)
        push(v, ' ', from, 0);
    for (size_t i = 0; !is_blank && i < bytes; i++)
        push(v, folded[i], from, 0);
}

static void make_dense(ll_guard_text *t)
{
    const ll_view *plain = &t->views[LL_VIEW_PLAIN];

    for (size_t i = 0; i < plain->length; i++)
        if (plain->data[i] != ' ' && plain->data[i] != '\n')
            push(&t->views[LL_VIEW_DENSE], plain->data[i], plain->from[i], 0);
}

/* The bytes of a placeholder that begins here; 0: none does. */
static size_t placeholder_bytes(ll_prompt_text raw, size_t at)
{
    const char *end;

    if (raw.bytes - at < 5 || raw.text[at] != '{' || raw.text[at + 1] != '{')
        return 0;
    size_t room = raw.bytes - at - 2;
    if (room > LL_TEMPLATE_NAME_BYTES_MAX + 2)
        room = LL_TEMPLATE_NAME_BYTES_MAX + 2;
    end = memmem(raw.text + at + 2, room, "}}", 2);
    if (end == NULL)
        return 0;
    for (const char *p = raw.text + at + 2; p < end; p++)
        if (*p != '_' && ((unsigned char)*p >= 0x80 || !ll_character_is_word((unsigned char)*p)))
            return 0;
    return (size_t)(end + 2 - (raw.text + at));
}

static void make_squeezed(ll_guard_text *t, ll_view_kind kind)
{
    squeezer s = { .view = &t->views[kind], .kind = kind };
    size_t at = 0;

    while (at < t->raw.bytes) {
        size_t skipped = placeholder_bytes(t->raw, at);
        size_t from = at;
        char folded[LL_FOLD_BYTES_MAX];

        if (skipped > 0) {
            end_word(&s);
            at += skipped;
            continue;
        }
        uint32_t c = ll_character_next(t->raw.text, t->raw.bytes, &at);
        squeeze(&s, c, folded, ll_fold(c, folded), from);
    }
    end_word(&s);
}

/* The same for ASCII, which nearly all phrases are, ten times as fast. SIZE_MAX: it is not. */
static size_t squeeze_ascii(const char *phrase, char *out)
{
    size_t bytes = 0;

    for (; *phrase != '\0'; phrase++) {
        char c = (char)(*phrase >= 'A' && *phrase <= 'Z' ? *phrase + 0x20 : *phrase);

        if ((unsigned char)c >= 0x80)
            return SIZE_MAX;
        c = letter_of((unsigned char)c, LL_VIEW_LETTERS);
        if (c != 0 && (bytes == 0 || out[bytes - 1] != c))
            out[bytes++] = c;
    }
    return bytes;
}

void ll_guard_text_squeeze(const char *phrase, char *out, size_t out_bytes)
{
    enum { BYTES_MAX = 256 };
    char data[BYTES_MAX];
    uint32_t from[BYTES_MAX];
    uint8_t edge[BYTES_MAX];
    ll_guard_text t = { .raw = { phrase, strlen(phrase) } };
    ll_view *view = &t.views[LL_VIEW_LETTERS];

    assert(t.raw.bytes <= BYTES_MAX && out_bytes > 0);
    *view = (ll_view){ .data = data, .from = from, .edge = edge };
    view->length = squeeze_ascii(phrase, data);
    if (view->length == SIZE_MAX) {
        view->length = 0;
        make_squeezed(&t, LL_VIEW_LETTERS);
    }
    size_t bytes = view->length < out_bytes - 1 ? view->length : out_bytes - 1;
    memcpy(out, data, bytes);
    out[bytes] = '\0';
}

/* ---- words --------------------------------------------------------------- */

static bool is_written_without_blanks(uint32_t c)
{
    ll_script script = ll_character_script(c);

    return script == LL_SCRIPT_HAN || script == LL_SCRIPT_KANA || script == LL_SCRIPT_THAI;
}

static void end_of_word(ll_guard_text *t, ll_guard_word *word)
{
    const ll_view *plain = &t->views[LL_VIEW_PLAIN];

    if (word->bytes == 0)
        return;
    word->hash = ll_guard_text_hash(plain->data + word->begin, word->bytes);
    t->words[t->word_count++] = *word;
    *word = (ll_guard_word){ .bytes = 0 };
}

static void add_to_word(ll_guard_text *t, ll_guard_word *word, size_t from, size_t begin)
{
    if (word->bytes == 0)
        *word = (ll_guard_word){ .from = (uint32_t)from, .begin = (uint32_t)begin };
    size_t bytes = t->views[LL_VIEW_PLAIN].length - word->begin;
    word->is_single = word->bytes == 0;
    word->bytes = (uint16_t)(bytes < WORD_BYTES_MAX ? bytes : WORD_BYTES_MAX);
}

/* The plain view and the words in one walk. */
static void make_plain(ll_guard_text *t)
{
    ll_view *plain = &t->views[LL_VIEW_PLAIN];
    ll_guard_word word = { .bytes = 0 };
    size_t at = 0;

    while (at < t->raw.bytes) {
        size_t hole = placeholder_bytes(t->raw, at);
        size_t from = at, begin = plain->length;
        char folded[LL_FOLD_BYTES_MAX];

        if (hole > 0) {
            end_of_word(t, &word);
            for (size_t i = 0; i < hole; i++)
                push(plain, t->raw.text[at + i], at + i, 0);
            add_to_word(t, &word, from, begin);
            word.is_placeholder = true;
            word.is_single = false;
            end_of_word(t, &word);
            at += hole;
            continue;
        }
        uint32_t c = ll_character_next(t->raw.text, t->raw.bytes, &at);
        size_t bytes = ll_fold(c, folded);
        if (bytes == 1 && folded[0] == '\'' && word.bytes > 0)
            continue; /* don't is one word */
        push_plain(t, folded, bytes, from);
        bool is_word = bytes == 1 ? ll_character_is_word((unsigned char)folded[0])
                                  : bytes > 0 && ll_character_is_word(c);
        if (is_word)
            add_to_word(t, &word, from, begin);
        if ((!is_word && bytes > 0) || is_written_without_blanks(c))
            end_of_word(t, &word);
    }
    end_of_word(t, &word);
}

/* ---- misspelt key words -------------------------------------------------- */

/* As they stand in the view of letters: l is i, nothing is doubled. */
static const char *const keys[] = { "ignore",       "disregard",   "previous",  "instruction",
                                    "instructions", "overide",     "bypas",     "system",
                                    "prompt",       "prompts",     "reveai",    "pasword",
                                    "forget",       "credentiais", "guarantee", "guarante",
                                    "profits",      "profit",      "always" };

static bool is_anagram(const char *a, const char *b, size_t bytes)
{
    signed char count[256] = { 0 };

    for (size_t i = 0; i < bytes; i++) {
        count[(unsigned char)a[i]]++;
        count[(unsigned char)b[i]]--;
    }
    for (size_t i = 0; i < bytes; i++)
        if (count[(unsigned char)a[i]] != 0)
            return false;
    return a[0] == b[0];
}

/* One letter changed, too many or too few. */
static bool is_one_off(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t head = 0, tail = 0;
    size_t shorter = a_bytes < b_bytes ? a_bytes : b_bytes;
    size_t longer = a_bytes < b_bytes ? b_bytes : a_bytes;

    if (longer - shorter > 1)
        return false;
    while (head < shorter && a[head] == b[head])
        head++;
    while (tail < shorter - head && a[a_bytes - 1 - tail] == b[b_bytes - 1 - tail])
        tail++;
    return longer - head - tail <= 1;
}

static const char *correct(const char *word, size_t bytes)
{
    for (size_t i = 0; bytes >= KEY_BYTES_MIN - 1 && i < sizeof keys / sizeof keys[0]; i++) {
        size_t key_bytes = strlen(keys[i]);

        if ((bytes == key_bytes && is_anagram(word, keys[i], bytes)) ||
            is_one_off(word, bytes, keys[i], key_bytes))
            return keys[i];
    }
    return NULL;
}

static void make_corrected(ll_guard_text *t)
{
    const ll_view *letters = &t->views[LL_VIEW_LETTERS];
    ll_view *out = &t->views[LL_VIEW_CORRECTED];
    size_t begin = 0;

    for (size_t i = 0; i < letters->length; i++) {
        /* "rules say" is ruiesay: its s ends one word and begins the next. */
        bool is_shared = i > begin && (letters->edge[i] & LL_EDGE_BEGIN);

        if (!is_shared && !(letters->edge[i] & LL_EDGE_END) && i + 1 < letters->length)
            continue;
        size_t bytes = i + 1 - begin;
        const char *word = letters->data + begin, *key = correct(word, bytes);

        if (key != NULL) {
            word = key;
            bytes = strlen(key);
        }
        for (size_t k = 0; k < bytes; k++)
            push(out, word[k], letters->from[begin],
                 (k == 0 ? LL_EDGE_BEGIN : 0) | (k + 1 == bytes ? LL_EDGE_END : 0));
        begin = i + !is_shared;
    }
}

/* ---- turned texts -------------------------------------------------------- */

/* Made from the plain view: in that of letters l is i, and would rotate to v rather than y. Words
 * do not matter here; nobody writes like this by accident. */
static void make_turned(ll_guard_text *t)
{
    const ll_view *plain = &t->views[LL_VIEW_PLAIN];

    for (ll_view_kind kind = LL_VIEW_BACKWARDS; kind <= LL_VIEW_ROTATED; kind++) {
        ll_view *v = &t->views[kind];

        for (size_t i = 0; i < plain->length; i++) {
            size_t at = kind == LL_VIEW_BACKWARDS ? plain->length - 1 - i : i;
            char c = plain->data[at];

            if (c < 'a' || c > 'z')
                continue;
            if (kind == LL_VIEW_ROTATED)
                c = (char)('a' + (c - 'a' + 13) % 26);
            if (c == 'l')
                c = 'i';
            if (v->length == 0 || v->data[v->length - 1] != c)
                push(v, c, plain->from[at], 0);
        }
    }
}

/* ---- all ----------------------------------------------------------------- */

/* Each byte of a view takes a byte, its origin and its edge; a corrected word may be a letter
 * longer than it was, but only from 5 letters on. Two words have a blank between them, or one of
 * them has three bytes or more. */
static llmlearn_err get_memory(ll_guard_text *t, bool all)
{
    size_t views = all ? LL_VIEW_COUNT : 1;
    size_t room = t->raw.bytes + t->raw.bytes / (KEY_BYTES_MIN - 1) + 8;
    size_t words = (t->raw.bytes / 2 + 2) * sizeof(ll_guard_word);
    char *memory = malloc(words + views * room * (sizeof(uint32_t) + 2));

    if (memory == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory to check a prompt of %zu bytes", t->raw.bytes);
    t->memory = memory;
    t->words = (ll_guard_word *)(void *)memory;
    uint32_t *from = (uint32_t *)(void *)(memory + words);
    char *bytes = (char *)(from + views * room);
    for (size_t i = 0; i < views; i++)
        t->views[i] = (ll_view){ .data = bytes + 2 * i * room,
                                 .from = from + i * room,
                                 .edge = (uint8_t *)bytes + (2 * i + 1) * room };
    return LLMLEARN_OK;
}

llmlearn_err ll_guard_text_make(ll_prompt_text raw, bool all, ll_guard_text *out)
{
    ll_guard_text t = { .raw = raw };
    llmlearn_err err;

    assert(raw.text != NULL || raw.bytes == 0);
    assert(raw.bytes < UINT32_MAX / 2);
    err = get_memory(&t, all);
    if (err != LLMLEARN_OK)
        return err;
    make_plain(&t);
    if (all) {
        make_dense(&t);
        make_squeezed(&t, LL_VIEW_LETTERS);
        make_squeezed(&t, LL_VIEW_DIGITS);
        make_squeezed(&t, LL_VIEW_SIGNS);
        make_corrected(&t);
        make_turned(&t);
    }
    *out = t;
    return LLMLEARN_OK;
}

void ll_guard_text_free(ll_guard_text *t)
{
    if (t == NULL)
        return;
    free(t->memory);
    *t = (ll_guard_text){ .memory = NULL };
}

void ll_guard_text_place(const ll_guard_text *t, size_t at, size_t *out_line, size_t *out_column)
{
    *out_line = *out_column = 1;
    for (size_t i = 0; i < at && i < t->raw.bytes; i++) {
        if (t->raw.text[i] == '\n') {
            ++*out_line;
            *out_column = 1;
        } else if (((unsigned char)t->raw.text[i] & 0xc0) != 0x80) {
            ++*out_column;
        }
    }
}

bool ll_guard_text_breaks(const ll_guard_text *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (strchr(".!?;:\n", t->raw.text[i]) != NULL)
            return true;
    return memmem(t->raw.text + from, to - from, "。", 3) != NULL ||
           memmem(t->raw.text + from, to - from, "：", 3) != NULL ||
           memmem(t->raw.text + from, to - from, "…", 3) != NULL ||
           memmem(t->raw.text + from, to - from, "—", 3) != NULL;
}
