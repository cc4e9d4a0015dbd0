#include "store/store.h"

#include "base/err.h"
#include "base/filesystem.h"
#include "base/point.h"
#include "base/thread.h"
#include "store/backend.h"
#include "store/lock.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SQLite refuses names beyond 512 bytes, and the longest suffix comes on top. */
#define PATH_BYTES_MAX 500

struct ll_store {
    const ll_backend *backend;
    const ll_log *log;
    ll_lock *lock;
    atomic_int *lock_fd;  /* the owner's copy of its descriptor, or NULL */
    ll_connection writer; /* state NULL: not connected */
    ll_connection reader;
    ll_deadline deadline; /* of the latest ll_store_lock */
    bool locked;
    bool writing;
    /* Whoever set reader_taken has the reader; also a pause does. */
    pthread_mutex_t mutex;
    pthread_cond_t reader_free;
    bool reader_taken;
    /* The file that was opened, to notice when its name means another or none. */
    dev_t device;
    ino_t inode;
    uint8_t id[LL_STORE_ID_BYTES];
    char path[PATH_BYTES_MAX + 1];
};

static const ll_statement get_store_id = { "SELECT value FROM llm_meta WHERE key = 'store_id'" };
static const ll_statement get_fact = { "SELECT value FROM llm_meta WHERE key = ?1" };
static const ll_statement set_fact = { "INSERT INTO llm_meta (key, value) VALUES (?1, ?2)"
                                       " ON CONFLICT (key) DO UPDATE SET value = excluded.value" };

/* ---- the path ---------------------------------------------------------- */

/* The folder's real path and the file's name, or the file's real path if it is there: all
 * names of a database lead to one log and one lock. */
static llmlearn_err resolve_path(const char *path, char out[PATH_BYTES_MAX + 1])
{
    char *real = realpath(path, NULL);
    char *copy = strdup(path);
    char *folder = NULL;
    int bytes = 0;
    llmlearn_err err = LLMLEARN_OK;

    if (copy == NULL) {
        err = ll_fail(LLMLEARN_ENOMEM, "path: no memory");
    } else if (real != NULL) {
        bytes = snprintf(out, PATH_BYTES_MAX + 1, "%s", real);
    } else if (errno == ENAMETOOLONG) {
        err = ll_fail(LLMLEARN_EINVAL, "path %.60s...: longer than the system allows", path);
    } else if (errno != ENOENT) {
        err = ll_fail_errno(errno, "path %s", path);
    } else if ((folder = realpath(dirname(copy), NULL)) == NULL) {
        err = ll_fail_errno(errno, "path %s: its folder", path);
    } else {
        const char *slash = strrchr(path, '/');
        const char *name = slash == NULL ? path : slash + 1;
        bytes = snprintf(out, PATH_BYTES_MAX + 1, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
                         name);
        if (*name == '\0')
            err = ll_fail(LLMLEARN_EINVAL, "path %s: names a folder, not a file", path);
    }
    if (bytes > PATH_BYTES_MAX)
        err = ll_fail(LLMLEARN_EINVAL, "path: %d bytes when resolved, at most %d", bytes,
                      PATH_BYTES_MAX);
    free(folder);
    free(copy);
    free(real);
    return err;
}

/* What can be refused by its name alone gets not even a lock file beside it. */
static llmlearn_err check_place(const char *path)
{
    char folder[PATH_BYTES_MAX + 1];
    ll_filesystem filesystem;
    struct stat found;
    llmlearn_err err;

    if (lstat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return ll_fail(LLMLEARN_EFOREIGN, "database %s: not a regular file", path);
    snprintf(folder, sizeof folder, "%s", path);
    err = ll_filesystem_of(dirname(folder), &filesystem);
    if (err == LLMLEARN_OK && filesystem.network)
        err = ll_fail(LLMLEARN_EUNSUPPORTED,
                      "database %s: on %s, where locks cannot be relied on; use a local disk", path,
                      filesystem.name);
    return err;
}

/* ---- connecting -------------------------------------------------------- */

static void disconnect(ll_connection *connection)
{
    if (connection->state == NULL)
        return;
    connection->backend->rollback(connection->state);
    connection->backend->disconnect(connection->state);
    connection->state = NULL;
}

/* Somebody may remove or replace the file under us. SQLite would go on writing to what has no
 * name any more; we stop, so that the journal keeps everything for the next opening. */
static llmlearn_err check_identity(ll_store *store)
{
    struct stat found;
    bool there = stat(store->path, &found) == 0;

    if (store->inode == 0 || /* not opened yet */
        (there && found.st_ino == store->inode && found.st_dev == store->device))
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EIO, "database %s: the file was %s while open", store->path,
                   there ? "replaced" : "removed");
}

static llmlearn_err connect(ll_store *store, ll_connection *connection, bool writer,
                            ll_deadline deadline)
{
    llmlearn_err err = check_identity(store);

    if (err != LLMLEARN_OK)
        disconnect(connection);
    if (err != LLMLEARN_OK || connection->state != NULL)
        return err;
    connection->backend = store->backend;
    connection->mark_depth = 0;
    return store->backend->connect(store->path, writer, store->log, deadline, &connection->state);
}

/* After a failure that may lie in the connection itself the next use begins with a new one. */
static llmlearn_err drop_if_broken(ll_connection *connection, llmlearn_err err)
{
    if (err == LLMLEARN_EIO || err == LLMLEARN_ECORRUPT || err == LLMLEARN_ENOMEM)
        disconnect(connection);
    return err;
}

static llmlearn_err begin_once(ll_connection *connection, ll_deadline deadline)
{
    llmlearn_err err;

    connection->mark_depth = 0;
    connection->backend->set_deadline(connection->state, deadline);
    err = connection->backend->begin(connection->state);
    return drop_if_broken(connection, err);
}

/* One that had no memory for a rollback is of no more use, and there may be memory again: then a
 * new one is. */
static llmlearn_err begin(ll_store *store, ll_connection *connection, bool writer,
                          ll_deadline deadline)
{
    llmlearn_err err = connect(store, connection, writer, deadline);

    if (err == LLMLEARN_OK)
        err = begin_once(connection, deadline);
    if (err != LLMLEARN_ENOMEM)
        return err;
    err = connect(store, connection, writer, deadline);
    return err == LLMLEARN_OK ? begin_once(connection, deadline) : err;
}

static llmlearn_err take_id(void *context, const ll_row *row)
{
    ll_store *store = context;
    size_t bytes = 0;
    const void *id = ll_row_blob(row, 0, &bytes);

    if (id == NULL || bytes != sizeof store->id)
        return ll_fail(LLMLEARN_ECORRUPT, "database %s: its id has %zu bytes, not %zu", store->path,
                       bytes, sizeof store->id);
    memcpy(store->id, id, sizeof store->id);
    return LLMLEARN_OK;
}

static llmlearn_err read_id(ll_store *store)
{
    static const uint8_t nothing[LL_STORE_ID_BYTES];
    ll_connection *connection = NULL;
    llmlearn_err err = ll_store_begin(store, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_connection_run(connection, &get_store_id, NULL, 0, take_id, store);
    if (err == LLMLEARN_OK && memcmp(store->id, nothing, sizeof nothing) == 0)
        err = ll_fail(LLMLEARN_ECORRUPT, "database %s: it has no id", store->path);
    ll_store_rollback(store);
    return err;
}

static llmlearn_err open_database(ll_store *store)
{
    struct stat found;
    llmlearn_err err = store->backend->migrate(store->writer.state);

    if (err == LLMLEARN_OK)
        err = read_id(store);
    if (err == LLMLEARN_OK && stat(store->path, &found) != 0)
        err = ll_fail_errno(errno, "database %s: stat", store->path);
    if (err == LLMLEARN_OK) {
        store->device = found.st_dev;
        store->inode = found.st_ino;
    }
    return err;
}

static void tell_lock_fd(const ll_store *store, int fd)
{
    if (store->lock_fd != NULL)
        atomic_store(store->lock_fd, fd);
}

static llmlearn_err open_files(ll_store *store, ll_deadline deadline)
{
    char name[PATH_BYTES_MAX + 8];
    llmlearn_err err = check_place(store->path);

    snprintf(name, sizeof name, "%s.lock", store->path);
    if (err == LLMLEARN_OK)
        err = ll_lock_open(name, &store->lock);
    if (err == LLMLEARN_OK)
        tell_lock_fd(store, ll_lock_fd(store->lock));
    if (err == LLMLEARN_OK)
        err = ll_store_lock(store, deadline);
    if (err != LLMLEARN_OK)
        return err;
    err = open_database(store);
    ll_store_unlock(store);
    return err;
}

static void check_backend(const ll_backend *backend)
{
    assert(backend->name != NULL);
    assert(backend->connect != NULL && backend->disconnect != NULL);
    assert(backend->migrate != NULL && backend->maintain != NULL);
    assert(backend->begin != NULL && backend->commit != NULL && backend->rollback != NULL);
    assert(backend->set_deadline != NULL && backend->run != NULL);
    assert(backend->changes != NULL && backend->last_row != NULL);
    assert(backend->row.is_null != NULL && backend->row.integer != NULL);
    assert(backend->row.real != NULL && backend->row.text != NULL && backend->row.blob != NULL);
    (void)backend;
}

llmlearn_err ll_store_open(const ll_store_options *options, ll_deadline deadline,
                           ll_store **out_store)
{
    ll_store *store = calloc(1, sizeof *store);
    llmlearn_err err;

    assert(options != NULL && options->path != NULL);
    assert(out_store != NULL);
    if (store == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "store: no memory");
    store->backend = &ll_sqlite_backend;
    check_backend(store->backend);
    store->log = options->log;
    store->lock_fd = options->lock_fd;
    err = ll_thread_condition_init(&store->reader_free);
    if (err != LLMLEARN_OK) {
        free(store);
        return err;
    }
    pthread_mutex_init(&store->mutex, NULL);
    err = resolve_path(options->path, store->path);
    if (err == LLMLEARN_OK)
        err = open_files(store, deadline);
    if (err != LLMLEARN_OK) {
        ll_err_report report;
        ll_err_capture(err, &report); /* closing must not change the line */
        ll_store_close(store);
        return ll_err_restore(&report);
    }
    *out_store = store;
    return LLMLEARN_OK;
}

void ll_store_close(ll_store *store)
{
    if (store == NULL)
        return;
    assert(!store->reader_taken);
    disconnect(&store->reader);
    disconnect(&store->writer);
    if (store->locked)
        ll_lock_give(store->lock);
    tell_lock_fd(store, -1);
    ll_lock_close(store->lock);
    pthread_cond_destroy(&store->reader_free);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

const uint8_t *ll_store_id(const ll_store *store)
{
    return store->id;
}

const char *ll_store_path(const ll_store *store)
{
    return store->path;
}

/* ---- writing ----------------------------------------------------------- */

llmlearn_err ll_store_lock(ll_store *store, ll_deadline deadline)
{
    llmlearn_err err;

    assert(!store->locked);
    err = ll_lock_take(store->lock, deadline);
    if (err != LLMLEARN_OK)
        return err;
    store->deadline = deadline;
    err = connect(store, &store->writer, true, deadline);
    if (err != LLMLEARN_OK) {
        ll_lock_give(store->lock);
        return err;
    }
    store->locked = true;
    return LLMLEARN_OK;
}

llmlearn_err ll_store_begin(ll_store *store, ll_connection **out_connection)
{
    llmlearn_err err;

    assert(store->locked && !store->writing);
    err = begin(store, &store->writer, true, store->deadline);
    if (err != LLMLEARN_OK)
        return err;
    /* What has begun is not to be interrupted: the journal would only be read again. */
    store->backend->set_deadline(store->writer.state, 0);
    store->writing = true;
    *out_connection = &store->writer;
    return LLMLEARN_OK;
}

llmlearn_err ll_store_commit(ll_store *store)
{
    llmlearn_err err;

    assert(store->locked && store->writing);
    assert(store->writer.mark_depth == 0);
    store->writing = false;
    LL_POINT("store.commit");
    err = store->backend->commit(store->writer.state);
    LL_POINT("store.committed");
    return drop_if_broken(&store->writer, err);
}

void ll_store_rollback(ll_store *store)
{
    assert(store->locked);
    if (store->writing)
        store->backend->rollback(store->writer.state);
    store->writing = false;
}

void ll_store_unlock(ll_store *store)
{
    if (!store->locked)
        return;
    ll_store_rollback(store);
    if (store->writer.state != NULL)
        store->backend->maintain(store->writer.state, false);
    store->locked = false;
    ll_lock_give(store->lock);
}

void ll_store_tidy(ll_store *store, ll_deadline deadline)
{
    if (ll_store_lock(store, deadline) != LLMLEARN_OK)
        return;
    store->backend->maintain(store->writer.state, true);
    store->locked = false;
    ll_lock_give(store->lock);
}

bool ll_store_is_contended(const ll_store *store)
{
    return ll_lock_is_contended(store->lock);
}

/* ---- reading ----------------------------------------------------------- */

static bool take_reader(ll_store *store, ll_deadline deadline)
{
    const struct timespec until = ll_deadline_timespec(deadline);
    bool taken;

    pthread_mutex_lock(&store->mutex);
    while (store->reader_taken) {
        if (pthread_cond_timedwait(&store->reader_free, &store->mutex, &until) == ETIMEDOUT)
            break;
    }
    taken = !store->reader_taken;
    store->reader_taken = true;
    pthread_mutex_unlock(&store->mutex);
    return taken;
}

static void give_reader(ll_store *store)
{
    pthread_mutex_lock(&store->mutex);
    assert(store->reader_taken);
    store->reader_taken = false;
    pthread_cond_signal(&store->reader_free);
    pthread_mutex_unlock(&store->mutex);
}

llmlearn_err ll_store_read_begin(ll_store *store, ll_deadline deadline,
                                 ll_connection **out_connection)
{
    llmlearn_err err;

    assert(out_connection != NULL);
    if (!take_reader(store, deadline))
        return ll_fail(LLMLEARN_ETIMEDOUT, "database %s: other readers did not finish",
                       store->path);
    err = begin(store, &store->reader, false, deadline);
    if (err != LLMLEARN_OK) {
        give_reader(store);
        return err;
    }
    *out_connection = &store->reader;
    return LLMLEARN_OK;
}

void ll_store_read_end(ll_store *store)
{
    store->backend->rollback(store->reader.state);
    store->backend->set_deadline(store->reader.state, 0);
    give_reader(store);
}

/* ---- fork -------------------------------------------------------------- */

bool ll_store_pause(ll_store *store, ll_deadline deadline)
{
    assert(!store->locked);
    if (!take_reader(store, deadline))
        return false;
    disconnect(&store->reader);
    disconnect(&store->writer);
    return true;
}

void ll_store_resume(ll_store *store)
{
    give_reader(store);
}

void ll_store_after_fork_in_child(ll_store *store)
{
    ll_lock_close_in_child(store->lock);
}

/* ---- facts ------------------------------------------------------------- */

llmlearn_err ll_store_get_fact(ll_connection *connection, const char *key, int64_t *out_value)
{
    const ll_value arguments[] = { ll_string(key) };

    return ll_connection_int(connection, &get_fact, arguments, 1, NULL, out_value);
}

llmlearn_err ll_store_set_fact(ll_connection *connection, const char *key, int64_t value)
{
    const ll_value arguments[] = { ll_string(key), ll_int(value) };

    return ll_connection_run(connection, &set_fact, arguments, 2, NULL, NULL);
}
