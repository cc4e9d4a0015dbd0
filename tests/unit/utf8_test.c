#include "base/utf8.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The definition: decode each character, then ask whether it may be written so. */
static bool valid_by_definition(const unsigned char *p, size_t bytes)
{
    static const uint32_t least[5] = { 0, 1, 0x80, 0x800, 0x10000 };
    size_t i = 0;

    while (i < bytes) {
        size_t length = p[i] < 0x80 ? 1 : p[i] < 0xc0 ? 0 : p[i] < 0xe0 ? 2 : p[i] < 0xf0 ? 3 : 4;
        if (length == 0 || p[i] >= 0xf8 || bytes - i < length)
            return false;
        uint32_t scalar = length == 1 ? p[i] : p[i] & (0x7fu >> length);
        for (size_t k = 1; k < length; k++) {
            if ((p[i + k] & 0xc0) != 0x80)
                return false;
            scalar = scalar << 6 | (p[i + k] & 0x3fu);
        }
        if (scalar < least[length] || scalar > 0x10ffff || scalar >> 11 == 0xd800 >> 11)
            return false;
        i += length;
    }
    return true;
}

static size_t encode(uint32_t scalar, unsigned char *p)
{
    if (scalar < 0x80) {
        p[0] = (unsigned char)scalar;
        return 1;
    }
    size_t length = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t k = length - 1; k > 0; k--, scalar >>= 6)
        p[k] = (unsigned char)(0x80 | (scalar & 0x3f));
    p[0] = (unsigned char)((0xf00 >> length & 0xff) | scalar);
    return length;
}

static void check_ways(const void *p, size_t bytes, bool expected)
{
    ck_assert_int_eq(ll_utf8_valid(p, bytes), expected);
    for (unsigned i = 0; ll_utf8_way(i) != NULL; i++)
        if (ll_utf8_way(i)(p, bytes) != expected)
            ck_abort_msg("way %u says %d to %zu bytes", i, !expected, bytes);
}

/* A text of a: in it a sequence may stand at each place of a vector and of its neighbour. */
enum { FRAME_BYTES = 68 };

static void check_sequence(unsigned char *frame, size_t at, const unsigned char *sequence,
                           size_t bytes, bool expected)
{
    const char *text = (const char *)frame;

    memcpy(frame + at, sequence, bytes);
    bool agreed = true;
    for (unsigned i = 0; ll_utf8_way(i) != NULL; i++)
        agreed = agreed && ll_utf8_way(i)(text, FRAME_BYTES) == expected;
    if (!agreed)
        ck_abort_msg("%02x %02x %02x at %zu: should be %d", sequence[0], sequence[1],
                     bytes > 2 ? sequence[2] : 0, at, expected);
    memset(frame + at, 'a', bytes);
}

START_TEST(the_portable_way_is_the_last)
{
    unsigned count = 0;

    while (ll_utf8_way(count) != NULL)
        count++;
    ck_assert_uint_ge(count, 1);
    ck_assert(ll_utf8_way(count - 1) == ll_utf8_valid_portable);
    ck_assert(ll_utf8_way(count + 1) == NULL);
}
END_TEST

START_TEST(every_scalar_value_is_valid_and_every_surrogate_is_not)
{
    unsigned char frame[FRAME_BYTES], sequence[4] = { 0 };

    memset(frame, 'a', sizeof frame);
    for (uint32_t scalar = 1; scalar <= 0x10ffff; scalar++) {
        size_t bytes = encode(scalar, sequence);

        check_sequence(frame, scalar % 61, sequence, bytes, scalar >> 11 != 0xd800 >> 11);
    }
}
END_TEST

START_TEST(every_pair_of_bytes_agrees_with_the_definition)
{
    unsigned char frame[FRAME_BYTES];

    memset(frame, 'a', sizeof frame);
    for (unsigned pair = 0; pair < 1 << 16; pair++) {
        unsigned char sequence[2] = { (unsigned char)(pair >> 8), (unsigned char)pair };
        bool expected = sequence[0] != 0 && sequence[1] != 0 && valid_by_definition(sequence, 2);

        for (size_t at = 10; at < 34; at += 5)
            check_sequence(frame, at, sequence, 2, expected);
        check_ways(sequence, 2, expected);
    }
}
END_TEST

/* With ASCII in the first or the second place they would be pairs. */
START_TEST(every_three_bytes_agree_with_the_definition)
{
    unsigned char frame[FRAME_BYTES];

    memset(frame, 'a', sizeof frame);
    for (unsigned n = 0; n < 1 << 22; n++) {
        unsigned char sequence[3] = { (unsigned char)(0x80 | n >> 15),
                                      (unsigned char)(0x80 | (n >> 8 & 0x7f)), (unsigned char)n };
        bool expected = sequence[2] != 0 && valid_by_definition(sequence, 3);

        check_sequence(frame, n % 65, sequence, 3, expected);
    }
}
END_TEST

/* Four bytes: the bounds of each range, in all combinations, at every place. */
START_TEST(the_bounds_of_four_bytes_agree_with_the_definition)
{
    static const unsigned char bounds[] = { 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                            0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
                                            0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5,
                                            0xf7, 0xf8, 0xfb, 0xfc, 0xfd, 0xfe, 0xff };
    enum { BOUND_COUNT = sizeof bounds };
    unsigned char frame[FRAME_BYTES];

    memset(frame, 'a', sizeof frame);
    for (unsigned n = 0; n < BOUND_COUNT * BOUND_COUNT * BOUND_COUNT * BOUND_COUNT; n++) {
        unsigned char sequence[4] = { bounds[n % BOUND_COUNT],
                                      bounds[n / BOUND_COUNT % BOUND_COUNT],
                                      bounds[n / (BOUND_COUNT * BOUND_COUNT) % BOUND_COUNT],
                                      bounds[n / (BOUND_COUNT * BOUND_COUNT * BOUND_COUNT)] };

        check_sequence(frame, n % 64, sequence, 4, valid_by_definition(sequence, 4));
    }
}
END_TEST

/* Every end of a text of one, two, three and four bytes, at every length up to three vectors. */
START_TEST(a_text_that_stops_inside_a_character_is_invalid)
{
    static const char *const characters[] = { "a", "\xc3\xbc", "\xe4\xb8\xad", "\xf0\x9f\x93\x88" };

    for (size_t c = 0; c < 4; c++) {
        size_t character_bytes = strlen(characters[c]);

        for (size_t before = 0; before < 200; before++) {
            for (size_t kept = 0; kept <= character_bytes; kept++) {
                bool expected = kept == 0 || kept == character_bytes;
                char *text = malloc(before + kept + 1);

                ck_assert_ptr_nonnull(text);
                memset(text, 'a', before);
                memcpy(text + before, characters[c], kept);
                text[before + kept] = '\0';
                bool valid = !expected;
                ck_assert_uint_eq(ll_utf8_measure(text, 1000, &valid), before + kept);
                ck_assert_int_eq(valid, expected);
                check_ways(text, before + kept, expected);
                free(text);
            }
        }
    }
}
END_TEST

/* However long the ASCII between two parts of a character is, it tears them apart. */
START_TEST(a_character_torn_apart_is_invalid)
{
    static const char *const characters[] = { "\xc3\xbc", "\xe4\xb8\xad", "\xf0\x9f\x93\x88" };
    enum { BEFORE_MAX = 130, GAP_MAX = 300, AFTER = 3 };
    char text[BEFORE_MAX + GAP_MAX + AFTER + 4];

    for (size_t c = 0; c < 3; c++) {
        size_t bytes = strlen(characters[c]);

        for (size_t split = 1; split < bytes; split++) {
            for (size_t before = 0; before <= BEFORE_MAX; before++) {
                for (size_t gap = 1; gap <= GAP_MAX; gap++) {
                    memset(text, 'a', sizeof text);
                    memcpy(text + before, characters[c], split);
                    check_ways(text, before + split + gap, false);
                    memcpy(text + before + split + gap, characters[c] + split, bytes - split);
                    check_ways(text, before + gap + bytes + AFTER, false);
                }
            }
        }
    }
}
END_TEST

/* One byte of valid mixed text replaced by one of every kind, wherever it stands. */
START_TEST(damaged_text_agrees_with_the_definition)
{
    static const char sample[] = "Gr\xc3\xbc\xc3\x9f"
                                 "e: \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x93\x88 "
                                 "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80, ";
    static const unsigned char damages[] = { 0x41, 0x80, 0x90, 0xa0, 0xbf, 0xc2, 0xe0,
                                             0xe1, 0xed, 0xf0, 0xf1, 0xf4, 0xf5, 0xff };
    enum { TEXT_BYTES = 5 * (sizeof sample - 1) };
    unsigned char text[TEXT_BYTES];

    for (size_t i = 0; i < TEXT_BYTES; i++)
        text[i] = (unsigned char)sample[i % (sizeof sample - 1)];
    check_ways(text, TEXT_BYTES, true);

    for (size_t i = 0; i < TEXT_BYTES; i++) {
        for (size_t d = 0; d < sizeof damages; d++) {
            unsigned char kept = text[i];

            text[i] = damages[d];
            check_ways(text, TEXT_BYTES, valid_by_definition(text, TEXT_BYTES));
            text[i] = kept;
        }
    }
}
END_TEST

/* Long texts, in which stretches of ASCII and of longer characters take turns, some damaged. */
START_TEST(long_mixed_text_agrees_with_the_definition)
{
    enum { LONG_BYTES = 1000, ROUNDS = 20000 };
    unsigned char text[LONG_BYTES + 4];
    uint32_t x = 88172645;

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t limit = 0x7f;

        for (size_t i = 0; i < LONG_BYTES;) {
            x = x * 1664525 + 1013904223;
            if (x >> 26 == 0)
                limit = (x >> 20 & 1) != 0 ? 0x7f : 0x10ffffu >> (x >> 16 & 15);
            uint32_t scalar = 1 + (x >> 3) % limit;
            i += encode(scalar >> 11 == 0xd800 >> 11 ? 'a' : scalar, text + i);
        }
        if (round % 2 == 1)
            text[x % LONG_BYTES] = (unsigned char)(1 + x % 255);
        size_t bytes = LONG_BYTES - (x >> 8) % 300;
        check_ways(text, bytes, valid_by_definition(text, bytes));
    }
}
END_TEST

START_TEST(a_nul_byte_is_invalid_wherever_it_stands)
{
    char text[FRAME_BYTES];

    memset(text, 'a', sizeof text);
    for (size_t bytes = 1; bytes <= sizeof text; bytes++) {
        for (size_t at = 0; at < bytes; at++) {
            text[at] = '\0';
            check_ways(text, bytes, false);
            text[at] = 'a';
        }
        check_ways(text, bytes, true);
    }
    check_ways("", 0, true);
    check_ways(NULL, 0, true);
}
END_TEST

/* The text without its NUL fills its allocation: looking one byte further would be an error. */
START_TEST(measuring_looks_no_further_than_the_limit)
{
    bool valid = false;

    for (size_t bytes = 1; bytes < 300; bytes++) {
        char *text = malloc(bytes);

        ck_assert_ptr_nonnull(text);
        memset(text, 'a', bytes);
        valid = false;
        ck_assert_uint_eq(ll_utf8_measure(text, bytes - 1, &valid), SIZE_MAX);
        ck_assert(!valid);
        text[bytes - 1] = '\0';
        ck_assert_uint_eq(ll_utf8_measure(text, bytes - 1, &valid), bytes - 1);
        ck_assert(valid);
        free(text);
    }
    ck_assert_uint_eq(ll_utf8_measure("", 0, &valid), 0);
    ck_assert(valid);
    ck_assert_uint_eq(ll_utf8_measure("a\xff", 2, &valid), 2);
    ck_assert(!valid);
    ck_assert_uint_eq(ll_utf8_measure("a\xff", 1, &valid), SIZE_MAX);
}
END_TEST

START_TEST(cutting_leaves_whole_characters)
{
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        ck_assert_uint_eq(ll_utf8_cut(text, sizeof text - 1, i), whole[i]);
        ck_assert(ll_utf8_valid(text, whole[i]));
    }
    ck_assert_uint_eq(ll_utf8_cut(NULL, 0, 0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");

    /* Millions of sequences take a while under a sanitizer. */
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_portable_way_is_the_last);
    tcase_add_test(tests, every_scalar_value_is_valid_and_every_surrogate_is_not);
    tcase_add_test(tests, every_pair_of_bytes_agrees_with_the_definition);
    tcase_add_test(tests, every_three_bytes_agree_with_the_definition);
    tcase_add_test(tests, the_bounds_of_four_bytes_agree_with_the_definition);
    tcase_add_test(tests, a_text_that_stops_inside_a_character_is_invalid);
    tcase_add_test(tests, a_character_torn_apart_is_invalid);
    tcase_add_test(tests, damaged_text_agrees_with_the_definition);
    tcase_add_test(tests, long_mixed_text_agrees_with_the_definition);
    tcase_add_test(tests, a_nul_byte_is_invalid_wherever_it_stands);
    tcase_add_test(tests, measuring_looks_no_further_than_the_limit);
    tcase_add_test(tests, cutting_leaves_whole_characters);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
