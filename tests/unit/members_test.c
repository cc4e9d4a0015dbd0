#include "experiment/members.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "key=value;" for every member. */
static void write_down(void *context, const ll_member *member)
{
    char *out = context;

    sprintf(out + strlen(out), "%.*s=%.*s;", (int)member->key_bytes, member->key,
            (int)member->value_bytes, member->value);
}

/* The text stands at the very end of its memory, so that a step too far is noticed. */
static bool read_all(const char *json, char *out)
{
    char *exact = strdup(json);
    char ignored[1024] = "";

    bool read = ll_members_read(exact, write_down, out == NULL ? ignored : out);
    free(exact);
    return read;
}

START_TEST(members_are_told_in_order)
{
    char out[1024] = "";

    ck_assert(read_all("{}", NULL));
    ck_assert(read_all(" { } \n", NULL));
    ck_assert(read_all("{\"a\":1,\"b\" : \"x,}\\\"y\" ,\"c\":[1,{\"d\":\"]\"}],\n\"e\":null,"
                       "\"f\":{\"a\":2},\"g\":-1.5e-3}",
                       out));
    ck_assert_str_eq(out, "a=1;b=\"x,}\\\"y\";c=[1,{\"d\":\"]\"}];e=null;f={\"a\":2};g=-1.5e-3;");
}
END_TEST

START_TEST(what_is_no_object_is_refused)
{
    static const char *const wrong[] = { "",           "null",        "[]",         "{",
                                         "}",          "{\"a\"}",     "{\"a\":}",   "{\"a\":1",
                                         "{\"a\":1,}", "{\"a\":1}x",  "{a:1}",      "{\"a\":\"}",
                                         "{\"a\":[1}", "{\"a\":1 2}", "{\"a\\",     "{\"a\":{\"b\"",
                                         "{,}",        "{\"a\" 1}",   "{\"a\":\"\\" };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!read_all(wrong[i], NULL), "%s", wrong[i]);
}
END_TEST

/* Every byte of a text is replaced by every other, and the text ended at every place: it is read
 * or refused, and nothing outside it is touched. */
START_TEST(no_damage_leads_outside_the_text)
{
    const char whole[] = "{\"v\":\"winner\",\"p\":1.25e-3,\"x\":null,\"l\":[{\"a\":\"\\\"\"},2]}";
    char text[sizeof whole];

    for (size_t i = 0; i < sizeof whole - 1; i++) {
        memcpy(text, whole, sizeof whole);
        for (int byte = 0; byte < 256; byte++) {
            text[i] = (char)byte;
            bool read = read_all(text, NULL);
            ck_assert_msg(byte != 0 || !read, "cut after %zu bytes", i);
        }
    }
}
END_TEST

static void keep(void *context, const ll_member *member)
{
    *(ll_member *)context = *member;
}

static ll_member only(const char *json)
{
    ll_member member = { 0 };

    ck_assert(ll_members_read(json, keep, &member));
    return member;
}

START_TEST(values_are_read_or_said_to_be_something_else)
{
    static const char *const no_numbers[] = { "{\"a\":null}", "{\"a\":\"1\"}", "{\"a\":nan}",
                                              "{\"a\":inf}",  "{\"a\":0x10}",  "{\"a\":1-}",
                                              "{\"a\":[1]}",  "{\"a\":true}" };
    ll_member member = only("{\"a\":0.10000000000000001}");
    char text[8];

    ck_assert(ll_member_is(&member, "a"));
    ck_assert(!ll_member_is(&member, "ab") && !ll_member_is(&member, ""));
    ck_assert(ll_member_number(&member, 7) == 0.1);
    for (size_t i = 0; i < sizeof no_numbers / sizeof no_numbers[0]; i++) {
        member = only(no_numbers[i]);
        ck_assert_msg(ll_member_number(&member, 7) == 7, "%s", no_numbers[i]);
    }
    ck_assert(ll_member_is_true(&member));
    member = only("{\"a\":\"true\"}");
    ck_assert(!ll_member_is_true(&member));
    ll_member_text(&member, text, sizeof text);
    ck_assert_str_eq(text, "true");
    member = only("{\"a\":\"1234567\"}");
    ll_member_text(&member, text, sizeof text);
    ck_assert_str_eq(text, "1234567");
    static const char *const no_texts[] = { "{\"a\":\"12345678\"}", "{\"a\":\"x\\\\\"}",
                                            "{\"a\":1}", "{\"a\":null}" };
    for (size_t i = 0; i < sizeof no_texts / sizeof no_texts[0]; i++) {
        member = only(no_texts[i]);
        ll_member_text(&member, text, sizeof text);
        ck_assert_str_eq(text, "");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("members");
    TCase *tc = tcase_create("members");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, members_are_told_in_order);
    tcase_add_test(tc, what_is_no_object_is_refused);
    tcase_add_test(tc, no_damage_leads_outside_the_text);
    tcase_add_test(tc, values_are_read_or_said_to_be_something_else);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
