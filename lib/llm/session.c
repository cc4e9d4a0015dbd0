#include "llm/session.h"

#include "base/err.h"
#include "base/random.h"
#include "http/url.h"
#include "llm/retry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEARER "Authorization: Bearer "
/* Shorter keys (of servers of one's own, "none", "x") are found in every other word. */
#define KEY_HIDDEN_BYTES_MIN 8

/* ---- the key --------------------------------------------------------------- */

static const char *key_of(const ll_session *session)
{
    return session->authorization + session->key_offset;
}

static llmlearn_err take_key(ll_session *session)
{
    const ll_llm_endpoint *endpoint = session->endpoint;
    size_t room = sizeof session->authorization - strlen(BEARER);
    char *key = session->authorization + strlen(BEARER);
    llmlearn_err err = LLMLEARN_OK;

    if (endpoint->api_key == NULL && endpoint->key == NULL)
        return LLMLEARN_OK;
    strcpy(session->authorization, BEARER);
    session->key_offset = strlen(BEARER);
    if (endpoint->api_key != NULL)
        strcpy(key, endpoint->api_key);
    else
        err = endpoint->key(endpoint->key_user, key, room);
    if (err != LLMLEARN_OK)
        return err;
    key[room - 1] = '\0';
    for (const char *at = key; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return ll_fail(LLMLEARN_EINVAL, "api_key: holds a space or a line feed");
    return key[0] != '\0' ? LLMLEARN_OK : ll_fail(LLMLEARN_EINVAL, "api_key: is empty");
}

void ll_session_close(ll_session *session)
{
    explicit_bzero(session->authorization, sizeof session->authorization);
}

llmlearn_err ll_session_open(ll_session *session)
{
    const ll_llm_endpoint *endpoint = session->endpoint;
    llmlearn_err err;

    session->attempts = session->lost = 0;
    session->authorization[0] = '\0';
    session->key_offset = 0;
    session->organization[0] = session->project[0] = '\0';
    err = take_key(session);
    if (err != LLMLEARN_OK) {
        ll_session_close(session);
        return err;
    }
    if (endpoint->organization != NULL)
        snprintf(session->organization, sizeof session->organization, "OpenAI-Organization: %s",
                 endpoint->organization);
    if (endpoint->project != NULL)
        snprintf(session->project, sizeof session->project, "OpenAI-Project: %s",
                 endpoint->project);
    return LLMLEARN_OK;
}

/* One of the two in the other, and not by chance. */
static bool holds(const char *word, const char *secret)
{
    return (strlen(secret) >= KEY_HIDDEN_BYTES_MIN && strstr(word, secret) != NULL) ||
           (strlen(word) >= KEY_HIDDEN_BYTES_MIN && strstr(secret, word) != NULL);
}

void ll_session_hide_key(const ll_session *session, char *word)
{
    const ll_llm_endpoint *endpoint = session->endpoint;
    bool hidden = holds(word, key_of(session));

    for (uint32_t i = 0; i < endpoint->header_count && !hidden; i++) {
        const char *value = strchr(endpoint->headers[i], ':');
        hidden = value != NULL && holds(word, value + 1 + strspn(value + 1, " \t"));
    }
    if (hidden)
        word[0] = '\0';
}

static void blot_out(ll_buffer *body, const char *secret)
{
    size_t bytes = strlen(secret);
    char *at = body->data;

    while (bytes >= KEY_HIDDEN_BYTES_MIN && at != NULL) {
        at = memmem(at, body->length - (size_t)(at - body->data), secret, bytes);
        if (at != NULL)
            memset(at, '*', bytes);
    }
}

/* A service may repeat what it was given. Nothing behind this sees it, nor keeps it in memory. */
static void hide_secrets(const ll_session *session, ll_buffer *body)
{
    const ll_llm_endpoint *endpoint = session->endpoint;

    blot_out(body, key_of(session));
    for (uint32_t i = 0; i < endpoint->header_count; i++) {
        const char *value = strchr(endpoint->headers[i], ':');

        if (value != NULL)
            blot_out(body, value + 1 + strspn(value + 1, " \t"));
    }
}

/* ---- attempts ---------------------------------------------------------------- */

/* Base and path, with the base's query behind both. */
static llmlearn_err join(const char *base, const char *path, char out_url[LL_URL_BYTES_MAX + 2])
{
    size_t bytes = strcspn(base, "?");
    const char *query = base + bytes;
    int length;

    while (bytes > 0 && base[bytes - 1] == '/')
        bytes--;
    if (bytes > LL_URL_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "base_url: longer than %d bytes", LL_URL_BYTES_MAX);
    length = snprintf(out_url, LL_URL_BYTES_MAX + 2, "%.*s%s%s", (int)bytes, base, path, query);
    if (length > LL_URL_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "base_url: longer than %d bytes", LL_URL_BYTES_MAX);
    return LLMLEARN_OK;
}

static uint32_t gather_headers(const ll_session *session, const char **out_headers)
{
    const ll_llm_endpoint *endpoint = session->endpoint;
    const char *const own[] = { "Accept: application/json", "Content-Type: application/json",
                                session->authorization, session->organization, session->project };
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i][0] != '\0')
            out_headers[count++] = own[i];
    for (uint32_t i = 0; i < endpoint->header_count; i++)
        out_headers[count++] = endpoint->headers[i];
    return count;
}

static llmlearn_err attempt(ll_session *session, const char *url, const char *body,
                            size_t body_bytes, ll_http_response *out_response)
{
    const char *headers[LL_LLM_HEADERS_MAX + 5];
    const ll_http_request request = {
        .method = body != NULL ? "POST" : "GET",
        .url = url,
        .headers = headers,
        .header_count = gather_headers(session, headers),
        .body = body,
        .body_bytes = body_bytes,
        .response_bytes_max = session->response_bytes_max,
        .ca_file = session->endpoint->ca_file,
        .allow_private = session->endpoint->allow_private,
        .deadline = session->deadline,
        .cancel = session->cancel,
    };
    uint64_t begun_ns = ll_clock_monotonic_ns();
    llmlearn_err err = ll_http_send(&request, out_response);

    hide_secrets(session, &out_response->body);
    session->attempts++;
    session->latency_ms = (int64_t)((ll_clock_monotonic_ns() - begun_ns) / 1000000);
    return err;
}

static bool may_be_billed(const ll_http_response *response)
{
    switch (response->failure) {
    case LL_HTTP_REFUSED:
    case LL_HTTP_NO_CONNECT:
    case LL_HTTP_TLS:
    case LL_HTTP_NO_LIBRARY:
        return false;
    case LL_HTTP_DONE:
        return response->status < 300 || response->status == 408 || response->status >= 500;
    default:
        return true;
    }
}

static uint32_t retries_max(const ll_llm_endpoint *endpoint)
{
    if (endpoint->retries_max < 0)
        return 0;
    return endpoint->retries_max == 0 ? LL_LLM_RETRIES_DEFAULT : (uint32_t)endpoint->retries_max;
}

static double draw_jitter(void)
{
    uint32_t bits = 0;

    if (ll_random_bytes(&bits, sizeof bits) != LLMLEARN_OK)
        bits = 0; /* the longest wait, then */
    return (double)bits / 0x1p32;
}

static int64_t delay_ms(const ll_session *session, uint32_t attempts,
                        const ll_http_response *response)
{
    ll_answer_problem problem = { 0 };
    ll_retry_case c = { .attempts = attempts,
                        .retries_max = retries_max(session->endpoint),
                        .failure = response->failure,
                        .status = response->status,
                        .retry_after = response->retry_after,
                        .retry_after_ms = response->retry_after_ms,
                        .should_retry = response->should_retry,
                        .now_us = ll_clock_now_us(session->endpoint->clock),
                        .jitter = draw_jitter() };

    if (response->failure == LL_HTTP_DONE && response->status == 429)
        ll_answer_read_problem(response->body.data, response->body.length, &problem);
    c.quota_used_up = strcmp(problem.type, "insufficient_quota") == 0 ||
                      strcmp(problem.code, "insufficient_quota") == 0;
    return ll_retry_delay_ms(&c);
}

static bool is_cancelled(const ll_session *session)
{
    return session->cancel != NULL && atomic_load(session->cancel) != 0;
}

/* False if the flag is raised meanwhile. */
static bool rest(const ll_session *session, int64_t ms)
{
    ll_deadline until = ll_deadline_in_ms((uint64_t)ms);

    while (!is_cancelled(session)) {
        uint64_t left_ms = ll_deadline_left_ms(until);

        if (left_ms == 0)
            return true;
        ll_clock_sleep_us((uint32_t)(left_ms < LL_CANCEL_MS ? left_ms : LL_CANCEL_MS) * 1000);
    }
    return false;
}

/* A failure below the API, with its own line: what is not the caller's doing is the service's. */
static llmlearn_err as_llm_failure(llmlearn_err err)
{
    ll_err_report report;

    if (err != LLMLEARN_EIO)
        return err;
    ll_err_capture(err, &report);
    report.err = LLMLEARN_ELLM;
    return ll_err_restore(&report);
}

static void log_retry(const ll_session *session, const ll_http_response *response, int64_t ms)
{
    if (session->endpoint->log != NULL)
        ll_log_write(session->endpoint->log, LLMLEARN_LOG_INFO, "llm-retry",
                     "attempt %u at the model's service ended with status %d (failure %d); "
                     "again in %lld ms",
                     session->attempts, response->status, (int)response->failure, (long long)ms);
}

llmlearn_err ll_session_send(ll_session *session, const char *path, const char *body,
                             size_t body_bytes, ll_http_response *out_response)
{
    char url[LL_URL_BYTES_MAX + 2];
    llmlearn_err err = join(session->endpoint->base_url, path, url);

    if (err != LLMLEARN_OK)
        return err;
    for (;;) {
        ll_http_response response;
        int64_t wait_ms;

        err = attempt(session, url, body, body_bytes, &response);
        if (err != LLMLEARN_OK || !ll_session_succeeded(&response))
            session->lost += may_be_billed(&response);
        if (err == LLMLEARN_OK && ll_session_succeeded(&response))
            wait_ms = LL_RETRY_NEVER;
        else
            wait_ms = delay_ms(session, session->attempts, &response);
        /* A wait that ends after the deadline is none: the failure is told at once. */
        if (wait_ms < 0 || ll_deadline_left_ms(session->deadline) <= (uint64_t)wait_ms) {
            if (err == LLMLEARN_OK)
                *out_response = response;
            return as_llm_failure(err);
        }
        log_retry(session, &response, wait_ms);
        ll_http_response_free(&response);
        if (!rest(session, wait_ms))
            return ll_fail(LLMLEARN_ECANCELLED, "cancelled while waiting to try again");
    }
}

/* ---- the end -------------------------------------------------------------------- */

bool ll_session_succeeded(const ll_http_response *response)
{
    return response->status >= 200 && response->status <= 299;
}

/* What to do about it, for whoever reads the line. */
static const char *advice(int status, const ll_answer_problem *problem)
{
    if (strcmp(problem->type, "insufficient_quota") == 0 ||
        strcmp(problem->code, "insufficient_quota") == 0)
        return "; the account's quota is used up";
    if (status >= 300 && status <= 399)
        return "; redirects are not followed: set base_url to where it leads";
    switch (status) {
    case 401:
        return "; look at the API key";
    case 403:
        return "; the key may not use this model or project";
    case 404:
        return "; look at base_url and model";
    case 429:
        return "; too many requests";
    default:
        return "";
    }
}

llmlearn_err ll_session_fail(const ll_session *session, const ll_http_response *response)
{
    ll_answer_problem problem;
    char id[LL_LLM_WORD_BYTES];

    ll_answer_read_problem(response->body.data, response->body.length, &problem);
    ll_llm_json_word(response->request_id, id);
    ll_session_hide_key(session, problem.type);
    ll_session_hide_key(session, problem.code);
    ll_session_hide_key(session, id);
    return ll_fail(
        LLMLEARN_ELLM, "the model's service answered status %d%s%s%s%s%s%s, attempt %u%s",
        response->status, problem.type[0] != '\0' ? ", type " : "", problem.type,
        problem.code[0] != '\0' ? ", code " : "", problem.code, id[0] != '\0' ? ", request " : "",
        id, session->attempts, advice(response->status, &problem));
}
