#include "http/request.h"

#include "base/err.h"
#include "http/url.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* All of an answer's headers; those of real services have 2 KB. */
#define ANSWER_HEADER_BYTES_MAX 65536u

#define STRING(text) #text
#define VERSION_TEXT(major, minor, patch) STRING(major) "." STRING(minor) "." STRING(patch)
#define USER_AGENT                                                                                 \
    "libllmlearn/" VERSION_TEXT(LLMLEARN_VERSION_MAJOR, LLMLEARN_VERSION_MINOR,                    \
                                LLMLEARN_VERSION_PATCH)

/* One call, from its headers to its answer. */
typedef struct call {
    const ll_curl *curl;
    const ll_http_request *request;
    ll_url url;
    CURL *easy;
    struct curl_slist *headers;
    ll_transfer transfer;
    ll_http_response response;
    size_t header_bytes;
} call;

/* ---- the answer, as libcurl hands it over ------------------------------ */

static size_t response_bytes_max(const ll_http_request *request)
{
    return request->response_bytes_max != 0 ? request->response_bytes_max : LL_HTTP_RESPONSE_BYTES;
}

static size_t take_body(char *data, size_t one, size_t bytes, void *user)
{
    call *c = user;

    assert(one == 1);
    (void)one;
    if (bytes > response_bytes_max(c->request) - c->response.body.length) {
        c->transfer.too_large = true;
        return 0;
    }
    ll_buffer_append(&c->response.body, data, bytes);
    c->transfer.no_memory = c->response.body.failed;
    return c->response.body.failed ? 0 : bytes;
}

static void keep_value(const char *value, size_t bytes, char out[LL_HTTP_VALUE_BYTES])
{
    while (bytes > 0 && (*value == ' ' || *value == '\t'))
        value++, bytes--;
    while (bytes > 0 && strchr(" \t\r\n", value[bytes - 1]) != NULL)
        bytes--;
    out[0] = '\0';
    if (bytes >= LL_HTTP_VALUE_BYTES)
        return;
    for (size_t i = 0; i < bytes; i++)
        if (value[i] < ' ' || value[i] > '~')
            return;
    memcpy(out, value, bytes);
    out[bytes] = '\0';
}

static void forget_values(ll_http_response *response)
{
    response->request_id[0] = '\0';
    response->retry_after[0] = '\0';
    response->retry_after_ms[0] = '\0';
    response->should_retry[0] = '\0';
}

static size_t take_header(char *line, size_t one, size_t bytes, void *user)
{
    call *c = user;
    const struct {
        const char *name;
        char *value;
    } wanted[] = { { "x-request-id:", c->response.request_id },
                   { "retry-after:", c->response.retry_after },
                   { "retry-after-ms:", c->response.retry_after_ms },
                   { "x-should-retry:", c->response.should_retry } };

    (void)one;
    c->header_bytes += bytes;
    if (c->header_bytes > ANSWER_HEADER_BYTES_MAX) {
        c->transfer.too_large = true;
        return 0;
    }
    if (bytes >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
        forget_values(&c->response); /* those of "100 Continue" are not the answer's */
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t name = strlen(wanted[i].name);

        if (bytes >= name && strncasecmp(line, wanted[i].name, name) == 0)
            keep_value(line + name, bytes - name, wanted[i].value);
    }
    return bytes;
}

/* ---- the request ------------------------------------------------------- */

/* "Name: value" of one line, and not one of those that say where the message ends. */
llmlearn_err ll_http_check_header(const char *header)
{
    static const char *const ours[] = { "content-length:", "transfer-encoding:", "host:",
                                        "connection:", "expect:" };
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t name = header != NULL ? strspn(header, letters) : 0;

    if (name == 0 || header[name] != ':' || strlen(header) > LL_HTTP_HEADER_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "header: must be \"Name: value\" of at most %d bytes",
                       LL_HTTP_HEADER_BYTES_MAX);
    for (const char *at = header + name + 1; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            return ll_fail(LLMLEARN_EINVAL, "header: a value must be one line of text; a key that "
                                            "was read from a file may end in a line feed");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strncasecmp(header, ours[i], strlen(ours[i])) == 0)
            return ll_fail(LLMLEARN_EINVAL, "header: %s is not the caller's to set", ours[i]);
    return LLMLEARN_OK;
}

static llmlearn_err check_request(call *c)
{
    const ll_http_request *request = c->request;
    llmlearn_err err = ll_url_check(c->curl, request->url, &c->url);

    if (err != LLMLEARN_OK)
        return err;
    if (request->header_count > LL_HTTP_HEADERS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "headers: at most %d", LL_HTTP_HEADERS_MAX);
    for (uint32_t i = 0; i < request->header_count; i++) {
        err = ll_http_check_header(request->headers[i]);
        if (err != LLMLEARN_OK)
            return err;
    }
    return LLMLEARN_OK;
}

static bool add_header(call *c, const char *header)
{
    struct curl_slist *longer = c->curl->slist_append(c->headers, header);

    if (longer == NULL)
        return false;
    c->headers = longer;
    return true;
}

static bool add_headers(call *c)
{
    bool added = add_header(c, "Expect:"); /* no pause before the body */

    for (uint32_t i = 0; added && i < c->request->header_count; i++)
        added = add_header(c, c->request->headers[i]);
    return added;
}

static void keep(CURLcode *first, CURLcode code)
{
    if (*first == CURLE_OK)
        *first = code;
}

static CURLcode set_up(call *c)
{
    const ll_http_request *request = c->request;
    const ll_curl *curl = c->curl;
    CURL *easy = c->easy;
    CURLcode code = ll_transfer_prepare(curl, easy, &c->transfer);

    keep(&code, curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http"));
    keep(&code, curl->easy_setopt(easy, CURLOPT_URL, request->url));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    keep(&code, curl->easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HTTPHEADER, c->headers));
    keep(&code, curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body));
    keep(&code, curl->easy_setopt(easy, CURLOPT_WRITEDATA, c));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header));
    keep(&code, curl->easy_setopt(easy, CURLOPT_HEADERDATA, c));
    if (strcmp(request->method, "POST") == 0) {
        keep(&code,
             curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes));
        keep(&code, curl->easy_setopt(easy, CURLOPT_POSTFIELDS,
                                      request->body != NULL ? request->body : ""));
    }
    return code;
}

static ll_http_failure failure_of_setting(CURLcode code)
{
    return code == CURLE_OUT_OF_MEMORY ? LL_HTTP_NO_MEMORY : LL_HTTP_NO_LIBRARY;
}

static llmlearn_err fail(call *c, ll_http_failure failure, CURLcode code)
{
    c->response.failure = failure;
    return ll_transfer_fail(c->curl, failure, code, c->url.host);
}

static llmlearn_err perform(call *c)
{
    CURLcode code;
    ll_http_failure failure;
    long status = 0;

    c->easy = c->curl->easy_init();
    ll_buffer_append(&c->response.body, "", 0); /* never NULL, also if nothing is answered */
    if (c->easy == NULL || c->response.body.failed || !add_headers(c))
        return fail(c, LL_HTTP_NO_MEMORY, CURLE_OK);
    code = set_up(c);
    if (code != CURLE_OK)
        return fail(c, failure_of_setting(code), code);
    failure = ll_transfer_run(c->curl, c->easy, &c->transfer, &code);
    if (failure != LL_HTTP_DONE)
        return fail(c, failure, code);
    c->curl->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 100 || status > 999) /* as from a server that speaks HTTP/0.9 */
        return fail(c, LL_HTTP_BROKEN, CURLE_WEIRD_SERVER_REPLY);
    c->response.status = (int)status;
    return LLMLEARN_OK;
}

static llmlearn_err send_request(call *c)
{
    llmlearn_err err = check_request(c);

    if (err != LLMLEARN_OK) {
        c->response.failure = err == LLMLEARN_EINVAL ? LL_HTTP_REFUSED : LL_HTTP_NO_MEMORY;
        return err;
    }
    c->transfer = (ll_transfer){
        .ca_file = c->request->ca_file,
        .addresses = ll_url_addresses(&c->url, c->request->allow_private),
        .deadline = c->request->deadline,
        .cancel = c->request->cancel,
    };
    err = perform(c);
    ll_transfer_clean_up(c->curl, c->easy);
    ll_transfer_free_list(c->curl, c->headers);
    return err;
}

llmlearn_err ll_http_send(const ll_http_request *request, ll_http_response *out_response)
{
    call c = { .request = request, .response.body.secret = true }; /* it may repeat a key */
    llmlearn_err err;

    assert(request != NULL && request->url != NULL && out_response != NULL);
    assert(strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0);
    assert(request->header_count == 0 || request->headers != NULL);
    err = ll_curl_load(&c.curl);
    if (err != LLMLEARN_OK)
        c.response.failure = LL_HTTP_NO_LIBRARY;
    else
        err = send_request(&c);
    if (err != LLMLEARN_OK) {
        ll_http_failure failure = c.response.failure;

        ll_http_response_free(&c.response);
        c.response.failure = failure;
    }
    *out_response = c.response;
    return err;
}

void ll_http_response_free(ll_http_response *response)
{
    if (response == NULL)
        return;
    ll_buffer_free(&response->body);
    *response = (ll_http_response){ 0 };
}
