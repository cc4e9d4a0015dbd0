/* store.h - the database: one writer under one lock, one reader, and their life.
 *
 * Every write transaction and every checkpoint of every process happens under one
 * flock on <path>.lock. SQLite 3.40 needs that: its checkpoint, racing another
 * connection's write, can lose committed rows.
 *
 * Write:  lock, begin, run ..., commit, (what must follow the commit), unlock.
 * Read:   read_begin, run ..., read_end: a snapshot, beside any writer.
 *
 * Threads:    the write calls from one thread at a time (ingest; open and close before and
 *             after it); the read calls from any, they take turns.
 * Durability: a commit is on the disk when it returns.
 * Uses:       base. */
#ifndef LL_STORE_STORE_H
#define LL_STORE_STORE_H

#include "base/log.h"
#include "store/connection.h"

#include <stdatomic.h>

#define LL_STORE_ID_BYTES 16

typedef struct ll_store ll_store;

typedef struct ll_store_options {
    const char *path; /* of the database file */
    const ll_log *log;
    /* NULL, or told the descriptor of the lock as soon as there is one, and -1 when it is closed:
     * for a fork that does not wait until the store is open. */
    atomic_int *lock_fd;
} ll_store_options;

/* Makes the database if absent (mode 0600), migrates it, reads its id. Errors as
 * llmlearn_open says. The path is resolved (realpath) once. */
llmlearn_err ll_store_open(const ll_store_options *options, ll_deadline deadline,
                           ll_store **out_store);
/* Rolls back and closes everything. NULL is fine. */
void ll_store_close(ll_store *store);

const uint8_t *ll_store_id(const ll_store *store); /* 16 bytes, random, of the database */
const char *ll_store_path(const ll_store *store);  /* resolved */

/* Takes the write lock, polling, and connects if need be. LLMLEARN_ETIMEDOUT. */
llmlearn_err ll_store_lock(ll_store *store, ll_deadline deadline);
/* With the lock: begins a write transaction. The connection is good until commit or rollback. */
llmlearn_err ll_store_begin(ll_store *store, ll_connection **out_connection);
/* An error means unknown: it may or may not stand. */
llmlearn_err ll_store_commit(ll_store *store);
void ll_store_rollback(ll_store *store);
/* Does due housekeeping and releases the lock; also fine when it is not held. */
void ll_store_unlock(ll_store *store);

/* Takes the reader and begins a snapshot; statements end at the deadline. */
llmlearn_err ll_store_read_begin(ll_store *store, ll_deadline deadline,
                                 ll_connection **out_connection);
void ll_store_read_end(ll_store *store);

/* Checkpoints all it can, within the deadline; for an orderly close. */
void ll_store_tidy(ll_store *store, ll_deadline deadline);

/* True if another process holds or waits for the lock now or did during the last second:
 * batches are then kept short. */
bool ll_store_is_contended(const ll_store *store);

/* ---- fork -------------------------------------------------------------- */

/* In the parent before a fork, with no transaction open and readers kept out:
 * closes the connections (SQLite must not cross a fork). False if a reader did not
 * finish by the deadline; then nothing was closed. They reopen at the next use. */
bool ll_store_pause(ll_store *store, ll_deadline deadline);
/* Lets readers in again, in the parent. */
void ll_store_resume(ll_store *store);
/* In the child: closes the lock's descriptor, never unlocks. Async-signal-safe. The child
 * must not use this store again: it opens another. */
void ll_store_after_fork_in_child(ll_store *store);

/* ---- small facts kept in llm_meta -------------------------------------- */

llmlearn_err ll_store_get_fact(ll_connection *connection, const char *key, int64_t *out_value);
llmlearn_err ll_store_set_fact(ll_connection *connection, const char *key, int64_t value);

/* Grows with every change to variants and tests; the last vote sequence given; the quota's
 * clock, which never goes back. */
#define LL_FACT_CONFIG_VERSION "config_version"
#define LL_FACT_VOTE_SEQUENCE "vote_sequence"
#define LL_FACT_CLOCK_US "clock_us"

#endif
