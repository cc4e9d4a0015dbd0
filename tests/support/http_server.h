/* http_server.h - a small HTTP server on loopback, in a thread of the test's own process.
 *
 * Serves one connection after another; each gets one request and whatever the test's function
 * writes to it, byte by byte, so that it can be as wrong as it likes. */
#ifndef SUPPORT_HTTP_SERVER_H
#define SUPPORT_HTTP_SERVER_H

#include <stddef.h>

typedef struct http_server http_server;

/* One request, as it came. */
typedef struct http_server_request {
    char method[8];
    char path[512];      /* with its query */
    const char *headers; /* all of the head, NUL-terminated */
    const char *body;    /* NUL-terminated */
    size_t body_bytes;
    int number; /* of the requests so far: 1, 2, ... */
    int fd;
} http_server_request;

/* Answers by writing to fd, which is closed afterwards. Called in the server's thread. */
typedef void http_server_answer(void *user, const http_server_request *request);

/* On a free port of 127.0.0.1. */
http_server *http_server_start(http_server_answer *answer, void *user);
int http_server_port(const http_server *server);
int http_server_requests(const http_server *server);
/* "http://127.0.0.1:port" and the path; until the next call. */
const char *http_server_url(const http_server *server, const char *path);
void http_server_stop(http_server *server);

/* ---- for answers */

/* All bytes, whether anybody still listens or not. */
void http_server_write(int fd, const void *bytes, size_t count);
/* A whole answer of a status; headers: whole lines with CR LF, or "". */
void http_server_reply(int fd, int status, const char *headers, const char *body);
/* Waits until the other end has gone away, 20 s at most. */
void http_server_wait_for_hangup(int fd);
/* Closes so that the other end's next write is refused (RST). */
void http_server_reset(int fd);

#endif
