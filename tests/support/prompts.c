#include "support/prompts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE "@INJECT@"

json_t *load_prompts(const char *set)
{
    const char *root = getenv("LL_TEST_ROOT");
    char path[4096];
    json_error_t error;

    snprintf(path, sizeof path, "%s/tests/data/prompts/%s.json", root != NULL ? root : ".", set);
    json_t *loaded = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (loaded == NULL)
        ck_abort_msg("%s: %s", path, error.text);
    return loaded;
}

ll_prompt_text text_of(const char *text)
{
    return (ll_prompt_text){ text, strlen(text) };
}

ll_guard_input frame_of(json_t *honest, size_t index, const char *fields[PROMPT_FIELDS_MAX])
{
    json_t *base = json_array_get(json_object_get(honest, "bases"), index), *field;
    ll_guard_input in = { .json_fields = fields };
    size_t i;

    ck_assert_ptr_nonnull(base);
    in.base = text_of(json_string_value(json_object_get(base, "prompt")));
    json_array_foreach(json_object_get(base, "fields"), i, field)
    {
        ck_assert_uint_lt(i, PROMPT_FIELDS_MAX);
        fields[in.json_field_count++] = json_string_value(field);
    }
    return in;
}

void inject(json_t *hostile, const char *text, ll_buffer *out)
{
    const char *carrier = json_string_value(json_object_get(hostile, "carrier"));
    const char *at = strstr(carrier, PLACE);

    ck_assert_ptr_nonnull(at);
    ll_buffer_append(out, carrier, (size_t)(at - carrier));
    ll_buffer_append(out, text, strlen(text));
    ll_buffer_append(out, at + strlen(PLACE), strlen(at + strlen(PLACE)));
}

/* Bytes that JSON cannot hold, in hexadecimal. */
static void append_hex(ll_buffer *out, const char *hex)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        char digits[3] = { hex[0], hex[1], '\0' };
        char byte = (char)strtol(digits, NULL, 16);

        ll_buffer_append(out, &byte, 1);
    }
}

void build_case(json_t *hostile, json_t *test_case, ll_buffer *out)
{
    const char *injected = json_string_value(json_object_get(test_case, "inject"));
    const char *candidate = json_string_value(json_object_get(test_case, "candidate"));
    const char *answer = json_string_value(json_object_get(test_case, "answer"));
    const char *repeat = json_string_value(json_object_get(test_case, "repeat"));
    json_int_t times = json_integer_value(json_object_get(test_case, "times"));
    const char *whole = candidate != NULL ? candidate : answer;

    if (injected != NULL)
        inject(hostile, injected, out);
    else
        ll_buffer_append(out, whole, strlen(whole));
    if (json_object_get(test_case, "hex") != NULL)
        append_hex(out, json_string_value(json_object_get(test_case, "hex")));
    for (json_int_t i = 0; i < times; i++)
        ll_buffer_append(out, repeat, strlen(repeat));
    ck_assert(!out->failed);
}

bool has_reason(const ll_guard_verdict *verdict, const char *name)
{
    for (size_t i = 0; i < verdict->reason_count; i++)
        if (strcmp(verdict->reasons[i].name, name) == 0)
            return true;
    return false;
}
