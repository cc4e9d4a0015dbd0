/* request.h - one request, from its first line to the end of its reply.
 *
 *   first line ─▶ head: refused here, or not at all ─▶ body ─▶ handler ─▶ reply
 *
 * Everything that can be decided without the body is decided before one byte of it is taken. A
 * handler runs in libmicrohttpd's thread, or in a worker's (route.h) while the connection is
 * suspended; it fills `status` and `response` by the functions of reply.h and problem.h. */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "connections.h"
#include "head.h"
#include "server.h"
#include "target.h"

#include <microhttpd.h>

enum { BODY_BYTES_MAX = 64 * 1024, USER_BYTES_MAX = 256, COOKIE_BYTES = 200 };

typedef struct request {
    server *server;
    struct MHD_Connection *mhd;
    connection *connection;
    const struct route *route; /* NULL until it is found */
    const char *method;
    const char *raw_target; /* where it came, NULL if it was too long */
    size_t raw_target_length;
    const char *target_problem;
    target target;
    head head;
    const char *captured[2];       /* parts of the path that stand for {id} and the like */
    char user[USER_BYTES_MAX + 1]; /* "": nobody is known */
    char cookie[COOKIE_BYTES];     /* to be set with the reply; "": none */
    char *body;
    size_t body_bytes;
    bool begun; /* its head was seen */
    bool run;   /* its handler has begun */
    uint64_t began_us;
    unsigned status;
    struct MHD_Response *response;
    size_t response_bytes; /* of its body */
} request;

/* For MHD_start_daemon. `cls` is the server. */
void *request_line(void *cls, const char *line, struct MHD_Connection *mhd);
enum MHD_Result request_take(void *cls, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_data_size, void **con_cls);
void request_end(void *cls, struct MHD_Connection *mhd, void **con_cls,
                 enum MHD_RequestTerminationCode code);
void request_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);

/* Who it comes from: the peer, or whom the trusted proxy speaks for. */
address request_client(const request *r);
bool request_from_proxy(const request *r);

#endif
