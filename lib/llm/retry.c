#include "llm/retry.h"

#include "base/clock.h"
#include "base/locale.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DELAY_FIRST_MS 500.0
#define DELAY_MAX_MS 8000.0
#define JITTER_SHARE 0.25

/* A decimal number and nothing else; not "inf", "nan" or hexadecimal. */
static bool parse_number(const char *text, double *out_value)
{
    ll_locale numbers;
    char *end;

    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    ll_locale_enter(&numbers);
    *out_value = strtod(text, &end); /* HUGE_VAL if it is too large: too long to wait for, too */
    ll_locale_leave(&numbers);
    return *end == '\0';
}

/* The three forms of a date that HTTP knows (RFC 9110, 5.6.7), in seconds since 1970. */
static bool parse_date(const char *text, double *out_seconds)
{
    static const char *const formats[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                           "%a %b %d %H:%M:%S %Y" };
    bool found = false;
    ll_locale names;

    ll_locale_enter(&names); /* English ones */
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !found; i++) {
        struct tm date = { 0 };
        const char *end = strptime(text, formats[i], &date);

        found = end != NULL && *end == '\0';
        if (found)
            *out_seconds = (double)timegm(&date);
    }
    ll_locale_leave(&names);
    return found;
}

/* What the service asks for; false if it asks for nothing that can be understood. */
static bool asked_ms(const ll_retry_case *c, double *out_ms)
{
    double value;

    if (parse_number(c->retry_after_ms, &value)) {
        *out_ms = value;
        return true;
    }
    if (parse_number(c->retry_after, &value)) {
        *out_ms = value * 1000;
        return true;
    }
    if (parse_date(c->retry_after, &value)) {
        *out_ms = value * 1000 - (double)c->now_us / 1000;
        return true;
    }
    return false;
}

static bool is_worth_it(const ll_retry_case *c)
{
    if (c->failure != LL_HTTP_DONE)
        return c->failure == LL_HTTP_NO_CONNECT || c->failure == LL_HTTP_BROKEN;
    if (c->quota_used_up)
        return false;
    if (strcmp(c->should_retry, "true") == 0)
        return true;
    if (strcmp(c->should_retry, "false") == 0)
        return false;
    return c->status == 408 || c->status == 409 || c->status == 429 || c->status >= 500;
}

static int64_t backoff_ms(const ll_retry_case *c)
{
    uint32_t doublings = c->attempts - 1 < 10 ? c->attempts - 1 : 10;
    double ms = DELAY_FIRST_MS * (double)(1u << doublings);

    if (ms > DELAY_MAX_MS)
        ms = DELAY_MAX_MS;
    return (int64_t)(ms * (1 - JITTER_SHARE * c->jitter));
}

int64_t ll_retry_delay_ms(const ll_retry_case *c)
{
    double ms;

    assert(c->attempts >= 1);
    assert(c->jitter >= 0 && c->jitter < 1);
    if (c->attempts > c->retries_max || !is_worth_it(c))
        return LL_RETRY_NEVER;
    if (c->failure != LL_HTTP_DONE || !asked_ms(c, &ms) || ms <= 0)
        return backoff_ms(c);
    return ms > LL_RETRY_AFTER_MS_MAX ? LL_RETRY_NEVER : (int64_t)ceil(ms);
}
