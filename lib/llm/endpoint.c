#include "llm/endpoint.h"

#include "base/err.h"
#include "http/request.h"
#include "http/url.h"

#include <assert.h>
#include <string.h>

/* Printable ASCII, at least one and at most bytes_max of it. */
static bool is_plain(const char *text, size_t bytes_max)
{
    size_t bytes = strnlen(text, bytes_max + 1);

    if (bytes == 0 || bytes > bytes_max)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

static bool is_field(const char *text)
{
    return is_plain(text, LL_LLM_FIELD_BYTES_MAX) &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
               '\0';
}

static llmlearn_err check_optional(const char *name, const char *text, size_t bytes_max)
{
    if (text == NULL || is_plain(text, bytes_max))
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_EINVAL, "%s: must be 1 to %zu printable characters without space", name,
                   bytes_max);
}

llmlearn_err ll_llm_endpoint_check(const ll_llm_endpoint *endpoint)
{
    const struct {
        const char *name, *text;
        size_t bytes_max;
    } fields[] = { { "api_key", endpoint->api_key, LL_LLM_KEY_BYTES_MAX },
                   { "model", endpoint->model, LL_LLM_MODEL_BYTES_MAX },
                   { "organization", endpoint->organization, 128 },
                   { "project", endpoint->project, 128 } };
    llmlearn_err err = LLMLEARN_OK;

    if (endpoint->base_url == NULL)
        return ll_fail(LLMLEARN_EINVAL, "base_url: is required, such as https://host/v1");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0] && err == LLMLEARN_OK; i++)
        err = check_optional(fields[i].name, fields[i].text, fields[i].bytes_max);
    if (err != LLMLEARN_OK)
        return err;
    if (endpoint->token_limit_field != NULL && !is_field(endpoint->token_limit_field))
        return ll_fail(LLMLEARN_EINVAL, "token_limit_field: must be 1 to %d letters, digits or _",
                       LL_LLM_FIELD_BYTES_MAX);
    if (endpoint->header_count > LL_LLM_HEADERS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "headers: at most %d", LL_LLM_HEADERS_MAX);
    if (endpoint->retries_max > LL_LLM_RETRIES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "retries_max: at most %d", LL_LLM_RETRIES_MAX);
    return LLMLEARN_OK;
}

llmlearn_err ll_llm_endpoint_check_all(const ll_llm_endpoint *endpoint)
{
    const ll_curl *curl = NULL;
    ll_url url;
    llmlearn_err err = ll_llm_endpoint_check(endpoint);

    for (uint32_t i = 0; i < endpoint->header_count && err == LLMLEARN_OK; i++)
        err = ll_http_check_header(endpoint->headers[i]);
    if (err == LLMLEARN_OK)
        err = ll_curl_load(&curl);
    return err == LLMLEARN_OK ? ll_url_check(curl, endpoint->base_url, &url) : err;
}
