#include "json_input.h"

#include "problem.h"
#include "readable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse_field(request *r, const char *where, const char *name, const char *why)
{
    char whole[128];
    snprintf(whole, sizeof whole, "%s%s", where, name);
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, whole, "%s", why);
    return false;
}

/* jansson's own limit is 2,048; strings may hold brackets. */
static bool is_too_deep(const char *text, size_t length)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!in_string && (text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

/* "... near '"helpful"'": jansson names a key that is there twice in no other way. */
static void refuse_twice(request *r, const char *said)
{
    char name[64] = "";
    const char *quote = strstr(said, "near '\"");
    if (quote != NULL)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(quote + 7, "\""), quote + 7);
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, name[0] != '\0' ? name : NULL,
            "A field is there twice.");
}

json_t *json_input_read(request *r)
{
    json_error_t error;

    if (is_too_deep(r->body != NULL ? r->body : "", r->body_bytes)) {
        problem(r, MHD_HTTP_BAD_REQUEST, NULL, "The body may be %d brackets deep.", JSON_DEPTH_MAX);
        return NULL;
    }
    json_t *body = json_loadb(r->body != NULL ? r->body : "", r->body_bytes,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (body == NULL && json_error_code(&error) == json_error_duplicate_key) {
        refuse_twice(r, error.text);
    } else if (body == NULL) {
        problem(r, MHD_HTTP_BAD_REQUEST, NULL, "The body is not JSON: %s.", error.text);
    } else if (!json_is_object(body)) {
        problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, NULL, "The body must be a JSON object.");
        json_decref(body);
        body = NULL;
    }
    return body;
}

/* Why the value is not of the type; NULL: it is, and was taken. */
static const char *take(const field *f, json_t *value)
{
    switch (f->type) {
    case A_TEXT:
    case A_NAME:
        if (!json_is_string(value))
            return "It must be a text.";
        if (f->type == A_TEXT && !readable_clean(value))
            return "It has control characters, or ones that turn the direction of the text.";
        *(const char **)f->out = json_string_value(value);
        return NULL;
    case A_NUMBER:
        if (!json_is_number(value))
            return "It must be a number.";
        *(double *)f->out = json_number_value(value);
        return NULL;
    case A_WHOLE:
        if (!json_is_integer(value))
            return "It must be a whole number.";
        *(int64_t *)f->out = json_integer_value(value);
        return NULL;
    case A_BOOL:
        if (!json_is_boolean(value))
            return "It must be true or false.";
        *(bool *)f->out = json_is_true(value);
        return NULL;
    case A_LIST:
        if (!json_is_array(value))
            return "It must be a list.";
        *(json_t **)f->out = value;
        return NULL;
    case AN_OBJECT:
    default:
        if (!json_is_object(value))
            return "It must be an object.";
        *(json_t **)f->out = value;
        return NULL;
    }
}

static const field *known(const field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

bool json_input_fields(request *r, json_t *object, const char *where, const field *fields,
                       size_t count)
{
    const char *name = NULL;
    json_t *value = NULL;

    if (!json_is_object(object))
        return refuse_field(r, where, "", "It must be an object.");
    if (json_object_size(object) > JSON_FIELDS_MAX)
        return refuse_field(r, where, "", "It has too many fields.");
    json_object_foreach(object, name, value)
    {
        if (known(fields, count, name) == NULL)
            return refuse_field(r, where, name, "There is no such field here.");
    }

    for (size_t i = 0; i < count; i++) {
        value = json_object_get(object, fields[i].name);
        const char *why = NULL;
        if (value == NULL || json_is_null(value))
            why = fields[i].required ? "It is missing." : NULL;
        else
            why = take(&fields[i], value);
        if (why != NULL)
            return refuse_field(r, where, fields[i].name, why);
    }
    return true;
}

json_t *json_input(request *r, const field *fields, size_t count)
{
    json_t *body = json_input_read(r);
    if (body == NULL || json_input_fields(r, body, "", fields, count))
        return body;
    json_decref(body);
    return NULL;
}

bool json_input_parameter(request *r, const char *name, uint32_t least, uint32_t most,
                          uint32_t standard, uint32_t *out)
{
    const char *text = target_parameter(&r->target, name);
    size_t length = text != NULL ? strlen(text) : 0;

    *out = standard;
    if (text == NULL)
        return true;
    if (length > 0 && length < 10 && strspn(text, "0123456789") == length) {
        *out = (uint32_t)strtoul(text, NULL, 10);
        if (*out >= least && *out <= most)
            return true;
    }
    problem(r, MHD_HTTP_UNPROCESSABLE_CONTENT, name, "It must be a number from %u to %u.", least,
            most);
    return false;
}
