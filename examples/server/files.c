#include "files.h"

#include "encoding.h"
#include "problem.h"
#include "reply.h"
#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 1024, FILES_BYTES_MAX = 64 * 1024 * 1024, ETAG_BYTES = 16 };

typedef struct file {
    const struct file *packed; /* the same by gzip, from "<path>.gz"; NULL: there is none */
    char *path;                /* "/assets/index-4f2a.js" */
    char *bytes;
    size_t count;
    const char *content_type;
    char etag[BASE64URL_CHARACTERS(ETAG_BYTES) + 3]; /* with its quotes */
} file;

struct files {
    unsigned count;
    size_t bytes;
    file list[FILES_MAX];
};

/* ---- reading them */

static const char *content_type(const char *path)
{
    static const char *const types[][2] = {
        { ".html", "text/html; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".css", "text/css; charset=utf-8" },
        { ".json", "application/json" },
        { ".map", "application/json" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".ico", "image/x-icon" },
        { ".woff2", "font/woff2" },
        { ".txt", "text/plain; charset=utf-8" },
        { ".webmanifest", "application/manifest+json" },
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static bool read_bytes(int fd, file *out, size_t bytes_max)
{
    struct stat found;

    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    if (found.st_size < 0 || (size_t)found.st_size > bytes_max) {
        errno = EFBIG;
        return false;
    }
    size_t wanted = (size_t)found.st_size;
    out->bytes = malloc(wanted + 1);
    while (out->bytes != NULL && out->count < wanted) {
        ssize_t got = read(fd, out->bytes + out->count, wanted - out->count);
        if (got <= 0)
            return false;
        out->count += (size_t)got;
    }
    return out->bytes != NULL;
}

static bool read_one(files *f, const char *path_on_disk, const char *path)
{
    file *next = &f->list[f->count];

    if (f->count == FILES_MAX) {
        errno = EMFILE;
        return false;
    }
    int fd = open(path_on_disk, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    f->count++; /* from here on files_free takes it */
    next->path = strdup(path);
    bool good = next->path != NULL && read_bytes(fd, next, FILES_BYTES_MAX - f->bytes);
    close(fd);
    if (!good)
        return false;
    f->bytes += next->count;
    next->content_type = content_type(path);
    digest hash = secrets_hash(next->bytes, next->count);
    next->etag[0] = '"';
    secrets_encode(&hash, ETAG_BYTES, next->etag + 1);
    strcat(next->etag, "\"");
    return true;
}

static bool read_all(files *f, FTS *tree, size_t folder_length)
{
    for (FTSENT *at; (at = fts_read(tree)) != NULL;) {
        if (at->fts_info == FTS_SLNONE && at->fts_level == 0) {
            errno = ENOENT; /* the folder is a link to nowhere */
            return false;
        }
        if (at->fts_info == FTS_F && at->fts_name[0] != '.' &&
            !read_one(f, at->fts_accpath, at->fts_path + folder_length))
            return false;
        if (at->fts_info == FTS_ERR || at->fts_info == FTS_DNR || at->fts_info == FTS_NS) {
            errno = at->fts_errno;
            return false;
        }
        if (at->fts_info == FTS_D && at->fts_level > 0 && at->fts_name[0] == '.')
            fts_set(tree, at, FTS_SKIP);
        errno = 0;
    }
    return errno == 0;
}

static file *find(files *f, const char *path, size_t length)
{
    for (unsigned i = 0; i < f->count; i++)
        if (strlen(f->list[i].path) == length && memcmp(f->list[i].path, path, length) == 0)
            return &f->list[i];
    return NULL;
}

static void find_packed(files *f)
{
    static const char ending[] = ".gz";

    for (unsigned i = 0; i < f->count; i++) {
        const char *path = f->list[i].path;
        size_t length = strlen(path), plain = length - strlen(ending);
        file *of = length > strlen(ending) && strcmp(path + plain, ending) == 0
                       ? find(f, path, plain)
                       : NULL;
        if (of != NULL)
            of->packed = &f->list[i];
    }
}

static bool is_page(const file *f)
{
    return strcmp(f->path, "/index.html") == 0;
}

files *files_read(const char *folder, char *out_problem, size_t problem_bytes)
{
    files *f = calloc(1, sizeof *f);
    if (f == NULL || folder == NULL)
        return f;
    char *root = strdup(folder);
    size_t length = root != NULL ? strlen(root) : 0;
    while (length > 1 && root[length - 1] == '/')
        root[--length] = '\0';
    /* The folder itself may be a link, which the operator made; in it none is followed. */
    FTS *tree = NULL;
    if (root != NULL)
        tree = fts_open((char *[]){ root, NULL }, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);
    bool good = tree != NULL && read_all(f, tree, length);
    int why = errno;
    if (tree != NULL)
        fts_close(tree);
    free(root);
    if (good && find(f, "/index.html", 11) != NULL) {
        find_packed(f);
        return f;
    }
    snprintf(out_problem, problem_bytes,
             "LLMLEARN_STATIC is \"%.200s\": %s; it must be the folder of the built dashboard",
             folder, good ? "it has no index.html" : strerror(why));
    files_free(f);
    return NULL;
}

void files_free(files *f)
{
    for (unsigned i = 0; f != NULL && i < f->count; i++) {
        free(f->list[i].path);
        free(f->list[i].bytes);
    }
    free(f);
}

/* ---- telling them */

/* A name in /assets/ has the hash of what it names. The page may come with a cookie, which no
 * cache between us and its reader may keep. */
static const char *caching(const file *found)
{
    if (strncmp(found->path, "/assets/", 8) == 0)
        return "public, max-age=31536000, immutable";
    return is_page(found) ? "private, no-cache" : "no-cache";
}

/* If-None-Match is "*" or a list of tags, whose W/ does not count (RFC 9110, 13.1.2). False from
 * where on it is neither. */
static bool lists(const char *known, const char *etag)
{
    const char *at = known + strspn(known, " \t");

    if (at[0] == '*')
        return at[1 + strspn(at + 1, " \t")] == '\0';
    while (*(at += strspn(at, ", \t")) != '\0') {
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        size_t length = at[0] == '"' ? strcspn(at + 1, "\"") + 2 : 0;
        if (length == 0 || at[length - 1] != '"')
            return false;
        if (length == strlen(etag) && memcmp(at, etag, length) == 0)
            return true;
        at += length;
    }
    return false;
}

static void tell(request *r, const file *found)
{
    const char *known = r->head.if_none_match;
    const file *sent = found;

    if (found->packed != NULL && encoding_accepts_gzip(r->head.accept_encoding))
        sent = found->packed;
    if (known != NULL && lists(known, sent->etag))
        reply_bytes(r, MHD_HTTP_NOT_MODIFIED, found->content_type, "", 0);
    else
        reply_bytes(r, MHD_HTTP_OK, found->content_type, sent->bytes, sent->count);
    if (r->response == NULL)
        return;
    reply_header(r, "ETag", sent->etag);
    reply_header(r, "Cache-Control", caching(found));
    if (found->packed != NULL)
        reply_header(r, "Vary", "Accept-Encoding");
    if (sent != found && r->status == MHD_HTTP_OK)
        reply_header(r, "Content-Encoding", "gzip");
}

void files_tell(request *r)
{
    files *f = r->server->files;
    const char *path = r->target.whole;
    size_t length = strcspn(path, "?");
    const char *last = r->target.segments[r->target.segment_count - 1];

    const file *found = find(f, path, length);
    if (found == NULL && strchr(last, '.') == NULL)
        found = find(f, "/index.html", 11); /* the dashboard knows its own paths */
    if (found == NULL) {
        problem(r, MHD_HTTP_NOT_FOUND, NULL, "%s",
                f->count > 0 ? "There is no such file."
                             : "This server has no dashboard, only the API: see /openapi.json.");
        return;
    }
    if (is_page(found))
        users_welcome(r);
    tell(r, found);
}
