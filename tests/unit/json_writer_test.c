#include "base/json_writer.h"

#include <check.h>
#include <float.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_text(ll_json_writer *w, const char *expected)
{
    char *text = ll_buffer_take(&w->buffer);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
    *w = (ll_json_writer){ 0 };
}

START_TEST(commas_come_by_themselves)
{
    ll_json_writer w = { 0 };

    ll_json_writer_open(&w, '{');
    ll_json_writer_close(&w, '}');
    check_text(&w, "{}");

    ll_json_writer_open(&w, '{');
    ll_json_writer_key(&w, "a");
    ll_json_writer_int(&w, 1);
    ll_json_writer_key(&w, "b");
    ll_json_writer_open(&w, '[');
    ll_json_writer_close(&w, ']');
    ll_json_writer_key(&w, "c");
    ll_json_writer_open(&w, '[');
    ll_json_writer_null(&w);
    ll_json_writer_open(&w, '{');
    ll_json_writer_key(&w, "d");
    ll_json_writer_rounded(&w, 0.5);
    ll_json_writer_close(&w, '}');
    ll_json_writer_open(&w, '[');
    ll_json_writer_string(&w, "x");
    ll_json_writer_int(&w, 2);
    ll_json_writer_close(&w, ']');
    ll_json_writer_close(&w, ']');
    ll_json_writer_key(&w, "e");
    ll_json_writer_null(&w);
    ll_json_writer_close(&w, '}');
    check_text(&w, "{\"a\":1,\"b\":[],\"c\":[null,{\"d\":0.5},[\"x\",2]],\"e\":null}");
}
END_TEST

START_TEST(whole_numbers_are_exact)
{
    static const int64_t numbers[] = { 0, 1, -1, 9, 10, -10, 1234567890, INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[32];
        ll_json_writer w = { 0 };

        snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        ll_json_writer_int(&w, numbers[i]);
        check_text(&w, expected);
    }
}
END_TEST

START_TEST(rounded_reals_have_nine_decimals_at_most)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0.0" },
        { 1, "1.0" },
        { 0.7, "0.7" },
        { 2.0 / 3, "0.666666667" },
        { 0.05, "0.05" },
        { 1e-9, "0.000000001" },
        { 4.9e-10, "0.0" },
        { DBL_MIN, "0.0" },
        { 0.9999999996, "1.0" },
        { 812.25, "812.25" },
        { 4000000.125, "4000000.125" },
        { LL_JSON_WRITER_ROUNDED_MAX, "9000000000.0" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_json_writer w = { 0 };

        ll_json_writer_rounded(&w, cases[i].value);
        check_text(&w, cases[i].text);
    }
}
END_TEST

START_TEST(reals_have_the_fewest_digits_that_read_back)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0.0" },
        { -0.0, "-0.0" },
        { 1, "1.0" },
        { 0.1, "0.1" },
        { 0.05, "0.05" },
        { -2.5e-300, "-2.5e-300" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 2.0 / 3, "0.6666666666666666" },
        { 0x1p53, "9007199254740992.0" },
        { 1e15, "1e+15" },
        { DBL_MAX, "1.7976931348623157e+308" },
        { DBL_TRUE_MIN, "4.94065645841247e-324" },
    };
    uint64_t state = 88172645463325252;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_json_writer w = { 0 };

        ll_json_writer_real(&w, cases[i].value);
        check_text(&w, cases[i].text);
    }
    for (int i = 0; i < 20000; i++) {
        ll_json_writer w = { 0 };
        double value;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(&value, &state, sizeof value);
        if (!isfinite(value))
            continue;
        ll_json_writer_real(&w, value);
        char *text = ll_buffer_take(&w.buffer);
        if (strtod(text, NULL) != value || strpbrk(text, ".e") == NULL)
            ck_abort_msg("%s for %.17g", text, value);
        free(text);
    }
}
END_TEST

START_TEST(members_are_written_with_their_keys)
{
    ll_json_writer w = { 0 };

    ll_json_writer_open(&w, '{');
    ll_json_writer_put_null(&w, "a");
    ll_json_writer_put_bool(&w, "b", true);
    ll_json_writer_put_bool(&w, "c", false);
    ll_json_writer_put_int(&w, "d", -7);
    ll_json_writer_put_real(&w, "e", 0.25);
    ll_json_writer_put_string(&w, "f", "x\ny");
    ll_json_writer_put_string(&w, "g", NULL);
    ll_json_writer_close(&w, '}');
    check_text(&w, "{\"a\":null,\"b\":true,\"c\":false,\"d\":-7,\"e\":0.25,\"f\":\"x\\u000ay\","
                   "\"g\":null}");
}
END_TEST

/* A decimal comma would not be JSON. */
START_TEST(reals_are_the_same_in_every_locale)
{
    static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "" };
    ll_json_writer w = { 0 };

    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        setlocale(LC_ALL, locales[i]); /* those that are not installed change nothing */
        ll_json_writer_rounded(&w, 1234.5);
        check_text(&w, "1234.5");
        ll_json_writer_real(&w, -1234.5e-99);
        check_text(&w, "-1.2345e-96");
    }
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(a_real_beyond_the_range_is_a_bug)
{
    ll_json_writer w = { 0 };

    ll_json_writer_rounded(&w, _i == 0 ? -0.5 : _i == 1 ? NAN : INFINITY);
}
END_TEST

/* jansson reads back what was written, whatever bytes a name holds. */
START_TEST(texts_are_escaped)
{
    for (int c = 1; c < 256; c++) {
        char text[16], *json;
        ll_json_writer w = { 0 };

        if (c < 0x80)
            snprintf(text, sizeof text, "a%cb%c", c, c);
        else
            snprintf(text, sizeof text, "a%c%cb", 0xc2 + (c >> 6 & 1), 0x80 | (c & 0x3f));
        ll_json_writer_open(&w, '[');
        ll_json_writer_string(&w, text);
        ll_json_writer_close(&w, ']');
        json = ll_buffer_take(&w.buffer);
        json_t *array = json_loads(json, 0, NULL);
        ck_assert_msg(array != NULL, "%s", json);
        ck_assert_str_eq(json_string_value(json_array_get(array, 0)), text);
        json_decref(array);
        free(json);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("JSON writer");
    TCase *tests = tcase_create("JSON writer");

    tcase_add_test(tests, commas_come_by_themselves);
    tcase_add_test(tests, whole_numbers_are_exact);
    tcase_add_test(tests, rounded_reals_have_nine_decimals_at_most);
    tcase_add_test(tests, reals_have_the_fewest_digits_that_read_back);
    tcase_add_test(tests, members_are_written_with_their_keys);
    tcase_add_test(tests, reals_are_the_same_in_every_locale);
    tcase_add_loop_test_raise_signal(tests, a_real_beyond_the_range_is_a_bug, SIGABRT, 0, 3);
    tcase_add_test(tests, texts_are_escaped);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
