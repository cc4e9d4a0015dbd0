/* endpoint.h - the service that is called: any that speaks OpenAI's HTTP API.
 *
 * No model and no address is built in.
 *
 * Threads: the caller's struct, only read.
 * Uses:    err, prices, log, clock; http/url, http/request. */
#ifndef LL_LLM_ENDPOINT_H
#define LL_LLM_ENDPOINT_H

#include "base/clock.h"
#include "base/log.h"
#include "llm/prices.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_LLM_KEY_BYTES_MAX 8000  /* tokens of clouds have some 2,000; a header takes 8,192 */
#define LL_LLM_MODEL_BYTES_MAX 127 /* without the NUL */
#define LL_LLM_FIELD_BYTES_MAX 40  /* of token_limit_field */
#define LL_LLM_HEADERS_MAX 16      /* the caller's own */
#define LL_LLM_RETRIES_DEFAULT 2   /* the official SDK's */
#define LL_LLM_RETRIES_MAX 10

/* Writes the key and a NUL to out_key[bytes]. What it returns on failure, the call returns. */
typedef llmlearn_err ll_llm_key_fn(void *user, char *out_key, size_t bytes);

typedef struct ll_llm_endpoint {
    const char *base_url; /* "https://api.example.com/v1"; may end in / or in a query */
    const char *api_key;  /* NULL: asked of `key`, or none if that is NULL too */
    ll_llm_key_fn *key;   /* asked once per call; our copy is overwritten afterwards */
    void *key_user;
    const char *model;        /* required for chat */
    const char *organization; /* NULL: none; so is project */
    const char *project;
    const char *const *headers; /* more of them, "Name: value" */
    uint32_t header_count;
    const char *token_limit_field; /* NULL: "max_completion_tokens" */
    const char *ca_file;           /* NULL: the system's */
    bool allow_private;            /* private addresses may be called */
    int32_t retries_max;           /* 0: LL_LLM_RETRIES_DEFAULT; negative: none */
    const ll_prices *prices;       /* NULL: every cost is unknown */
    const ll_log *log;             /* NULL: silent */
    const ll_clock *clock;         /* NULL: the system's; for dates in `retry-after` */
} ll_llm_endpoint;

/* LLMLEARN_EINVAL names the field that breaks a rule, never with a key in the line. Whether the
 * URL may be called is found when it is. */
llmlearn_err ll_llm_endpoint_check(const ll_llm_endpoint *endpoint);

/* The same, and the URL and the headers: what can never be called is told at once. Where the URL
 * leads is found when it is called. LLMLEARN_EUNSUPPORTED: there is no libcurl. */
llmlearn_err ll_llm_endpoint_check_all(const ll_llm_endpoint *endpoint);

#endif
