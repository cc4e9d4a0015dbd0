#include "secrets.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void secrets_random(void *out, size_t count)
{
    if (RAND_bytes(out, (int)count) != 1)
        OPENSSL_die("there are no random numbers", __FILE__, __LINE__);
}

digest secrets_hash(const void *data, size_t count)
{
    digest d;
    SHA256(data, count, d.bytes);
    return d;
}

digest secrets_sign(const digest *key, const void *data, size_t count)
{
    digest d = { { 0 } };
    unsigned written = 0;
    const unsigned char *mac =
        HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, data, count, d.bytes, &written);
    if (mac == NULL || written != sizeof d.bytes)
        OPENSSL_die("HMAC-SHA-256 failed", __FILE__, __LINE__); /* never go on unsigned */
    return d;
}

bool secrets_equal(const void *a, const void *b, size_t count)
{
    return CRYPTO_memcmp(a, b, count) == 0;
}

void secrets_encode(const void *data, size_t count, char *out)
{
    const uint8_t *bytes = data;
    unsigned bits = 0, bit_count = 0;

    for (size_t i = 0; i < count; i++) {
        bits = (bits << 8 | bytes[i]) & 0xffff;
        for (bit_count += 8; bit_count >= 6; bit_count -= 6)
            *out++ = alphabet[bits >> (bit_count - 6) & 63];
    }
    if (bit_count > 0)
        *out++ = alphabet[bits << (6 - bit_count) & 63];
    *out = '\0';
}

static int digit(char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

bool secrets_decode(const char *text, size_t length, void *out, size_t count)
{
    uint8_t *bytes = out;
    unsigned bits = 0, bit_count = 0;

    if (length != BASE64URL_CHARACTERS(count))
        return false;
    for (size_t i = 0; i < length; i++) {
        int value = digit(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *bytes++ = (uint8_t)(bits >> bit_count);
        }
    }
    assert(bytes == (uint8_t *)out + count);
    return (bits & ((1u << bit_count) - 1)) == 0; /* no second way to write the same bytes */
}
