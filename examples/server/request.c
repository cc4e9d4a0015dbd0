#include "request.h"

#include "admin.h"
#include "metrics.h"
#include "monotonic.h"
#include "problem.h"
#include "reply.h"
#include "reports.h"
#include "route.h"
#include "workers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* ---- connections */

void request_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    server *s = cls;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context != NULL)
            connections_remove(s->connections, *socket_context);
        return;
    }
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    address from = address_of_peer(peer->client_addr);
    *socket_context = connections_add(s->connections, socket->connect_fd, &from);
    if (*socket_context == NULL)
        shutdown(socket->connect_fd, SHUT_RDWR); /* libmicrohttpd finds it closed */
}

bool request_from_proxy(const request *r)
{
    return r->server->options.has_proxy &&
           address_equal(connection_peer(r->connection), &r->server->options.proxy);
}

address request_client(const request *r)
{
    address client = *connection_peer(r->connection);
    if (request_from_proxy(r) && r->head.forwarded_for != NULL) {
        const char *last = strrchr(r->head.forwarded_for, ',');
        last = last != NULL ? last + 1 : r->head.forwarded_for;
        address_parse(last + strspn(last, " \t"), &client); /* else the proxy itself is counted */
    }
    return client;
}

/* ---- the first line */

void *request_line(void *cls, const char *line, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *context =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request *r = calloc(1, sizeof *r);

    if (r == NULL || context == NULL || context->socket_context == NULL) {
        free(r);
        return NULL; /* request_take closes it */
    }
    r->server = cls;
    r->mhd = mhd;
    r->connection = context->socket_context;
    r->began_us = monotonic_us();
    connection_enter(r->connection, READING); /* the time of silence before it is not its own */
    r->raw_target = line;
    r->raw_target_length = line != NULL ? strlen(line) : 0;
    if (r->raw_target_length == 0)
        r->target_problem = "the first line has no target";
    else if (r->raw_target_length < TARGET_BYTES_MAX)
        r->target_problem = target_parse(line, &r->target);
    return r;
}

/* ---- the head */

static void check_body_headers(request *r)
{
    const char *type = r->head.content_type;
    if ((r->route->flags & BODY) == 0) {
        if (r->head.body_bytes > 0)
            problem(r, MHD_HTTP_BAD_REQUEST, NULL, "There must be no body with %s.", r->method);
        return;
    }
    if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
        (type[16] != '\0' && type[16] != ';' && type[16] != ' '))
        problem(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, NULL, "Send the body as application/json.");
    else if (r->head.content_length == NULL)
        problem(r, MHD_HTTP_LENGTH_REQUIRED, NULL, "Send the body with a Content-Length.");
}

/* Whoever may not be here is told so before anything else about what they sent. */
static void check_head(request *r, const char *version)
{
    head_line line = { r->method, r->raw_target, version, r->raw_target_length };
    const char *why = NULL;

    unsigned status = head_read(r->mhd, &line, r->server->options.user_header, &r->head, &why);
    if (status != 0)
        problem(r, status, NULL, "The request is malformed: %s.", why);
    else if (r->raw_target_length >= TARGET_BYTES_MAX)
        problem(r, MHD_HTTP_URI_TOO_LONG, NULL, "The target may have %d bytes at the most.",
                TARGET_BYTES_MAX - 1);
    else if (r->target_problem != NULL)
        problem(r, MHD_HTTP_BAD_REQUEST, NULL, "The request is malformed: %s.", r->target_problem);
    else if (r->head.body_bytes > BODY_BYTES_MAX)
        problem(r, MHD_HTTP_CONTENT_TOO_LARGE, NULL, "The body may have %d bytes at the most.",
                BODY_BYTES_MAX);
    else if (admin_only(r) && !admin_allows(r))
        admin_refuse(r);
    else if (route_find(r))
        check_body_headers(r);
}

static enum MHD_Result begin(request *r, const char *method, const char *version)
{
    r->begun = true;
    r->method = method;
    check_head(r, version);
    if (r->response != NULL)
        return reply_send(r); /* before the body: libmicrohttpd closes the connection after it */
    if (r->head.body_bytes > 0)
        r->body = malloc(r->head.body_bytes + 1);
    return r->head.body_bytes == 0 || r->body != NULL ? MHD_YES : MHD_NO;
}

/* ---- the body and the handler */

static enum MHD_Result take_body(request *r, const char *data, size_t *count)
{
    if (r->body == NULL || *count > r->head.body_bytes - r->body_bytes)
        return MHD_NO;
    memcpy(r->body + r->body_bytes, data, *count);
    r->body_bytes += *count;
    *count = 0;
    return MHD_YES;
}

static void run_in_worker(void *argument)
{
    request *r = argument;
    r->route->run(r);
    MHD_resume_connection(r->mhd);
}

static enum MHD_Result give_away(request *r)
{
    server *s = r->server;

    MHD_suspend_connection(r->mhd);
    if (!workers_give((r->route->flags & SLOW) != 0 ? s->slow : s->disk, run_in_worker, r)) {
        problem_busy(r);
        MHD_resume_connection(r->mhd); /* called again at once, to reply */
    }
    return MHD_YES;
}

static enum MHD_Result run(request *r)
{
    r->run = true;
    connection_enter(r->connection, WORKING);
    if (r->body != NULL)
        r->body[r->body_bytes] = '\0';
    if ((r->route->flags & CACHED) != 0 && reports_analytics_if_cached(r))
        return reply_send(r);
    if ((r->route->flags & (DISK | SLOW)) != 0)
        return give_away(r);
    r->route->run(r);
    return reply_send(r);
}

enum MHD_Result request_take(void *cls, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_data_size, void **con_cls)
{
    request *r = *con_cls;
    (void)cls, (void)mhd, (void)url;

    if (r == NULL)
        return MHD_NO;
    if (!r->begun)
        return begin(r, method, version);
    if (*upload_data_size > 0)
        return take_body(r, upload_data, upload_data_size);
    return r->run ? reply_send(r) : run(r);
}

void request_end(void *cls, struct MHD_Connection *mhd, void **con_cls,
                 enum MHD_RequestTerminationCode code)
{
    request *r = *con_cls;
    (void)cls, (void)mhd, (void)code;

    if (r == NULL)
        return;
    connection_enter(r->connection, READING);
    metrics_request(r->server->metrics, r->route, r->status, monotonic_us() - r->began_us);
    if (r->response != NULL)
        MHD_destroy_response(r->response);
    free(r->body);
    free(r);
    *con_cls = NULL;
}
