#include "llm/json.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/locale.h"

#include <assert.h>
#include <string.h>

/* Two faults are left for the parser to find. Whatever else it says is that memory ran out in the
 * middle of a token. */
static llmlearn_err fail(const char *what, enum json_error_code code)
{
    if (code == json_error_duplicate_key)
        return ll_fail(LLMLEARN_ELLM, "%s: has a key twice", what);
    if (code == json_error_numeric_overflow)
        return ll_fail(LLMLEARN_ELLM, "%s: has a number that is too large", what);
    return ll_fail(LLMLEARN_ENOMEM, "%s: reading it", what);
}

llmlearn_err ll_llm_json_parse(const char *what, const char *text, size_t bytes,
                               json_t **out_object)
{
    json_error_t error;
    json_t *object;
    ll_locale numbers;

    assert(text != NULL || bytes == 0);
    assert(out_object != NULL);
    /* First: a parser that recurses must not see what is too deep for its stack. */
    if (!ll_json_is_object(text, bytes))
        return ll_fail(LLMLEARN_ELLM, "%s: is not a JSON object, or too deep", what);
    ll_locale_enter(&numbers);
    object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    ll_locale_leave(&numbers);
    if (object == NULL)
        return fail(what, json_error_code(&error));
    *out_object = object;
    return LLMLEARN_OK;
}

const char *ll_llm_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

int64_t ll_llm_json_count(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
                                                                    : -1;
}

void ll_llm_json_word(const char *text, char out[LL_LLM_WORD_BYTES])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.-:/";

    out[0] = '\0';
    if (text == NULL || strnlen(text, LL_LLM_WORD_BYTES) == LL_LLM_WORD_BYTES)
        return;
    if (text[strspn(text, letters)] == '\0')
        strcpy(out, text);
}
