#include "prompt/reply.h"
#include "support/expect.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fields[] = { "summary", "risks" };

static const char *check_as(const char *signal, bool json, const char *text)
{
    const ll_reply_rules rules = {
        .signal = signal, .json = json, .json_fields = fields, .json_field_count = json ? 2 : 0
    };
    const char *reason = "unwritten";

    expect_ok(ll_reply_check(&rules, text, strlen(text), &reason));
    return reason == NULL ? "" : reason;
}

START_TEST(good_ones_pass)
{
    ck_assert_str_eq(check_as("BUY", false, "The RSI of 28 counts as oversold."), "");
    ck_assert_str_eq(check_as(NULL, false,
                              "Line\r\nline\n\ttab \xe2\x9a\xa0\xef\xb8\x8f "
                              "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
                     "");
    ck_assert_str_eq(check_as("BUY", true, "{\"summary\": \"ok\", \"risks\": [\"one\"]}"), "");
    ck_assert_str_eq(check_as("BUY", true, "{\"summary\": 0, \"risks\": false, \"x\": {}}"), "");
}
END_TEST

START_TEST(bad_ones_have_a_reason)
{
    static const struct {
        const char *text, *reason;
        bool json;
    } cases[] = {
        { "", "empty", false },
        { " \n\t", "empty", false },
        { "a\xff", "not_utf8", false },
        { "a\x07", "control_characters", false },
        { "a\rb", "control_characters", false },
        { "a\xe2\x80\x8b"
          "b",
          "invisible_characters", false },
        { "a\xe2\x80\xae"
          "b",
          "invisible_characters", false },
        { "a\xef\xb8\x8f", "invisible_characters", false },
        { "a\xe2\x80\x8d", "invisible_characters", false },
        { "\xf3\xa0\x81\xa9", "invisible_characters", false },
        { "\xee\x80\x80", "invisible_characters", false },
        { "plain text", "not_json", true },
        { "[]", "not_json", true },
        { "{\"summary\": \"a\", \"summary\": \"b\", \"risks\": 1}", "not_json", true },
        { "{\"summary\": \"ok\"}", "json_fields", true },
        { "{\"summary\": null, \"risks\": 1}", "json_fields", true },
        { "{\"summary\": \"  \", \"risks\": 1}", "json_fields", true },
        { "{\"summary\": \"ok\", \"risks\": []}", "json_fields", true },
        { "{\"summary\": \"a\\u200bb\", \"risks\": 1}", "invisible_characters", true },
        { "{\"summary\": \"ok\", \"risks\": [[{\"x\": \"\\u0007\"}]]}", "control_characters",
          true },
        { "{\"summary\": \"ok\", \"risks\": 1, \"a\\u202e\": 1}", "invisible_characters", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(check_as("BUY", cases[i].json, cases[i].text), cases[i].reason);
}
END_TEST

START_TEST(length_is_capped)
{
    static char text[LL_REPLY_BYTES_MAX + 2];
    ll_reply_rules rules = { .bytes_max = 10 };
    const char *reason = "unwritten";

    memset(text, 'a', sizeof text);
    expect_ok(ll_reply_check(&rules, text, 10, &reason));
    ck_assert_ptr_null(reason);
    expect_ok(ll_reply_check(&rules, text, 11, &reason));
    ck_assert_str_eq(reason, "too_long");
    rules.bytes_max = 0;
    expect_ok(ll_reply_check(&rules, text, LL_REPLY_BYTES_DEFAULT + 1, &reason));
    ck_assert_str_eq(reason, "too_long");
    rules.bytes_max = SIZE_MAX;
    expect_ok(ll_reply_check(&rules, text, LL_REPLY_BYTES_MAX, &reason));
    ck_assert_ptr_null(reason);
    expect_ok(ll_reply_check(&rules, text, LL_REPLY_BYTES_MAX + 1, &reason));
    ck_assert_str_eq(reason, "too_long");
}
END_TEST

START_TEST(plain_contradictions_are_found)
{
    static const struct {
        const char *signal, *text;
    } against[] = {
        { "BUY", "The trend is weak. We recommend selling the stock." },
        { "BUY", "You should sell." },
        { "buy", "Our advice: sell your shares today." },
        { "BUY", "It is time to sell." },
        { "BUY", "Investors should not buy this stock." },
        { "BUY", "Do not buy." },
        { "BUY", "Wir empfehlen zu verkaufen." },
        { "SELL", "The signal is a buy." },
        { "SELL", "This is a strong buy." },
        { "SELL", "You should buy more; momentum is good." },
        { "SELL", "Wir raten zum Kauf." },
        { "HOLD", "You should buy." },
        { "HOLD", "Sell immediately!" },
    };
    static const struct {
        const char *signal, *text;
    } fine[] = {
        { "BUY", "You should buy." },
        { "BUY", "If the price falls below 90, you should sell." },
        { "BUY", "Some analysts say it is time to sell." },
        { "BUY", "You should not sell." },
        { "BUY", "Yesterday the rating was a strong sell." },
        { "BUY", "RSI gives a sell signal, but MACD outweighs it." },
        { "BUY", "Selling pressure has eased." },
        { "BUY", "This is no reason why one should sell." },
        { "SELL", "Buyers stepped back; the signal is a sell." },
        { "SELL", "You should not buy before the earnings." },
        { "SELL", "Would it be time to buy? No." },
        { "HOLD", "Neither a strong buy nor a strong sell." },
        { "HOLD", "Investors should not sell and should not buy." },
        { "WATCH", "You should sell. You should buy." },
        { "", "You should sell." },
    };

    for (size_t i = 0; i < sizeof against / sizeof against[0]; i++)
        ck_assert_msg(
            strcmp(check_as(against[i].signal, false, against[i].text), "contradicts_signal") == 0,
            "%s: %s", against[i].signal, against[i].text);
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        ck_assert_msg(check_as(fine[i].signal, false, fine[i].text)[0] == '\0', "%s: %s",
                      fine[i].signal, fine[i].text);
    ck_assert_str_eq(check_as("BUY", true,
                              "{\"summary\": \"ok\", \"risks\": \"You should "
                              "\\u0073ell.\"}"),
                     "contradicts_signal");
}
END_TEST

START_TEST(depth_does_no_harm)
{
    static char text[200000];
    size_t at = 0;

    at += (size_t)sprintf(text, "{\"summary\": 1, \"risks\": ");
    memset(text + at, '[', 100000);
    ck_assert_str_eq(check_as("BUY", true, text), "too_long");
    text[15000] = '\0';
    ck_assert_str_eq(check_as("BUY", true, text), "not_json");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_reply");
    TCase *tests = tcase_create("prompt_reply");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, good_ones_pass);
    tcase_add_test(tests, bad_ones_have_a_reason);
    tcase_add_test(tests, length_is_capped);
    tcase_add_test(tests, plain_contradictions_are_found);
    tcase_add_test(tests, depth_does_no_harm);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
