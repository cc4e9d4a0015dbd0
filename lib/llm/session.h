/* session.h - the attempts of one call on an endpoint: key, headers, waits between, what to say
 * when all have failed.
 *
 *   ll_session_open    asks for the key
 *   ll_session_send    one request, tried again as retry.h says, never past the deadline
 *   ll_session_fail    after it: the status or the failure as an error
 *   ll_session_close   overwrites the key
 *
 * Threads: one at a time per session.
 * Uses:    endpoint, retry, answer; http/request. */
#ifndef LL_LLM_SESSION_H
#define LL_LLM_SESSION_H

#include "http/request.h"
#include "llm/answer.h"
#include "llm/endpoint.h"

typedef struct ll_session {
    const ll_llm_endpoint *endpoint;
    ll_deadline deadline;
    const atomic_int *cancel;
    size_t response_bytes_max;                     /* 0: LL_HTTP_RESPONSE_BYTES */
    uint32_t attempts;                             /* so far, over all requests */
    uint32_t lost;                                 /* of those: see ll_session_send */
    int64_t latency_ms;                            /* of the latest attempt */
    char authorization[LL_LLM_KEY_BYTES_MAX + 32]; /* the header; "" without a key */
    size_t key_offset;                             /* in it */
    char organization[192];
    char project[192];
} ll_session;

/* The other members are set by the caller before. The endpoint has been checked. */
llmlearn_err ll_session_open(ll_session *session);
void ll_session_close(ll_session *session);

/* LLMLEARN_OK with the latest answer, of whatever status. body NULL: GET. path: "/models".
 *
 * session->lost counts attempts that brought no answer and may be billed all the same: the service
 * may have worked for them. One that never reached it, or that it refused (a status 4xx but 408),
 * is none of them. */
llmlearn_err ll_session_send(ll_session *session, const char *path, const char *body,
                             size_t body_bytes, ll_http_response *out_response);

/* LLMLEARN_ELLM with the status and the error's own codes, in a line that holds no text of the
 * service's and nothing that the key is part of. */
llmlearn_err ll_session_fail(const ll_session *session, const ll_http_response *response);

/* Empties a word that holds the key, or what stands in one of the caller's headers, or a good part
 * of it: some services repeat what they were sent. */
void ll_session_hide_key(const ll_session *session, char *word);

bool ll_session_succeeded(const ll_http_response *response);

#endif
