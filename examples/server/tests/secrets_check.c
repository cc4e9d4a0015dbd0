/* For test_secrets.py: hashes and keyed hashes where OpenSSL gets no memory, as hexadecimal. */
#include "../secrets.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *no_memory(size_t bytes, const char *file, int line)
{
    (void)bytes, (void)file, (void)line;
    return NULL;
}

static void *no_more_memory(void *old, size_t bytes, const char *file, int line)
{
    (void)old, (void)bytes, (void)file, (void)line;
    return NULL;
}

static void no_free(void *old, const char *file, int line)
{
    (void)old, (void)file, (void)line;
}

static void print(digest d)
{
    for (size_t i = 0; i < sizeof d.bytes; i++)
        printf("%02x", d.bytes[i]);
    putchar('\n');
}

/* The key's 64 hexadecimal digits, and what to sign. */
int main(int count, char **arguments)
{
    digest key, first = { { 0 } }, second = { { 0 } };
    unsigned value = 0;

    if (count != 3 || CRYPTO_set_mem_functions(no_memory, no_more_memory, no_free) != 1)
        return 2;
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        if (sscanf(arguments[1] + 2 * i, "%2x", &value) != 1)
            return 2;
        key.bytes[i] = (uint8_t)value;
    }
    print(secrets_hash(arguments[2], strlen(arguments[2])));
    print(secrets_sign(&key, arguments[2], strlen(arguments[2])));
    secrets_random(&first, sizeof first);
    secrets_random(&second, sizeof second);
    return memcmp(&first, &second, sizeof first) != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
