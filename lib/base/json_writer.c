#include "base/json_writer.h"

#include "base/locale.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES_MAX 40
#define DECIMALS 9
#define DECIMALS_POWER 1000000000u

/* What a value begins with, and after which a comma is due. */
static void begin_value(ll_json_writer *w)
{
    if (w->comma)
        ll_buffer_append(&w->buffer, ",", 1);
    w->comma = true;
}

void ll_json_writer_open(ll_json_writer *w, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    begin_value(w);
    ll_buffer_append(&w->buffer, &bracket, 1);
    w->comma = false;
}

void ll_json_writer_close(ll_json_writer *w, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    ll_buffer_append(&w->buffer, &bracket, 1);
    w->comma = true;
}

void ll_json_writer_key(ll_json_writer *w, const char *key)
{
    char text[KEY_BYTES_MAX + 4] = ",\"";
    size_t bytes = strlen(key);

    assert(bytes <= KEY_BYTES_MAX);
    memcpy(text + 2, key, bytes);
    memcpy(text + 2 + bytes, "\":", 2);
    ll_buffer_append(&w->buffer, text + !w->comma, bytes + 3 + w->comma);
    w->comma = false;
}

void ll_json_writer_null(ll_json_writer *w)
{
    begin_value(w);
    ll_buffer_append(&w->buffer, "null", 4);
}

void ll_json_writer_bool(ll_json_writer *w, bool value)
{
    begin_value(w);
    ll_buffer_append(&w->buffer, value ? "true" : "false", value ? 4 : 5);
}

void ll_json_writer_json(ll_json_writer *w, const char *json, size_t bytes)
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

void ll_json_writer_int(ll_json_writer *w, int64_t value)
{
    char text[24];
    char *end = text + sizeof text;
    char *at = put_digits(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);

    if (value < 0)
        *--at = '-';
    begin_value(w);
    ll_buffer_append(&w->buffer, at, (size_t)(end - at));
}

void ll_json_writer_real(ll_json_writer *w, double value)
{
    char text[32];
    ll_locale numbers;
    int digits = 15;

    assert(isfinite(value));
    ll_locale_enter(&numbers);
    do {
        snprintf(text, sizeof text, "%.*g", digits, value);
    } while (strtod(text, NULL) != value && digits++ < 17);
    ll_locale_leave(&numbers);
    if (strpbrk(text, ".e") == NULL)
        strcat(text, ".0"); /* still a real where it is read */
    begin_value(w);
    ll_buffer_append(&w->buffer, text, strlen(text));
}

void ll_json_writer_rounded(ll_json_writer *w, double value)
{
    char text[24];
    char *end = text + sizeof text, *point = end - DECIMALS - 1, *at;
    uint64_t scaled;

    assert(value >= 0 && value <= LL_JSON_WRITER_ROUNDED_MAX); /* not NaN either */
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

void ll_json_writer_string(ll_json_writer *w, const char *text)
{
    if (text == NULL) {
        ll_json_writer_null(w);
        return;
    }
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

void ll_json_writer_put_null(ll_json_writer *w, const char *key)
{
    ll_json_writer_key(w, key);
    ll_json_writer_null(w);
}

void ll_json_writer_put_bool(ll_json_writer *w, const char *key, bool value)
{
    ll_json_writer_key(w, key);
    ll_json_writer_bool(w, value);
}

void ll_json_writer_put_int(ll_json_writer *w, const char *key, int64_t value)
{
    ll_json_writer_key(w, key);
    ll_json_writer_int(w, value);
}

void ll_json_writer_put_real(ll_json_writer *w, const char *key, double value)
{
    ll_json_writer_key(w, key);
    ll_json_writer_real(w, value);
}

void ll_json_writer_put_string(ll_json_writer *w, const char *key, const char *text)
{
    ll_json_writer_key(w, key);
    ll_json_writer_string(w, text);
}
