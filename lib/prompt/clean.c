#include "prompt/clean.h"

#include "base/utf8.h"
#include "prompt/characters.h"

#include <assert.h>
#include <stdint.h>

/* The bytes of the character that begins here; 0: none does. */
static size_t character_bytes(const char *text, size_t bytes)
{
    for (size_t length = 1; length <= 4 && length <= bytes; length++)
        if (ll_utf8_valid(text, length))
            return length;
    return 0;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x2028 ||
           c == 0x2029;
}

static bool is_dropped(uint32_t c)
{
    return ll_character_is_control(c) || ll_character_is_invisible(c) ||
           ll_character_is_unassigned(c);
}

void ll_clean_append(ll_buffer *out, const char *text, size_t bytes, size_t bytes_max)
{
    bool blank = false; /* one is due before the next character */
    size_t used = 0, at = 0;

    assert(text != NULL || bytes == 0);
    while (at < bytes) {
        size_t length = character_bytes(text + at, bytes - at), from = at;

        if (length == 0) {
            at++;
            continue;
        }
        uint32_t c = ll_character_next(text, bytes, &at);
        if (is_blank(c) || is_dropped(c)) {
            blank = blank || (is_blank(c) && used > 0);
            continue;
        }
        if (length + blank > bytes_max - used)
            return;
        if (blank)
            ll_buffer_append(out, " ", 1);
        ll_buffer_append(out, text + from, length);
        used += length + blank;
        blank = false;
    }
}
