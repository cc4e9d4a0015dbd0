/* positions.h - how far each journal segment is in the tables, and what they refused.
 *
 * Uses: connection. */
#ifndef LL_STORE_POSITIONS_H
#define LL_STORE_POSITIONS_H

#include "store/connection.h"

/* Bytes of the segment's file that are stored; 0 for a segment never seen. */
llmlearn_err ll_positions_get(ll_connection *connection, const uint8_t segment[16],
                              uint64_t *out_offset);
llmlearn_err ll_positions_set(ll_connection *connection, const uint8_t segment[16],
                              uint64_t offset);
/* The segment is gone or has begun another life. */
llmlearn_err ll_positions_forget(ll_connection *connection, const uint8_t segment[16]);

/* Forgets those that `is_there` does not know, a few at a time: segments whose last reader
 * ended before it could. */
#define LL_POSITIONS_SWEPT_MAX 64u
llmlearn_err ll_positions_sweep(ll_connection *connection,
                                bool (*is_there)(void *user, const uint8_t segment[16]),
                                void *user);

/* Keeps aside what could not be stored, with the reason. id may be NULL. */
llmlearn_err ll_rejected_add(ll_connection *connection, int64_t now_us, const char *reason,
                             const llmlearn_id *id, const void *payload, size_t bytes);

#endif
