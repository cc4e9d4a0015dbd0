#include "analytics/writer.h"

#include <check.h>
#include <float.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_text(ll_writer *w, const char *expected)
{
    char *text = ll_buffer_take(&w->buffer);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
    *w = (ll_writer){ 0 };
}

START_TEST(commas_come_by_themselves)
{
    ll_writer w = { 0 };

    ll_writer_open(&w, '{');
    ll_writer_close(&w, '}');
    check_text(&w, "{}");

    ll_writer_open(&w, '{');
    ll_writer_key(&w, "a");
    ll_writer_int(&w, 1);
    ll_writer_key(&w, "b");
    ll_writer_open(&w, '[');
    ll_writer_close(&w, ']');
    ll_writer_key(&w, "c");
    ll_writer_open(&w, '[');
    ll_writer_null(&w);
    ll_writer_open(&w, '{');
    ll_writer_key(&w, "d");
    ll_writer_real(&w, 0.5);
    ll_writer_close(&w, '}');
    ll_writer_open(&w, '[');
    ll_writer_string(&w, "x");
    ll_writer_int(&w, 2);
    ll_writer_close(&w, ']');
    ll_writer_close(&w, ']');
    ll_writer_key(&w, "e");
    ll_writer_null(&w);
    ll_writer_close(&w, '}');
    check_text(&w, "{\"a\":1,\"b\":[],\"c\":[null,{\"d\":0.5},[\"x\",2]],\"e\":null}");
}
END_TEST

START_TEST(whole_numbers_are_exact)
{
    static const int64_t numbers[] = { 0, 1, -1, 9, 10, -10, 1234567890, INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[32];
        ll_writer w = { 0 };

        snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        ll_writer_int(&w, numbers[i]);
        check_text(&w, expected);
    }
}
END_TEST

START_TEST(reals_have_nine_decimals_at_most)
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
        { LL_WRITER_REAL_MAX, "9000000000.0" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_writer w = { 0 };

        ll_writer_real(&w, cases[i].value);
        check_text(&w, cases[i].text);
    }
}
END_TEST

/* A decimal comma would not be JSON. */
START_TEST(reals_are_the_same_in_every_locale)
{
    static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "" };
    ll_writer w = { 0 };

    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        setlocale(LC_ALL, locales[i]); /* those that are not installed change nothing */
        ll_writer_real(&w, 1234.5);
        check_text(&w, "1234.5");
    }
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(a_real_beyond_the_range_is_a_bug)
{
    ll_writer w = { 0 };

    ll_writer_real(&w, _i == 0 ? -0.5 : _i == 1 ? NAN : INFINITY);
}
END_TEST

/* jansson reads back what was written, whatever bytes a name holds. */
START_TEST(texts_are_escaped)
{
    for (int c = 1; c < 256; c++) {
        char text[16], *json;
        ll_writer w = { 0 };

        if (c < 0x80)
            snprintf(text, sizeof text, "a%cb%c", c, c);
        else
            snprintf(text, sizeof text, "a%c%cb", 0xc2 + (c >> 6 & 1), 0x80 | (c & 0x3f));
        ll_writer_open(&w, '[');
        ll_writer_string(&w, text);
        ll_writer_close(&w, ']');
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
    Suite *suite = suite_create("writer");
    TCase *tests = tcase_create("writer");

    tcase_add_test(tests, commas_come_by_themselves);
    tcase_add_test(tests, whole_numbers_are_exact);
    tcase_add_test(tests, reals_have_nine_decimals_at_most);
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
