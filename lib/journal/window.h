/* window.h - a file seen through a buffer that is filled by pread, never through a map.
 *
 * Threads: one at a time per window.
 * Uses:    err. */
#ifndef LL_JOURNAL_WINDOW_H
#define LL_JOURNAL_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ll_window {
    int fd;                    /* not the window's to close */
    const char *name;          /* for error lines */
    bool pass_errors;          /* a block that the disk refuses counts as zeros */
    uint64_t end;              /* of what is looked at; shrinks if the file proves shorter */
    uint64_t unreadable_bytes; /* passed so */

    uint8_t *bytes; /* of the file, from `at` */
    size_t capacity;
    size_t length;
    uint64_t at;
    bool fresh; /* filled since the caller last set it to false */
} ll_window;

void ll_window_free(ll_window *w);

/* The next look reads the file again. */
void ll_window_drop(ll_window *w);

/* [at, at + bytes) of the file, valid until the next call. NULL if the end comes before, or if it
 * cannot be read: *out_error, and the detail line says why. */
const uint8_t *ll_window_view(ll_window *w, uint64_t at, size_t bytes, bool *out_error);

/* How much of [at, ...) is in the window, in whole words of 8 bytes. */
size_t ll_window_rest(const ll_window *w, uint64_t at);

/* The first non-zero word of [at, to), on the grid of 8; `to` if there is none or on *out_error. */
uint64_t ll_window_skip_zeros(ll_window *w, uint64_t at, uint64_t to, bool *out_error);

#endif
