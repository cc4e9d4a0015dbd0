#include "support/http_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 65536, BODY_BYTES_MAX = 1 << 24, PATIENCE_MS = 20000 };

struct http_server {
    http_server_answer *answer;
    void *user;
    int fd;
    int port;
    atomic_int requests;
    atomic_bool stopping;
    pthread_t thread;
};

/* ---- reading one request ------------------------------------------------ */

static bool read_more(int fd, char *text, size_t *length, size_t room)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    ssize_t got;

    if (*length >= room || poll(&ready, 1, PATIENCE_MS) != 1)
        return false;
    got = recv(fd, text + *length, room - *length, 0);
    if (got <= 0)
        return false;
    *length += (size_t)got;
    text[*length] = '\0';
    return true;
}

static size_t content_length(const char *head)
{
    for (const char *line = head; (line = strchr(line, '\n')) != NULL;) {
        line++;
        if (strncasecmp(line, "content-length:", 15) == 0)
            return strtoul(line + 15, NULL, 10);
    }
    return 0;
}

static void serve_request(http_server *server, char *text, size_t length, char *end, int fd)
{
    http_server_request request = { .fd = fd };
    size_t wanted;

    *end = '\0';
    sscanf(text, "%7s %511s", request.method, request.path);
    request.headers = text;
    request.body = end + 4;
    request.body_bytes = length - (size_t)(end + 4 - text);
    wanted = content_length(text);
    while (request.body_bytes < wanted) {
        size_t before = length;

        if (!read_more(fd, text, &length, HEAD_BYTES_MAX + BODY_BYTES_MAX))
            return;
        request.body_bytes += length - before;
    }
    request.number = atomic_fetch_add(&server->requests, 1) + 1;
    server->answer(server->user, &request);
}

static void serve_connection(http_server *server, int fd)
{
    char *text = calloc(1, HEAD_BYTES_MAX + BODY_BYTES_MAX + 1);
    size_t length = 0;
    char *end = NULL;

    while (text != NULL && end == NULL && read_more(fd, text, &length, HEAD_BYTES_MAX))
        end = strstr(text, "\r\n\r\n");
    if (end != NULL)
        serve_request(server, text, length, end, fd);
    free(text);
}

/* ---- life ---------------------------------------------------------------- */

static void *run(void *user)
{
    http_server *server = user;

    while (!atomic_load(&server->stopping)) {
        struct pollfd ready = { .fd = server->fd, .events = POLLIN };

        if (poll(&ready, 1, 20) != 1)
            continue;
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            continue;
        serve_connection(server, fd);
        close(fd);
    }
    return NULL;
}

http_server *http_server_start(http_server_answer *answer, void *user)
{
    http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t bytes = sizeof at;

    ck_assert_ptr_nonnull(server);
    server->answer = answer;
    server->user = user;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(server->fd, 16), 0);
    ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&at, &bytes), 0);
    server->port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

int http_server_port(const http_server *server)
{
    return server->port;
}

int http_server_requests(const http_server *server)
{
    return atomic_load(&server->requests);
}

const char *http_server_url(const http_server *server, const char *path)
{
    static _Thread_local char url[600];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server->port, path);
    return url;
}

void http_server_stop(http_server *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    pthread_join(server->thread, NULL);
    close(server->fd);
    free(server);
}

/* ---- answers --------------------------------------------------------------- */

void http_server_write(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;

    while (count > 0) {
        ssize_t sent = send(fd, at, count, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += sent;
        count -= (size_t)sent;
    }
}

void http_server_reply(int fd, int status, const char *headers, const char *body)
{
    char head[2048];
    int bytes = snprintf(head, sizeof head,
                         "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\nContent-Type: "
                         "application/json\r\nConnection: close\r\n%s\r\n",
                         status, strlen(body), headers);

    ck_assert_int_lt(bytes, (int)sizeof head);
    http_server_write(fd, head, (size_t)bytes);
    http_server_write(fd, body, strlen(body));
}

void http_server_wait_for_hangup(int fd)
{
    struct pollfd gone = { .fd = fd, .events = POLLRDHUP };

    poll(&gone, 1, PATIENCE_MS);
}

void http_server_reset(int fd)
{
    struct linger at_once = { .l_onoff = 1 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(fd, SHUT_RD);
}
