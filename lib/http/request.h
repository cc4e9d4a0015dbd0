/* request.h - one HTTP request and its whole answer.
 *
 * Never follows a redirect, asks no proxy, takes no certificate that it cannot verify, and gives
 * up at the deadline, at the size, or when the flag is raised. Says nothing in an error about
 * what was sent or answered; copies of headers are overwritten before they are freed. (What
 * libcurl and the TLS library copy for themselves is theirs.)
 *
 * Threads: any; also in the child of a fork. A handle of its own per call.
 * Uses:    buffer, clock, curl, err, transfer, url. */
#ifndef LL_HTTP_REQUEST_H
#define LL_HTTP_REQUEST_H

#include "base/buffer.h"
#include "base/clock.h"
#include "http/transfer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_HTTP_HEADERS_MAX 32
#define LL_HTTP_HEADER_BYTES_MAX 8192         /* what servers take */
#define LL_HTTP_RESPONSE_BYTES (1024u * 1024) /* the default: a long answer has 100 KB */
#define LL_HTTP_VALUE_BYTES 128

typedef struct ll_http_request {
    const char *method; /* "GET" or "POST" */
    const char *url;
    const char *const *headers; /* "Name: value"; CR and LF are refused */
    uint32_t header_count;
    const void *body; /* NULL: none */
    size_t body_bytes;
    size_t response_bytes_max; /* 0: LL_HTTP_RESPONSE_BYTES */
    const char *ca_file;       /* NULL: the system's */
    bool allow_private;        /* private addresses may be called */
    ll_deadline deadline;
    const atomic_int *cancel; /* NULL; non-zero: stop */
} ll_http_request;

/* Values of headers are printable ASCII; "" if absent, or longer than fits. */
typedef struct ll_http_response {
    ll_http_failure failure;
    int status;     /* 100 to 999 */
    ll_buffer body; /* with a NUL behind it; never NULL */
    char request_id[LL_HTTP_VALUE_BYTES];
    char retry_after[LL_HTTP_VALUE_BYTES];
    char retry_after_ms[LL_HTTP_VALUE_BYTES];
    char should_retry[LL_HTTP_VALUE_BYTES];
} ll_http_response;

/* LLMLEARN_OK whatever the status, once an answer is there as a whole.
 *
 * Else LLMLEARN_EINVAL (URL, header or address not allowed), LLMLEARN_EIO (no connection, TLS,
 * broken off, too large), LLMLEARN_ETIMEDOUT, LLMLEARN_ECANCELLED, LLMLEARN_ENOMEM or
 * LLMLEARN_EUNSUPPORTED (no libcurl); the response then is all zero but for `failure`, which
 * tells them apart, and nothing is to be freed. */
llmlearn_err ll_http_send(const ll_http_request *request, ll_http_response *out_response);

/* Is it one that may be sent? LLMLEARN_EINVAL says why not, with nothing of it. NULL is none. */
llmlearn_err ll_http_check_header(const char *header);

/* Overwrites the body before it frees it. All zero afterwards. */
void ll_http_response_free(ll_http_response *response);

#endif
