/* retry.h - is it worth another try, and when?
 *
 * The policy of the official SDK (openai-python 3.3, its _base_client), so that a service sees
 * from us what it sees from everybody:
 *
 *   another try   no connection, broken off; status 408, 409, 429, 500 and above; whatever
 *                 `x-should-retry` says of any status
 *   none          the service asks for more than two minutes; the account's quota is used up;
 *                 a certificate that is not good; attempts used up
 *   when          after `retry-after-ms`, or `retry-after` (seconds or a date), if above 0;
 *                 else after 0.5, 1, 2, 4, 8, 8 ... seconds less up to a quarter of it
 *
 * Threads: pure functions.
 * Uses:    locale, transfer (its enum). */
#ifndef LL_LLM_RETRY_H
#define LL_LLM_RETRY_H

#include "http/transfer.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_RETRY_NEVER INT64_C(-1)
#define LL_RETRY_AFTER_MS_MAX 120000 /* a service that asks for more has said no */

/* How the latest attempt ended. */
typedef struct ll_retry_case {
    uint32_t attempts; /* made so far, at least 1 */
    uint32_t retries_max;
    ll_http_failure failure; /* LL_HTTP_DONE: there is a status, and the headers, "" if absent */
    int status;
    const char *retry_after;
    const char *retry_after_ms;
    const char *should_retry;
    bool quota_used_up; /* the error's type or code is "insufficient_quota" */
    int64_t now_us;     /* wall time, against which a date is held */
    double jitter;      /* 0 <= jitter < 1, drawn for this case */
} ll_retry_case;

/* Milliseconds to wait, or LL_RETRY_NEVER. */
int64_t ll_retry_delay_ms(const ll_retry_case *c);

#endif
