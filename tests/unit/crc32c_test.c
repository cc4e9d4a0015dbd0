#include "base/crc32c.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* More than the longest stretch that any implementation takes in one go. */
enum { DATA_BYTES = 20000 };

static unsigned char *data;

static void make_data(void)
{
    uint32_t x = 2463534242;

    data = malloc(DATA_BYTES);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < DATA_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = (unsigned char)(x >> 24);
    }
}

static void free_data(void)
{
    free(data);
}

/* The definition: one bit at a time. */
static uint32_t crc_by_bits(uint32_t crc, const unsigned char *p, size_t bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void check_ways(uint32_t start, const void *p, size_t bytes, uint32_t expected)
{
    ck_assert_uint_eq(ll_crc32c(start, p, bytes), expected);
    for (unsigned i = 0; ll_crc32c_way(i) != NULL; i++)
        if (ll_crc32c_way(i)(start, p, bytes) != expected)
            ck_abort_msg("way %u differs at %zu bytes", i, bytes);
}

START_TEST(the_portable_way_is_the_last)
{
    unsigned count = 0;

    while (ll_crc32c_way(count) != NULL)
        count++;
    ck_assert_uint_ge(count, 1);
    ck_assert(ll_crc32c_way(count - 1) == ll_crc32c_portable);
    ck_assert(ll_crc32c_way(count + 1) == NULL);
}
END_TEST

/* RFC 3720, appendix B.4, and the customary check value. */
START_TEST(published_values)
{
    static const unsigned char scsi_read[48] = {
        [0] = 0x01,  [1] = 0xc0,  [16] = 0x14, [22] = 0x04,
        [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02,
    };
    unsigned char bytes[32];

    check_ways(0, "123456789", 9, 0xe3069283);
    check_ways(0, "a", 1, 0xc1d04330);
    memset(bytes, 0, sizeof bytes);
    check_ways(0, bytes, sizeof bytes, 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    check_ways(0, bytes, sizeof bytes, 0x62a8ab43);
    for (unsigned char i = 0; i < 32; i++)
        bytes[i] = i;
    check_ways(0, bytes, sizeof bytes, 0x46dd794e);
    for (unsigned char i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(31 - i);
    check_ways(0, bytes, sizeof bytes, 0x113fdb5c);
    check_ways(0, scsi_read, sizeof scsi_read, 0xd9963a56);
}
END_TEST

START_TEST(no_bytes_leave_the_crc_as_it_was)
{
    check_ways(0, NULL, 0, 0);
    check_ways(0x12345678, "x", 0, 0x12345678);
}
END_TEST

/* Each prefix from a start that is not zero; the definition is carried along byte by byte. */
START_TEST(every_length_agrees_with_the_definition)
{
    const uint32_t start = 0xdeadbeef;
    uint32_t expected = start;

    for (size_t bytes = 0; bytes <= 8000; bytes++) {
        check_ways(start, data, bytes, expected);
        expected = crc_by_bits(expected, data + bytes, 1);
    }
    check_ways(0, data, DATA_BYTES, crc_by_bits(0, data, DATA_BYTES));
}
END_TEST

/* The input ends where its allocation ends, so that a sanitizer sees a read behind it. */
START_TEST(every_alignment_agrees_and_nothing_is_read_behind_the_end)
{
    for (size_t bytes = 1; bytes < 2500; bytes += bytes < 200 ? 1 : 61) {
        unsigned char *exact = malloc(bytes);

        ck_assert_ptr_nonnull(exact);
        memcpy(exact, data, bytes);
        for (size_t offset = 0; offset < bytes && offset < 17; offset++)
            check_ways(0, exact + offset, bytes - offset,
                       crc_by_bits(0, exact + offset, bytes - offset));
        free(exact);
    }
}
END_TEST

START_TEST(a_crc_continues_where_it_stopped)
{
    const size_t bytes = 5000;
    uint32_t whole = ll_crc32c(0, data, bytes);

    for (size_t split = 0; split <= bytes; split++)
        check_ways(ll_crc32c(0, data, split), data + split, bytes - split, whole);
}
END_TEST

START_TEST(every_flipped_bit_is_seen)
{
    const size_t bytes = 1100;
    uint32_t whole = ll_crc32c(0, data, bytes);

    for (size_t bit = 0; bit < bytes * 8; bit++) {
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_uint_ne(ll_crc32c(0, data, bytes), whole);
        data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crc32c");
    TCase *tests = tcase_create("crc32c");

    tcase_add_checked_fixture(tests, make_data, free_data);
    tcase_add_test(tests, the_portable_way_is_the_last);
    tcase_add_test(tests, published_values);
    tcase_add_test(tests, no_bytes_leave_the_crc_as_it_was);
    tcase_add_test(tests, every_length_agrees_with_the_definition);
    tcase_add_test(tests, every_alignment_agrees_and_nothing_is_read_behind_the_end);
    tcase_add_test(tests, a_crc_continues_where_it_stopped);
    tcase_add_test(tests, every_flipped_bit_is_seen);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
