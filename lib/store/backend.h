/* backend.h - what a database must offer to be a store; store.c and connection.c are the
 * only callers. A back end is one const table, checked once at open.
 *
 * Uses: connection. */
#ifndef LL_STORE_BACKEND_H
#define LL_STORE_BACKEND_H

#include "base/log.h"
#include "store/connection.h"

typedef struct ll_backend_row {
    bool (*is_null)(const void *row, int column);
    int64_t (*integer)(const void *row, int column);
    double (*real)(const void *row, int column);
    const void *(*text)(const void *row, int column, size_t *out_bytes);
    const void *(*blob)(const void *row, int column, size_t *out_bytes);
} ll_backend_row;

typedef struct ll_backend {
    const char *name; /* "sqlite" */

    /* Opens one connection to `path`. May block on disk; waits for others until the deadline.
     * For a writer, under the write lock, the database is made if absent.
     * LLMLEARN_EFOREIGN, LLMLEARN_EUNSUPPORTED leave the file untouched. */
    llmlearn_err (*connect)(const char *path, bool writer, const ll_log *log, ll_deadline deadline,
                            void **out_state);
    /* Gives everything back; never writes or checkpoints. Under no lock. */
    void (*disconnect)(void *state);
    /* Brings the schema up to date, one transaction per step; called with the write lock held. */
    llmlearn_err (*migrate)(void *state);
    /* Transactions. begin on a writer: with the write lock held; on a reader: a snapshot. */
    llmlearn_err (*begin)(void *state);
    llmlearn_err (*commit)(void *state); /* an error means unknown: the caller replays */
    void (*rollback)(void *state);       /* also fine when none is open */
    /* Statements stop with LLMLEARN_ETIMEDOUT once it has passed; 0: none. */
    void (*set_deadline)(void *state, ll_deadline deadline);
    llmlearn_err (*run)(void *state, const ll_statement *statement, const ll_value *arguments,
                        uint32_t argument_count, ll_row_fn each, void *context);
    int64_t (*changes)(const void *state);
    int64_t (*last_row)(const void *state);
    /* Housekeeping after a commit, with the write lock held: SQLite checkpoints here when the
     * log has grown; `all` asks for everything that can be done now. */
    void (*maintain)(void *state, bool all);
    ll_backend_row row;
} ll_backend;

struct ll_row {
    const ll_backend_row *ops;
    const void *row;
};

struct ll_connection {
    const ll_backend *backend;
    void *state;
    uint32_t mark_depth;
    int64_t all_changes;
};

extern const ll_backend ll_sqlite_backend;

#endif
