#include "reply.h"

#include "problem.h"
#include "refusal.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *value;
} security_headers[] = {
    { "Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; "
                                 "frame-ancestors 'none'; form-action 'self'" },
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
};

void reply_header(request *r, const char *name, const char *value)
{
    MHD_add_response_header(r->response, name, value);
}

static void begin(request *r, unsigned status, const char *content_type,
                  struct MHD_Response *response, size_t bytes)
{
    assert(r->response == NULL);
    r->status = status;
    r->response = response;
    r->response_bytes = bytes;
    if (response == NULL)
        return; /* reply_send closes the connection */
    for (size_t i = 0; i < sizeof security_headers / sizeof security_headers[0]; i++)
        reply_header(r, security_headers[i].name, security_headers[i].value);
    reply_header(r, "Content-Type", content_type);
    if (r->cookie[0] != '\0')
        reply_header(r, "Set-Cookie", r->cookie);
}

void reply_text(request *r, unsigned status, const char *content_type, char *text,
                void (*free_text)(void *))
{
    struct MHD_Response *response = NULL;
    size_t bytes = text != NULL ? strlen(text) : 0;
    if (text != NULL)
        response = MHD_create_response_from_buffer_with_free_callback(bytes, text, free_text);
    if (response == NULL)
        free_text(text);
    begin(r, status, content_type, response, bytes);
    if (response != NULL)
        reply_header(r, "Cache-Control", "no-store");
}

void reply_bytes(request *r, unsigned status, const char *content_type, const void *bytes,
                 size_t count)
{
    begin(r, status, content_type,
          MHD_create_response_from_buffer(count, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT),
          count);
}

void reply_report(request *r, char *json)
{
    reply_text(r, MHD_HTTP_OK, "application/json", json, llmlearn_free);
}

void reply_json(request *r, unsigned status, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    reply_text(r, status, status < 400 ? "application/json" : "application/problem+json", text,
               free);
}

void reply_done(request *r, llmlearn_err err, const char *done)
{
    if (err == LLMLEARN_OK)
        reply_json(r, MHD_HTTP_OK, json_pack("{s:b}", done, 1));
    else
        problem_of_library(r, err);
}

enum MHD_Result reply_send(request *r)
{
    if (r->response == NULL)
        return MHD_NO; /* out of memory: the connection is closed */
    if (atomic_load(&r->server->stopping))
        reply_header(r, "Connection", "close");
    connection_send(r->connection, r->response_bytes);
    return libmicrohttpd_queue(r->mhd, r->status, r->response);
}
