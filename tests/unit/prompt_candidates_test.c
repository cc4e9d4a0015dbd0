#include "prompt/candidates.h"
#include "support/expect.h"
#include "support/prompts.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static llmlearn_err read_answer(const char *answer, size_t most, ll_candidates *out)
{
    return ll_candidates_read(answer, strlen(answer), most, out);
}

START_TEST(both_forms_and_a_fence_are_read)
{
    static const char *const answers[] = {
        "{\"variants\": [{\"prompt\": \"one\", \"hypothesis\": \"h\"}, {\"prompt\": \"two\"}]}",
        "{\"variants\": [\"one\", \"two\"]}",
        "  \n{\"variants\": [\"one\", {\"prompt\": \"two\", \"hypothesis\": 5, \"x\": []}]}\n ",
        "```json\n{\"variants\": [\"one\", \"two\"]}\n```",
        "```\n{\"variants\": [\"one\", \"two\"]}\n```\n",
        "Here they are:\n```json\n{\"variants\": [\"one\", \"two\"]}\n```\nGood luck.",
    };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ll_candidates c;

        expect_ok(read_answer(answers[i], 3, &c));
        ck_assert_uint_eq(c.count, 2);
        ck_assert_uint_eq(c.left_out, 0);
        ck_assert_str_eq(c.items[0].prompt, "one");
        ck_assert_uint_eq(c.items[1].bytes, 3);
        ck_assert_str_eq(c.items[0].hypothesis, i == 0 ? "h" : "");
        ll_candidates_free(&c);
    }
    ll_candidates_free(NULL);
}
END_TEST

START_TEST(a_prompt_may_hold_fences)
{
    ll_candidates c;

    expect_ok(read_answer("```json\n{\"variants\": [\"use ```json {} ``` so\"]}\n```", 3, &c));
    ck_assert_str_eq(c.items[0].prompt, "use ```json {} ``` so");
    ll_candidates_free(&c);
}
END_TEST

START_TEST(what_is_no_answer_is_an_error)
{
    static const struct {
        const char *answer, *words;
    } wrong[] = {
        { "", "no JSON object" },
        { "I cannot.", "no JSON object" },
        { "[]", "no JSON object" },
        { "{\"variants\": [\"a\"]", "no JSON object" },
        { "{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
          "deep" },
        { "{\"variants\": [\"a\"], \"variants\": []}", "twice" },
        { "{\"variants\": [1e999]}", "number too large" },
        { "{}", "no list" },
        { "{\"variants\": []}", "empty" },
        { "{\"variants\": {\"prompt\": \"a\"}}", "no list" },
        { "{\"variants\": [\"a\", 1]}", "variant 2 of the answer" },
        { "{\"variants\": [{\"hypothesis\": \"a\"}]}", "variant 1 of the answer" },
        { "{\"variants\": [null]}", "variant 1" },
    };
    ll_candidates c = { .count = 55 };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_err(read_answer(wrong[i].answer, 3, &c), LLMLEARN_ELLM, wrong[i].words);
    ck_assert_uint_eq(c.count, 55);
}
END_TEST

START_TEST(number_and_bytes_are_capped)
{
    ll_buffer b = { 0 };
    ll_candidates c;

    ll_buffer_printf(&b, "{\"variants\": [\"x\"");
    for (int i = 0; i < 5000; i++)
        ll_buffer_printf(&b, ",\"x%d\"", i);
    ll_buffer_printf(&b, "]}");
    expect_ok(ll_candidates_read(b.data, b.length, 3, &c));
    ck_assert_uint_eq(c.count, 3);
    ck_assert_uint_eq(c.left_out, 4998);
    ll_candidates_free(&c);
    expect_ok(ll_candidates_read(b.data, b.length, 1000, &c));
    ck_assert_uint_eq(c.count, LL_CANDIDATES_MAX);
    ll_candidates_free(&c);

    b.length = 0;
    ll_buffer_printf(&b, "{\"variants\": [{\"prompt\": \"a\", \"hypothesis\": \"");
    for (int i = 0; i < 1000; i++)
        ll_buffer_printf(&b, "h\\u200b\\u0007");
    ll_buffer_printf(&b, "\"}]}");
    expect_ok(ll_candidates_read(b.data, b.length, 3, &c));
    ck_assert_uint_eq(strlen(c.items[0].hypothesis), LL_CANDIDATES_HYPOTHESIS_BYTES_MAX);
    ck_assert_uint_eq(strspn(c.items[0].hypothesis, "h"), LL_CANDIDATES_HYPOTHESIS_BYTES_MAX);
    ll_candidates_free(&c);

    while (b.length <= LL_CANDIDATES_BYTES_MAX)
        ll_buffer_append(&b, "                                ", 32);
    expect_err(ll_candidates_read(b.data, b.length, 3, &c), LLMLEARN_ELLM, "at most 1048576");
    ll_buffer_free(&b);
}
END_TEST

START_TEST(each_is_held_against_those_before_it)
{
    json_t *honest = load_prompts("honest");
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    json_t *rewrites =
        json_object_get(json_array_get(json_object_get(honest, "bases"), 0), "rewrites");
    const char *one = json_string_value(json_array_get(rewrites, 0));
    const char *two = json_string_value(json_array_get(rewrites, 1));
    ll_prompt_text known = text_of(json_string_value(json_array_get(rewrites, 2)));
    json_t *answer =
        json_pack("{s:[s,s,s,s,s]}", "variants", one, one, two, "nonsense", known.text);
    char *json = json_dumps(answer, 0);
    ll_candidates c;

    in.known = &known;
    in.known_count = 1;
    expect_ok(read_answer(json, 9, &c));
    expect_ok(ll_candidates_judge(&c, &in));
    ck_assert_uint_eq(c.items[0].verdict.reason_count, 0);
    ck_assert(has_reason(&c.items[1].verdict, "near_copy"));
    ck_assert_uint_eq(c.items[2].verdict.reason_count, 0);
    ck_assert(has_reason(&c.items[3].verdict, "placeholders"));
    ck_assert(has_reason(&c.items[4].verdict, "near_copy"));
    ck_assert_uint_eq(in.known_count, 1);
    in.base = (ll_prompt_text){ "{{", 2 };
    expect_err(ll_candidates_judge(&c, &in), LLMLEARN_EINVAL, "template");
    ll_candidates_free(&c);
    free(json);
    json_decref(answer);
    json_decref(honest);
}
END_TEST

START_TEST(a_hypothesis_carries_no_link)
{
    json_t *honest = load_prompts("honest");
    const char *fields[PROMPT_FIELDS_MAX];
    ll_guard_input in = frame_of(honest, 0, fields);
    ll_candidates c;

    expect_ok(read_answer("{\"variants\": [{\"prompt\": \"a\", \"hypothesis\": \"See evil.com\"},"
                          "{\"prompt\": \"a\", \"hypothesis\": \"Shorter is clearer.\"},"
                          "{\"prompt\": \"a\", \"hypothesis\": \"<b>x</b>\"}]}",
                          3, &c));
    expect_ok(ll_candidates_judge(&c, &in));
    ck_assert_str_eq(c.items[0].hypothesis, "");
    ck_assert_str_eq(c.items[1].hypothesis, "Shorter is clearer.");
    ck_assert_str_eq(c.items[2].hypothesis, "");
    ll_candidates_free(&c);
    json_decref(honest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_candidates");
    TCase *tests = tcase_create("prompt_candidates");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, both_forms_and_a_fence_are_read);
    tcase_add_test(tests, a_prompt_may_hold_fences);
    tcase_add_test(tests, what_is_no_answer_is_an_error);
    tcase_add_test(tests, number_and_bytes_are_capped);
    tcase_add_test(tests, each_is_held_against_those_before_it);
    tcase_add_test(tests, a_hypothesis_carries_no_link);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
