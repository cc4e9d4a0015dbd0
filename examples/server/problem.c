#include "problem.h"

#include "log.h"
#include "readable.h"
#include "reply.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *title(unsigned status)
{
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE:
        return "Content Too Large"; /* RFC 9110's names, which libmicrohttpd 0.9 has not all */
    case MHD_HTTP_UNPROCESSABLE_CONTENT:
        return "Unprocessable Content";
    default:
        return MHD_get_reason_phrase_for(status);
    }
}

static void tell(request *r, unsigned status, const char *field, uint32_t retry_after_s,
                 const char *detail)
{
    json_t *body = json_pack("{s:s, s:s, s:i, s:o}", "type", "about:blank", "title", title(status),
                             "status", (int)status, "detail", readable_string(detail));
    char seconds[16];

    if (field != NULL)
        json_object_set_new(body, "errors",
                            json_pack("[{s:o, s:o}]", "field", readable_string(field), "detail",
                                      readable_string(detail)));
    if (retry_after_s > 0)
        json_object_set_new(body, "retry_after_s", json_integer(retry_after_s));
    reply_json(r, status, body);
    snprintf(seconds, sizeof seconds, "%u", retry_after_s);
    if (retry_after_s > 0 && r->response != NULL)
        reply_header(r, "Retry-After", seconds);
}

void problem(request *r, unsigned status, const char *field, const char *format, ...)
{
    char detail[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    tell(r, status, field, 0, detail);
}

void problem_later(request *r, unsigned status, uint32_t retry_after_s, const char *format, ...)
{
    char detail[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    tell(r, status, NULL, retry_after_s > 0 ? retry_after_s : 1, detail);
}

void problem_busy(request *r)
{
    problem_later(r, MHD_HTTP_SERVICE_UNAVAILABLE, 1, "The server is busy. Try again in a second.");
}

/* "explanation.ticker: a name ..." is about "ticker". */
static void problem_of_argument(request *r, const char *detail)
{
    const char *colon = strstr(detail, ": ");
    char field[64];
    const char *begin = detail;

    for (const char *c = detail; colon != NULL && c < colon; c++)
        if (*c == '.')
            begin = c + 1;
    if (colon == NULL ||
        snprintf(field, sizeof field, "%.*s", (int)(colon - begin), begin) >= (int)sizeof field) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, NULL, "%s", detail);
        return;
    }
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, field, "%s", colon + 2);
}

void problem_of_library(request *r, llmlearn_err err)
{
    const char *detail = llmlearn_error_detail();

    switch (err) {
    case LLMLEARN_EINVAL:
        problem_of_argument(r, detail);
        return;
    case LLMLEARN_ENOTFOUND:
        problem(r, MHD_HTTP_NOT_FOUND, NULL, "%s", detail);
        return;
    case LLMLEARN_EEXIST:
    case LLMLEARN_ENOCHAMPION:
    case LLMLEARN_ESTATE:
        problem(r, MHD_HTTP_CONFLICT, NULL, "%s", detail);
        return;
    case LLMLEARN_ERATE:
        problem_later(r, MHD_HTTP_TOO_MANY_REQUESTS, llmlearn_error_retry_after_s(),
                      "That is all for this hour. Try again in %u minutes.",
                      (llmlearn_error_retry_after_s() + 59) / 60);
        return;
    default:
        break;
    }

    log_line("error", "library", "code", llmlearn_error_name(err), "detail", detail, "path",
             r->target.whole, NULL);
    switch (err) {
    case LLMLEARN_EFULL:
        problem_later(r, MHD_HTTP_SERVICE_UNAVAILABLE, 5,
                      "The disk is full. Nothing was changed; try again later.");
        return;
    case LLMLEARN_ETIMEDOUT:
    case LLMLEARN_ECANCELLED:
        problem_later(r, MHD_HTTP_SERVICE_UNAVAILABLE, 1,
                      "That took too long. Nothing was changed; try again.");
        return;
    case LLMLEARN_EUNKNOWN:
        problem_later(r, MHD_HTTP_SERVICE_UNAVAILABLE, 1,
                      "The disk has not answered. It may have been stored; "
                      "sending it again is safe.");
        return;
    default:
        problem(r, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL,
                "Something went wrong here, not with what you sent. The log says more.");
    }
}
