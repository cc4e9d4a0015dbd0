#include "analytics/writer.h"

#include <assert.h>
#include <string.h>

#define KEY_BYTES_MAX 40
#define DECIMALS 9
#define DECIMALS_POWER 1000000000u

/* What a value begins with, and after which a comma is due. */
static void begin_value(ll_writer *w)
{
    if (w->comma)
        ll_buffer_append(&w->buffer, ",", 1);
    w->comma = true;
}

void ll_writer_open(ll_writer *w, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    begin_value(w);
    ll_buffer_append(&w->buffer, &bracket, 1);
    w->comma = false;
}

void ll_writer_close(ll_writer *w, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    ll_buffer_append(&w->buffer, &bracket, 1);
    w->comma = true;
}

void ll_writer_key(ll_writer *w, const char *key)
{
    char text[KEY_BYTES_MAX + 4] = ",\"";
    size_t bytes = strlen(key);

    assert(bytes <= KEY_BYTES_MAX);
    memcpy(text + 2, key, bytes);
    memcpy(text + 2 + bytes, "\":", 2);
    ll_buffer_append(&w->buffer, text + !w->comma, bytes + 3 + w->comma);
    w->comma = false;
}

void ll_writer_null(ll_writer *w)
{
    begin_value(w);
    ll_buffer_append(&w->buffer, "null", 4);
}

void ll_writer_json(ll_writer *w, const char *json, size_t bytes)
{
    begin_value(w);
    ll_buffer_append(&w->buffer, json, bytes);
}

/* Writes the digits so that they end at `end`; returns where they begin. */
static char *put_digits(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

void ll_writer_int(ll_writer *w, int64_t value)
{
    char text[24];
    char *end = text + sizeof text;
    char *at = put_digits(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);

    if (value < 0)
        *--at = '-';
    begin_value(w);
    ll_buffer_append(&w->buffer, at, (size_t)(end - at));
}

void ll_writer_real(ll_writer *w, double value)
{
    char text[24];
    char *end = text + sizeof text, *point = end - DECIMALS - 1, *at;
    uint64_t scaled;

    assert(value >= 0 && value <= LL_WRITER_REAL_MAX); /* not NaN either */
    scaled = (uint64_t)(value * DECIMALS_POWER + 0.5);
    memset(point, '0', DECIMALS + 1);
    put_digits(end, scaled % DECIMALS_POWER);
    *point = '.';
    at = put_digits(point, scaled / DECIMALS_POWER);
    while (end[-1] == '0' && end > point + 2)
        end--;
    begin_value(w);
    ll_buffer_append(&w->buffer, at, (size_t)(end - at));
}

static void append_escaped(ll_buffer *buffer, char c)
{
    if (c == '"' || c == '\\')
        ll_buffer_printf(buffer, "\\%c", c);
    else
        ll_buffer_printf(buffer, "\\u%04x", (unsigned)c);
}

void ll_writer_string(ll_writer *w, const char *text)
{
    begin_value(w);
    ll_buffer_append(&w->buffer, "\"", 1);
    while (*text != '\0') {
        size_t plain = 0;

        while ((unsigned char)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
            plain++;
        ll_buffer_append(&w->buffer, text, plain);
        text += plain;
        if (*text != '\0')
            append_escaped(&w->buffer, *text++);
    }
    ll_buffer_append(&w->buffer, "\"", 1);
}
