/* answer.h - what a model's service answers to a chat request, read with suspicion.
 *
 * Threads: pure functions.
 * Uses:    err, json; jansson. */
#ifndef LL_LLM_ANSWER_H
#define LL_LLM_ANSWER_H

#include "llm/json.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum ll_llm_kind {
    LL_LLM_OK = 1,
    LL_LLM_REFUSAL,   /* the model says that it will not */
    LL_LLM_EMPTY,     /* no text at all */
    LL_LLM_TRUNCATED, /* the limit of tokens cut it off: the text is the beginning */
    LL_LLM_FILTERED   /* the service's filter cut it off */
} ll_llm_kind;

/* How the answer's form was asked for in the end. */
typedef enum ll_llm_format {
    LL_LLM_FORMAT_SCHEMA = 0,
    LL_LLM_FORMAT_OBJECT,
    LL_LLM_FORMAT_PLAIN /* the text may have anything around the JSON */
} ll_llm_format;

typedef struct ll_llm_answer {
    ll_llm_kind kind;
    ll_llm_format format;
    char *text;                    /* valid UTF-8; "" if there is none, never NULL */
    char *refusal;                 /* NULL: none */
    char model[LL_LLM_WORD_BYTES]; /* as answered; "" if unknown */
    int64_t prompt_tokens;         /* -1: not said; so are the others */
    int64_t completion_tokens;
    int64_t cached_tokens; /* of the prompt's */
    int64_t cost_nanousd;  /* -1: unknown */
    int64_t latency_ms;    /* of the attempt that was answered */
    uint32_t attempts;
    int status;
    char request_id[LL_LLM_WORD_BYTES];
} ll_llm_answer;

/* The body of a status 200; what the body does not say stays 0, or -1. LLMLEARN_ELLM if it is
 * no chat completion, LLMLEARN_ENOMEM. */
llmlearn_err ll_answer_parse(const char *body, size_t bytes, ll_llm_answer *out_answer);

void ll_llm_answer_free(ll_llm_answer *answer);

/* The body of any other status. */
typedef struct ll_answer_problem {
    char type[LL_LLM_WORD_BYTES]; /* "" if it is not there or not a word */
    char code[LL_LLM_WORD_BYTES];
    bool about_format; /* it speaks of the form that was asked for */
} ll_answer_problem;

void ll_answer_read_problem(const char *body, size_t bytes, ll_answer_problem *out_problem);

#endif
