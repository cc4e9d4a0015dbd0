/* secrets.h - random bytes, hashes and keyed hashes, their text, and comparing them in a time that
 * tells nothing. None of it wants memory, or can fail for the lack of it: a hash that was not made
 * must never be compared. SHA-256 is OpenSSL's. */
#ifndef SERVER_SECRETS_H
#define SERVER_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };

typedef struct digest {
    uint8_t bytes[DIGEST_BYTES];
} digest;

/* Ends the program if there are none: nothing may be signed or named without. */
void secrets_random(void *out, size_t count);
digest secrets_hash(const void *data, size_t count);
digest secrets_sign(const digest *key, const void *data, size_t count);
bool secrets_equal(const void *a, const void *b, size_t count);

/* Characters of `count` bytes in base64url without padding. */
#define BASE64URL_CHARACTERS(count) (((count)*4 + 2) / 3)

/* Writes them and a NUL. */
void secrets_encode(const void *data, size_t count, char *out);
/* True if text is the one way to write exactly `count` bytes. */
bool secrets_decode(const char *text, size_t length, void *out, size_t count);

#endif
