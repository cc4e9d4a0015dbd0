#include "base/utf8.h"
#include "prompt/characters.h"
#include "prompt/guard_phrases.h"
#include "prompt/guards.h"

#include <string.h>

bool ll_guard_empty(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;

    for (size_t i = 0; i < text.bytes; i++)
        if (strchr(" \t\r\n", text.text[i]) == NULL)
            return false;
    return ll_guard_object(out, "nothing but blanks");
}

bool ll_guard_too_long(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t bytes = c->in->candidate.bytes;

    return bytes > c->limits.bytes_max &&
           ll_guard_object(out, "%zu bytes, at most %zu", bytes, c->limits.bytes_max);
}

bool ll_guard_not_utf8(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;

    return text.bytes <= c->limits.bytes_max && !ll_utf8_valid(text.text, text.bytes) &&
           ll_guard_object(out, "not valid UTF-8, or a NUL in it");
}

bool ll_guard_too_many_lines(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;
    size_t lines = 1;

    for (size_t i = 0; i < text.bytes; i++)
        lines += text.text[i] == '\n';
    return lines > c->limits.lines_max &&
           ll_guard_object(out, "%zu lines, at most %zu", lines, c->limits.lines_max);
}

bool ll_guard_too_many_tokens(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t tokens = ll_guard_tokens(c->in->candidate);

    return tokens > c->limits.tokens_max &&
           ll_guard_object(out, "about %zu tokens, at most %zu", tokens, c->limits.tokens_max);
}

/* Shorter than a quarter of the base, it has lost what the base asks for. */
#define SHORTEST 4

static size_t count_words(const ll_guard_text *t)
{
    size_t count = 0;

    for (size_t i = 0; i < t->word_count; i++)
        count += !t->words[i].is_placeholder;
    return count;
}

bool ll_guard_too_short(const ll_guard_context *c, ll_guard_reason *out)
{
    size_t words = count_words(&c->candidate), base = count_words(&c->base);

    return words * SHORTEST < base &&
           ll_guard_object(out, "%zu words, the base prompt has %zu", words, base);
}

/* ---- placeholders -------------------------------------------------------- */

bool ll_guard_placeholders(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_template base, candidate;
    ll_template_name name;

    if (ll_template_parse(c->in->base, &base) != LLMLEARN_OK)
        return ll_guard_object(out, "the base prompt is no template");
    if (ll_template_parse(c->in->candidate, &candidate) != LLMLEARN_OK)
        return ll_guard_object(out, "%s", llmlearn_error_detail());
    return !ll_template_same(&base, &candidate, &name) &&
           ll_guard_object(out, "{{%.*s}} is not there as often as in the base", (int)name.bytes,
                           name.name);
}

/* ---- what the answer must have ------------------------------------------- */

/* Chinese puts no blanks around a name, so other characters end one. */
static bool is_ascii_word(unsigned char c)
{
    return c < 0x80 && ll_character_is_word(c);
}

/* As a word of its own, in the letters asked for, not inside a placeholder, and not in "without
 * risks". */
static bool mentions(const ll_guard_text *t, const char *word)
{
    ll_prompt_text text = t->raw;
    size_t bytes = strlen(word);
    const char *from = text.text, *end = text.text + text.bytes, *at;

    while ((at = memmem(from, (size_t)(end - from), word, bytes)) != NULL) {
        unsigned char before = (unsigned char)(at > text.text ? at[-1] : ' ');
        unsigned char after = (unsigned char)(at + bytes < end ? at[bytes] : ' ');
        bool is_hole = before == '{' && at - text.text >= 2 && at[-2] == '{';
        bool inside =
            before == '_' || after == '_' || is_ascii_word(before) || is_ascii_word(after);

        if (!is_hole && !inside && !ll_guard_phrases_negated(t, (size_t)(at - text.text)))
            return true;
        from = at + 1;
    }
    return false;
}

/* As much of a name as there is room for, no character cut. */
static size_t shown_bytes(const char *name)
{
    size_t bytes = strnlen(name, 60);

    while (bytes > 0 && ((unsigned char)name[bytes] & 0xc0) == 0x80)
        bytes--;
    return bytes;
}

bool ll_guard_json_fields(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_view *plain = &c->candidate.views[LL_VIEW_PLAIN];

    if (c->in->json_field_count == 0)
        return false;
    if (memmem(plain->data, plain->length, "json", 4) == NULL)
        return ll_guard_object(out, "does not ask for JSON");
    for (size_t i = 0; i < c->in->json_field_count; i++)
        if (!mentions(&c->candidate, c->in->json_fields[i]))
            return ll_guard_object(out, "does not ask for the field \"%.*s\"",
                                   (int)shown_bytes(c->in->json_fields[i]), c->in->json_fields[i]);
    return false;
}
