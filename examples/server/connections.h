/* connections.h - every open connection, how many there may be, and how long each may take.
 *
 * libmicrohttpd's timeout begins again with every byte, so a sender of one byte a second holds a
 * connection for ever. Here a connection is in one phase, and two of them may last deadline_s and
 * no longer, whatever trickles in:
 *
 *     accepted ─▶ READING ─▶ WORKING ─▶ SENDING ─▶ READING ...
 *                 deadline              deadline
 *
 * The deadline of SENDING begins when so long a reply would be there over a line of 4,000 bytes a
 * second, for who has no better one.
 *
 * READING begins once more when the first line is there: whoever kept a connection in silence has
 * the whole deadline for the request.
 *
 * A watchdog shuts down the socket of who is too late; libmicrohttpd then closes it. How long
 * WORKING takes is for the deadlines of what is called.
 *
 * Threads: any. A connection's phase is set by the thread that serves it. */
#ifndef SERVER_CONNECTIONS_H
#define SERVER_CONNECTIONS_H

#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct connections connections;
typedef struct connection connection;

typedef enum phase { READING = 0, WORKING = 1, SENDING = 2 } phase;

typedef struct connections_limits {
    unsigned all;
    unsigned per_address;
    unsigned deadline_s;
    const address *exempt; /* NULL: nobody. From the limit of one address: the proxy */
} connections_limits;

typedef struct connections_totals {
    uint64_t open;
    uint64_t accepted;
    uint64_t refused;  /* one too many */
    uint64_t too_late; /* shut down by the watchdog */
} connections_totals;

/* NULL: out of memory, or no thread. */
connections *connections_begin(const connections_limits *limits);
void connections_end(connections *all);

/* NULL: there are too many; the caller shuts the socket down. */
connection *connections_add(connections *all, int socket, const address *peer);
/* Before the socket is closed, so that no other connection has its number yet. */
void connections_remove(connections *all, connection *c);

void connection_enter(connection *c, phase next); /* SENDING: by connection_send */
void connection_send(connection *c, size_t bytes);
const address *connection_peer(const connection *c);

/* How many are WORKING or SENDING. */
unsigned connections_busy(connections *all);
connections_totals connections_count(connections *all);

#endif
