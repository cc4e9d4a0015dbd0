/* Answers of services, as they should be and as they should not. */
#include "llm/answer.h"
#include "llm/models.h"
#include "llm/moderation.h"
#include "support/expect.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICE(message, rest) "{\"choices\":[{\"index\":0,\"message\":" message rest "}]}"

static llmlearn_err parse(const char *body, ll_llm_answer *out)
{
    return ll_answer_parse(body, strlen(body), out);
}

START_TEST(a_whole_answer)
{
    static const char body[] =
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,"
        "\"model\":\"model-2026-01-01\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
        "\"assistant\",\"content\":\"\\u00e4 {\\\"a\\\":1}\",\"refusal\":null},"
        "\"finish_reason\":\"stop\",\"logprobs\":null}],\"usage\":{\"prompt_tokens\":12,"
        "\"completion_tokens\":34,\"total_tokens\":46,\"prompt_tokens_details\":"
        "{\"cached_tokens\":5}}}";
    ll_llm_answer answer;

    expect_ok(parse(body, &answer));
    ck_assert_int_eq(answer.kind, LL_LLM_OK);
    ck_assert_str_eq(answer.text, "\xc3\xa4 {\"a\":1}");
    ck_assert_ptr_null(answer.refusal);
    ck_assert_str_eq(answer.model, "model-2026-01-01");
    ck_assert_int_eq(answer.prompt_tokens, 12);
    ck_assert_int_eq(answer.completion_tokens, 34);
    ck_assert_int_eq(answer.cached_tokens, 5);
    ck_assert_int_eq(answer.cost_nanousd, -1);
    ll_llm_answer_free(&answer);
    ll_llm_answer_free(&answer);
    ll_llm_answer_free(NULL);
}
END_TEST

static const struct {
    const char *body;
    ll_llm_kind kind;
    const char *text;
} kinds[] = {
    { CHOICE("{\"content\":\"hi\"}", ""), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":\"hi\"}", ",\"finish_reason\":\"stop\""), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":\"hi\"}", ",\"finish_reason\":null"), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":\"hi\"}", ",\"finish_reason\":7"), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":\"hi\",\"refusal\":\"\"}", ""), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":\"hi\",\"refusal\":[]}", ""), LL_LLM_OK, "hi" },
    { CHOICE("{\"content\":null,\"refusal\":\"no\"}", ""), LL_LLM_REFUSAL, "" },
    { CHOICE("{\"content\":\"hi\",\"refusal\":\"no\"}", ""), LL_LLM_REFUSAL, "hi" },
    { CHOICE("{\"content\":null}", ""), LL_LLM_EMPTY, "" },
    { CHOICE("{\"content\":\"\"}", ""), LL_LLM_EMPTY, "" },
    { CHOICE("{}", ""), LL_LLM_EMPTY, "" },
    { CHOICE("{\"content\":null}", ",\"finish_reason\":\"tool_calls\""), LL_LLM_EMPTY, "" },
    { CHOICE("{\"content\":\"h\"}", ",\"finish_reason\":\"length\""), LL_LLM_TRUNCATED, "h" },
    { CHOICE("{\"content\":\"\"}", ",\"finish_reason\":\"length\""), LL_LLM_TRUNCATED, "" },
    { CHOICE("{\"content\":\"h\"}", ",\"finish_reason\":\"content_filter\""), LL_LLM_FILTERED,
      "h" },
};

START_TEST(kinds_of_answers)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ll_llm_answer answer;

        ck_assert_msg(parse(kinds[i].body, &answer) == LLMLEARN_OK, "%s: %s", kinds[i].body,
                      llmlearn_error_detail());
        ck_assert_msg(answer.kind == kinds[i].kind, "%s: %d", kinds[i].body, (int)answer.kind);
        ck_assert_str_eq(answer.text, kinds[i].text);
        ck_assert_int_eq(answer.refusal != NULL, answer.kind == LL_LLM_REFUSAL);
        /* without "usage": not known, rather than none */
        ck_assert_int_eq(answer.prompt_tokens, -1);
        ck_assert_int_eq(answer.completion_tokens, -1);
        ck_assert_int_eq(answer.cached_tokens, -1);
        ll_llm_answer_free(&answer);
    }
}
END_TEST

START_TEST(odd_usage_is_unknown)
{
    static const char *const usages[] = {
        "null",
        "[]",
        "7",
        "{}",
        "{\"prompt_tokens\":-3,\"completion_tokens\":1.5}",
        "{\"prompt_tokens\":\"12\",\"completion_tokens\":null,\"prompt_tokens_details\":[1]}",
        "{\"prompt_tokens\":1e3,\"prompt_tokens_details\":{\"cached_tokens\":true}}"
    };

    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        char body[256];
        ll_llm_answer answer;

        snprintf(body, sizeof body,
                 "{\"model\":\"a b\",\"usage\":%s,\"choices\":[{\"message\":{\"content\":\"x\"}}]}",
                 usages[i]);
        expect_ok(parse(body, &answer));
        ck_assert_int_eq(answer.prompt_tokens, -1);
        ck_assert_int_eq(answer.completion_tokens, -1);
        ck_assert_int_eq(answer.cached_tokens, -1);
        ck_assert_str_eq(answer.model, ""); /* not a word */
        ll_llm_answer_free(&answer);
    }
}
END_TEST

START_TEST(hostile_answers)
{
    static const char *const bodies[] = {
        "",
        " ",
        "null",
        "[]",
        "\"choices\"",
        "<html>secret-words</html>",
        "{}",
        "{\"choices\":null}",
        "{\"choices\":{}}",
        "{\"choices\":[]}",
        "{\"choices\":[null]}",
        "{\"choices\":[[]]}",
        "{\"choices\":[{}]}",
        "{\"choices\":[{\"message\":null}]}",
        "{\"choices\":[{\"message\":\"secret-words\"}]}",
        "{\"choices\":[{\"message\":[]}]}",
        "{\"choices\":[{\"message\":{\"content\":7}}]}",
        "{\"choices\":[{\"message\":{\"content\":[\"secret-words\"]}}]}",
        "{\"choices\":[{\"message\":{\"content\":{\"text\":\"x\"}}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"choices\":[]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\",\"content\":\"secret-words\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"\\ud800\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"\xc0\x80\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"\xed\xa0\x80\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"n\":1e999}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"n\":99999999999999999999999}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}]",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}]} {}",
        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ll_llm_answer answer = { .attempts = 7 };

        ck_assert_msg(parse(bodies[i], &answer) == LLMLEARN_ELLM, "%s", bodies[i]);
        ck_assert_uint_eq(answer.attempts, 7); /* untouched */
        ck_assert_ptr_null(answer.text);
        ck_assert_msg(strstr(llmlearn_error_detail(), "secret-words") == NULL, "%s",
                      llmlearn_error_detail());
    }
    printf("%zu hostile answers\n", sizeof bodies / sizeof bodies[0]);
}
END_TEST

START_TEST(deep_answers)
{
    enum { DEEP = 1000000 };
    char *body = malloc(2 * DEEP + 64);
    ll_llm_answer answer;
    ll_answer_problem problem;

    ck_assert_ptr_nonnull(body);
    strcpy(body, "{\"choices\":");
    memset(body + 11, '[', DEEP);
    memset(body + 11 + DEEP, ']', DEEP);
    strcpy(body + 11 + 2 * DEEP, "}");
    ck_assert_int_eq(parse(body, &answer), LLMLEARN_ELLM);
    memcpy(body, "{\"error\":  ", 11);
    ll_answer_read_problem(body, strlen(body), &problem);
    ck_assert_str_eq(problem.type, "");
    free(body);
}
END_TEST

START_TEST(problems_are_told_by_their_codes)
{
    static const struct {
        const char *body, *type, *code;
        bool about_format;
    } rows[] = {
        { "{\"error\":{\"message\":\"Incorrect API key: sk-x\",\"type\":\"invalid_request_error\","
          "\"param\":null,\"code\":\"invalid_api_key\"}}",
          "invalid_request_error", "invalid_api_key", false },
        { "{\"error\":{\"type\":\"tokens\",\"code\":429}}", "tokens", "429", false },
        { "{\"error\":{\"type\":null,\"code\":-1}}", "", "-1", false },
        { "{\"error\":{\"type\":\"two words\",\"code\":\"a\\nb\"}}", "", "", false },
        { "{\"error\":{\"type\":\"<b>\",\"code\":1.5}}", "", "", false },
        { "{\"error\":\"sk-x\"}", "", "", false },
        { "{\"error\":[]}", "", "", false },
        { "{\"detail\":\"x\"}", "", "", false },
        { "", "", "", false },
        { "nginx", "", "", false },
        { "{\"error\":{\"param\":\"response_format\"}}", "", "", true },
        { "{\"error\":{\"message\":\"json_schema is not supported\"}}", "", "", true },
        { "response_format: unknown field", "", "", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ll_answer_problem problem;

        ll_answer_read_problem(rows[i].body, strlen(rows[i].body), &problem);
        ck_assert_str_eq(problem.type, rows[i].type);
        ck_assert_str_eq(problem.code, rows[i].code);
        ck_assert_int_eq(problem.about_format, rows[i].about_format);
    }
}
END_TEST

START_TEST(long_words_are_none)
{
    char body[400], word[200], out[LL_LLM_WORD_BYTES];
    ll_answer_problem problem;

    memset(word, 'a', sizeof word);
    word[LL_LLM_WORD_BYTES - 1] = '\0';
    ll_llm_json_word(word, out);
    ck_assert_str_eq(out, word); /* 127 still fit */
    word[LL_LLM_WORD_BYTES - 1] = 'a';
    word[LL_LLM_WORD_BYTES] = '\0';
    snprintf(body, sizeof body, "{\"error\":{\"type\":\"%s\"}}", word);
    ll_answer_read_problem(body, strlen(body), &problem);
    ck_assert_str_eq(problem.type, "");
}
END_TEST

/* ---- moderation ------------------------------------------------------------------ */

START_TEST(verdicts_are_read)
{
    static const char body[] =
        "{\"id\":\"m\",\"model\":\"x\",\"results\":[{\"flagged\":false,\"categories\":{\"hate\":"
        "false}},{\"flagged\":true,\"categories\":{\"hate\":false,\"hate/threatening\":true}},"
        "{\"flagged\":true}]}";
    ll_moderation_verdict verdicts[3];

    expect_ok(ll_moderation_parse(body, sizeof body - 1, 3, verdicts));
    ck_assert(!verdicts[0].flagged && verdicts[1].flagged && verdicts[2].flagged);
    ck_assert_str_eq(verdicts[0].category, "");
    ck_assert_str_eq(verdicts[1].category, "hate/threatening");
    ck_assert_str_eq(verdicts[2].category, "");
    expect_err(ll_moderation_parse(body, sizeof body - 1, 2, verdicts), LLMLEARN_ELLM, "each");
}
END_TEST

START_TEST(silence_is_no_verdict)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "{\"results\":null}",
        "{\"results\":[]}",
        "{\"results\":[{}]}",
        "{\"results\":[null]}",
        "{\"results\":[{\"flagged\":null}]}",
        "{\"results\":[{\"flagged\":0}]}",
        "{\"results\":[{\"flagged\":\"false\"}]}",
        "{\"results\":[{\"flagged\":false},{\"flagged\":false}]}",
        "{\"results\":{\"flagged\":false}}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ll_moderation_verdict verdict = { .category = "untouched" };

        ck_assert_msg(ll_moderation_parse(bodies[i], strlen(bodies[i]), 1, &verdict) ==
                          LLMLEARN_ELLM,
                      "%s", bodies[i]);
        ck_assert_str_eq(verdict.category, "untouched");
    }
}
END_TEST

/* ---- models ------------------------------------------------------------------------ */

static llmlearn_err find(const char *entry, ll_models_retirement *out)
{
    char body[256];

    snprintf(body, sizeof body, "{\"object\":\"list\",\"data\":[{\"id\":\"other\"},7,%s]}", entry);
    return ll_models_parse(body, strlen(body), "mine", 20784, out); /* 2026-11-27 */
}

START_TEST(a_models_last_day)
{
    ll_models_retirement found;

    expect_ok(find("{\"id\":\"mine\",\"shutdown_date\":\"2027-01-14\"}", &found));
    ck_assert(found.announced);
    ck_assert_str_eq(found.date, "2027-01-14");
    ck_assert_int_eq(found.day, 20832);
    ck_assert_int_eq(found.days_left, 48);
    expect_ok(find("{\"id\":\"mine\",\"shutdown_date\":\"2026-11-26\"}", &found));
    ck_assert_int_eq(found.days_left, -1);
    expect_ok(find("{\"id\":\"mine\",\"shutdown_date\":\"2028-02-29\"}", &found));
    expect_ok(find("{\"id\":\"mine\",\"shutdown_date\":null}", &found));
    ck_assert(!found.announced);
    expect_ok(find("{\"id\":\"mine\"}", &found));
    ck_assert(!found.announced);
    expect_err(find("{\"id\":\"mine2\"}", &found), LLMLEARN_ENOTFOUND, "does not list");
    expect_err(find("{\"id\":7}", &found), LLMLEARN_ENOTFOUND, "does not list");
    expect_err(ll_models_parse("{}", 2, "mine", 0, &found), LLMLEARN_ELLM, "no list");
    expect_err(ll_models_parse("{\"data\":{}}", 11, "mine", 0, &found), LLMLEARN_ELLM, "no list");
}
END_TEST

START_TEST(days_that_are_none)
{
    static const char *const dates[] = { "7",
                                         "true",
                                         "\"\"",
                                         "\"2027-1-14\"",
                                         "\"2027-01-14T00:00:00Z\"",
                                         "\"14.01.2027\"",
                                         "\"2027-13-01\"",
                                         "\"2027-00-10\"",
                                         "\"2027-02-29\"",
                                         "\"2027-02-00\"",
                                         "\"2027/01/14\"",
                                         "\" 027-01-14\"",
                                         "\"-027-01-14\"",
                                         "\"2027-+1-14\"",
                                         "\"aaaa-bb-cc\"" };

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char entry[128];
        ll_models_retirement found;

        snprintf(entry, sizeof entry, "{\"id\":\"mine\",\"shutdown_date\":%s}", dates[i]);
        expect_err(find(entry, &found), LLMLEARN_ELLM, "YYYY-MM-DD");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("llm_answer");
    TCase *tests = tcase_create("llm_answer");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, a_whole_answer);
    tcase_add_test(tests, kinds_of_answers);
    tcase_add_test(tests, odd_usage_is_unknown);
    tcase_add_test(tests, hostile_answers);
    tcase_add_test(tests, deep_answers);
    tcase_add_test(tests, problems_are_told_by_their_codes);
    tcase_add_test(tests, long_words_are_none);
    tcase_add_test(tests, verdicts_are_read);
    tcase_add_test(tests, silence_is_no_verdict);
    tcase_add_test(tests, a_models_last_day);
    tcase_add_test(tests, days_that_are_none);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
