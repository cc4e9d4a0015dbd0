/* SHA-256 and HMAC: the published vectors, and Python's own over random lengths, parts and keys. */
#include "base/sha256.h"
#include "support/draw.h"
#include "support/program.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *sum_of(const void *data, size_t bytes)
{
    static char hex[LL_SHA256_HEX_BYTES];
    uint8_t out[LL_SHA256_BYTES];
    ll_sha256 sum;

    ll_sha256_begin(&sum);
    ll_sha256_add(&sum, data, bytes);
    ll_sha256_end(&sum, out);
    ll_sha256_hex(out, hex);
    return hex;
}

static const char *mac_of(const void *key, size_t key_bytes, const void *data, size_t bytes)
{
    static char hex[LL_SHA256_HEX_BYTES];
    uint8_t out[LL_SHA256_BYTES];
    ll_sha256_mac mac;

    ll_sha256_mac_begin(&mac, key, key_bytes);
    ll_sha256_mac_add(&mac, data, bytes);
    ll_sha256_mac_end(&mac, out);
    ll_sha256_hex(out, hex);
    return hex;
}

/* FIPS 180-4's examples, and the million letters of the same authors. */
START_TEST(published_sums)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *million = malloc(1000000);

    ck_assert_str_eq(sum_of(NULL, 0),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_str_eq(sum_of("abc", 3),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_str_eq(sum_of(two_blocks, strlen(two_blocks)),
                     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    ck_assert_ptr_nonnull(million);
    memset(million, 'a', 1000000);
    ck_assert_str_eq(sum_of(million, 1000000),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}
END_TEST

/* RFC 4231, section 4: cases 1 to 4, 6 and 7. */
START_TEST(published_macs)
{
    static const char long_data[] =
        "This is a test using a larger than block-size key and a larger "
        "than block-size data. The key needs to be hashed before being "
        "used by the HMAC algorithm.";
    uint8_t key[131], data[50], rising[25];

    memset(key, 0x0b, 20);
    ck_assert_str_eq(mac_of(key, 20, "Hi There", 8),
                     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    ck_assert_str_eq(mac_of("Jefe", 4, "what do ya want for nothing?", 28),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    ck_assert_str_eq(mac_of(key, 20, data, 50),
                     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (size_t i = 0; i < sizeof rising; i++)
        rising[i] = (uint8_t)(i + 1);
    memset(data, 0xcd, sizeof data);
    ck_assert_str_eq(mac_of(rising, 25, data, 50),
                     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    ck_assert_str_eq(mac_of(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54),
                     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    ck_assert_str_eq(mac_of(key, 131, long_data, strlen(long_data)),
                     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}
END_TEST

/* However it is cut into parts. */
START_TEST(parts_add_up)
{
    draw s = { .state = 4 };
    uint8_t data[500], out[LL_SHA256_BYTES];
    char hex[LL_SHA256_HEX_BYTES];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)draw_bits(&s);
    for (int round = 0; round < 2000; round++) {
        size_t bytes = draw_below(&s, sizeof data + 1);
        ll_sha256 sum;

        ll_sha256_begin(&sum);
        for (size_t at = 0; at < bytes;) {
            size_t part = draw_below(&s, bytes - at + 1);
            ll_sha256_add(&sum, data + at, part);
            at += part;
        }
        ll_sha256_end(&sum, out);
        ll_sha256_hex(out, hex);
        ck_assert_str_eq(hex, sum_of(data, bytes));
    }
}
END_TEST

START_TEST(nothing_of_the_key_stays)
{
    static const uint8_t zeros[sizeof(ll_sha256_mac)];
    uint8_t out[LL_SHA256_BYTES];
    ll_sha256_mac mac;

    ll_sha256_mac_begin(&mac, "secret", 6);
    ll_sha256_mac_add(&mac, "text", 4);
    ll_sha256_mac_end(&mac, out);
    ck_assert_int_eq(memcmp(&mac, zeros, sizeof mac), 0);
}
END_TEST

/* Lines "key data" in hexadecimal; Python answers "sum mac" for each. */
static const char python_answers[] =
    "import hashlib, hmac, sys\n"
    "for line in sys.stdin:\n"
    "    key, data = (bytes.fromhex(x[1:]) for x in line.split())\n"
    "    print(hashlib.sha256(data).hexdigest(), hmac.new(key, data, 'sha256').hexdigest())\n";

enum { CASES = 1000, CASE_BYTES_MAX = 400 };

static void put_hex(FILE *to, const uint8_t *data, size_t bytes)
{
    fputc('x', to); /* so that an empty one is a word */
    for (size_t i = 0; i < bytes; i++)
        fprintf(to, "%02x", data[i]);
}

static void put_case(draw *s, FILE *asked, FILE *ours)
{
    uint8_t key[CASE_BYTES_MAX], data[CASE_BYTES_MAX];
    size_t key_bytes = draw_below(s, 200), bytes = draw_below(s, CASE_BYTES_MAX);

    for (size_t i = 0; i < CASE_BYTES_MAX; i++) {
        key[i] = (uint8_t)draw_bits(s);
        data[i] = (uint8_t)draw_bits(s);
    }
    put_hex(asked, key, key_bytes);
    fputc(' ', asked);
    put_hex(asked, data, bytes);
    fputc('\n', asked);
    fprintf(ours, "%s ", sum_of(data, bytes));
    fprintf(ours, "%s\n", mac_of(key, key_bytes, data, bytes));
}

START_TEST(python_agrees)
{
    const char *argv[] = { program_python(), "-c", python_answers, NULL };
    char *asked = NULL, *ours = NULL;
    size_t asked_bytes = 0, our_bytes = 0, their_bytes = 0;
    draw s = { .state = 2026 };
    FILE *to_asked = open_memstream(&asked, &asked_bytes);
    FILE *to_ours = open_memstream(&ours, &our_bytes);

    for (int i = 0; i < CASES; i++)
        put_case(&s, to_asked, to_ours);
    fclose(to_asked);
    fclose(to_ours);
    char *theirs = program_run(argv, asked, asked_bytes, &their_bytes);
    if (theirs == NULL)
        printf("SKIP no python3 to compare SHA-256 with\n");
    else
        ck_assert_str_eq(ours, theirs);
    free(asked);
    free(ours);
    free(theirs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sha256");
    TCase *all = tcase_create("all");
    SRunner *runner;

    tcase_set_timeout(all, 2 * PROGRAM_SECONDS);
    tcase_add_test(all, published_sums);
    tcase_add_test(all, published_macs);
    tcase_add_test(all, parts_add_up);
    tcase_add_test(all, nothing_of_the_key_stays);
    tcase_add_test(all, python_agrees);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
