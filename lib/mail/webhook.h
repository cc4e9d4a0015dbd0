/* webhook.h - posts a JSON text to a URL, signed, so that who gets it knows that it is from us.
 *
 *     POST /alerts HTTP/1.1
 *     Content-Type: application/json
 *     X-Llmlearn-Delivery: 019f00c4-...          the same each time it is sent again
 *     X-Llmlearn-Timestamp: 1795442400           seconds since 1970, when it was sent
 *     X-Llmlearn-Signature: v1=4f0e...           64 hexadecimal digits
 *
 * The signature is HMAC-SHA-256, under the secret both have, of the timestamp as it stands in the
 * header, a '.', and the body byte by byte. A receiver
 *
 *   1. takes the body as bytes, before any parsing,
 *   2. computes the signature and compares it with the header's in constant time
 *      (hmac.compare_digest in Python, crypto.timingSafeEqual in Node),
 *   3. refuses timestamps more than LL_WEBHOOK_REPLAY_S away from its own clock, so that nobody
 *      who once saw a request can send it again later,
 *   4. remembers delivery ids for that long, and answers 200 to one it has had: a delivery whose
 *      answer was lost is sent again, with another timestamp and the same id,
 *   5. answers any 2xx once it will not lose it.
 *
 * While the secret is being changed a receiver takes both.
 *
 * Which URLs may be called is the rule of http/url.h. Nothing of the URL, the secret or the answer
 * is in any line of detail but the host and the status.
 *
 * Threads: any.
 * Uses:    base, http/request. */
#ifndef LL_MAIL_WEBHOOK_H
#define LL_MAIL_WEBHOOK_H

#include "base/clock.h"
#include "llmlearn.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LL_WEBHOOK_SECRET_BYTES_MIN 16 /* of a random text: 96 bits in base64 */
#define LL_WEBHOOK_SECRET_BYTES_MAX 256
#define LL_WEBHOOK_BODY_BYTES_MAX (1u << 20)
#define LL_WEBHOOK_DELIVERY_BYTES_MAX 64
#define LL_WEBHOOK_REPLAY_S                                                                        \
    300 /* clocks of servers agree better; a queue before one may hold it                          \
         */

typedef struct ll_webhook {
    const char *url;
    const char *secret;
    const char *ca_file; /* NULL: the system's */
    bool allow_private;  /* addresses of private networks may be called */
} ll_webhook;

typedef enum ll_webhook_outcome {
    LL_WEBHOOK_SENT = 0,  /* 2xx */
    LL_WEBHOOK_TEMPORARY, /* 408, 425, 429, anything but 2xx and 4xx; no answer, TLS */
    LL_WEBHOOK_PERMANENT  /* other 4xx, arguments */
} ll_webhook_outcome;

typedef struct ll_webhook_result {
    ll_webhook_outcome outcome;
    int status; /* 0: no answer */
} ll_webhook_result;

/* LLMLEARN_EINVAL if the secret is too short or too long. The URL is looked at when it is called.
 */
llmlearn_err ll_webhook_check(const ll_webhook *webhook);

/* body: a JSON object. delivery: 1 to LL_WEBHOOK_DELIVERY_BYTES_MAX letters, digits, '-'. cancel:
 * NULL; non-zero: stop. LLMLEARN_OK: sent; else LLMLEARN_EINVAL, LLMLEARN_EIO,
 * LLMLEARN_ETIMEDOUT, LLMLEARN_ECANCELLED, LLMLEARN_ENOMEM or LLMLEARN_EUNSUPPORTED (no libcurl).
 * The result is written in any case. */
llmlearn_err ll_webhook_send(const ll_webhook *webhook, const char *delivery, int64_t now_us,
                             const char *body, ll_deadline deadline, const atomic_int *cancel,
                             ll_webhook_result *out_result);

#endif
