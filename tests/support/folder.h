/* folder.h - a new folder for a test's files, and looking at what is in it. */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#define FOLDER_PATH_BYTES 256

/* An empty folder of its own below TMPDIR, or below /tmp. */
void folder_make(char out_path[FOLDER_PATH_BYTES]);
/* In memory if the machine has /dev/shm: for tests of many small commits. */
void folder_make_fast(char out_path[FOLDER_PATH_BYTES]);
/* With everything in it, in which no secret of the tests may be (canary.h). */
void folder_remove(const char *path);
/* The same, whatever is in it. */
void folder_clear(const char *path);

/* A whole file, for the caller to free; NULL if there is none. */
unsigned char *file_read(const char *path, size_t *out_bytes);
void file_write(const char *path, const void *data, size_t bytes);
bool file_is(const char *path, const void *data, size_t bytes);
bool file_exists(const char *path);
/* -1 if there is none. */
long long file_bytes(const char *path);

#endif
