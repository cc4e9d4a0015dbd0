#include "base/buffer.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Sanitizers end the process on an allocation that cannot be had, unless told. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void check_taken(ll_buffer *b, const char *expected)
{
    char *text = ll_buffer_take(b);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
    ck_assert_ptr_null(b->data);
    ck_assert_uint_eq(b->length, 0);
    ck_assert_uint_eq(b->capacity, 0);
    ck_assert(!b->failed);
}

static void check_failed(ll_buffer *b)
{
    ck_assert(b->failed);
    ll_buffer_append(b, "late", 4);
    ll_buffer_printf(b, "%d", 1);
    ck_assert_ptr_null(ll_buffer_take(b));
    ck_assert(!b->failed);
    ck_assert_ptr_null(b->data);
}

START_TEST(a_buffer_nobody_appended_to_gives_an_empty_text)
{
    ll_buffer b = { 0 };

    check_taken(&b, "");
    ll_buffer_append(&b, NULL, 0);
    check_taken(&b, "");
    ll_buffer_printf(&b, "%s", "");
    check_taken(&b, "");
}
END_TEST

START_TEST(appended_bytes_come_back_in_order)
{
    ll_buffer b = { 0 };

    ll_buffer_append(&b, "a\0b", 3);
    ll_buffer_printf(&b, "%d-%s", 7, "c");
    ll_buffer_append(&b, "d", 1);
    ck_assert_uint_eq(b.length, 7);
    ck_assert_mem_eq(b.data, "a\0b7-cd", 8);
    ll_buffer_free(&b);
    ck_assert_ptr_null(b.data);
    ll_buffer_free(&b);
    ll_buffer_free(NULL);
}
END_TEST

/* Every length up to several growths, in steps of one byte and in one piece. */
START_TEST(growth_keeps_what_was_there)
{
    char expected[3000];
    ll_buffer b = { 0 };

    for (size_t i = 0; i < sizeof expected - 1; i++) {
        expected[i] = (char)('a' + i % 26);
        ll_buffer_append(&b, &expected[i], 1);
        ck_assert_uint_eq(b.length, i + 1);
        ck_assert_int_eq(b.data[i + 1], '\0');
    }
    expected[sizeof expected - 1] = '\0';
    check_taken(&b, expected);

    for (size_t i = 0; i < sizeof expected - 1; i++) {
        ll_buffer_append(&b, expected, i);
        ck_assert_uint_eq(b.length, i);
        ck_assert_int_eq(b.data[i], '\0');
        ck_assert_mem_eq(b.data, expected, i);
        ll_buffer_free(&b);
    }
}
END_TEST

START_TEST(printed_text_may_be_of_any_length)
{
    char expected[2000];

    for (int width = 1; width < (int)sizeof expected - 1; width++) {
        ll_buffer b = { 0 };

        memset(expected, ' ', sizeof expected);
        expected[0] = '>';
        memcpy(expected + width, "x", 2);
        ll_buffer_append(&b, ">", 1);
        ll_buffer_printf(&b, "%*s", width, "x");
        check_taken(&b, expected);
    }
}
END_TEST

START_TEST(a_buffer_can_be_used_again)
{
    ll_buffer b = { 0 };

    ll_buffer_printf(&b, "first");
    check_taken(&b, "first");
    ll_buffer_printf(&b, "second");
    check_taken(&b, "second");
}
END_TEST

/* The length is beyond any address space, so the bytes behind the pointer are never read. */
START_TEST(an_append_without_memory_fails_for_good)
{
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 4 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ll_buffer b = { 0 };

        ll_buffer_append(&b, "x", sizes[i]);
        check_failed(&b);

        ll_buffer_append(&b, "kept", 4);
        ll_buffer_append(&b, "x", sizes[i]);
        ck_assert_uint_eq(b.length, 4);
        ck_assert_str_eq(b.data, "kept");
        check_failed(&b);

        ll_buffer_append(&b, "fresh", 5);
        check_taken(&b, "fresh");
    }
}
END_TEST

/* No multibyte form of this character exists in the C locale. */
START_TEST(a_print_that_cannot_be_made_fails_and_leaves_the_text)
{
    static const wchar_t impossible[] = { 'a', 0x10ffff, 0 };
    ll_buffer b = { 0 };

    ll_buffer_append(&b, "kept", 4);
    ll_buffer_printf(&b, "more%ls", impossible);
    ck_assert_uint_eq(b.length, 4);
    ck_assert_str_eq(b.data, "kept");
    check_failed(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");

    tcase_add_test(tests, a_buffer_nobody_appended_to_gives_an_empty_text);
    tcase_add_test(tests, appended_bytes_come_back_in_order);
    tcase_add_test(tests, growth_keeps_what_was_there);
    tcase_add_test(tests, printed_text_may_be_of_any_length);
    tcase_add_test(tests, a_buffer_can_be_used_again);
    tcase_add_test(tests, an_append_without_memory_fails_for_good);
    tcase_add_test(tests, a_print_that_cannot_be_made_fails_and_leaves_the_text);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
