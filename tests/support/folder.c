#include "support/folder.h"

#include "support/canary.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_below(const char *parent, char out_path[FOLDER_PATH_BYTES])
{
    int bytes = snprintf(out_path, FOLDER_PATH_BYTES, "%s/llmlearn-XXXXXX", parent);

    ck_assert_int_lt(bytes, FOLDER_PATH_BYTES);
    ck_assert_ptr_nonnull(mkdtemp(out_path));
}

void folder_make(char out_path[FOLDER_PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");

    make_below(parent == NULL || *parent == '\0' ? "/tmp" : parent, out_path);
}

void folder_make_fast(char out_path[FOLDER_PATH_BYTES])
{
    if (access("/dev/shm", W_OK) == 0)
        make_below("/dev/shm", out_path);
    else
        folder_make(out_path);
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path);
}

void folder_clear(const char *path)
{
    ck_assert_int_eq(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void folder_remove(const char *path)
{
    const char *leak = canary_find(path);

    /* The folder stays, to be looked at; its test fails by its own name. */
    ck_assert_msg(leak == NULL, "a secret is left in %s", leak);
    folder_clear(path);
}

unsigned char *file_read(const char *path, size_t *out_bytes)
{
    FILE *file = fopen(path, "rb");
    long bytes;
    unsigned char *data;

    if (file == NULL)
        return NULL;
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    bytes = ftell(file);
    ck_assert_int_ge(bytes, 0);
    rewind(file);
    data = malloc((size_t)bytes + 1);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, (size_t)bytes, file), (size_t)bytes);
    fclose(file);
    *out_bytes = (size_t)bytes;
    return data;
}

void file_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
    ck_assert_int_eq(fclose(file), 0);
}

bool file_is(const char *path, const void *data, size_t bytes)
{
    size_t found_bytes = 0;
    unsigned char *found = file_read(path, &found_bytes);
    bool same = found != NULL && found_bytes == bytes && memcmp(found, data, bytes) == 0;

    free(found);
    return same;
}

bool file_exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0;
}

long long file_bytes(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 ? (long long)found.st_size : -1;
}
