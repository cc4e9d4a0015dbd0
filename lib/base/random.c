#include "base/random.h"

#include "base/err.h"

#include <errno.h>
#include <sys/random.h>

llmlearn_err ll_random_bytes(void *out, size_t bytes)
{
    unsigned char *at = out;

    while (bytes > 0) {
        ssize_t got = getrandom(at, bytes, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ll_fail_errno(errno, "getrandom");
        at += got;
        bytes -= (size_t)got;
    }
    return LLMLEARN_OK;
}
