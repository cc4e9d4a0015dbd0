/* names.h - tickers, signals, models, providers and users as small numbers.
 *
 * Uses: connection. */
#ifndef LL_STORE_NAMES_H
#define LL_STORE_NAMES_H

#include "store/connection.h"

typedef enum ll_name_kind {
    LL_NAME_TICKER = 1,
    LL_NAME_SIGNAL = 2,
    LL_NAME_MODEL = 3,
    LL_NAME_PROVIDER = 4
} ll_name_kind;

/* The number of a name; *out_id = 0 if it has none yet. */
llmlearn_err ll_names_find(ll_connection *connection, ll_name_kind kind, const char *name,
                           size_t bytes, int64_t *out_id);
/* The name of a number, "" if there is none: LL_NAME_BYTES_MAX and the NUL. */
#define LL_NAME_BYTES_MAX 64
llmlearn_err ll_names_get(ll_connection *connection, int64_t id,
                          char out_name[LL_NAME_BYTES_MAX + 1]);
/* The number of a name, given one if it has none. Needs a write transaction. */
llmlearn_err ll_names_intern(ll_connection *connection, ll_name_kind kind, const char *name,
                             size_t bytes, int64_t *out_id);

llmlearn_err ll_users_find(ll_connection *connection, const char *name, size_t bytes,
                           int64_t *out_id);
/* The same for a user who was just not found: given a number. */
llmlearn_err ll_users_add(ll_connection *connection, const char *name, size_t bytes,
                          int64_t *out_id);

#endif
