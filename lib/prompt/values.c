#include "prompt/values.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/locale.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names and texts out of JSON, one behind the other, each with a NUL. */
typedef struct arena {
    size_t length, capacity;
    char data[];
} arena;

void ll_values_free(ll_values *values)
{
    free(values->owner);
    *values = (ll_values){ .count = 0 };
}

bool ll_values_add(ll_values *values, const char *name, const char *text)
{
    if (values->count == LL_VALUES_MAX)
        return false;
    values->all[values->count++] =
        (ll_template_value){ .name = name, .value = { .text = text, .bytes = strlen(text) } };
    return true;
}

void ll_values_add_confidence(ll_values *values, double confidence)
{
    ll_locale point;

    ll_locale_enter(&point);
    snprintf(values->confidence, sizeof values->confidence, "%.2f", confidence);
    ll_locale_leave(&point);
    ll_values_add(values, "confidence", values->confidence);
}

/* ---- out of JSON ------------------------------------------------------- */

static bool has(const ll_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++) {
        if (strcmp(values->all[i].name, name) == 0)
            return true;
    }
    return false;
}

static const char *keep(arena *a, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *kept = a->data + a->length;

    if (bytes > a->capacity - a->length)
        return NULL;
    memcpy(kept, text, bytes);
    a->length += bytes;
    return kept;
}

/* NULL: lists, objects and null are no values. */
static const char *text_of(const json_t *value, char number[32])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        snprintf(number, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, 32, "%.6g", json_real_value(value));
    else
        return NULL;
    return number;
}

static void add_members(ll_values *values, arena *a, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char number[32];
        const char *text = text_of(value, number);
        if (text == NULL || !ll_template_is_name(key) || has(values, key))
            continue;
        const char *kept_key = keep(a, key), *kept_text = kept_key ? keep(a, text) : NULL;
        if (kept_text == NULL || !ll_values_add(values, kept_key, kept_text))
            return;
    }
}

/* A name and its text take no more than they did in the JSON, with quotes, colon and comma; a
 * number may grow to its 32. */
static size_t arena_bytes(size_t json_bytes)
{
    return json_bytes + LL_VALUES_MAX * 34;
}

/* The text has been found to be JSON: what else goes wrong is that memory ran out in the middle of
 * a token. */
static bool is_ours_to_refuse(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_character ||
           code == json_error_null_byte_in_key || code == json_error_invalid_utf8;
}

static llmlearn_err take_apart(ll_values *values, const char *json, size_t bytes)
{
    size_t capacity = arena_bytes(bytes);
    json_error_t error;
    json_t *object = json_loadb(json, bytes, 0, &error);
    arena *a;

    if (object == NULL && is_ours_to_refuse(&error))
        return ll_fail(LLMLEARN_EINVAL, "a JSON object that cannot be taken apart");
    a = object != NULL ? malloc(sizeof *a + capacity) : NULL;
    if (a == NULL) {
        json_decref(object);
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the values of a prompt");
    }
    *a = (arena){ .capacity = capacity };
    add_members(values, a, object);
    json_decref(object);
    values->owner = a;
    return LLMLEARN_OK;
}

llmlearn_err ll_values_add_json(ll_values *values, const char *json, size_t bytes)
{
    ll_locale point;
    llmlearn_err err;

    if (!ll_json_is_object(json, bytes))
        return ll_fail(LLMLEARN_EINVAL, "no JSON object to take values from");
    ll_locale_enter(&point); /* for numbers, read and written */
    err = take_apart(values, json, bytes);
    ll_locale_leave(&point);
    return err;
}

/* ---- filling in -------------------------------------------------------- */

static bool is_named(const ll_template *t, const char *name)
{
    size_t bytes = strlen(name);

    for (size_t i = 0; i < t->name_count; i++) {
        if (t->names[i].bytes == bytes && memcmp(t->names[i].name, name, bytes) == 0)
            return true;
    }
    return false;
}

llmlearn_err ll_values_fill_in(const ll_values *values, const char *template, char **out_text)
{
    const ll_prompt_text text = { .text = template, .bytes = strlen(template) };
    ll_template_value used[LL_VALUES_MAX];
    size_t count = 0, bytes = 0;
    ll_template parsed;
    llmlearn_err err = ll_template_parse(text, &parsed);

    if (err != LLMLEARN_OK)
        return err;
    for (size_t i = 0; i < values->count; i++) {
        if (is_named(&parsed, values->all[i].name))
            used[count++] = values->all[i];
    }
    return ll_template_render(text, used, count, LL_TEMPLATE_OUTPUT_BYTES_MAX, out_text, &bytes);
}
