#include "prompt/fold.h"

#include "prompt/characters.h"

#include <assert.h>
#include <string.h>

#define NONE '~' /* has no plain form */

/* Characters in a row, from `first` on, and the plain form of each. Made from the compatibility
 * decompositions of Unicode 14 where those end in one ASCII letter, digit or sign, and by hand
 * for letters that only look alike. */
typedef struct run {
    uint32_t first;
    const char *plain;
} run;

static const run runs[] = {
    { 0x00a0, " ~~~~~~~~~a~~~~~~~23'~~.~1o~~~~~aaaaaaaceeeeiiiidnooooo~ouuuuypsaaaaaaacee"
              "eeiiiidnooooo~ouuuuypyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii~~"
              "jjkkkllllll~~llnnnnnn~nnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzz"
              "zsbbbb~~ccc~d~~~eee~~g~~iikk~~mn~ooo~~ppr~~s~~tttuu~v~~zz~~~~~~~~~|~~!~~~~"
              "~~~~~aaiioouuuuuuuuuueaaaa~~~~ggkkoooo~~j~~~gg~~nnaa~~~~aaaaeeeeiiiioooorr"
              "rruuuusstt~~hh~~~~~~aaeeooooooooyy" },
    { 0x0243, "b~v" },
    { 0x0250, "aaobcc~d~e~e~~~~ggg~~hh~iiil~~~m~mn~no~~~r~~~rr~r~ss~~~tt~~vvw~yz~~~~~~~~b"
              "~~h~kl" },
    { 0x02b0, "h~jr~~~wy'~~'~~~~~<>" },
    { 0x02d0, ":" },
    { 0x02e1, "lsx" },
    { 0x037e, ";" },
    { 0x0391, "abydezntiklmvxonp~otupxpw~~~~~~~abydezntiklmvxonpcotupxpw" },
    { 0x0401, "e~~esiij~~h~~~~abbrde~zu~k~mhonpcty~x~y~~~~be~rabbrde~zu~k~mhonpcty~x~y~~~"
              "~be~r~e~~esiij~~h" },
    { 0x04ba, "hh" },
    { 0x0500, "dd" },
    { 0x051a, "qqww" },
    { 0x0531, "m~~~eq~~~~t~~~~h~~~~j~~n~~~~ue~rgi~po" },
    { 0x0561, "m~~~eq~~~~t~~~~h~~~~j~~n~~~~ue~rgi~po" },
    { 0x05c0, "|~~:" },
    { 0x061b, ";" },
    { 0x06d4, "." },
    { 0x13a0, "dmt~~i~~~yaje~~~f~~w~~~m~~~h~~o~g~~z" },
    { 0x13d2, "r~~~~~~vs~~~lc~~p~~~k" },
    { 0x13f4, "b" },
    { 0x16eb, "." },
    { 0x1d00, "a~~bcd~e~~jk~mno~~~~~~~~pr~tu~~~vwz~~~~~~~~~a~b~de~ghijklmn~o~prtuwa~~~bde"
              "~~~g~km~o~~~ptu~~v~~~~~~iruv" },
    { 0x1d9c, "c~~~f" },
    { 0x1dbb, "z" },
    { 0x1e00, "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnn"
              "nnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzz"
              "zzhtwy~s~~~~aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooo"
              "oooooouuuuuuuuuuuuuuyyyyyyyy" },
    { 0x1fef, "`" },
    { 0x2007, " ~~~~~~~~------~~''''\"\"\"\"~~.~.~~.~~~~~~~ ~~'\"~~~~~<>~~~~~~~~~/~~~~~~~"
              "~~*" },
    { 0x2070, "0i~~456789+~=()n0123456789+~=()~aeox~hklmnpst" },
    { 0x2102, "c~~~~~~~ghhhh~iill~n~~~pqrrr~~~~~~z~~~z~kabc~eef~mo~~~~i" },
    { 0x2145, "ddeij" },
    { 0x2160, "i~~~v~~~~x~~lcdmi~~~v~~~~x~~lcdm" },
    { 0x2212, "-~~/~*~.~~~~~~~~~|" },
    { 0x2236, ":~~~~~-" },
    { 0x2260, "=" },
    { 0x226e, "<>" },
    { 0x22c5, "." },
    { 0x2460, "123456789" },
    { 0x24ea, "0" },
    { 0x2571, "/" },
    { 0x2768, "()~~~~<>~~[]{}" },
    { 0x27cb, "/" },
    { 0x27e8, "<>" },
    { 0x2985, "()" },
    { 0x29f8, "/" },
    { 0x2c62, "l~r~~~~~~~~amaov" },
    { 0x2c7c, "jv" },
    { 0x2e31, "." },
    { 0x3000, " ,.~~~~~<><>~~~~[]~~[]" },
    { 0x30fb, "." },
    { 0xa4d0, "bp~dt~gk~jc~zf~mnlsr~~vh~~wxy~a~e~iou" },
    { 0xa730, "fs" },
    { 0xa789, ":~~~h" },
    { 0xa7aa, "h~g~i~kt" },
    { 0xa7c5, "s" },
    { 0xa7f2, "cfq" },
    { 0xfb29, "+" },
    { 0xfe10, ",~~:;!?" },
    { 0xfe30, ":~~__(){}" },
    { 0xfe47, "[]~~~~___,~.~;:?!~(){}~~#&*+-<>=~\\$%@" },
    { 0xff61, ".~~~." },
    { 0x107a5, "q" },
    { 0x1f12b, "cr" },
    { 0x1fbf0, "0123456789" },
};

enum { RUN_COUNT = sizeof runs / sizeof runs[0] };

/* Alphabets of 26 letters, one after another, in capitals, small letters or both. */
typedef struct alphabet {
    uint32_t first, last;
    uint32_t letters; /* after as many it begins again */
    char from;        /* what the first one stands for */
} alphabet;

static const alphabet alphabets[] = {
    { 0x249c, 0x24b5, 26, 'a' },   { 0x24b6, 0x24e9, 26, 'a' },   { 0x1d400, 0x1d6a3, 26, 'a' },
    { 0x1d7ce, 0x1d7ff, 10, '0' }, { 0x1f110, 0x1f129, 26, 'a' }, { 0x1f130, 0x1f149, 26, 'a' },
    { 0x1f150, 0x1f169, 26, 'a' }, { 0x1f170, 0x1f189, 26, 'a' }, { 0x1f1e6, 0x1f1ff, 26, 'a' },
};

static char plain_in_alphabet(uint32_t c)
{
    for (size_t i = 0; i < sizeof alphabets / sizeof alphabets[0]; i++) {
        const alphabet *a = &alphabets[i];

        if (c >= a->first && c <= a->last)
            return (char)(a->from + (char)((c - a->first) % a->letters));
    }
    return NONE;
}

static char plain_in_runs(uint32_t c)
{
    size_t low = 0, high = RUN_COUNT;

    while (low < high) { /* the first run that begins behind c */
        size_t middle = low + (high - low) / 2;

        if (runs[middle].first <= c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NONE;
    size_t at = c - runs[low - 1].first;
    return at < strlen(runs[low - 1].plain) ? runs[low - 1].plain[at] : NONE;
}

static char plain_of(uint32_t c)
{
    char plain;

    if (c >= 0xff01 && c <= 0xff5e) /* full width: ASCII, moved */
        return (char)(c - 0xff01 + '!');
    plain = plain_in_runs(c);
    return plain != NONE ? plain : plain_in_alphabet(c);
}

/* Of the scripts that have small letters and are read here. */
static uint32_t lower(uint32_t c)
{
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    if (c >= 0x531 && c <= 0x556)
        return c + 0x30;
    return c;
}

static bool is_mark(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x483 && c <= 0x489) ||
           (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff) ||
           (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe20 && c <= 0xfe2f) ||
           (c >= 0x64b && c <= 0x65f);
}

static size_t encode(uint32_t c, char out[LL_FOLD_BYTES_MAX])
{
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = { 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = more; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(leads[more] | c);
    return more + 1;
}

size_t ll_fold(uint32_t c, char out[LL_FOLD_BYTES_MAX])
{
    assert(c <= 0x10ffff);
    if (c < 0x80) {
        out[0] = (char)(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
        return 1;
    }
    if (is_mark(c) || ll_character_is_invisible(c))
        return 0;
    c = lower(c);
    char plain = plain_of(c);
    if (plain == NONE)
        return encode(c, out);
    out[0] = (char)(plain >= 'A' && plain <= 'Z' ? plain + 0x20 : plain);
    return 1;
}
