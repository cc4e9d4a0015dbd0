#include "llm/answer.h"

#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_usage(const json_t *body, ll_llm_answer *answer)
{
    const json_t *usage = json_object_get(body, "usage");

    answer->prompt_tokens = ll_llm_json_count(usage, "prompt_tokens");
    answer->completion_tokens = ll_llm_json_count(usage, "completion_tokens");
    answer->cached_tokens =
        ll_llm_json_count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens");
}

static ll_llm_kind kind_of(const char *text, const char *refusal, const char *finish_reason)
{
    if (refusal != NULL && refusal[0] != '\0')
        return LL_LLM_REFUSAL;
    if (finish_reason != NULL && strcmp(finish_reason, "content_filter") == 0)
        return LL_LLM_FILTERED;
    if (finish_reason != NULL && strcmp(finish_reason, "length") == 0)
        return LL_LLM_TRUNCATED;
    return text == NULL || text[0] == '\0' ? LL_LLM_EMPTY : LL_LLM_OK;
}

/* NULL or text. */
static bool is_text_or_null(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_string(value);
}

static llmlearn_err read_choice(const json_t *choice, ll_llm_answer *answer)
{
    const json_t *message = json_object_get(choice, "message");
    const json_t *content = json_object_get(message, "content");
    const char *refusal = ll_llm_json_text(message, "refusal");
    const char *text = json_string_value(content);

    if (!json_is_object(message) || !is_text_or_null(content))
        return ll_fail(LLMLEARN_ELLM, "the model's service answered no message of text");
    answer->kind = kind_of(text, refusal, ll_llm_json_text(choice, "finish_reason"));
    answer->text = strdup(text != NULL ? text : "");
    if (answer->kind == LL_LLM_REFUSAL)
        answer->refusal = strdup(refusal);
    if (answer->text == NULL || (answer->kind == LL_LLM_REFUSAL && answer->refusal == NULL))
        return ll_fail(LLMLEARN_ENOMEM, "reading a model's answer");
    return LLMLEARN_OK;
}

llmlearn_err ll_answer_parse(const char *body, size_t bytes, ll_llm_answer *out_answer)
{
    ll_llm_answer answer = { .cost_nanousd = -1 };
    json_t *object;
    llmlearn_err err = ll_llm_json_parse("the model's answer", body, bytes, &object);

    assert(out_answer != NULL);
    if (err != LLMLEARN_OK)
        return err;
    /* The first: more than one is never asked for. */
    err = read_choice(json_array_get(json_object_get(object, "choices"), 0), &answer);
    read_usage(object, &answer);
    ll_llm_json_word(ll_llm_json_text(object, "model"), answer.model);
    json_decref(object);
    if (err != LLMLEARN_OK) {
        ll_llm_answer_free(&answer);
        return err;
    }
    *out_answer = answer;
    return LLMLEARN_OK;
}

void ll_llm_answer_free(ll_llm_answer *answer)
{
    if (answer == NULL)
        return;
    free(answer->text);
    free(answer->refusal);
    *answer = (ll_llm_answer){ 0 };
}

/* Some services number their codes. */
static void read_code(const json_t *code, char out[LL_LLM_WORD_BYTES])
{
    ll_llm_json_word(json_string_value(code), out);
    if (json_is_integer(code))
        snprintf(out, LL_LLM_WORD_BYTES, "%lld", (long long)json_integer_value(code));
}

/* Looked for in all of it: each service has its own place for it. */
static bool speaks_of_format(const char *body, size_t bytes)
{
    static const char *const words[] = { "response_format", "json_schema", "json_object",
                                         "structured output", "Structured output" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(body, bytes, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

void ll_answer_read_problem(const char *body, size_t bytes, ll_answer_problem *out_problem)
{
    ll_answer_problem problem = { 0 };
    json_t *object;

    if (bytes > 0)
        problem.about_format = speaks_of_format(body, bytes);
    if (ll_llm_json_parse("error", body, bytes, &object) == LLMLEARN_OK) {
        const json_t *error = json_object_get(object, "error");

        ll_llm_json_word(ll_llm_json_text(error, "type"), problem.type);
        read_code(json_object_get(error, "code"), problem.code);
        json_decref(object);
    }
    *out_problem = problem;
}
