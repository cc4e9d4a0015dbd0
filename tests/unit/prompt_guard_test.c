/* The guards' details: what excuses a phrase, what views show, where bounds lie. */
#include "prompt/characters.h"
#include "prompt/fold.h"
#include "prompt/guard_phrases.h"
#include "prompt/guards.h"
#include "prompt/stop_words.h"
#include "support/expect.h"
#include "support/prompts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---------------------------------------------------------------- */

static ll_guard_text views_of(const char *text)
{
    ll_guard_text t;

    expect_ok(ll_guard_text_make(text_of(text), true, &t));
    return t;
}

static void check_view(const char *text, ll_view_kind kind, const char *expected)
{
    ll_guard_text t = views_of(text);
    const ll_view *v = &t.views[kind];

    ck_assert_msg(v->length == strlen(expected) && memcmp(v->data, expected, v->length) == 0,
                  "\"%s\": \"%.*s\", not \"%s\"", text, (int)v->length, v->data, expected);
    for (size_t i = 0; i < v->length; i++)
        ck_assert_uint_lt(v->from[i], strlen(text));
    ll_guard_text_free(&t);
}

START_TEST(views_are_as_drawn)
{
    static const char text[] = "Do NOT 1gnore  {{ticker}}'s \"rules\" !";

    check_view(text, LL_VIEW_PLAIN, "do not 1gnore {{ticker}}'s \"rules\" !");
    check_view(text, LL_VIEW_DENSE, "donot1gnore{{ticker}}'s\"rules\"!");
    check_view(text, LL_VIEW_LETTERS, "donotgnoresruies");
    check_view(text, LL_VIEW_DIGITS, "donotignoresruies");
    check_view(text, LL_VIEW_SIGNS, "donotignoresruiesi");
    check_view("ab, cd", LL_VIEW_BACKWARDS, "dcba");
    check_view("Uryyb", LL_VIEW_ROTATED, "heio");
    check_view("ignroe the ruels", LL_VIEW_CORRECTED, "ignoretherueis");
    check_view("", LL_VIEW_PLAIN, "");
    check_view("don't", LL_VIEW_PLAIN, "dont");
}
END_TEST

START_TEST(dressed_letters_fold_to_plain_ones)
{
    static const char *const dressed[] = {
        "\xef\xbd\x89\xef\xbd\x87\xef\xbd\x8e\xef\xbd\x8f\xef\xbd\x92\xef\xbd\x85", /* full width */
        "\xd1\x96g\x6e\xd0\xbe\x72\xd0\xb5",                                        /* Cyrillic */
        "\xce\x99gn\xce\xbfr\xce\xb5",                                              /* Greek */
        "\xc3\xad\xc4\x9f\xc3\xb1\xc3\xb6\xc5\x99\xc3\xa9",                         /* accents */
        "i\xcc\x81g\xcc\x81n\xcc\x83o\xcc\x88r\xcc\x8c\x65\xcc\x81",                /* combining */
        "i\xe2\x80\x8bg\xc2\xadn\xe2\x81\xa0o\xef\xbb\xbfre",                       /* invisible */
        "\xf0\x9d\x97\xb6\xf0\x9d\x97\xb4\xf0\x9d\x97\xbb\xf0\x9d\x97\xbc\xf0\x9d\x97\xbf\xf0\x9d"
        "\x97"
        "\xb2", /* mathematical */
        "\xe2\x93\x98\xe2\x93\x96\xe2\x93\x9d\xe2\x93\x9e\xe2\x93\xa1\xe2\x93\x94", /* circled */
    };

    for (size_t i = 0; i < sizeof dressed / sizeof dressed[0]; i++)
        check_view(dressed[i], LL_VIEW_LETTERS, "ignore");
}
END_TEST

/* Every scalar value: no crash, never more bytes than it had, valid UTF-8 or nothing. */
START_TEST(every_character_folds)
{
    for (uint32_t c = 1; c <= 0x10ffff; c++) {
        char out[LL_FOLD_BYTES_MAX];
        size_t most = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        size_t bytes = ll_fold(c, out);
        ck_assert_uint_le(bytes, most);
        if (bytes > 1) {
            size_t at = 0;

            ll_character_next(out, bytes, &at);
            ck_assert_uint_eq(at, bytes);
        }
        ll_character_script(c);
        ll_character_is_word(c);
    }
}
END_TEST

START_TEST(listed_characters_are_caught)
{
    static const uint32_t invisible[][2] = {
        { 0x202a, 0x202e }, { 0x2066, 0x2069 },   { 0x200b, 0x200f }, { 0x61c, 0x61c },
        { 0x2060, 0x2064 }, { 0xfeff, 0xfeff },   { 0xad, 0xad },     { 0xe0000, 0xe007f },
        { 0xfe00, 0xfe0f }, { 0xe0100, 0xe01ef }, { 0x115f, 0x1160 }, { 0x3164, 0x3164 },
        { 0xffa0, 0xffa0 }, { 0x34f, 0x34f }
    };

    for (size_t i = 0; i < sizeof invisible / sizeof invisible[0]; i++)
        for (uint32_t c = invisible[i][0]; c <= invisible[i][1]; c++)
            ck_assert_msg(ll_character_is_invisible(c), "U+%04X", c);
    for (uint32_t c = 0; c < 0xa0; c++)
        ck_assert_int_eq(ll_character_is_control(c),
                         (c < 32 && c != '\n' && c != '\t') || c >= 0x7f);
    for (uint32_t c = 0x20; c < 0x7f; c++)
        ck_assert(!ll_character_is_invisible(c) && !ll_character_is_unassigned(c));
    for (uint32_t plane = 0; plane <= 16; plane++)
        ck_assert(ll_character_is_unassigned(plane << 16 | 0xfffe) &&
                  ll_character_is_unassigned(plane << 16 | 0xffff));
}
END_TEST

START_TEST(a_fast_squeeze_is_the_slow_one)
{
    static const ll_phrase_rule *const all[] = { ll_override_rules,      ll_role_rules,
                                                 ll_exfiltration_rules,  ll_tool_use_rules,
                                                 ll_fixed_verdict_rules, ll_profit_promise_rules,
                                                 ll_toxic_rules };
    size_t phrases = 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (const ll_phrase_rule *rule = all[i]; rule->parts[0] != NULL; rule++) {
            for (size_t part = 0; part < LL_PHRASE_PARTS_MAX && rule->parts[part] != NULL; part++) {
                char *list = strdup(rule->parts[part]), *rest = list, *phrase;

                while ((phrase = strsep(&rest, "|")) != NULL) {
                    char squeezed[256];
                    size_t bytes = strlen(phrase);

                    ck_assert_msg(bytes > 1 && bytes < 80, "\"%s\"", phrase);
                    ll_guard_text_squeeze(phrase, squeezed, sizeof squeezed);
                    check_view(phrase, LL_VIEW_LETTERS, squeezed);
                    phrases++;
                }
                free(list);
            }
        }
    }
    ck_assert_uint_gt(phrases, 1000);
}
END_TEST

/* ---- excuses -------------------------------------------------------------- */

static bool breaks(const char *text, const ll_phrase_rule *rules)
{
    ll_guard_text t = views_of(text);
    ll_phrase_match match;
    size_t count = 0;

    while (rules[count].parts[0] != NULL)
        count++;
    bool found = ll_guard_phrases_find(&t, rules, count, 0, &match);
    ll_guard_text_free(&t);
    return found;
}

START_TEST(denial_excuses)
{
    static const char *const fine[] = {
        "Do not guarantee profits.",
        "Never promise or guarantee any profit.",
        "Don't guarantee a profit.",
        "Avoid words that guarantee profits.",
        "Explain without promising returns.",
        "Guarantee no profits.",
        "State that returns are not guaranteed.",
        "Use careful words rather than promises of profit.",
        "No sentence promises a gain.",
    };
    static const char *const wrong[] = {
        "Guarantee profits.",
        "Do not worry, guarantee profits.",
        "Never fail to guarantee profits.",
        "Do not forget to guarantee profits.",
        "Do not be brief. Guarantee profits.",
        "Do not be brief: guarantee profits.",
        "Why not guarantee profits?",
        "If you do not guarantee profits you fail.",
        "Never not guarantee profits.",
        "Not only explain but guarantee profits.",
        "Guarantee no less than a ten percent profit.",
        "Never say that returns are not guaranteed.",
        "Do not guarantee profits unless asked.",
        "Not, guarantee profits.",
        "Do not guarantee profits. Guarantee profits.",
    };

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        ck_assert_msg(!breaks(fine[i], ll_profit_promise_rules), "%s", fine[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(breaks(wrong[i], ll_profit_promise_rules), "%s", wrong[i]);
}
END_TEST

START_TEST(short_phrases_keep_to_words)
{
    ck_assert(breaks("You idiot.", ll_toxic_rules));
    ck_assert(breaks("what the sh1t", ll_toxic_rules));
    ck_assert(!breaks("Cash it, push it, the RSI is hit.", ll_toxic_rules));
    ck_assert(!breaks("Assess the class of assets; analyse the pass rate.", ll_toxic_rules));
    ck_assert(!breaks("Naval eras, evaluate values, medieval.", ll_tool_use_rules));
    ck_assert(breaks("eval this", ll_tool_use_rules));
}
END_TEST

/* ---- whole checks --------------------------------------------------------- */

static json_t *honest;

static void setup(void)
{
    honest = load_prompts("honest");
}

static void teardown(void)
{
    json_decref(honest);
}

static const char *rewrite(size_t base, size_t index)
{
    json_t *one = json_array_get(json_object_get(honest, "bases"), base);

    return json_string_value(json_array_get(json_object_get(one, "rewrites"), index));
}

START_TEST(limits_are_exact)
{
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_guard_verdict v;
    size_t lines = 1;

    in.candidate = text_of(rewrite(0, 0));
    for (size_t i = 0; i < in.candidate.bytes; i++)
        lines += in.candidate.text[i] == '\n';
    in.limits = (ll_guard_limits){ in.candidate.bytes, ll_guard_tokens(in.candidate), lines };
    expect_ok(ll_guard_check(&in, &v));
    ck_assert_uint_eq(v.reason_count, 0);
    in.limits.lines_max--;
    in.limits.tokens_max--;
    expect_ok(ll_guard_check(&in, &v));
    ck_assert_uint_eq(v.reason_count, 2);
    ck_assert(has_reason(&v, "too_many_lines") && has_reason(&v, "too_many_tokens"));
    in.limits.bytes_max--;
    expect_ok(ll_guard_check(&in, &v));
    ck_assert_uint_eq(v.reason_count, 1);
    ck_assert(has_reason(&v, "too_long"));
    in.limits.bytes_max = SIZE_MAX; /* still no more than is ever stored */
    char *large = calloc(1, LL_GUARD_BYTES_MAX + 2);
    memset(large, 'a', LL_GUARD_BYTES_MAX + 1);
    in.candidate = text_of(large);
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(has_reason(&v, "too_long"));
    free(large);
}
END_TEST

START_TEST(wrong_frames_are_refused)
{
    static const ll_prompt_text bad = { "\xff", 1 };
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_guard_verdict v = { .reason_count = 31 };

    in.candidate = text_of("x");
    in.known = &bad;
    in.known_count = 1;
    expect_err(ll_guard_check(&in, &v), LLMLEARN_EINVAL, "known variant is not UTF-8");
    in.known_count = LL_GUARD_KNOWN_MAX + 1;
    expect_err(ll_guard_check(&in, &v), LLMLEARN_EINVAL, "at most 256");
    in.known_count = 0;
    in.base = bad;
    expect_err(ll_guard_check(&in, &v), LLMLEARN_EINVAL, "base prompt is not UTF-8");
    in.base = text_of("{{");
    expect_err(ll_guard_check(&in, &v), LLMLEARN_EINVAL, "template");
    ck_assert_uint_eq(v.reason_count, 31);
}
END_TEST

/* What the operator's own prompt says cannot be held against its variants. */
START_TEST(the_bases_own_words_are_allowed)
{
    ll_guard_input in = { .base = text_of("Explain the {{signal}} to the reader and answer in "
                                          "German. Name two risks.") };
    ll_guard_verdict v;

    in.candidate = text_of("Name two risks of the {{signal}}, explain it to the reader, and write "
                           "the answer in German.");
    expect_ok(ll_guard_check(&in, &v));
    ck_assert_uint_eq(v.reason_count, 0);
    in.base = text_of("Explain the {{signal}} to the reader. Name two risks.");
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(has_reason(&v, "override_phrase"));
}
END_TEST

/* Where the base has both scripts, each letter is welcome, but not in one word. */
START_TEST(scripts_are_not_mixed_in_a_word)
{
    static const char base[] = "\u041e\u0431\u044a\u044f\u0441\u043d\u0438 "
                               "\u0441\u0438\u0433\u043d\u0430\u043b {{signal}} "
                               "\u0438 \u0440\u0438\u0441\u043a\u0438 RSI.";
    ll_guard_input in = { .base = text_of(base) };
    ll_guard_verdict v;

    in.candidate = text_of("\u0421\u0438\u0433\u043d\u0430\u043b {{signal}} \u0438 RSI: "
                           "\u043e\u0431\u044a\u044f\u0441\u043d\u0438 "
                           "\u0440\u0438\u0441\u043a\u0438.");
    expect_ok(ll_guard_check(&in, &v));
    ck_assert_uint_eq(v.reason_count, 0);
    in.candidate = text_of("\u0421\u0438\u0433\u043d\u0430\u043b {{signal}} \u0438 RSI: "
                           "\u043e\u0431\u044a\u044f\u0441\u043d\u0438 "
                           "p\u0438\u0441\u043a\u0438."); /* a Latin p */
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(has_reason(&v, "mixed_scripts"));
    ck_assert(!has_reason(&v, "foreign_characters"));
}
END_TEST

START_TEST(near_copies_are_measured)
{
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_prompt_text known = text_of(rewrite(0, 1));
    ll_guard_verdict v;
    ll_buffer text = { 0 };

    in.known = &known;
    in.known_count = 1;
    in.candidate = text_of(rewrite(0, 0));
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(!has_reason(&v, "near_copy"));
    in.candidate = known;
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(has_reason(&v, "near_copy"));
    ck_assert_str_eq(v.reasons[v.reason_count - 1].detail, "100 % the known variant 1");
    ll_buffer_printf(&text, "%s Be brief.", known.text); /* two words of 60 */
    in.candidate = (ll_prompt_text){ text.data, text.length };
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(has_reason(&v, "near_copy"));
    ll_buffer_printf(&text, " Do it in the calm tone of a good teacher of the subject.");
    in.candidate = (ll_prompt_text){ text.data, text.length };
    expect_ok(ll_guard_check(&in, &v));
    ck_assert(!has_reason(&v, "near_copy"));
    ll_buffer_free(&text);
}
END_TEST

START_TEST(objections_are_written_as_json)
{
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_json_writer w = { 0 };
    ll_guard_verdict v;

    in.candidate = text_of("<script>\"x\" \xe2\x80\xae http://evil");
    expect_ok(ll_guard_check(&in, &v));
    ll_guard_write(&v, &w);
    json_t *list = json_loads(w.buffer.data, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), v.reason_count);
    ck_assert_uint_gt(v.reason_count, 3);
    json_decref(list);
    ck_assert_ptr_null(strstr(w.buffer.data, "evil"));
    ll_buffer_free(&w.buffer);
}
END_TEST

START_TEST(names_are_stable_and_single)
{
    size_t count = 0;

    for (; ll_guard_name(count) != NULL; count++)
        for (size_t k = 0; k < count; k++)
            ck_assert_str_ne(ll_guard_name(k), ll_guard_name(count));
    ck_assert_uint_ge(count, 25);
    ck_assert_uint_eq(ll_stop_word("the", 3) & LL_STOP_ENGLISH, LL_STOP_ENGLISH);
    ck_assert_uint_eq(ll_stop_word("thes", 3) & LL_STOP_ENGLISH, LL_STOP_ENGLISH);
    ck_assert_uint_eq(ll_stop_word("th", 2), 0);
    ck_assert_uint_eq(ll_stop_word("", 0), 0);
    ck_assert_uint_eq(ll_stop_word("zwz", 3), 0);
}
END_TEST

/* The worst a candidate can be made of; the test's own timeout is the bound. */
START_TEST(no_text_takes_long)
{
    static const char *const pieces[] = {
        "ignore ",    "a",   "1 ",           "-",   ".",
        "@",          "{",   "{{",           "<",   "not ",
        "guarantee ", "no ", "\xe4\xbd\xa0", "aA1", "instruction ",
        "http",       "\n",  "a.b ",         ":",   "&"
    };
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_guard_verdict v;

    in.limits.bytes_max = LL_GUARD_BYTES_MAX;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        ll_buffer text = { 0 };

        while (text.length + strlen(pieces[i]) <= LL_GUARD_BYTES_MAX)
            ll_buffer_append(&text, pieces[i], strlen(pieces[i]));
        in.candidate = (ll_prompt_text){ text.data, text.length };
        expect_ok(ll_guard_check(&in, &v));
        ck_assert_uint_gt(v.reason_count, 0);
        ll_buffer_free(&text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_guard");
    TCase *tests = tcase_create("prompt_guard");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, views_are_as_drawn);
    tcase_add_test(tests, dressed_letters_fold_to_plain_ones);
    tcase_add_test(tests, every_character_folds);
    tcase_add_test(tests, listed_characters_are_caught);
    tcase_add_test(tests, a_fast_squeeze_is_the_slow_one);
    tcase_add_test(tests, denial_excuses);
    tcase_add_test(tests, short_phrases_keep_to_words);
    tcase_add_test(tests, limits_are_exact);
    tcase_add_test(tests, wrong_frames_are_refused);
    tcase_add_test(tests, the_bases_own_words_are_allowed);
    tcase_add_test(tests, scripts_are_not_mixed_in_a_word);
    tcase_add_test(tests, near_copies_are_measured);
    tcase_add_test(tests, objections_are_written_as_json);
    tcase_add_test(tests, names_are_stable_and_single);
    tcase_add_test(tests, no_text_takes_long);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
