#include "prompt/template.h"

#include "base/buffer.h"
#include "base/err.h"

#include <assert.h>
#include <string.h>

/* Where a walk through a template stands. */
typedef struct walk {
    ll_prompt_text text;
    size_t at;
    size_t open; /* single braces that wait for their partner */
} walk;

/* A stretch of plain text, then a placeholder or, at the end, none. */
typedef struct piece {
    size_t plain_from, plain_to;
    const char *name; /* NULL: the template ends here */
    size_t name_bytes;
} piece;

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool continues_name(char c)
{
    return begins_name(c) || (c >= '0' && c <= '9');
}

bool ll_template_is_name(const char *name)
{
    size_t bytes = 0;

    if (name == NULL || !begins_name(name[0]))
        return false;
    while (continues_name(name[bytes]) && bytes <= LL_TEMPLATE_NAME_BYTES_MAX)
        bytes++;
    return name[bytes] == '\0' && bytes <= LL_TEMPLATE_NAME_BYTES_MAX;
}

static bool is_at(const walk *w, size_t at, char c)
{
    return at < w->text.bytes && w->text.text[at] == c;
}

static llmlearn_err fail_at(const walk *w, size_t at, const char *what)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        if (w->text.text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)w->text.text[i] & 0xc0) != 0x80) {
            column++; /* a character counts with its first byte */
        }
    }
    return ll_fail(LLMLEARN_EINVAL, "template: line %zu, column %zu: %s", line, column, what);
}

/* w->at is behind "{{". */
static llmlearn_err read_name(walk *w, piece *out)
{
    size_t from = w->at, at = from;

    if (is_at(w, at, '{'))
        return fail_at(w, at, "\"{{{\" can be read in two ways; put a space between the braces");
    if (is_at(w, at, '}'))
        return fail_at(w, at, "a placeholder has no name");
    if (at == w->text.bytes || !begins_name(w->text.text[at]))
        return fail_at(w, at, "a name of letters, digits and '_' must follow \"{{\"");
    while (at < w->text.bytes && continues_name(w->text.text[at]))
        at++;
    if (at - from > LL_TEMPLATE_NAME_BYTES_MAX)
        return fail_at(w, from, "a name has more than 64 characters");
    if (!is_at(w, at, '}') || !is_at(w, at + 1, '}'))
        return fail_at(w, at, "\"}}\" must follow the name of a placeholder");
    out->name = w->text.text + from;
    out->name_bytes = at - from;
    w->at = at + 2;
    return LLMLEARN_OK;
}

/* A '}' that ends no placeholder. */
static llmlearn_err close_single(walk *w)
{
    if (is_at(w, w->at + 1, '}') && w->open < 2)
        return fail_at(w, w->at, "\"}}\" closes no placeholder");
    if (w->open > 0)
        w->open--;
    w->at++;
    return LLMLEARN_OK;
}

static llmlearn_err next(walk *w, piece *out)
{
    out->plain_from = w->at;
    out->name = NULL;
    out->name_bytes = 0;
    while (w->at < w->text.bytes) {
        llmlearn_err err = LLMLEARN_OK;
        char c = w->text.text[w->at];

        if (c == '{' && is_at(w, w->at + 1, '{')) {
            out->plain_to = w->at;
            w->at += 2;
            return read_name(w, out);
        }
        if (c == '}')
            err = close_single(w);
        else
            w->at++;
        if (err != LLMLEARN_OK)
            return err;
        w->open += c == '{';
    }
    out->plain_to = w->at;
    return LLMLEARN_OK;
}

static ll_template_name *find(const ll_template *t, const char *name, size_t bytes)
{
    for (size_t i = 0; i < t->name_count; i++)
        if (t->names[i].bytes == bytes && memcmp(t->names[i].name, name, bytes) == 0)
            return (ll_template_name *)&t->names[i];
    return NULL;
}

static llmlearn_err count(const walk *w, const piece *p, ll_template *t)
{
    ll_template_name *known = find(t, p->name, p->name_bytes);

    if (t->placeholder_count == LL_TEMPLATE_PLACEHOLDERS_MAX)
        return fail_at(w, p->plain_to, "more than 256 placeholders");
    if (known == NULL && t->name_count == LL_TEMPLATE_NAMES_MAX)
        return fail_at(w, p->plain_to, "more than 64 different placeholders");
    if (known == NULL) {
        known = &t->names[t->name_count++];
        *known = (ll_template_name){ .name = p->name, .bytes = (uint32_t)p->name_bytes };
    }
    known->count++;
    t->placeholder_count++;
    return LLMLEARN_OK;
}

llmlearn_err ll_template_parse(ll_prompt_text text, ll_template *out)
{
    walk w = { .text = text };
    ll_template t = { .name_count = 0 };
    piece p;

    assert(text.text != NULL || text.bytes == 0);
    assert(out != NULL);
    for (;;) {
        llmlearn_err err = next(&w, &p);

        if (err == LLMLEARN_OK && p.name == NULL)
            break;
        if (err == LLMLEARN_OK)
            err = count(&w, &p, &t);
        if (err != LLMLEARN_OK)
            return err;
    }
    *out = t;
    return LLMLEARN_OK;
}

static bool is_one_of(const ll_template_name *name, const char *const *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++)
        if (strlen(names[i]) == name->bytes && memcmp(names[i], name->name, name->bytes) == 0)
            return true;
    return false;
}

llmlearn_err ll_template_check(ll_prompt_text text, const char *const *names, size_t name_count)
{
    ll_template t;
    llmlearn_err err = ll_template_parse(text, &t);

    for (size_t i = 0; err == LLMLEARN_OK && i < t.name_count; i++) {
        const ll_template_name *name = &t.names[i];

        if (!is_one_of(name, names, name_count)) {
            const walk w = { .text = text };
            char what[LL_TEMPLATE_NAME_BYTES_MAX + 32] = "nothing is called ";

            strncat(what, name->name, name->bytes);
            err = fail_at(&w, (size_t)(name->name - text.text), what);
        }
    }
    return err;
}

static bool covers(const ll_template *a, const ll_template *b, ll_template_name *out_name)
{
    for (size_t i = 0; i < a->name_count; i++) {
        const ll_template_name *name = &a->names[i];
        const ll_template_name *other = find(b, name->name, name->bytes);

        if (other == NULL || other->count != name->count) {
            if (out_name != NULL)
                *out_name = *name;
            return false;
        }
    }
    return true;
}

bool ll_template_same(const ll_template *a, const ll_template *b, ll_template_name *out_name)
{
    assert(a != NULL && b != NULL);
    return covers(a, b, out_name) && covers(b, a, out_name);
}

/* ---- rendering ----------------------------------------------------------- */

static const ll_template_value *value_of(const ll_template_value *values, size_t value_count,
                                         const char *name, size_t bytes)
{
    for (size_t i = 0; i < value_count; i++)
        if (strlen(values[i].name) == bytes && memcmp(values[i].name, name, bytes) == 0)
            return &values[i];
    return NULL;
}

static llmlearn_err check_values(const ll_template *t, const ll_template_value *values,
                                 size_t value_count)
{
    for (size_t i = 0; i < value_count; i++) {
        const char *name = values[i].name;

        if (value_of(values, i, name, strlen(name)) != NULL)
            return ll_fail(LLMLEARN_EINVAL, "template: two values for {{%.64s}}", name);
        if (find(t, name, strlen(name)) == NULL)
            return ll_fail(LLMLEARN_EINVAL, "template: a value for {{%.64s}}, which is not in it",
                           name);
    }
    for (size_t i = 0; i < t->name_count; i++)
        if (value_of(values, value_count, t->names[i].name, t->names[i].bytes) == NULL)
            return ll_fail(LLMLEARN_EINVAL, "template: no value for {{%.*s}}",
                           (int)t->names[i].bytes, t->names[i].name);
    return LLMLEARN_OK;
}

/* Never beyond the cap, so that many large values do not first fill the memory. */
static bool append(ll_buffer *out, const char *text, size_t bytes, size_t bytes_max)
{
    if (bytes > bytes_max - out->length)
        return false;
    ll_buffer_append(out, text, bytes);
    return true;
}

llmlearn_err ll_template_render(ll_prompt_text text, const ll_template_value *values,
                                size_t value_count, size_t bytes_max, char **out_text,
                                size_t *out_bytes)
{
    ll_template t;
    ll_buffer out = { 0 };
    walk w = { .text = text };
    piece p = { .name = "" };
    bool fits = true;
    llmlearn_err err = ll_template_parse(text, &t);

    assert(values != NULL || value_count == 0);
    if (err == LLMLEARN_OK)
        err = check_values(&t, values, value_count);
    while (err == LLMLEARN_OK && fits && p.name != NULL) {
        err = next(&w, &p);
        assert(err == LLMLEARN_OK); /* it was parsed before */
        fits = append(&out, text.text + p.plain_from, p.plain_to - p.plain_from, bytes_max);
        if (fits && p.name != NULL) {
            ll_prompt_text value = value_of(values, value_count, p.name, p.name_bytes)->value;

            fits = append(&out, value.text, value.bytes, bytes_max);
        }
    }
    if (err == LLMLEARN_OK && !fits)
        err = ll_fail(LLMLEARN_EINVAL, "template: with its values over %zu bytes", bytes_max);
    size_t bytes = out.length;
    char *rendered = err == LLMLEARN_OK ? ll_buffer_take(&out) : NULL;
    ll_buffer_free(&out);
    if (err != LLMLEARN_OK)
        return err;
    if (rendered == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "template: no memory for %zu bytes", bytes);
    *out_text = rendered;
    *out_bytes = bytes;
    return LLMLEARN_OK;
}
