/* SHA256_Init and what goes with it, which those that replace it do not match: they want memory,
 * and without it there is no hash. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "secrets.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void secrets_random(void *out, size_t count)
{
    if (getentropy(out, count) != 0)
        OPENSSL_die("there are no random numbers", __FILE__, __LINE__);
}

static digest hash_behind(const void *before, size_t before_count, const void *data, size_t count)
{
    SHA256_CTX state;
    digest d;

    SHA256_Init(&state);
    SHA256_Update(&state, before, before_count);
    SHA256_Update(&state, data, count);
    SHA256_Final(d.bytes, &state);
    OPENSSL_cleanse(&state, sizeof state);
    return d;
}

digest secrets_hash(const void *data, size_t count)
{
    return hash_behind("", 0, data, count);
}

/* HMAC as RFC 2104 has it, with a key that is shorter than a block. */
digest secrets_sign(const digest *key, const void *data, size_t count)
{
    uint8_t inner[BLOCK_BYTES], outer[BLOCK_BYTES];

    memset(inner, 0x36, sizeof inner);
    memset(outer, 0x5c, sizeof outer);
    for (size_t i = 0; i < sizeof key->bytes; i++) {
        inner[i] ^= key->bytes[i];
        outer[i] ^= key->bytes[i];
    }
    digest within = hash_behind(inner, sizeof inner, data, count);
    digest d = hash_behind(outer, sizeof outer, within.bytes, sizeof within.bytes);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
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
