/* Keys, passwords and numbers of accounts; and text written so that a filter does not read it. */
#include "prompt/characters.h"
#include "prompt/guards.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || is_upper(c) || is_lower(c);
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_token(char c)
{
    return is_alphanumeric(c) || (c != '\0' && strchr("+/=_-", c) != NULL);
}

/* ---- what keys begin with ------------------------------------------------ */

static const char *const prefixes[] = {
    "sk-",  "sk_",   "pk_live", "rk_live", "AKIA",  "ASIA",  "ghp_",  "gho_",   "ghs_",
    "ghu_", "ghr_",  "github_", "glpat-",  "xoxb-", "xoxp-", "xoxa-", "xoxs-",  "xapp-",
    "AIza", "ya29.", "hf_",     "npm_",    "pypi-", "SG.",   "dop_v", "eyJ",    "gsk_",
    "r8_",  "AGE-",  "whsec_",  "shpat_",  "EAAC",  "AC0",   "key-",  "lin_api"
};

static bool is_key_at(const ll_prompt_text *text, size_t at)
{
    const size_t tail_min = 8; /* "sk-" alone is nothing yet */

    if (at > 0 && is_token(text->text[at - 1]))
        return false;
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        size_t bytes = strlen(prefixes[i]), tail = 0;
        size_t digits = 0, uppers = 0;

        if (text->bytes - at < bytes || memcmp(text->text + at, prefixes[i], bytes) != 0)
            continue;
        for (; at + bytes + tail < text->bytes && is_token(text->text[at + bytes + tail]); tail++) {
            digits += is_digit(text->text[at + bytes + tail]);
            uppers += is_upper(text->text[at + bytes + tail]);
        }
        if (tail >= tail_min && digits + uppers > 0)
            return true;
    }
    return false;
}

/* ---- long random words --------------------------------------------------- */

typedef struct token {
    size_t bytes, digits, uppers, lowers;
    size_t turns;   /* from a small letter to a capital or digit, or from a digit to a letter */
    size_t longest; /* stretch of letters and digits alone, */
    size_t longest_digits, longest_turns;
    bool all_hex;
    size_t hex_groups; /* stretches of four and more hexadecimal digits */
} token;

static void end_stretch(token *t, size_t bytes, size_t digits, size_t turns, bool all_hex)
{
    if (bytes > t->longest) {
        t->longest = bytes;
        t->longest_digits = digits;
        t->longest_turns = turns;
    }
    t->hex_groups += all_hex && bytes >= 4 && digits > 0;
}

static token read_token(ll_prompt_text text, size_t at)
{
    token t = { .bytes = 0, .all_hex = true };
    size_t bytes = 0, digits = 0, turns = 0;
    bool all_hex = true;

    for (; at + t.bytes < text.bytes && is_token(text.text[at + t.bytes]); t.bytes++) {
        char c = text.text[at + t.bytes];
        char before = (char)(bytes > 0 ? text.text[at + t.bytes - 1] : c);

        if (!is_alphanumeric(c)) {
            end_stretch(&t, bytes, digits, turns, all_hex);
            bytes = digits = turns = 0;
            all_hex = true;
            continue;
        }
        bytes++;
        t.all_hex = t.all_hex && is_hex(c);
        all_hex = all_hex && is_hex(c);
        digits += is_digit(c);
        turns += (is_lower(before) && !is_lower(c)) || (is_digit(before) && !is_digit(c));
        t.digits += is_digit(c);
        t.uppers += is_upper(c);
        t.lowers += is_lower(c);
        t.turns += (is_lower(before) && !is_lower(c)) || (is_digit(before) && !is_digit(c));
    }
    end_stretch(&t, bytes, digits, turns, all_hex);
    return t;
}

/* English in camel case or with underscores has few digits in few places. Random base64 of 24
 * has 4 digits and 14 turns, hexadecimal of 24 has 15 digits. */
static bool looks_random(const token *t)
{
    if (t->longest >= 16 && t->longest_digits >= 2 && t->longest_turns >= 2)
        return true;
    if ((t->longest >= 20 && t->longest_turns >= 5) ||
        (t->longest >= 10 && t->longest_turns >= 4 && t->longest_digits >= 2))
        return true;
    if (t->longest == t->bytes && t->bytes >= 12 && t->all_hex && t->digits * 2 >= t->bytes)
        return true;
    if (t->bytes >= 20 && t->turns >= 6 && t->digits >= 1 && t->uppers >= 2)
        return true;
    return t->hex_groups >= 4 || t->longest > 45 || (t->longest >= 16 && t->longest_digits >= 12);
}

/* Twelve digits and more, as of a card or an account, with blanks or dashes between groups. */
static size_t account_digits(ll_prompt_text text, size_t at)
{
    size_t digits = 0, gap = 0;

    for (; at < text.bytes && gap <= 1; at++) {
        if (is_digit(text.text[at])) {
            digits++;
            gap = 0;
        } else if (strchr(" -.", text.text[at]) != NULL) {
            gap++;
        } else {
            break;
        }
    }
    return digits;
}

static size_t straight_digits(ll_prompt_text text, size_t at)
{
    size_t digits = 0;

    while (at + digits < text.bytes && is_digit(text.text[at + digits]))
        digits++;
    return digits;
}

static bool is_number_at(ll_prompt_text text, size_t at)
{
    bool begins = is_digit(text.text[at]) &&
                  (at == 0 || (!is_digit(text.text[at - 1]) && text.text[at - 1] != '.'));
    size_t digits_max = at > 0 && text.text[at - 1] == '+' ? 7 : 11;

    return begins && (account_digits(text, at) > digits_max || straight_digits(text, at) > 9);
}

static const char *const assigned[] = { "password",      "passwd",      "passphrase", "apikey",
                                        "api_key",       "api-key",     "secretkey",  "secret_key",
                                        "access_token",  "accesstoken", "authtoken",  "auth_token",
                                        "privatekey",    "private_key", "seedphrase", "bearertoken",
                                        "client_secret", "clientsecret" };

/* password: hunter2 */
static bool has_assignment(const ll_view *dense, size_t *out_at)
{
    for (size_t i = 0; i < COUNT(assigned); i++) {
        size_t bytes = strlen(assigned[i]);
        const char *end = dense->data + dense->length;
        const char *at = memmem(dense->data, dense->length, assigned[i], bytes);

        if (at != NULL && end - at > (ptrdiff_t)bytes + 1 && strchr(":=\"", at[bytes]) != NULL) {
            *out_at = dense->from[at - dense->data];
            return true;
        }
    }
    return false;
}

bool ll_guard_secret(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;
    size_t at = 0;

    if (memmem(text.text, text.bytes, "-----BEGIN", 10) != NULL)
        return ll_guard_object(out, "a key or certificate in PEM");
    if (has_assignment(&c->candidate.views[LL_VIEW_DENSE], &at))
        return ll_guard_object_at(c, at, out, "a password or key is given");
    while (at < text.bytes) {
        token t = read_token(text, at);

        if (is_key_at(&text, at))
            return ll_guard_object_at(c, at, out, "begins as an API key does");
        if (looks_random(&t))
            return ll_guard_object_at(c, at, out, "a long word of random letters or digits");
        for (size_t i = at; i < at + t.bytes; i++)
            if (is_number_at(text, i))
                return ll_guard_object_at(c, i, out, "as many digits as an account has");
        at += t.bytes + 1;
    }
    return false;
}

/* ---- written so that a filter does not read it ---------------------------- */

static const char *const codings[] = { "base64",
                                       "base32",
                                       "base16",
                                       "rot13",
                                       "rot47",
                                       "morse",
                                       "cipher",
                                       "ciphertext",
                                       "caesar",
                                       "hexcode",
                                       "atob",
                                       "btoa",
                                       "fromcharcode",
                                       "urldecode",
                                       "every third",
                                       "every second",
                                       "every other letter",
                                       "only capital letters",
                                       "join the words",
                                       "join these words",
                                       "concatenate",
                                       "substitute ",
                                       "hexdump",
                                       "decrypt",
                                       "decipher",
                                       "b64",
                                       "unhex",
                                       "pig latin",
                                       "piglatin",
                                       "leetspeak",
                                       "deobfuscate",
                                       "unscramble",
                                       "acrostic",
                                       "backwards",
                                       "in reverse",
                                       "reverse the letters",
                                       "reversed text",
                                       "every second letter",
                                       "first letter of each",
                                       "first letters of",
                                       "initial letters",
                                       "base-64",
                                       "rot-13",
                                       "base 64",
                                       "rot 13" };

static bool names_a_coding(const ll_view *plain, size_t *out_at)
{
    for (size_t i = 0; i < COUNT(codings); i++) {
        const char *at = memmem(plain->data, plain->length, codings[i], strlen(codings[i]));

        if (at != NULL) {
            *out_at = plain->from[at - plain->data];
            return true;
        }
    }
    return false;
}

/* \x69, \u0069, U+0069, %69%67 */
static bool is_escape(ll_prompt_text text, size_t at)
{
    const char *p = text.text + at;
    size_t left = text.bytes - at;

    if (left >= 4 && p[0] == '\\' && (p[1] | 0x20) == 'x')
        return is_hex(p[2]) && is_hex(p[3]);
    if (left >= 6 && (p[0] == '\\' || p[1] == '+') && (p[0] == '\\' || p[0] == 'U') &&
        (p[1] == 'u' || p[1] == 'U' || p[1] == '+'))
        return is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]);
    if (left >= 4 && p[0] == '\\' && strchr("uUxN", p[1]) != NULL && p[2] == '{')
        return true;
    if (left >= 4 && p[0] == '\\' && is_digit(p[1]))
        return is_digit(p[2]) && is_digit(p[3]);
    return left >= 6 && p[0] == '%' && is_hex(p[1]) && is_hex(p[2]) && p[3] == '%' &&
           is_hex(p[4]) && is_hex(p[5]);
}

typedef enum number_kind {
    NO_NUMBER,
    HEX_PAIR,  /* 6e */
    HEX_FOUR,  /* 6e6f */
    BINARY,    /* 01101110 */
    CHARACTER, /* 110 */
    MORSE,     /* -. */
    SIGNS,     /* X=iS4a%CWJa%FaDZ*_AZX>N0L */
    SCRAMBLED  /* b3Jl: turns as English does not */
} number_kind;

/* Another kind of letter than before, but for a capital's small letters: key|Drivers|2. */
static bool begins_run(const char *p, size_t i)
{
    if (is_lower(p[i]))
        return !is_lower(p[i - 1]) && !(is_upper(p[i - 1]) && (i < 2 || !is_upper(p[i - 2])));
    if (is_upper(p[i]))
        return !is_upper(p[i - 1]);
    return is_digit(p[i]) && !is_digit(p[i - 1]);
}

/* What this stretch between blanks and commas could be a character's code in. */
static number_kind kind_of(const char *p, size_t bytes)
{
    size_t hex = 0, digits = 0, binary = 0, morse = 0, signs = 0, runs = 0, value = 0, dashes = 0;

    for (size_t i = 0; i < bytes; i++) {
        hex += is_hex(p[i]);
        digits += is_digit(p[i]);
        binary += p[i] == '0' || p[i] == '1';
        morse += p[i] == '.' || p[i] == '-';
        signs += strchr("%*&=<>?^~#$`|;@!+", p[i]) != NULL;
        value = is_digit(p[i]) && value < 1000 ? value * 10 + (size_t)(p[i] - '0') : value;
        dashes += p[i] == '-';
        runs += i == 0 || begins_run(p, i);
    }
    if (bytes >= 20 && signs >= 5)
        return SIGNS;
    if (bytes == 4 && hex == 4 && digits >= 1)
        return HEX_FOUR;
    if (bytes >= 9 && dashes >= 4 && digits > 0 && digits + dashes == bytes)
        return SIGNS;
    if (bytes == 2 && hex == 2)
        return HEX_PAIR;
    if (bytes >= 6 && bytes <= 8 && binary == bytes)
        return BINARY;
    if (bytes == 3 && digits == 3 && value >= 97 && value <= 122)
        return CHARACTER;
    if (bytes <= 5 && bytes > 0 && morse == bytes)
        return MORSE;
    return bytes >= 4 && bytes <= 12 && 2 * runs >= bytes && is_alphanumeric(p[0]) &&
                   is_alphanumeric(p[bytes - 1]) && digits < bytes
               ? SCRAMBLED
               : NO_NUMBER;
}

/* As many of a kind in a row that nobody writes for their value. "20, 50" are hex pairs too. */
static size_t row_max(number_kind kind)
{
    static const size_t rows[] = {
        [NO_NUMBER] = SIZE_MAX, [HEX_PAIR] = 6, [HEX_FOUR] = 3,  [BINARY] = 2,
        [CHARACTER] = 4,        [MORSE] = 5,    [SCRAMBLED] = 2, [SIGNS] = 0
    };
    return rows[kind];
}

static bool has_codes(ll_prompt_text text, size_t *out_at)
{
    number_kind row = NO_NUMBER;
    size_t count = 0, at = 0;

    while (at < text.bytes) {
        size_t bytes = 0;

        while (at + bytes < text.bytes && strchr(" \t\n,;/|", text.text[at + bytes]) == NULL)
            bytes++;
        if (bytes > 0) {
            number_kind kind = kind_of(text.text + at, bytes);

            count = kind == row ? count + 1 : 1;
            row = kind;
            if (count > row_max(kind)) {
                *out_at = at;
                return true;
            }
        }
        at += bytes + 1;
    }
    return false;
}

/* Five arrows, squares or dots in a row, blanks and dashes between them not counted: a code. */
static bool has_drawn_code(ll_prompt_text text, size_t *out_at)
{
    size_t count = 0, at = 0;

    while (at < text.bytes) {
        size_t from = at;
        uint32_t c = ll_character_next(text.text, text.bytes, &at);
        bool is_drawn = (c >= 0x2190 && c <= 0x27bf) || c == 0xb7 || c == 0x2022;

        if (c == ' ' || c == '-')
            continue;
        count = is_drawn ? count + 1 : 0;
        if (count > 4) {
            *out_at = from;
            return true;
        }
    }
    return false;
}

bool ll_guard_encoded(const ll_guard_context *c, ll_guard_reason *out)
{
    ll_prompt_text text = c->in->candidate;
    size_t at = 0;

    if (names_a_coding(&c->candidate.views[LL_VIEW_PLAIN], &at))
        return ll_guard_object_at(c, at, out, "speaks of text in code");
    for (size_t i = 0; i < text.bytes; i++)
        if (is_escape(text, i))
            return ll_guard_object_at(c, i, out, "a character written as its number");
    if (has_drawn_code(text, &at))
        return ll_guard_object_at(c, at, out, "a row of signs as in a code");
    return has_codes(text, &at) && ll_guard_object_at(c, at, out, "a row of codes of characters");
}
