/* Any bytes as what a model's service answers: to a chat request, as an error, to a moderation, as
 * its list of models. Beyond not crashing: what is read is UTF-8, and what is shown is a word. */
#include "base/utf8.h"
#include "llm/answer.h"
#include "llm/models.h"
#include "llm/moderation.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void expect_word(const char *word)
{
    size_t length = strlen(word);

    expect(length < LL_LLM_WORD_BYTES);
    for (size_t i = 0; i < length; i++)
        expect(word[i] > ' ' && word[i] <= '~' && strchr("\"'<>\\&%;`", word[i]) == NULL);
}

static void read_answer(const char *text, size_t bytes)
{
    ll_llm_answer answer = { 0 };
    llmlearn_err err = ll_answer_parse(text, bytes, &answer);

    if (err != LLMLEARN_OK) {
        expect(err == LLMLEARN_ELLM); /* memory there is */
        expect(answer.text == NULL);
        return;
    }
    expect(ll_utf8_valid(answer.text, strlen(answer.text)));
    expect((answer.refusal != NULL) == (answer.kind == LL_LLM_REFUSAL));
    expect(answer.kind != LL_LLM_OK || answer.text[0] != '\0');
    expect(answer.prompt_tokens >= -1 && answer.completion_tokens >= -1);
    expect_word(answer.model);
    ll_llm_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *text = (const char *)data;
    ll_answer_problem problem;
    ll_moderation_verdict verdicts[2] = { 0 };
    ll_models_retirement found = { 0 };

    read_answer(text, bytes);
    ll_answer_read_problem(text, bytes, &problem);
    expect_word(problem.type);
    expect_word(problem.code);
    if (ll_moderation_parse(text, bytes, 2, verdicts) == LLMLEARN_OK)
        expect_word(verdicts[1].category);
    if (ll_models_parse(text, bytes, "m", 20000, &found) == LLMLEARN_OK && found.announced)
        expect(found.day >= 0 && strlen(found.date) == 10);
    return 0;
}
