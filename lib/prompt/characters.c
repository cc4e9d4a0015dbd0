#include "prompt/characters.h"

#include <assert.h>

typedef struct range {
    uint32_t first, last;
} range;

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool is_in(uint32_t c, const range *ranges, size_t count)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && c >= ranges[low].first;
}

uint32_t ll_character_next(const char *text, size_t bytes, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    uint32_t c = p[0];
    size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

    assert(*at < bytes && more < bytes - *at);
    if (more > 0)
        c &= 0x3fu >> more;
    for (size_t i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3fu);
    *at += more + 1;
    return c;
}

bool ll_character_is_control(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
           c == 0x2029;
}

bool ll_character_is_invisible(uint32_t c)
{
    static const range invisible[] = {
        { 0x00ad, 0x00ad },   /* soft hyphen */
        { 0x034f, 0x034f },   /* grapheme joiner */
        { 0x061c, 0x061c },   /* Arabic letter mark */
        { 0x115f, 0x1160 },   /* Hangul fillers */
        { 0x1680, 0x1680 },   /* Ogham space, a line in some fonts */
        { 0x17b4, 0x17b5 },   /* Khmer vowels that are not written */
        { 0x180b, 0x180f },   /* Mongolian selectors */
        { 0x2000, 0x200f },   /* blanks of odd widths, zero width, directions */
        { 0x202a, 0x202e },   /* directions */
        { 0x205f, 0x206f },   /* mathematical blank, joiners, invisible operators, directions */
        { 0x2800, 0x2800 },   /* Braille without dots */
        { 0x3164, 0x3164 },   /* Hangul filler */
        { 0xfe00, 0xfe0f },   /* variation selectors */
        { 0xfeff, 0xfeff },   /* byte order mark */
        { 0xffa0, 0xffa0 },   /* Hangul filler */
        { 0xfff0, 0xfffc },   /* interlinear notes, object replacement */
        { 0x13430, 0x1345f }, /* Egyptian format controls */
        { 0x1bca0, 0x1bca3 }, /* shorthand format controls */
        { 0x1d159, 0x1d159 }, /* musical null note head */
        { 0x1d173, 0x1d17a }, /* musical format controls */
        { 0xe0000, 0xe0fff }, /* tags and more variation selectors */
    };

    return is_in(c, invisible, COUNT(invisible));
}

bool ll_character_is_unassigned(uint32_t c)
{
    if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
        return true;
    return (c >= 0xe000 && c <= 0xf8ff) || (c >= 0x40000 && c < 0xe0000) || c >= 0xe1000;
}

typedef struct script_range {
    uint32_t first, last;
    ll_script script;
} script_range;

static const script_range scripts[] = {
    { 0x00, 0x40, LL_SCRIPT_ANY },        { 0x41, 0x5a, LL_SCRIPT_LATIN },
    { 0x5b, 0x60, LL_SCRIPT_ANY },        { 0x61, 0x7a, LL_SCRIPT_LATIN },
    { 0x7b, 0xa9, LL_SCRIPT_ANY },        { 0xaa, 0xaa, LL_SCRIPT_LATIN },
    { 0xab, 0xb9, LL_SCRIPT_ANY },        { 0xba, 0xba, LL_SCRIPT_LATIN },
    { 0xbb, 0xbf, LL_SCRIPT_ANY },        { 0xc0, 0xd6, LL_SCRIPT_LATIN },
    { 0xd7, 0xd7, LL_SCRIPT_ANY },        { 0xd8, 0xf6, LL_SCRIPT_LATIN },
    { 0xf7, 0xf7, LL_SCRIPT_ANY },        { 0xf8, 0x17f, LL_SCRIPT_LATIN },
    { 0x18f, 0x18f, LL_SCRIPT_LATIN },    { 0x1a0, 0x1a1, LL_SCRIPT_LATIN },
    { 0x1af, 0x1b0, LL_SCRIPT_LATIN },    { 0x218, 0x21b, LL_SCRIPT_LATIN },
    { 0x259, 0x259, LL_SCRIPT_LATIN },    { 0x386, 0x3ce, LL_SCRIPT_GREEK },
    { 0x400, 0x45f, LL_SCRIPT_CYRILLIC }, { 0x490, 0x4ff, LL_SCRIPT_CYRILLIC },
    { 0x531, 0x587, LL_SCRIPT_ARMENIAN }, { 0x5be, 0x5be, LL_SCRIPT_HEBREW },
    { 0x5d0, 0x5f4, LL_SCRIPT_HEBREW },   { 0x60c, 0x60c, LL_SCRIPT_ARABIC },
    { 0x61b, 0x61b, LL_SCRIPT_ARABIC },   { 0x61f, 0x669, LL_SCRIPT_ARABIC },
    { 0x66a, 0x6d3, LL_SCRIPT_ARABIC },   { 0x6f0, 0x6f9, LL_SCRIPT_ARABIC },
    { 0x900, 0xdff, LL_SCRIPT_INDIC },    { 0xe01, 0xedf, LL_SCRIPT_THAI },
    { 0x1ea0, 0x1ef9, LL_SCRIPT_LATIN },  { 0x2010, 0x2015, LL_SCRIPT_ANY },
    { 0x2018, 0x2022, LL_SCRIPT_ANY },    { 0x2026, 0x2026, LL_SCRIPT_ANY },
    { 0x202f, 0x2030, LL_SCRIPT_ANY },    { 0x2032, 0x2033, LL_SCRIPT_ANY },
    { 0x2039, 0x203a, LL_SCRIPT_ANY },    { 0x20a0, 0x20bf, LL_SCRIPT_ANY },
    { 0x2116, 0x2116, LL_SCRIPT_ANY },    { 0x2122, 0x2122, LL_SCRIPT_ANY },
    { 0x2190, 0x21ff, LL_SCRIPT_ANY },    { 0x2200, 0x22ff, LL_SCRIPT_ANY },
    { 0x25a0, 0x25ff, LL_SCRIPT_ANY },    { 0x2605, 0x2606, LL_SCRIPT_ANY },
    { 0x26a0, 0x26a0, LL_SCRIPT_ANY },    { 0x2705, 0x2705, LL_SCRIPT_ANY },
    { 0x2713, 0x2718, LL_SCRIPT_ANY },    { 0x274c, 0x274c, LL_SCRIPT_ANY },
    { 0x3000, 0x301f, LL_SCRIPT_HAN },    { 0x3041, 0x30ff, LL_SCRIPT_KANA },
    { 0x3131, 0x318e, LL_SCRIPT_HANGUL }, { 0x3400, 0x4dbf, LL_SCRIPT_HAN },
    { 0x4e00, 0x9fff, LL_SCRIPT_HAN },    { 0xac00, 0xd7a3, LL_SCRIPT_HANGUL },
    { 0xff01, 0xff01, LL_SCRIPT_HAN },    { 0xff08, 0xff09, LL_SCRIPT_HAN },
    { 0xff0c, 0xff0c, LL_SCRIPT_HAN },    { 0xff1a, 0xff1b, LL_SCRIPT_HAN },
    { 0xff1f, 0xff1f, LL_SCRIPT_HAN },
};

ll_script ll_character_script(uint32_t c)
{
    size_t low = 0, high = COUNT(scripts);

    if (c < 0x80)
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? LL_SCRIPT_LATIN : LL_SCRIPT_ANY;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (c > scripts[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < COUNT(scripts) && c >= scripts[low].first ? scripts[low].script
                                                           : LL_SCRIPT_FOREIGN;
}

bool ll_character_is_word(uint32_t c)
{
    static const range punctuation[] = {
        { 0x37e, 0x37e },   { 0x387, 0x387 },   { 0x55a, 0x55f },   { 0x5be, 0x5be },
        { 0x60c, 0x61f },   { 0x66a, 0x66d },   { 0x6d4, 0x6d4 },   { 0x964, 0x965 },
        { 0xe4f, 0xe4f },   { 0x2000, 0x206f }, { 0x20a0, 0x20cf }, { 0x2190, 0x245f },
        { 0x2500, 0x2bff }, { 0x2e00, 0x2e7f }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 },
        { 0x30fb, 0x30fb }, { 0xfe10, 0xfe6f }, { 0xff01, 0xff0f }, { 0xff1a, 0xff20 },
        { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 }, { 0xffe0, 0xffff },
    };

    if (c < 0x80)
        return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (c < 0xc0)
        return c == 0xaa || c == 0xb5 || c == 0xba;
    return c != 0xd7 && c != 0xf7 && !is_in(c, punctuation, COUNT(punctuation));
}
