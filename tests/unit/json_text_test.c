#include "base/json_text.h"

#include <check.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool check(const char *text)
{
    return ll_json_is_object(text, strlen(text));
}

START_TEST(objects_are_objects)
{
    ck_assert(check("{}"));
    ck_assert(check(" { } \r\n\t"));
    ck_assert(check("{\"a\":1}"));
    ck_assert(check("{\"a\":-0.5e+3,\"b\":[1,2,[]],\"c\":{\"d\":null},\"e\":\"\\u00e4\\\"\\\\\"}"));
    ck_assert(check("{\"\":true,\"x\":false,\"y\":[{},{\"z\":[0]}]}"));
    ck_assert(check("{\"a\":\"\\ud83d\\ude00\"}"));
    ck_assert(check("{\"k\":\"\xc3\xa4\"}"));
}
END_TEST

START_TEST(everything_else_is_not)
{
    static const char *const wrong[] = { "",
                                         " ",
                                         "[]",
                                         "1",
                                         "null",
                                         "\"{}\"",
                                         "{",
                                         "}",
                                         "{}}",
                                         "{}{}",
                                         "{} x",
                                         "{a:1}",
                                         "{'a':1}",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "{\"a\":1,}",
                                         "{\"a\":[1,]}",
                                         "{\"a\":[1}",
                                         "{\"a\":01}",
                                         "{\"a\":+1}",
                                         "{\"a\":.5}",
                                         "{\"a\":1.}",
                                         "{\"a\":1e}",
                                         "{\"a\":NaN}",
                                         "{\"a\":tru}",
                                         "{\"a\":\"\\x\"}",
                                         "{\"a\":\"\\u12g4\"}",
                                         "{\"a\":\"\\u0000\"}",
                                         "{\"a\":\"\\ud800\"}",
                                         "{\"a\":\"\\udc00\"}",
                                         "{\"a\":\"\\ud83d\\u0041\"}",
                                         "{\"a\":\"\n\"}",
                                         "{\"a\":\"b}",
                                         "{\"a\":1 \"b\":2}",
                                         "{,}",
                                         "{\"a\":1]" };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!check(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    char text[3 * 2 * LL_JSON_DEPTH_MAX + 16];

    for (int depth = 1; depth <= LL_JSON_DEPTH_MAX + 1; depth++) {
        char *at = text;

        at += sprintf(at, "{\"a\":");
        for (int i = 1; i < depth; i++)
            *at++ = '[';
        *at++ = '1';
        for (int i = 1; i < depth; i++)
            *at++ = ']';
        strcpy(at, "}");
        ck_assert_int_eq(check(text), depth <= LL_JSON_DEPTH_MAX);
    }
}
END_TEST

/* Texts made of JSON's own characters at random: the same answer as jansson's, apart from
 * equal keys, which it is told to take, and numbers that do not fit a double. */
START_TEST(it_agrees_with_a_parser)
{
    static const char letters[] = "{}[]:,\"\"\"a1-0.e tfn\\u";
    static const char *const words[] = { "\"a\":", "true", "null", "1.5", "{", "}", "[", "]", "," };
    uint64_t state = 88172645463325252ULL;
    int objects = 0;

    for (unsigned round = 0; round < 400000; round++) {
        char text[64] = "{";
        size_t length = 1;
        size_t pieces = 1 + round % 12;

        for (size_t i = 0; i < pieces && length < sizeof text - 8; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if (state % 3 == 0) {
                text[length++] = letters[(state >> 8) % (sizeof letters - 1)];
            } else {
                const char *word = words[(state >> 8) % (sizeof words / sizeof words[0])];

                memcpy(text + length, word, strlen(word));
                length += strlen(word);
            }
        }
        json_t *value = json_loadb(text, length, 0, NULL);
        bool expected = json_is_object(value);

        objects += expected;
        ck_assert_msg(ll_json_is_object(text, length) == expected, "%.*s", (int)length, text);
        json_decref(value);
    }
    ck_assert_int_gt(objects, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_text");
    TCase *tests = tcase_create("json_text");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, objects_are_objects);
    tcase_add_test(tests, everything_else_is_not);
    tcase_add_test(tests, nesting_has_a_limit);
    tcase_add_test(tests, it_agrees_with_a_parser);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
