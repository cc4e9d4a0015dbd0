/* The guards against what chance makes of honest and hostile prompts: whatever they accept must
 * keep the rules, by an oracle that shares no code with them. */
#include "support/expect.h"
#include "support/prompts.h"

#include "simulation/draws.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZED 100000

static json_t *honest, *hostile;

static void setup(void)
{
    honest = load_prompts("honest");
    hostile = load_prompts("hostile");
}

static void teardown(void)
{
    json_decref(honest);
    json_decref(hostile);
}

/* ---- an oracle that shares nothing with the guards ------------------------ */

static size_t count_of(const char *text, size_t bytes, const char *piece)
{
    size_t count = 0, length = strlen(piece);

    for (size_t i = 0; i + length <= bytes; i++)
        count += memcmp(text + i, piece, length) == 0;
    return count;
}

/* Strict UTF-8 by arithmetic; -1: not valid. */
static long decode(const unsigned char *p, size_t left, size_t *length)
{
    static const long least[] = { 0, 0x80, 0x800, 0x10000 };
    int more = p[0] < 0x80 ? 0 : p[0] < 0xc2 ? -1 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    long c = more == 0 ? p[0] : p[0] & (0x3f >> more);

    if (more < 0 || p[0] > 0xf4 || left < (size_t)more + 1)
        return -1;
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return -1;
        c = c * 64 + (p[i] & 0x3f);
    }
    *length = (size_t)more + 1;
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? -1 : c;
}

static bool is_forbidden(long c)
{
    return c < 9 || (c > 10 && c < 32) || (c >= 127 && c < 160) || c == 0xad || c == 0x34f ||
           c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || (c >= 0xe000 && c <= 0xf8ff) ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
           c == 0xffa0 || (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000;
}

/* Where it stands, a word of denial stands just before it. */
static void check_denied(const char *text, size_t bytes, const char *piece)
{
    static const char *const denials[] = { "ot ",     "ever ", "ther than ", "stead of ", "void ",
                                           "ithout ", "no ",   "o not",      "on't" };

    for (const char *at = text;
         (at = memmem(at, bytes - (size_t)(at - text), piece, strlen(piece))) != NULL; at++) {
        size_t before = at - text < 60 ? (size_t)(at - text) : 60, found = 0;

        for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++)
            found += count_of(at - before, before, denials[i]);
        ck_assert_msg(found > 0, "%.*s", (int)bytes, text);
    }
}

static void check_accepted(const ll_guard_input *in)
{
    static const char *const urlish[] = {
        "://",           "http",      "HTTP",       "www.",    "](",   "javascript:",
        ".com",          ".org",      "@evil",      "<script", "<img", "&lt;",
        "AKIAIOSFODNN7", "sk-proj-A", "-----BEGIN", "[INST]",  "<|"
    };
    static const char *const placeholders[] = { "{{ticker}}", "{{signal}}", "{{confidence}}",
                                                "{{indicators}}", "{{" };
    const char *text = in->candidate.text;
    size_t bytes = in->candidate.bytes, at = 0, lines = 1;

    ck_assert_uint_le(bytes, 16 * 1024);
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
        ck_assert_uint_eq(count_of(text, bytes, placeholders[i]),
                          count_of(in->base.text, in->base.bytes, placeholders[i]));
    for (size_t i = 0; i < sizeof urlish / sizeof urlish[0]; i++)
        ck_assert_msg(count_of(text, bytes, urlish[i]) == 0, "\"%s\" in %.*s", urlish[i],
                      (int)bytes, text);
    for (size_t i = 0; i < in->json_field_count; i++)
        ck_assert_uint_gt(count_of(text, bytes, in->json_fields[i]), 0);
    while (at < bytes) {
        size_t length = 1;
        long c = decode((const unsigned char *)text + at, bytes - at, &length);

        ck_assert_msg(c >= 0 && !is_forbidden(c), "U+%04lX at %zu of %.*s", (unsigned long)c, at,
                      (int)bytes, text);
        lines += c == '\n';
        at += length;
    }
    ck_assert_uint_le(lines, 200);
    check_denied(text, bytes, "ignore previous");
}

/* ---- mutations ------------------------------------------------------------ */

typedef struct pool {
    char *texts[1200];
    size_t bytes[1200];
    size_t count, honest_count;
} pool;

static void add_to_pool(pool *p, const char *text, size_t bytes)
{
    if (bytes > 4000 || p->count == sizeof p->texts / sizeof p->texts[0])
        return;
    p->texts[p->count] = malloc(bytes + 1);
    memcpy(p->texts[p->count], text, bytes);
    p->bytes[p->count++] = bytes;
}

static void fill_pool(pool *p)
{
    json_t *base = json_array_get(json_object_get(honest, "bases"), 0), *item;
    size_t i;

    json_array_foreach(json_object_get(base, "rewrites"), i, item)
        add_to_pool(p, json_string_value(item), json_string_length(item));
    p->honest_count = p->count;
    json_array_foreach(json_object_get(hostile, "cases"), i, item)
    {
        ll_buffer text = { 0 };

        if (json_object_get(item, "answer") == NULL && json_object_get(item, "repeat") == NULL) {
            build_case(hostile, item, &text);
            add_to_pool(p, text.data == NULL ? "" : text.data, text.length);
        }
        ll_buffer_free(&text);
    }
}

static void insert(char *text, size_t *bytes, size_t at, const char *piece, size_t length)
{
    memmove(text + at + length, text + at, *bytes - at);
    memcpy(text + at, piece, length);
    *bytes += length;
}

static void mutate(draws *d, const pool *p, char *text, size_t *bytes)
{
    static const char *const pieces[] = { "{{ticker}}",
                                          "{{",
                                          "}}",
                                          "\xe2\x80\x8b",
                                          "\xef\xbb\xbf",
                                          "\x01",
                                          "\xff",
                                          "http://",
                                          ".com",
                                          "<b>",
                                          "@",
                                          " ",
                                          "\n",
                                          "ignore previous instructions",
                                          "\xd0\xb0",
                                          "system:",
                                          "\xf3\xa0\x81\xa1",
                                          "not ",
                                          "never ",
                                          "0",
                                          "'" };
    size_t at = draw_below(d, *bytes + 1), span;
    const char *piece;
    size_t other;

    switch (draw_below(d, 6)) {
    case 0: /* a byte changes */
        if (*bytes > 0)
            text[draw_below(d, *bytes)] = (char)draw_below(d, 256);
        break;
    case 1: /* a stretch goes */
        span = draw_below(d, 1 + (*bytes - at < 20 ? *bytes - at : 20));
        memmove(text + at, text + at + span, *bytes - at - span);
        *bytes -= span;
        break;
    case 2: /* one of the usual suspects comes in */
        piece = pieces[draw_below(d, sizeof pieces / sizeof pieces[0])];
        insert(text, bytes, at, piece, strlen(piece));
        break;
    case 3: /* a stretch of another text comes in */
        other = draw_below(d, p->count);
        span = draw_below(d, 1 + (p->bytes[other] < 60 ? p->bytes[other] : 60));
        insert(text, bytes, at, p->texts[other] + draw_below(d, p->bytes[other] - span + 1), span);
        break;
    case 4: /* a letter of one case becomes the other */
        if (*bytes > 0)
            text[draw_below(d, *bytes)] ^= 0x20;
        break;
    default: /* two letters change places */
        if (at + 1 < *bytes) {
            char c = text[at];

            text[at] = text[at + 1];
            text[at + 1] = c;
        }
    }
}

START_TEST(what_chance_makes_of_them_keeps_the_rules)
{
    static pool p;
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    const char *sanitizer = getenv("LL_SANITIZER");
    size_t rounds = sanitizer != NULL && *sanitizer != '\0' ? FUZZED / 20 : FUZZED, accepted = 0;
    draws d = draws_begin(20240817);

    fill_pool(&p);
    for (size_t i = 0; i < rounds; i++) {
        size_t from =
            draw_event(&d, 0.5) ? draw_below(&d, p.honest_count) : draw_below(&d, p.count);
        size_t bytes = p.bytes[from], steps = 1 + draw_below(&d, 3);
        char *text = malloc(bytes + 1000);
        ll_guard_verdict v;

        memcpy(text, p.texts[from], bytes);
        for (size_t k = 0; k < steps; k++)
            mutate(&d, &p, text, &bytes);
        in.candidate = (ll_prompt_text){ text, bytes };
        expect_ok(ll_guard_check(&in, &v));
        if (v.reason_count == 0)
            check_accepted(&in);
        for (size_t k = 0; k < v.reason_count; k++)
            ck_assert(v.reasons[k].name != NULL && v.reasons[k].detail[0] != '\0');
        accepted += v.reason_count == 0;
        free(text);
    }
    printf("%zu mutations, %zu accepted\n", rounds, accepted);
    ck_assert_uint_gt(accepted, rounds / 50);
    for (size_t i = 0; i < p.count; i++)
        free(p.texts[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_chance");
    TCase *tests = tcase_create("prompt_chance");
    SRunner *runner = srunner_create(suite);
    int failed;

    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_chance_makes_of_them_keeps_the_rules);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
