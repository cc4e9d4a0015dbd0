#include "mail/mime.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define LINE LL_MIME_LINE_BYTES
#define WORD_BYTES_MAX 60 /* of a text that is folded as it is: fits behind every header's name */

/* ---- headers ----------------------------------------------------------- */

static void put_base64(ll_buffer *out, const char *data, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t three = (uint32_t)(uint8_t)data[i] << 16;
        char four[4];

        if (i + 1 < bytes)
            three |= (uint32_t)(uint8_t)data[i + 1] << 8;
        if (i + 2 < bytes)
            three |= (uint8_t)data[i + 2];
        for (int k = 0; k < 4; k++)
            four[k] = digits[three >> (18 - 6 * k) & 63];
        if (i + 1 >= bytes)
            four[2] = '=';
        if (i + 2 >= bytes)
            four[3] = '=';
        ll_buffer_append(out, four, 4);
    }
}

/* The longest beginning of a text of at most so many bytes that ends between characters. */
static size_t whole_characters(const char *text, size_t bytes, size_t bytes_max)
{
    size_t end = bytes < bytes_max ? bytes : bytes_max;

    while (end < bytes && end > 0 && ((uint8_t)text[end] & 0xc0) == 0x80)
        end--;
    return end;
}

/* Encoded words, each on a line of its own: decoders leave out the white space between them. */
static void put_encoded(ll_buffer *out, size_t column, const char *text, size_t bytes)
{
    static const char before[] = "=?UTF-8?B?", after[] = "?=";
    const size_t frame = sizeof before - 1 + sizeof after - 1;

    assert(column + frame + 8 <= LINE);
    while (bytes > 0) {
        size_t part = whole_characters(text, bytes, (LINE - column - frame) / 4 * 3);

        ll_buffer_append(out, before, sizeof before - 1);
        put_base64(out, text, part);
        ll_buffer_append(out, after, sizeof after - 1);
        text += part;
        bytes -= part;
        if (bytes > 0)
            ll_buffer_append(out, "\r\n ", 3);
        column = 1;
    }
}

/* Words of ASCII with one space between them, none too long for a line, nothing that a reader
 * would decode. */
static bool is_plain(const char *text, size_t bytes)
{
    size_t word = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
        if (text[i] == '=' && i + 1 < bytes && text[i + 1] == '?')
            return false;
        if (text[i] == ' ' && word == 0)
            return false;
        word = text[i] == ' ' ? 0 : word + 1;
        if (word > WORD_BYTES_MAX)
            return false;
    }
    return word > 0 || bytes == 0;
}

static void put_folded(ll_buffer *out, size_t column, const char *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        const char *space = memchr(text + at, ' ', bytes - at);
        size_t word = space == NULL ? bytes - at : (size_t)(space - text) - at;

        if (at > 0 && column + 1 + word > LINE) {
            ll_buffer_append(out, "\r\n", 2);
            column = 0;
        }
        if (at > 0)
            ll_buffer_append(out, " ", 1);
        ll_buffer_append(out, text + at, word);
        column += word + (at > 0);
        at += word + 1;
    }
}

void ll_mime_put_text(ll_buffer *out, size_t column, const char *text, size_t bytes)
{
    assert(column + WORD_BYTES_MAX <= LINE);
    if (is_plain(text, bytes))
        put_folded(out, column, text, bytes);
    else
        put_encoded(out, column, text, bytes);
}

/* What RFC 5322 calls atoms, or less. */
static bool is_phrase(const char *name, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char c = name[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            c != ' ' && c != '-' && c != '_')
            return false;
    }
    return is_plain(name, bytes);
}

void ll_mime_put_name(ll_buffer *out, size_t column, const char *name, size_t bytes)
{
    assert(column + WORD_BYTES_MAX <= LINE);
    if (is_phrase(name, bytes))
        put_folded(out, column, name, bytes);
    else
        put_encoded(out, column, name, bytes);
}

/* ---- bodies ------------------------------------------------------------ */

enum { TOKEN_BYTES_MAX = 3 }; /* "=0D" */

typedef struct line {
    ll_buffer *out;
    size_t length;
    char bytes[LINE + 2];
} line;

static void end_line(line *l)
{
    assert(l->length <= LINE);
    memcpy(l->bytes + l->length, "\r\n", 2);
    ll_buffer_append(l->out, l->bytes, l->length + 2);
    l->length = 0;
}

/* Room for one more token and for the '=' that says that the line goes on. */
static void make_room(line *l)
{
    if (l->length + TOKEN_BYTES_MAX + 1 <= LINE)
        return;
    l->bytes[l->length++] = '=';
    end_line(l);
}

static void put_escaped(line *l, char c)
{
    static const char digits[] = "0123456789ABCDEF";

    l->bytes[l->length++] = '=';
    l->bytes[l->length++] = digits[(uint8_t)c >> 4];
    l->bytes[l->length++] = digits[(uint8_t)c & 15];
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* May the first character of the rest stand as it is, at the beginning of a line or in it? */
static bool stands(const char *rest, size_t bytes, bool first)
{
    if (rest[0] == ' ' || rest[0] == '\t')
        return bytes > 1 && !is_line_end(rest[1]);
    if (first && (rest[0] == '.' || (bytes >= 5 && memcmp(rest, "From ", 5) == 0)))
        return false;
    return rest[0] > ' ' && rest[0] <= '~' && rest[0] != '=';
}

void ll_mime_put_body(ll_buffer *out, const char *text, size_t bytes)
{
    line l = { .out = out };

    for (size_t at = 0; at < bytes; at++) {
        if (text[at] == '\r' && at + 1 < bytes && text[at + 1] == '\n')
            continue;
        if (is_line_end(text[at])) {
            end_line(&l);
            continue;
        }
        make_room(&l);
        if (stands(text + at, bytes - at, l.length == 0))
            l.bytes[l.length++] = text[at];
        else
            put_escaped(&l, text[at]);
    }
    if (l.length > 0)
        end_line(&l);
}
