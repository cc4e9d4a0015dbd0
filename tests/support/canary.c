#include "support/canary.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MARK_BYTES = sizeof CANARY_MARK - 1, ENCODED_BYTES_MAX = 2 * MARK_BYTES };

/* The part of its base64 that does not depend on what stands around it, `before` bytes into a
 * group of three. Returns how many characters. */
static size_t encode(size_t before, char out[ENCODED_BYTES_MAX])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t count = 0;

    for (size_t i = before == 0 ? 0 : 3 - before; i + 3 <= MARK_BYTES; i += 3) {
        const unsigned char *p = (const unsigned char *)CANARY_MARK + i;
        unsigned group = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

        for (int shift = 18; shift >= 0; shift -= 6)
            out[count++] = digits[group >> shift & 63];
    }
    return count;
}

bool canary_is_in(const void *bytes, size_t count)
{
    if (memmem(bytes, count, CANARY_MARK, MARK_BYTES) != NULL)
        return true;
    for (size_t before = 0; before < 3; before++) {
        char encoded[ENCODED_BYTES_MAX];

        if (memmem(bytes, count, encoded, encode(before, encoded)) != NULL)
            return true;
    }
    return false;
}

bool canary_is_in_text(const char *text)
{
    return text != NULL && canary_is_in(text, strlen(text));
}

static _Thread_local char found[512];

/* Sockets and pipes have no bytes to look at; what goes away meanwhile has none any more. */
static int look_at(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F || !S_ISREG(about->st_mode) || about->st_size == 0)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    void *bytes = mmap(NULL, (size_t)about->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    ck_assert_ptr_ne(bytes, MAP_FAILED);
    bool holds = canary_is_in(bytes, (size_t)about->st_size);
    munmap(bytes, (size_t)about->st_size);
    if (holds)
        snprintf(found, sizeof found, "%s", path);
    return holds;
}

const char *canary_find(const char *path)
{
    return nftw(path, look_at, 16, FTW_PHYS) == 1 ? found : NULL;
}

void canary_log(void *user, llmlearn_log_level level, const char *id, const char *text)
{
    (void)user;
    (void)level;
    if (canary_is_in_text(text)) /* a passing assertion would allocate */
        ck_abort_msg("the log line %s holds a secret", id);
}
