#include "base/json_text.h"

#include <assert.h>
#include <string.h>

/* What is left of the text. Each reading function moves `at` behind what it read, or says no. */
typedef struct rest {
    const char *at, *end;
} rest;

static char peek(const rest *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static bool take(rest *r, char wanted)
{
    if (peek(r) != wanted || r->at == r->end)
        return false;
    r->at++;
    return true;
}

static void skip_space(rest *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool read_word(rest *r, const char *word)
{
    size_t bytes = strlen(word);

    if ((size_t)(r->end - r->at) < bytes || memcmp(r->at, word, bytes) != 0)
        return false;
    r->at += bytes;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_digits(rest *r)
{
    if (!is_digit(peek(r)))
        return false;
    while (is_digit(peek(r)))
        r->at++;
    return true;
}

static bool read_number(rest *r)
{
    take(r, '-');
    if (!take(r, '0') && !read_digits(r))
        return false;
    if (take(r, '.') && !read_digits(r))
        return false;
    if (!take(r, 'e') && !take(r, 'E'))
        return true;
    if (!take(r, '+'))
        take(r, '-');
    return read_digits(r);
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four digits; -1 if they are not. */
static int read_hex4(rest *r)
{
    int value = 0;

    for (int i = 0; i < 4; i++, r->at++) {
        int digit = hex_digit(peek(r));

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Behind \u: one unit, or a pair of surrogates. No NUL: the text is kept as a C string. */
static bool read_unicode(rest *r)
{
    int unit = read_hex4(r);

    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (!take(r, '\\') || !take(r, 'u'))
        return false;
    unit = read_hex4(r);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

static bool read_escape(rest *r)
{
    char c = peek(r);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return false;
    r->at++;
    return c != 'u' || read_unicode(r);
}

static bool read_string(rest *r)
{
    if (!take(r, '"'))
        return false;
    while (r->at < r->end) {
        unsigned char c = (unsigned char)*r->at++;

        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !read_escape(r)))
            return false;
    }
    return false;
}

static bool read_plain(rest *r)
{
    switch (peek(r)) {
    case '"':
        return read_string(r);
    case 't':
        return read_word(r, "true");
    case 'f':
        return read_word(r, "false");
    case 'n':
        return read_word(r, "null");
    default:
        return read_number(r);
    }
}

static bool read_key(rest *r)
{
    skip_space(r);
    if (!read_string(r))
        return false;
    skip_space(r);
    return take(r, ':');
}

/* Behind a value: a comma and, in an object, the next key; or the bracket that closes it, and
 * those that close around it. */
static bool read_between(rest *r, const char *closers, int *depth)
{
    for (;;) {
        skip_space(r);
        if (*depth == 0)
            return r->at == r->end;
        if (take(r, ','))
            return closers[*depth - 1] == ']' || read_key(r);
        if (!take(r, closers[*depth - 1]))
            return false;
        (*depth)--;
    }
}

/* An opening bracket with its first key; *out_empty if it closes at once. */
static bool read_opening(rest *r, char closers[LL_JSON_DEPTH_MAX], int *depth, bool *out_empty)
{
    char closer = peek(r) == '{' ? '}' : ']';

    if (*depth == LL_JSON_DEPTH_MAX)
        return false;
    r->at++;
    skip_space(r);
    *out_empty = take(r, closer);
    if (*out_empty)
        return true;
    closers[(*depth)++] = closer;
    return closer == ']' || read_key(r);
}

bool ll_json_is_object(const char *text, size_t bytes)
{
    rest r = { .at = text, .end = text + bytes };
    char closers[LL_JSON_DEPTH_MAX];
    int depth = 0;

    assert(text != NULL);
    skip_space(&r);
    if (peek(&r) != '{')
        return false;
    for (;;) {
        bool is_value = true;

        skip_space(&r);
        if (peek(&r) == '{' || peek(&r) == '[') {
            if (!read_opening(&r, closers, &depth, &is_value))
                return false;
        } else if (!read_plain(&r)) {
            return false;
        }
        if (!is_value)
            continue; /* inside the bracket just opened */
        if (!read_between(&r, closers, &depth))
            return false;
        if (depth == 0)
            return true;
    }
}
