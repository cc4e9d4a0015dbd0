/* chat.h - one question to a model, and its answer.
 *
 * POST {base_url}/chat/completions. An answer's form is asked for by a JSON schema; if the service
 * says that it does not know response_format, the question is asked once more for "json_object",
 * and then for nothing. Each call finds that out anew.
 *
 * Threads: any.
 * Uses:    answer, endpoint, session; base/json_writer. */
#ifndef LL_LLM_CHAT_H
#define LL_LLM_CHAT_H

#include "llm/answer.h"
#include "llm/session.h"

#define LL_LLM_MESSAGES_MAX 64
#define LL_LLM_CONTENT_BYTES_MAX (4u * 1024 * 1024) /* of all messages; a million tokens */
#define LL_LLM_SCHEMA_NAME_BYTES_MAX 64             /* the API's own limit */

typedef struct ll_llm_message {
    const char *role;    /* "developer", "system", "user" or "assistant" */
    const char *content; /* valid UTF-8 */
} ll_llm_message;

typedef struct ll_llm_chat {
    const ll_llm_message *messages;
    uint32_t message_count;
    double temperature;        /* 0 to 2; NAN: not sent */
    uint32_t max_tokens;       /* 0: not sent */
    const char *schema_name;   /* letters, digits, _ and -; NULL: plain text is wanted */
    const char *schema;        /* JSON, an object; required with a name */
    size_t response_bytes_max; /* 0: LL_HTTP_RESPONSE_BYTES */
    ll_deadline deadline;
    const atomic_int *cancel; /* NULL; non-zero: stop */
    /* NULL: not wanted. Set also if the call fails: how many of its attempts brought no answer and
     * may be billed. 0 after a failure: it certainly cost nothing. */
    uint32_t *lost;
} ll_llm_chat;

/* LLMLEARN_OK also if the model refused, was cut off or said nothing: see the answer's kind.
 *
 * LLMLEARN_ELLM if the service refused or failed, or answered what is no answer;
 * LLMLEARN_ETIMEDOUT, LLMLEARN_ECANCELLED, LLMLEARN_EINVAL, LLMLEARN_ENOMEM,
 * LLMLEARN_EUNSUPPORTED (no libcurl). The line never holds the key, or text of the service's. */
llmlearn_err ll_chat_ask(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                         ll_llm_answer *out_answer);

/* The request's bytes, for ll_prices_ceiling: of the longest form. */
llmlearn_err ll_chat_measure(const ll_llm_endpoint *endpoint, const ll_llm_chat *chat,
                             size_t *out_bytes);

#endif
