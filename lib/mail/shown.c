#include "mail/shown.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 8 }; /* "\ue0041" and its NUL */

static const char dots[] = "...";

/* The bytes of the character that a text begins with; 0 if it begins with none. */
static size_t character_bytes(const char *text)
{
    for (size_t bytes = 1; bytes <= 4 && text[bytes - 1] != '\0'; bytes++) {
        if (ll_utf8_valid(text, bytes))
            return bytes;
    }
    return 0;
}

static uint32_t code_point(const char *text, size_t bytes)
{
    static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = (uint8_t)text[0] & masks[bytes];

    for (size_t i = 1; i < bytes; i++)
        code = code << 6 | ((uint8_t)text[i] & 0x3f);
    return code;
}

static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x061c || code == 0xfeff || (code >= 0xe0000 && code <= 0xe0fff);
}

/* One character, or one byte that is none, as it is shown; returns how many bytes it took. */
static size_t show(const char *text, char piece[PIECE_BYTES])
{
    size_t bytes = character_bytes(text);
    uint32_t code = bytes == 0 ? 0 : code_point(text, bytes);

    if (bytes == 0)
        snprintf(piece, PIECE_BYTES, "\\x%02x", (unsigned)(uint8_t)text[0]);
    else if (code == '\n' || code == '\r' || code == '\t')
        snprintf(piece, PIECE_BYTES, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else if (is_hidden(code))
        snprintf(piece, PIECE_BYTES, "\\u%04x", (unsigned)code);
    else
        snprintf(piece, PIECE_BYTES, "%.*s", (int)bytes, text);
    return bytes == 0 ? 1 : bytes;
}

void ll_shown_write(const char *text, char *out, size_t out_bytes)
{
    const size_t bytes_max = out_bytes - 1;
    char piece[PIECE_BYTES];
    size_t used = 0, fits = 0; /* fits: after which the dots still do */

    assert(out_bytes >= 2 * PIECE_BYTES);
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        at += show(at, piece);
        size_t bytes = strlen(piece);
        if (used + bytes > bytes_max) {
            memcpy(out + fits, dots, sizeof dots - 1);
            used = fits + sizeof dots - 1;
            break;
        }
        memcpy(out + used, piece, bytes);
        used += bytes;
        if (used + sizeof dots - 1 <= bytes_max)
            fits = used;
    }
    out[used] = '\0';
}
