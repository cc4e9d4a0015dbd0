#include "server_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Written beside and then linked: whoever sees the name sees all of the key, and of two processes
 * that begin at once one link stands. What one that died has left beside it has another name. */
static bool make_file(const char *path)
{
    uint8_t name[12];
    char beside[PATH_MAX], ending[BASE64URL_CHARACTERS(sizeof name) + 1];
    digest fresh;
    bool made = false;

    secrets_random(name, sizeof name);
    secrets_encode(name, sizeof name, ending);
    if (snprintf(beside, sizeof beside, "%s.%s", path, ending) >= (int)sizeof beside)
        return false;
    secrets_random(&fresh, sizeof fresh);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    made = fchmod(fd, 0600) == 0 &&
           write(fd, fresh.bytes, sizeof fresh.bytes) == (ssize_t)sizeof fresh.bytes &&
           fsync(fd) == 0;
    close(fd);
    made = made && (link(beside, path) == 0 || errno == EEXIST);
    unlink(beside);
    return made;
}

/* Nobody but its owner, who is us, can have read or written it. */
static bool read_file(const char *path, digest *out)
{
    struct stat found;
    digest read_key;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == geteuid() &&
                (found.st_mode & 077) == 0 &&
                read(fd, read_key.bytes, sizeof read_key.bytes) == (ssize_t)sizeof read_key.bytes;
    close(fd);
    if (good)
        *out = read_key;
    else
        errno = EPERM;
    return good;
}

bool server_key_read(const char *database, const char *text, digest *out, char *out_problem,
                     size_t problem_bytes)
{
    char path[PATH_MAX];

    if (text != NULL) {
        *out = secrets_hash(text, strlen(text));
        return true;
    }
    if (snprintf(path, sizeof path, "%s.server-key", database) >= (int)sizeof path) {
        snprintf(out_problem, problem_bytes, "LLMLEARN_DB is too long a path");
        return false;
    }
    if (read_file(path, out) || (errno == ENOENT && make_file(path) && read_file(path, out)))
        return true;
    snprintf(out_problem, problem_bytes,
             "%s cannot be used (%s): it must be a file of 32 bytes that only this user can "
             "read; take it away to have a new one, which ends all cookies",
             path, strerror(errno));
    return false;
}
