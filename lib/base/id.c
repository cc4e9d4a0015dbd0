#include "base/id.h"

#include "base/err.h"

#include <string.h>

#define RANDOM_BITS 62
#define RANDOM_MASK ((UINT64_C(1) << RANDOM_BITS) - 1)

_Static_assert(sizeof(llmlearn_id) == 16, "an id is 16 bytes everywhere");

static void put_big_endian(uint8_t *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}

llmlearn_id ll_id_make(int64_t now_us, uint64_t random)
{
    uint64_t us = now_us > 0 ? (uint64_t)now_us : 0;
    uint64_t fraction = us % 1000 * 4096 / 1000;
    uint64_t high = us / 1000 << 16 | UINT64_C(7) << 12 | fraction;
    uint64_t low = UINT64_C(2) << RANDOM_BITS | (random & RANDOM_MASK);
    llmlearn_id id;

    put_big_endian(id.bytes, high);
    put_big_endian(id.bytes + 8, low);
    return id;
}

uint64_t ll_id_random(const llmlearn_id *id)
{
    uint64_t low = 0;

    for (int i = 8; i < 16; i++)
        low = low << 8 | id->bytes[i];
    return low & RANDOM_MASK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int is_dash_place(int place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

llmlearn_err llmlearn_id_parse(const char *text, llmlearn_id *out_id)
{
    llmlearn_id id;
    int nibble = 0;

    if (text == NULL || out_id == NULL)
        return ll_fail(LLMLEARN_EINVAL, "text and out_id are required");
    memset(&id, 0, sizeof id);
    for (int place = 0; place < LLMLEARN_ID_TEXT_BYTES - 1; place++) {
        int digit = is_dash_place(place) ? (text[place] == '-' ? 0 : -1) : hex_digit(text[place]);

        if (digit < 0) /* also stops at an early NUL */
            return ll_fail(LLMLEARN_EINVAL, "text: not an id: expected 36 characters like "
                                            "01890a5d-ac96-774b-bcce-b302099a8057");
        if (is_dash_place(place))
            continue;
        id.bytes[nibble / 2] = (uint8_t)(id.bytes[nibble / 2] << 4 | digit);
        nibble++;
    }
    if (text[LLMLEARN_ID_TEXT_BYTES - 1] != '\0')
        return ll_fail(LLMLEARN_EINVAL, "text: not an id: longer than 36 characters");
    *out_id = id;
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_id_format(const llmlearn_id *id, char *out_text)
{
    static const char digits[] = "0123456789abcdef";
    int nibble = 0;

    if (id == NULL || out_text == NULL)
        return ll_fail(LLMLEARN_EINVAL, "id and out_text are required");
    for (int place = 0; place < LLMLEARN_ID_TEXT_BYTES - 1; place++) {
        if (is_dash_place(place)) {
            out_text[place] = '-';
            continue;
        }
        out_text[place] = digits[id->bytes[nibble / 2] >> (nibble % 2 ? 0 : 4) & 15];
        nibble++;
    }
    out_text[LLMLEARN_ID_TEXT_BYTES - 1] = '\0';
    return LLMLEARN_OK;
}
