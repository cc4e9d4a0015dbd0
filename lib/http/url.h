/* url.h - which URLs may be called.
 *
 *   https://name[:port][/path][?query]      any name or address
 *   http://...                              only 127.x.y.z, [::1] and localhost
 *
 * Parsed by libcurl, and refused unless what libcurl found is letter by letter what stands there:
 * so 0x7f.1, 2130706433, %6cocalhost or a backslash mean nothing rather than something else to
 * someone else. Where a name leads is judged later, by its address (address.h).
 *
 * Threads: any.
 * Uses:    address, curl, err. */
#ifndef LL_HTTP_URL_H
#define LL_HTTP_URL_H

#include "http/address.h"
#include "http/curl.h"

#define LL_URL_BYTES_MAX 2048 /* what servers and proxies take for granted */
#define LL_URL_HOST_BYTES 256 /* a DNS name has at most 253 */

typedef struct ll_url {
    char host[LL_URL_HOST_BYTES]; /* as it stands, an IPv6 address in its brackets */
    uint16_t port;
    bool https;
    bool loopback; /* the host says so itself */
} ll_url;

/* LLMLEARN_EINVAL with the rule that it breaks; the line repeats nothing of the URL, which may
 * hold a secret. */
llmlearn_err ll_url_check(const ll_curl *curl, const char *url, ll_url *out_url);

/* What may be connected to for it: a loopback host must be found there, another elsewhere. */
ll_address_rule ll_url_addresses(const ll_url *url, bool allow_private);

#endif
