#include "journal/window.h"

#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define WINDOW_BYTES ((size_t)256 * 1024)
#define BLOCK_BYTES ((size_t)4096)

void ll_window_free(ll_window *w)
{
    free(w->bytes);
    w->bytes = NULL;
    w->capacity = w->length = 0;
}

void ll_window_drop(ll_window *w)
{
    w->length = 0;
}

static bool grow(ll_window *w, size_t bytes)
{
    size_t capacity = bytes > WINDOW_BYTES ? bytes : WINDOW_BYTES;
    uint8_t *grown;

    if (capacity <= w->capacity)
        return true;
    grown = realloc(w->bytes, capacity);
    if (grown == NULL) {
        ll_fail(LLMLEARN_ENOMEM, "no memory to read %s", w->name);
        return false;
    }
    w->bytes = grown;
    w->capacity = capacity;
    return true;
}

/* The disk refuses the block at the window's end: zeros instead, so that one bad block does not
 * keep back everything else. */
static ssize_t pass_block(ll_window *w, size_t wanted)
{
    size_t block = BLOCK_BYTES - (size_t)((w->at + w->length) % BLOCK_BYTES);
    size_t bytes = block < wanted - w->length ? block : wanted - w->length;

    if (errno != EIO || !w->pass_errors)
        return -1;
    memset(w->bytes + w->length, 0, bytes);
    w->unreadable_bytes += bytes;
    return (ssize_t)bytes;
}

static ssize_t read_more(ll_window *w, size_t wanted)
{
    ssize_t got;

    do {
        got = pread(w->fd, w->bytes + w->length, wanted - w->length, (off_t)(w->at + w->length));
    } while (got < 0 && errno == EINTR);
    return got < 0 ? pass_block(w, wanted) : got;
}

/* From `at` as far as it goes; false if not even `bytes` can be read. */
static bool fill(ll_window *w, uint64_t at, size_t bytes)
{
    size_t wanted;

    w->length = 0;
    w->at = at;
    if (!grow(w, bytes))
        return false;
    wanted = w->end - at < w->capacity ? (size_t)(w->end - at) : w->capacity;
    while (w->length < wanted) {
        ssize_t got = read_more(w, wanted);

        if (got < 0 && w->length < bytes) {
            ll_fail_errno(errno, "reading %s", w->name);
            return false;
        }
        if (got == 0)
            w->end = (at + w->length) & ~UINT64_C(7);
        if (got <= 0)
            break;
        w->length += (size_t)got;
    }
    w->fresh = true;
    return true;
}

const uint8_t *ll_window_view(ll_window *w, uint64_t at, size_t bytes, bool *out_error)
{
    assert(bytes > 0);
    *out_error = false;
    if (at > w->end || bytes > w->end - at)
        return NULL;
    if (at < w->at || at + bytes > w->at + w->length) {
        *out_error = !fill(w, at, bytes);
        if (*out_error || bytes > w->length)
            return NULL;
    }
    return w->bytes + (at - w->at);
}

size_t ll_window_rest(const ll_window *w, uint64_t at)
{
    assert(at >= w->at && at <= w->at + w->length);
    return (w->length - (size_t)(at - w->at)) & ~(size_t)7;
}

static size_t leading_zeros(const uint8_t *bytes, size_t count)
{
    static const uint8_t zeros[1024];
    size_t done = 0;

    while (count - done >= sizeof zeros && memcmp(bytes + done, zeros, sizeof zeros) == 0)
        done += sizeof zeros;
    while (done < count && memcmp(bytes + done, zeros, 8) == 0)
        done += 8;
    return done;
}

uint64_t ll_window_skip_zeros(ll_window *w, uint64_t at, uint64_t to, bool *out_error)
{
    assert(at % 8 == 0 && to % 8 == 0);
    *out_error = false;
    while (at < to) {
        const uint8_t *bytes = ll_window_view(w, at, 8, out_error);
        size_t count, zeros;

        if (bytes == NULL)
            return to;
        count = ll_window_rest(w, at);
        count = count < to - at ? count : (size_t)(to - at);
        zeros = leading_zeros(bytes, count);
        at += zeros;
        if (zeros < count)
            return at;
    }
    return to;
}
