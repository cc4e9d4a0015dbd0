/* connection.h - running SQL on an open connection, whatever database is behind it.
 *
 * A statement is a constant object beside the code that uses it:
 *
 *     static const ll_statement find_user = { "SELECT id FROM llm_users WHERE name = ?1" };
 *
 * Its text is written for SQLite in the part of SQL that PostgreSQL shares (?1, ?2 for
 * arguments). A connection prepares it once and keeps it, by its address.
 *
 * Threads: a connection belongs to one thread at a time.
 * Uses:    base. */
#ifndef LL_STORE_CONNECTION_H
#define LL_STORE_CONNECTION_H

#include "base/clock.h"
#include "llmlearn.h"

#include <stdbool.h>

typedef struct ll_connection ll_connection;

typedef struct ll_statement {
    const char *sql;
} ll_statement;

typedef enum ll_value_kind {
    LL_VALUE_NULL = 0,
    LL_VALUE_INT,
    LL_VALUE_REAL,
    LL_VALUE_TEXT,
    LL_VALUE_BLOB
} ll_value_kind;

/* An argument. Texts and blobs are borrowed until the run returns. */
typedef struct ll_value {
    ll_value_kind kind;
    size_t bytes;
    int64_t integer;
    double real;
    const void *data;
} ll_value;

static inline ll_value ll_null(void)
{
    return (ll_value){ .kind = LL_VALUE_NULL };
}

static inline ll_value ll_int(int64_t value)
{
    return (ll_value){ .kind = LL_VALUE_INT, .integer = value };
}

static inline ll_value ll_real(double value)
{
    return (ll_value){ .kind = LL_VALUE_REAL, .real = value };
}

/* NULL data is NULL. */
static inline ll_value ll_text(const char *data, size_t bytes)
{
    return (ll_value){ .kind = data == NULL ? LL_VALUE_NULL : LL_VALUE_TEXT,
                       .bytes = bytes,
                       .data = data };
}

static inline ll_value ll_blob(const void *data, size_t bytes)
{
    return (ll_value){ .kind = data == NULL ? LL_VALUE_NULL : LL_VALUE_BLOB,
                       .bytes = bytes,
                       .data = data };
}

ll_value ll_string(const char *text); /* NUL-terminated, or NULL */

/* The row a callback looks at; its texts and blobs are valid until the callback returns. */
typedef struct ll_row ll_row;

bool ll_row_is_null(const ll_row *row, int column);
int64_t ll_row_int(const ll_row *row, int column);                         /* NULL reads 0 */
double ll_row_real(const ll_row *row, int column);                         /* NULL reads 0 */
const char *ll_row_text(const ll_row *row, int column, size_t *out_bytes); /* NULL reads NULL */
const void *ll_row_blob(const ll_row *row, int column, size_t *out_bytes);

/* Called for each row; anything but LLMLEARN_OK ends the run with that code. */
typedef llmlearn_err (*ll_row_fn)(void *context, const ll_row *row);

/* Runs a statement with its arguments to the end. `each` may be NULL.
 * LLMLEARN_EINVAL: the data breaks a rule of the schema (constraint, type, size), and only
 * this statement was undone. All others end the transaction, which then takes nothing more and
 * cannot commit: LLMLEARN_ETIMEDOUT: the connection's deadline passed; LLMLEARN_EFULL,
 * LLMLEARN_EIO, LLMLEARN_ECORRUPT, LLMLEARN_ENOMEM. What `each` returned ends nothing else. */
llmlearn_err ll_connection_run(ll_connection *connection, const ll_statement *statement,
                               const ll_value *arguments, uint32_t argument_count, ll_row_fn each,
                               void *context);

/* Rows changed by the latest run; by all runs, which only grows; the integer key of the latest
 * inserted row. */
int64_t ll_connection_changes(const ll_connection *connection);
int64_t ll_connection_all_changes(const ll_connection *connection);
int64_t ll_connection_last_row(const ll_connection *connection);

/* The usual small questions. *out_found may be NULL: then no row is LLMLEARN_ENOTFOUND. */
llmlearn_err ll_connection_int(ll_connection *connection, const ll_statement *statement,
                               const ll_value *arguments, uint32_t argument_count, bool *out_found,
                               int64_t *out_value);

/* Marks inside a transaction; they nest. Undo goes back to the latest mark and removes it. */
llmlearn_err ll_connection_mark(ll_connection *connection);
llmlearn_err ll_connection_keep(ll_connection *connection);
llmlearn_err ll_connection_undo(ll_connection *connection);

#define LL_ARRAY_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

#endif
