/* moderation.h - does the service's moderation object to a text?
 *
 * POST {base_url}/moderations, for comments before they are learnt from and for prompts that a
 * model wrote. Many compatible services have none.
 *
 * Threads: any.
 * Uses:    endpoint, session, json; base/json_writer. */
#ifndef LL_LLM_MODERATION_H
#define LL_LLM_MODERATION_H

#include "llm/session.h"

#define LL_MODERATION_TEXTS_MAX 32
#define LL_MODERATION_TEXT_BYTES_MAX 65536u

typedef struct ll_moderation_verdict {
    bool flagged;
    char category[LL_LLM_WORD_BYTES]; /* "hate/threatening": the first that it names; or "" */
} ll_moderation_verdict;

/* model NULL: the service's own choice. out_verdicts[count]: one per text, in their order.
 * LLMLEARN_EUNSUPPORTED if the service has no moderation (404, 405, 501); else as ll_chat_ask. */
llmlearn_err ll_moderation_ask(const ll_llm_endpoint *endpoint, const char *model,
                               const char *const *texts, uint32_t count, ll_deadline deadline,
                               const atomic_int *cancel, ll_moderation_verdict *out_verdicts);

/* The body of a status 200. */
llmlearn_err ll_moderation_parse(const char *body, size_t bytes, uint32_t count,
                                 ll_moderation_verdict *out_verdicts);

#endif
