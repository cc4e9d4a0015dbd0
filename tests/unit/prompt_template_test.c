#include "base/buffer.h"
#include "prompt/template.h"
#include "support/expect.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ll_prompt_text text_of(const char *text)
{
    return (ll_prompt_text){ text, strlen(text) };
}

START_TEST(placeholders_are_counted)
{
    ll_template t;

    expect_ok(ll_template_parse(text_of("{{a}} {{b}}{{a}} {{_x9}}"), &t));
    ck_assert_uint_eq(t.placeholder_count, 4);
    ck_assert_uint_eq(t.name_count, 3);
    ck_assert_uint_eq(t.names[0].count, 2);
    ck_assert_int_eq(strncmp(t.names[2].name, "_x9", t.names[2].bytes), 0);
    expect_ok(ll_template_parse(text_of(""), &t));
    ck_assert_uint_eq(t.placeholder_count, 0);
    expect_ok(ll_template_parse((ll_prompt_text){ NULL, 0 }, &t));
}
END_TEST

START_TEST(single_braces_are_text)
{
    static const char *const right[] = { "{\"a\": 1}",
                                         "{\"a\": {\"b\": 1}}",
                                         "{\"a\": {\"b\": {\"c\": [{}]}}}",
                                         "{\"t\": {{ticker}}}",
                                         "{\"t\": {\"x\": {{ticker}}}}",
                                         "{ {",
                                         "} {",
                                         "}",
                                         "a } b",
                                         "{{a}}}",
                                         "{[{\"x\":{}}]}" };

    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        ll_template t;

        expect_ok(ll_template_parse(text_of(right[i]), &t));
        ck_assert_uint_le(t.placeholder_count, 1);
    }
}
END_TEST

START_TEST(what_is_wrong_is_placed)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        { "{{", "line 1, column 3: a name" },
        { "{{}}", "line 1, column 3: a placeholder has no name" },
        { "{{a", "line 1, column 4: \"}}\" must follow" },
        { "{{a}", "line 1, column 4: \"}}\" must follow" },
        { "{{a} }", "line 1, column 4: \"}}\" must follow" },
        { "{{ a}}", "line 1, column 3: a name" },
        { "{{a }}", "line 1, column 4: \"}}\" must follow" },
        { "{{1a}}", "line 1, column 3: a name" },
        { "{{a-b}}", "line 1, column 4" },
        { "{{a{{b}}}}", "line 1, column 4" },
        { "{{{a}}}", "line 1, column 3: \"{{{\" can be read" },
        { "}}", "line 1, column 1: \"}}\" closes no placeholder" },
        { "a\nb {x}}", "line 2, column 5: \"}}\" closes no placeholder" },
        { "\xc3\xa4\xe2\x82\xac\n\xc3\xa4 {{\xc3\xa4}}", "line 2, column 5: a name" },
        { "{{a}}}}", "line 1, column 6: \"}}\" closes no placeholder" },
    };
    ll_template t = { .name_count = 77 };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_err(ll_template_parse(text_of(wrong[i].text), &t), LLMLEARN_EINVAL, wrong[i].words);
    ck_assert_uint_eq(t.name_count, 77);
}
END_TEST

START_TEST(names_and_numbers_have_bounds)
{
    char name[LL_TEMPLATE_NAME_BYTES_MAX + 8];
    ll_buffer many = { 0 };
    ll_template t;

    snprintf(name, sizeof name, "{{%0*d}}", LL_TEMPLATE_NAME_BYTES_MAX, 0);
    name[2] = 'x';
    expect_ok(ll_template_parse(text_of(name), &t));
    ck_assert_uint_eq(t.names[0].bytes, LL_TEMPLATE_NAME_BYTES_MAX);
    snprintf(name, sizeof name, "{{%0*d}}", LL_TEMPLATE_NAME_BYTES_MAX + 1, 0);
    name[2] = 'x';
    expect_err(ll_template_parse(text_of(name), &t), LLMLEARN_EINVAL, "more than 64 characters");

    for (int i = 0; i < LL_TEMPLATE_PLACEHOLDERS_MAX; i++)
        ll_buffer_printf(&many, "{{n%d}}", i % LL_TEMPLATE_NAMES_MAX);
    expect_ok(ll_template_parse((ll_prompt_text){ many.data, many.length }, &t));
    ll_buffer_printf(&many, "{{n0}}");
    expect_err(ll_template_parse((ll_prompt_text){ many.data, many.length }, &t), LLMLEARN_EINVAL,
               "more than 256 placeholders");
    many.length = 0;
    for (int i = 0; i <= LL_TEMPLATE_NAMES_MAX; i++)
        ll_buffer_printf(&many, "{{n%d}}", i);
    expect_err(ll_template_parse((ll_prompt_text){ many.data, many.length }, &t), LLMLEARN_EINVAL,
               "more than 64 different");
    ll_buffer_free(&many);
}
END_TEST

START_TEST(unknown_names_are_refused)
{
    static const char *const names[] = { "ticker", "signal" };

    expect_ok(ll_template_check(text_of("{{ticker}} {{signal}} {{ticker}}"), names, 2));
    expect_ok(ll_template_check(text_of("nothing"), names, 0));
    expect_err(ll_template_check(text_of("{{ticker}}\n {{tick}}"), names, 2), LLMLEARN_EINVAL,
               "line 2, column 4: nothing is called tick");
}
END_TEST

START_TEST(multisets_are_compared)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = { { "{{a}}{{b}}", "{{b}} and {{a}}", true },
                  { "{{a}}", "{{a}}{{a}}", false },
                  { "{{a}}", "{{b}}", false },
                  { "{{a}}", "{{a}}{{b}}", false },
                  { "", "", true },
                  { "{{a}}", "{{A}}", false } };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ll_template a, b;
        ll_template_name name = { .name = NULL };

        expect_ok(ll_template_parse(text_of(pairs[i].a), &a));
        expect_ok(ll_template_parse(text_of(pairs[i].b), &b));
        ck_assert_int_eq(ll_template_same(&a, &b, &name), pairs[i].same);
        ck_assert_int_eq(ll_template_same(&b, &a, NULL), pairs[i].same);
        ck_assert_int_eq(name.name == NULL, pairs[i].same);
    }
}
END_TEST

START_TEST(values_stand_as_they_are)
{
    const ll_template_value values[] = { { "a", text_of("{{b}} }} {{") },
                                         { "b", { "x\0y", 3 } },
                                         { "c", { NULL, 0 } } };
    char *text = NULL;
    size_t bytes = 0;

    expect_ok(ll_template_render(text_of("{\"{{a}}\": {{b}}{{c}}, {{a}}}"), values, 3, 1000, &text,
                                 &bytes));
    ck_assert_uint_eq(bytes, 33);
    ck_assert_int_eq(memcmp(text, "{\"{{b}} }} {{\": x\0y, {{b}} }} {{}", 33), 0);
    ck_assert_int_eq(text[bytes], '\0');
    free(text);
    expect_ok(ll_template_render(text_of(""), NULL, 0, 0, &text, &bytes));
    ck_assert_uint_eq(bytes, 0);
    free(text);
}
END_TEST

START_TEST(missing_and_surplus_values_are_refused)
{
    const ll_template_value values[] = { { "a", text_of("1") },
                                         { "b", text_of("2") },
                                         { "a", text_of("3") } };
    char *text = "untouched";
    size_t bytes = 5;

    expect_err(ll_template_render(text_of("{{a}}{{b}}"), values, 1, 99, &text, &bytes),
               LLMLEARN_EINVAL, "no value for {{b}}");
    expect_err(ll_template_render(text_of("{{a}}"), values, 2, 99, &text, &bytes), LLMLEARN_EINVAL,
               "a value for {{b}}, which is not in it");
    expect_err(ll_template_render(text_of("{{a}}{{b}}"), values, 3, 99, &text, &bytes),
               LLMLEARN_EINVAL, "two values for {{a}}");
    expect_err(ll_template_render(text_of("{{a}}{{"), values, 1, 99, &text, &bytes),
               LLMLEARN_EINVAL, "column 8");
    ck_assert_str_eq(text, "untouched");
    ck_assert_uint_eq(bytes, 5);
}
END_TEST

START_TEST(the_output_has_a_cap)
{
    const ll_template_value value = { "a", text_of("0123456789") };
    char *text = NULL;
    size_t bytes = 0;

    expect_ok(ll_template_render(text_of("x{{a}}{{a}}y"), &value, 1, 22, &text, &bytes));
    ck_assert_str_eq(text, "x01234567890123456789y");
    free(text);
    for (size_t cap = 0; cap < 22; cap++)
        expect_err(ll_template_render(text_of("x{{a}}{{a}}y"), &value, 1, cap, &text, &bytes),
                   LLMLEARN_EINVAL, "over");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_template");
    TCase *tests = tcase_create("prompt_template");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, placeholders_are_counted);
    tcase_add_test(tests, single_braces_are_text);
    tcase_add_test(tests, what_is_wrong_is_placed);
    tcase_add_test(tests, names_and_numbers_have_bounds);
    tcase_add_test(tests, unknown_names_are_refused);
    tcase_add_test(tests, multisets_are_compared);
    tcase_add_test(tests, values_stand_as_they_are);
    tcase_add_test(tests, missing_and_surplus_values_are_refused);
    tcase_add_test(tests, the_output_has_a_cap);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
