#include "readable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One character of valid UTF-8, as jansson gives it, and how many bytes it has. */
static uint32_t decode(const unsigned char *at, size_t *out_bytes)
{
    if (at[0] < 0x80) {
        *out_bytes = 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *out_bytes = 2;
        return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
    }
    if (at[0] < 0xf0) {
        *out_bytes = 3;
        return (at[0] & 0xfu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    }
    *out_bytes = 4;
    return (at[0] & 7u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
}

static bool turns_or_controls(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool cannot_be_seen(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe0fff);
}

bool readable_clean(json_t *string)
{
    size_t length = json_string_length(string), kept = 0, bytes = 0;
    const char *text = json_string_value(string);
    bool hidden = false;

    for (size_t i = 0; i < length; i += bytes) {
        uint32_t c = decode((const unsigned char *)text + i, &bytes);
        if (turns_or_controls(c))
            return false;
        hidden = hidden || cannot_be_seen(c);
    }
    if (!hidden)
        return true;

    char *copy = malloc(length + 1);
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < length; i += bytes) {
        if (cannot_be_seen(decode((const unsigned char *)text + i, &bytes)))
            continue;
        memcpy(copy + kept, text + i, bytes);
        kept += bytes;
    }
    bool set = json_string_setn(string, copy, kept) == 0;
    free(copy);
    return set;
}

json_t *readable_string(const char *text)
{
    json_t *as_it_is = json_string(text);
    if (as_it_is != NULL)
        return as_it_is;
    char *copy = strdup(text);
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json_t *shown = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return shown;
}
