/* transfer.h - one libcurl handle, run to its end under our rules: HTTP requests here, mail above.
 *
 *   ll_transfer_prepare   what every handle has in common: TLS verified and at least 1.2, no
 *                         proxy, no redirects, no signals, only allowed addresses
 *   ...                   the caller sets what it sends
 *   ll_transfer_run       until it is done, the deadline has passed or the flag is raised
 *
 * Signals: a socket whose other end is gone raises SIGPIPE in some TLS libraries. It is blocked
 * in this thread meanwhile, and one that came of the transfer is taken back before the host can
 * see it. Threads that libcurl starts to ask name servers have all signals blocked.
 *
 * Threads: one at a time per transfer.
 * Uses:    address, clock, curl, err. */
#ifndef LL_HTTP_TRANSFER_H
#define LL_HTTP_TRANSFER_H

#include "base/clock.h"
#include "http/address.h"
#include "http/curl.h"

#include <stdatomic.h>

/* How a transfer ended; what may be worth another try is told apart. */
typedef enum ll_http_failure {
    LL_HTTP_DONE = 0,
    LL_HTTP_REFUSED,    /* by ourselves: the URL, a header or the address is not allowed */
    LL_HTTP_NO_CONNECT, /* no such name, nobody there, or not within LL_CONNECT_MS */
    LL_HTTP_TLS,        /* the certificate or the protocol is not good enough */
    LL_HTTP_BROKEN,     /* it broke off, or is not what the protocol allows */
    LL_HTTP_TOO_LARGE,
    LL_HTTP_TIMED_OUT, /* the deadline */
    LL_HTTP_CANCELLED,
    LL_HTTP_NO_MEMORY,
    LL_HTTP_NO_LIBRARY
} ll_http_failure;

/* A peer that has not said hello by then will not: the official SDK's patience. */
#define LL_CONNECT_MS 5000
/* How late a raised flag may be seen. */
#define LL_CANCEL_MS 50

typedef struct ll_transfer {
    const char *ca_file; /* NULL: the system's */
    ll_address_rule addresses;
    ll_deadline deadline;
    const atomic_int *cancel; /* NULL; non-zero: stop */
    /* results */
    bool address_refused;
    bool too_large; /* set by the caller's callbacks before they stop it */
    bool no_memory;
} ll_transfer;

/* The transfer is pointed to until the handle is cleaned up. */
CURLcode ll_transfer_prepare(const ll_curl *curl, CURL *easy, ll_transfer *transfer);

/* *out_code is libcurl's own answer if it came to one; else CURLE_OK. */
ll_http_failure ll_transfer_run(const ll_curl *curl, CURL *easy, ll_transfer *transfer,
                                CURLcode *out_code);

/* easy_cleanup, with SIGPIPE kept away too: it may still say goodbye to the other end. */
void ll_transfer_clean_up(const ll_curl *curl, CURL *easy);

/* Overwrites each line before it frees the list: it may hold a key. */
void ll_transfer_free_list(const ll_curl *curl, struct curl_slist *list);

/* Sets the line of detail from codes alone: `whom` is a host, never a URL or what it answered. */
llmlearn_err ll_transfer_fail(const ll_curl *curl, ll_http_failure failure, CURLcode code,
                              const char *whom);

#endif
