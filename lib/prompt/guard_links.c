/* Addresses in any disguise. An explanation prompt has no use for one, so what merely looks like
 * one is refused: "word.word" without a blank is a domain unless the second is a file's ending
 * that prompts speak of. */
#include "prompt/characters.h"
#include "prompt/guards.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Endings of domains that are no words of a prompt, and so give them away even behind blanks. */
static const char *const endings[] = {
    "com", "org",  "io",  "ru",    "xyz",  "biz",    "cn",   "tk",    "co",   "uk",   "de",
    "fr",  "eu",   "ai",  "ly",    "gg",   "cc",     "tv",   "ws",    "su",   "ua",   "pl",
    "jp",  "kr",   "br",  "ml",    "ga",   "cf",     "gq",   "cloud", "dev",  "app",  "info",
    "net", "site", "top", "onion", "club", "online", "shop", "store", "link", "page", "website",
};
/* Of them, those that begin no sentence: "risk. Net exposure" is one. */
enum { ENDINGS_UNUSUAL = 9 };

static bool is_label(char c)
{
    return c == '-' || (unsigned char)c >= 0x80 || ll_character_is_word((unsigned char)c);
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static char at_or_blank(const ll_view *v, size_t at)
{
    return (char)(at < v->length ? v->data[at] : ' ');
}

/* The word of letters that begins here, and nothing of a label behind it. */
static size_t letters_at(const ll_view *v, size_t at)
{
    size_t bytes = 0;

    while (is_letter(at_or_blank(v, at + bytes)))
        bytes++;
    return is_label(at_or_blank(v, at + bytes)) ? 0 : bytes;
}

static bool is_ending(const char *word, size_t bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(endings[i]) == bytes && memcmp(endings[i], word, bytes) == 0)
            return true;
    return false;
}

/* What may stand behind a dot without a blank: {"a": 1} in "answer.json", and 1.5x. */
static bool is_file_ending(const char *word, size_t bytes)
{
    return bytes == 4 && memcmp(word, "json", 4) == 0;
}

/* At a dot: evil.com, evil .com, evil . com, and evil. com for endings that begin no sentence.
 * "wait...then" is none. */
static bool is_domain_dot(const ll_view *v, size_t dot)
{
    char before = (char)(dot > 0 ? v->data[dot - 1] : ' ');
    bool blank_before = before == ' ' || before == '\n';
    bool blank_after = at_or_blank(v, dot + 1) == ' ' || at_or_blank(v, dot + 1) == '\n';
    size_t word = dot + 1 + blank_after;
    size_t bytes = letters_at(v, word);

    if (!blank_after && before != '.')
        return is_letter(at_or_blank(v, word)) && is_letter(at_or_blank(v, word + 1)) &&
               !is_file_ending(v->data + word, bytes);
    return is_ending(v->data + word, bytes,
                     blank_after && !blank_before ? ENDINGS_UNUSUAL : COUNT(endings));
}

static bool has_domain(const ll_view *plain, size_t *out_at)
{
    for (size_t i = 0; i < plain->length; i++) {
        if (plain->data[i] == '.' && is_domain_dot(plain, i)) {
            *out_at = plain->from[i];
            return true;
        }
    }
    return false;
}

/* ---- fixed pieces -------------------------------------------------------- */

/* at_word: only where a word begins, or "Intel: " would be "tel:". */
typedef struct mark {
    const char *text;
    ll_view_kind view;
    bool at_word;
} mark;

static bool find_mark(const ll_guard_text *t, const mark *m, size_t *out_at)
{
    const ll_view *v = &t->views[m->view];
    size_t bytes = strlen(m->text), from = 0;

    while (from < v->length) {
        const char *at = memmem(v->data + from, v->length - from, m->text, bytes);

        if (at == NULL)
            return false;
        from = (size_t)(at - v->data);
        if (!m->at_word || from == 0 || !is_label(v->data[from - 1])) {
            *out_at = v->from[from];
            return true;
        }
        from++;
    }
    return false;
}

static const mark *find_marks(const ll_guard_text *t, const mark *marks, size_t count,
                              size_t *out_at)
{
    for (size_t i = 0; i < count; i++)
        if (find_mark(t, &marks[i], out_at))
            return &marks[i];
    return NULL;
}

static const mark url_marks[] = {
    { "://", LL_VIEW_DENSE, false },        { ":\\\\", LL_VIEW_DENSE, false },
    { ":\\/\\/", LL_VIEW_DENSE, false },    { ":[//]", LL_VIEW_DENSE, false },
    { "[://]", LL_VIEW_DENSE, false },      { "http", LL_VIEW_PLAIN, false },
    { "hxxp", LL_VIEW_PLAIN, false },       { "h**p", LL_VIEW_PLAIN, true },
    { "h--p", LL_VIEW_PLAIN, true },        { "htxp", LL_VIEW_PLAIN, true },
    { "h_t_t_p", LL_VIEW_DENSE, false },    { "h-t-t-p", LL_VIEW_DENSE, false },
    { "h.t.t.p", LL_VIEW_DENSE, false },    { "www", LL_VIEW_PLAIN, false },
    { "www.", LL_VIEW_DENSE, false },       { "w.w.w", LL_VIEW_DENSE, false },
    { "ftp:", LL_VIEW_PLAIN, true },        { "sftp", LL_VIEW_PLAIN, true },
    { "file:/", LL_VIEW_PLAIN, true },      { "ws:/", LL_VIEW_PLAIN, true },
    { "tel:", LL_VIEW_PLAIN, true },        { "magnet:", LL_VIEW_PLAIN, true },
    { "blob:", LL_VIEW_PLAIN, true },       { "javascript:", LL_VIEW_DENSE, false },
    { "vbscript:", LL_VIEW_DENSE, false },  { "livescript:", LL_VIEW_DENSE, false },
    { "data:text/", LL_VIEW_DENSE, false }, { "data:image/", LL_VIEW_DENSE, false },
    { "data:;", LL_VIEW_DENSE, false },     { "data:application/", LL_VIEW_DENSE, false },
    { ";base64", LL_VIEW_DENSE, false },    { "](", LL_VIEW_DENSE, false },
    { "![", LL_VIEW_DENSE, false },         { "][", LL_VIEW_DENSE, false },
    { "[.]", LL_VIEW_DENSE, false },        { "(.)", LL_VIEW_DENSE, false },
    { "{.}", LL_VIEW_DENSE, false },        { "<.>", LL_VIEW_DENSE, false },
    { "[dot]", LL_VIEW_DENSE, false },      { "(dot)", LL_VIEW_DENSE, false },
    { "{dot}", LL_VIEW_DENSE, false },      { "<dot>", LL_VIEW_DENSE, false },
    { "-dot-", LL_VIEW_DENSE, false },      { "_dot_", LL_VIEW_DENSE, false },
    { "[d0t]", LL_VIEW_DENSE, false },      { "(d0t)", LL_VIEW_DENSE, false },
    { "//", LL_VIEW_DENSE, false },         { "\\\\", LL_VIEW_DENSE, false },
    { "%2e", LL_VIEW_PLAIN, false },        { "%2f", LL_VIEW_PLAIN, false },
    { "%40", LL_VIEW_PLAIN, false },        { "%3a", LL_VIEW_PLAIN, false },
    { "url=", LL_VIEW_DENSE, false },       { "site:", LL_VIEW_PLAIN, true },
    { "utm_", LL_VIEW_DENSE, false },       { "doubleu", LL_VIEW_DENSE, false },
    { "double-u", LL_VIEW_DENSE, false },   { "slashslash", LL_VIEW_DENSE, false },
    { "xn--", LL_VIEW_PLAIN, true },        { "localhost", LL_VIEW_DENSE, false },
    { "[::", LL_VIEW_DENSE, false },        { "dotcom", LL_VIEW_DENSE, false },
};

/* ---- numbers ------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Four numbers with dots between them, the first of which begins here. */
static bool is_ipv4(const ll_view *v, size_t at)
{
    if (at > 0 && is_digit(v->data[at - 1]))
        return false;
    for (int part = 0; part < 4; part++) {
        size_t digits = 0;

        while (digits < 4 && is_digit(at_or_blank(v, at + digits)))
            digits++;
        if (digits == 0 || digits > 3 || (part < 3 && at_or_blank(v, at + digits) != '.'))
            return false;
        at += digits + 1;
    }
    return true;
}

/* Hexadecimal numbers and colons, as long as an address: 12:30:00 is a time of day. */
static bool is_ipv6(const ll_view *v, size_t at)
{
    size_t colons = 0, doubled = 0, digits = 0;

    if (at > 0 && (is_label(v->data[at - 1]) || v->data[at - 1] == ':'))
        return false;
    for (; at < v->length && (is_hex(v->data[at]) || v->data[at] == ':'); at++) {
        colons += v->data[at] == ':';
        digits += v->data[at] != ':';
        doubled += v->data[at] == ':' && at > 0 && v->data[at - 1] == ':';
    }
    return digits > 0 && (colons >= 5 || (doubled > 0 && colons >= 2));
}

static bool has_ip_address(const ll_view *dense, size_t *out_at)
{
    for (size_t i = 0; i < dense->length; i++) {
        bool is_long_hex = dense->data[i] == '0' && at_or_blank(dense, i + 1) == 'x' &&
                           is_hex(at_or_blank(dense, i + 2)) && is_hex(at_or_blank(dense, i + 7));

        if ((is_digit(dense->data[i]) && is_ipv4(dense, i)) || is_long_hex ||
            ((is_hex(dense->data[i]) || dense->data[i] == ':') && is_ipv6(dense, i))) {
            *out_at = dense->from[i];
            return true;
        }
    }
    return false;
}

/* ---- words --------------------------------------------------------------- */

/* The word, with digits read as letters, is this one. */
static bool is_word(const ll_guard_text *t, size_t index, const char *expected)
{
    static const char digits[] = "oizeasgtbg";
    const ll_guard_word *word = &t->words[index];
    const char *data = t->views[LL_VIEW_PLAIN].data + word->begin;

    if (word->bytes != strlen(expected))
        return false;
    for (size_t i = 0; i < word->bytes; i++)
        if (data[i] != expected[i] && !(is_digit(data[i]) && digits[data[i] - '0'] == expected[i]))
            return false;
    return true;
}

static bool is_one_of(const ll_guard_text *t, size_t index, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(t, index, words[i]))
            return true;
    return false;
}

static const char *const dots[] = { "dot", "punkt", "punto", "ponto", "point", "period", "kropka" };
static const char *const ats[] = { "at", "arroba", "arobase", "klammeraffe", "chiocciola" };

/* "?ref=abc" */
static bool has_query(const ll_view *dense, size_t *out_at)
{
    for (size_t i = 0; i < dense->length; i++) {
        size_t end = i + 1;

        while (dense->data[i] == '?' && is_letter(at_or_blank(dense, end)))
            end++;
        if (end > i + 1 && at_or_blank(dense, end) == '=') {
            *out_at = dense->from[i];
            return true;
        }
    }
    return false;
}

/* The central bank's dot plot is the one dot of finance. */
static bool is_dot_plot(const ll_guard_text *t, size_t index)
{
    return index + 1 < t->word_count &&
           (is_word(t, index + 1, "plot") || is_word(t, index + 1, "plots"));
}

/* "evil dot com" */
static bool has_spoken_domain(const ll_guard_text *t, size_t *out_at)
{
    for (size_t i = 0; i + 1 < t->word_count; i++) {
        bool is_dot = is_word(t, i, "dot") && !is_dot_plot(t, i);

        if (is_dot ||
            (is_one_of(t, i, dots, COUNT(dots)) && is_one_of(t, i + 1, endings, COUNT(endings)))) {
            *out_at = t->words[i].from;
            return true;
        }
    }
    return false;
}

bool ll_guard_url(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_guard_text *t = &c->candidate;
    size_t at = 0;
    const mark *found = find_marks(t, url_marks, COUNT(url_marks), &at);

    if (found != NULL)
        return ll_guard_object_at(c, at, out, "\"%s\" belongs to an address or a link",
                                  found->text);
    if (has_domain(&t->views[LL_VIEW_PLAIN], &at))
        return ll_guard_object_at(c, at, out, "a dot between two words, as in a domain");
    if (has_query(&t->views[LL_VIEW_DENSE], &at))
        return ll_guard_object_at(c, at, out, "a query as in an address");
    if (has_ip_address(&t->views[LL_VIEW_DENSE], &at))
        return ll_guard_object_at(c, at, out, "a network address");
    return has_spoken_domain(t, &at) && ll_guard_object_at(c, at, out, "a domain spelt out");
}

/* ---- e-mail -------------------------------------------------------------- */

static const mark email_marks[] = {
    { "mailto", LL_VIEW_DENSE, false }, { "(at)", LL_VIEW_DENSE, false },
    { "[at]", LL_VIEW_DENSE, false },   { "{at}", LL_VIEW_DENSE, false },
    { "<at>", LL_VIEW_DENSE, false },   { "-at-", LL_VIEW_PLAIN, false },
    { "_at_", LL_VIEW_PLAIN, false },   { "(@)", LL_VIEW_DENSE, false },
    { "[@]", LL_VIEW_DENSE, false },
};

/* name@host, name @ host and @name; "RSI @ 70" is none of them. */
static bool has_mail_sign(const ll_view *dense, size_t *out_at)
{
    for (size_t i = 0; i < dense->length; i++) {
        char before = (char)(i > 0 ? dense->data[i - 1] : ' ');
        char after = at_or_blank(dense, i + 1);
        bool is_name = is_letter(after) || (unsigned char)after >= 0x80;

        if (dense->data[i] == '@' && (is_name || (is_letter(before) && is_label(after)))) {
            *out_at = dense->from[i];
            return true;
        }
    }
    return false;
}

/* "joe at evil dot com": one or two words between the two. */
static bool has_spoken_mail(const ll_guard_text *t, size_t *out_at)
{
    for (size_t i = 1; i + 3 < t->word_count; i++) {
        if (is_one_of(t, i, ats, COUNT(ats)) &&
            (is_one_of(t, i + 2, dots, COUNT(dots) - 3) || is_word(t, i + 3, "dot"))) {
            *out_at = t->words[i].from;
            return true;
        }
    }
    return false;
}

bool ll_guard_email(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_guard_text *t = &c->candidate;
    size_t at = 0;

    if (find_marks(t, email_marks, COUNT(email_marks), &at) != NULL ||
        has_mail_sign(&t->views[LL_VIEW_DENSE], &at))
        return ll_guard_object_at(c, at, out, "an e-mail address");
    return has_spoken_mail(t, &at) && ll_guard_object_at(c, at, out, "an e-mail address spelt out");
}

/* ---- HTML ---------------------------------------------------------------- */

static const mark html_marks[] = {
    { "{%", LL_VIEW_DENSE, false },       { "%}", LL_VIEW_DENSE, false },
    { "{#", LL_VIEW_DENSE, false },       { "${", LL_VIEW_DENSE, false },
    { "#{", LL_VIEW_DENSE, false },       { "<%", LL_VIEW_DENSE, false },
    { "[/", LL_VIEW_DENSE, false },       { "[b]", LL_VIEW_DENSE, false },
    { "[i]", LL_VIEW_DENSE, false },      { "[url", LL_VIEW_DENSE, false },
    { "[img", LL_VIEW_DENSE, false },     { "onclick=", LL_VIEW_DENSE, false },
    { "onerror=", LL_VIEW_DENSE, false }, { "onload=", LL_VIEW_DENSE, false },
    { "onmouse", LL_VIEW_DENSE, false },  { "style=", LL_VIEW_DENSE, false },
    { "href=", LL_VIEW_DENSE, false },    { "src=", LL_VIEW_DENSE, false },
    { "@import", LL_VIEW_DENSE, false },  { "expression(", LL_VIEW_DENSE, false },
};

/* <b, </b, <!-- and <?xml, but not "RSI < 30". */
static bool is_tag(const ll_view *v, size_t at)
{
    char next = at_or_blank(v, at + 1);

    if (v->data[at] != '<')
        return false;
    if (next == ' ' || next == '\n')
        next = at_or_blank(v, at + 2);
    return is_letter(next) || (next != '\0' && strchr("/!?%_:@\\$-{", next) != NULL) ||
           (unsigned char)next >= 0x80;
}

/* &lt; &#60; &#x3c; and the numbers without a semicolon too. */
static bool is_entity(const ll_view *v, size_t at)
{
    size_t letters = 0;

    if (v->data[at] != '&')
        return false;
    if (at_or_blank(v, at + 1) == '#')
        return is_digit(at_or_blank(v, at + 2)) || at_or_blank(v, at + 2) == 'x';
    while (letters < 32 && (is_letter(at_or_blank(v, at + 1 + letters)) ||
                            is_digit(at_or_blank(v, at + 1 + letters))))
        letters++;
    return letters >= 2 && at_or_blank(v, at + 1 + letters) == ';';
}

bool ll_guard_html(const ll_guard_context *c, ll_guard_reason *out)
{
    const ll_view *plain = &c->candidate.views[LL_VIEW_PLAIN];
    size_t at = 0;
    const mark *found = find_marks(&c->candidate, html_marks, COUNT(html_marks), &at);

    if (found != NULL)
        return ll_guard_object_at(c, at, out, "\"%s\" belongs to a markup language", found->text);
    for (size_t i = 0; i < plain->length; i++) {
        if (is_tag(plain, i))
            return ll_guard_object_at(c, plain->from[i], out, "a tag as in HTML or XML");
        if (is_entity(plain, i))
            return ll_guard_object_at(c, plain->from[i], out, "an entity as in HTML");
    }
    return false;
}
