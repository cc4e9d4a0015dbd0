#include "mail/webhook.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "http/request.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HEADER_BYTES = 128, TIMESTAMP_BYTES = 24 };

llmlearn_err ll_webhook_check(const ll_webhook *webhook)
{
    assert(webhook != NULL);
    if (webhook->url == NULL)
        return ll_fail(LLMLEARN_EINVAL, "url: there is none");
    size_t bytes =
        webhook->secret == NULL ? 0 : strnlen(webhook->secret, LL_WEBHOOK_SECRET_BYTES_MAX + 1);
    if (bytes < LL_WEBHOOK_SECRET_BYTES_MIN || bytes > LL_WEBHOOK_SECRET_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "secret: must have %d to %d bytes",
                       LL_WEBHOOK_SECRET_BYTES_MIN, LL_WEBHOOK_SECRET_BYTES_MAX);
    return LLMLEARN_OK;
}

static llmlearn_err check_body(const char *body)
{
    bool valid = false;
    size_t bytes = ll_utf8_measure(body, LL_WEBHOOK_BODY_BYTES_MAX, &valid);

    if (bytes == SIZE_MAX)
        return ll_fail(LLMLEARN_EINVAL, "body: more than %u bytes", LL_WEBHOOK_BODY_BYTES_MAX);
    if (!valid || !ll_json_is_object(body, bytes))
        return ll_fail(LLMLEARN_EINVAL, "body: not a JSON object");
    return LLMLEARN_OK;
}

static void assert_delivery(const char *delivery)
{
    size_t bytes = strnlen(delivery, LL_WEBHOOK_DELIVERY_BYTES_MAX + 1);

    assert(bytes >= 1 && bytes <= LL_WEBHOOK_DELIVERY_BYTES_MAX);
    assert(strspn(delivery, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
           bytes);
    (void)bytes;
}

static void sign(const char *secret, const char *timestamp, const char *body,
                 char out_hex[LL_SHA256_HEX_BYTES])
{
    uint8_t sum[LL_SHA256_BYTES];
    ll_sha256_mac mac;

    ll_sha256_mac_begin(&mac, secret, strlen(secret));
    ll_sha256_mac_add(&mac, timestamp, strlen(timestamp));
    ll_sha256_mac_add(&mac, ".", 1);
    ll_sha256_mac_add(&mac, body, strlen(body));
    ll_sha256_mac_end(&mac, sum);
    ll_sha256_hex(sum, out_hex);
}

static ll_webhook_outcome outcome_of_status(int status)
{
    if (status >= 200 && status < 300)
        return LL_WEBHOOK_SENT;
    if (status == 408 || status == 425 || status == 429)
        return LL_WEBHOOK_TEMPORARY;
    return status >= 400 && status < 500 ? LL_WEBHOOK_PERMANENT : LL_WEBHOOK_TEMPORARY;
}

/* A certificate may be renewed; a URL that may not be called stays one. */
static ll_webhook_outcome outcome_of_failure(ll_http_failure failure)
{
    return failure == LL_HTTP_REFUSED ? LL_WEBHOOK_PERMANENT : LL_WEBHOOK_TEMPORARY;
}

static llmlearn_err post(const ll_http_request *request, ll_webhook_result *out_result)
{
    ll_http_response response = { 0 };
    llmlearn_err err = ll_http_send(request, &response);
    int status = response.status;

    if (err != LLMLEARN_OK) {
        *out_result = (ll_webhook_result){ .outcome = outcome_of_failure(response.failure) };
        return err;
    }
    ll_http_response_free(&response);
    *out_result = (ll_webhook_result){ .outcome = outcome_of_status(status), .status = status };
    if (out_result->outcome != LL_WEBHOOK_SENT)
        return ll_fail(LLMLEARN_EIO, "webhook: answered %d; any 2xx would have taken it", status);
    return LLMLEARN_OK;
}

llmlearn_err ll_webhook_send(const ll_webhook *webhook, const char *delivery, int64_t now_us,
                             const char *body, ll_deadline deadline, const atomic_int *cancel,
                             ll_webhook_result *out_result)
{
    char timestamp[TIMESTAMP_BYTES], hex[LL_SHA256_HEX_BYTES];
    char headers[4][HEADER_BYTES] = { "Content-Type: application/json" };
    const char *const list[] = { headers[0], headers[1], headers[2], headers[3] };

    assert(webhook != NULL && body != NULL && out_result != NULL);
    assert_delivery(delivery);
    llmlearn_err err = ll_webhook_check(webhook);
    if (err == LLMLEARN_OK)
        err = check_body(body);
    *out_result = (ll_webhook_result){ .outcome = LL_WEBHOOK_PERMANENT };
    if (err != LLMLEARN_OK)
        return err;

    snprintf(timestamp, sizeof timestamp, "%" PRId64, now_us / LL_US_PER_S);
    sign(webhook->secret, timestamp, body, hex);
    snprintf(headers[1], HEADER_BYTES, "X-Llmlearn-Timestamp: %s", timestamp);
    snprintf(headers[2], HEADER_BYTES, "X-Llmlearn-Signature: v1=%s", hex);
    snprintf(headers[3], HEADER_BYTES, "X-Llmlearn-Delivery: %s", delivery);
    return post(&(ll_http_request){ .method = "POST",
                                    .url = webhook->url,
                                    .headers = list,
                                    .header_count = 4,
                                    .body = body,
                                    .body_bytes = strlen(body),
                                    .ca_file = webhook->ca_file,
                                    .allow_private = webhook->allow_private,
                                    .deadline = deadline,
                                    .cancel = cancel },
                out_result);
}
