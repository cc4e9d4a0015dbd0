#include "experiment/members.h"

#include "base/locale.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* From the opening quote to behind the closing one; NULL if there is none. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if (*at == '\0')
            return NULL;
    }
    return at + 1;
}

/* From the opening bracket to behind the one that closes it; NULL if there is none. */
static const char *skip_brackets(const char *at)
{
    size_t depth = 0;

    do {
        if (*at == '\0')
            return NULL;
        if (*at == '"') {
            at = skip_string(at);
            if (at == NULL)
                return NULL;
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (depth > 0);
    return at;
}

static const char *skip_value(const char *at)
{
    if (*at == '"')
        return skip_string(at);
    if (*at == '{' || *at == '[')
        return skip_brackets(at);
    size_t bytes = strcspn(at, ",}] \t\r\n\"{[:");
    return bytes == 0 ? NULL : at + bytes;
}

/* One `"key": value`; returns what follows it, NULL if it is none. */
static const char *read_member(const char *at, ll_member *out)
{
    if (*at != '"')
        return NULL;
    const char *end = skip_string(at);
    if (end == NULL)
        return NULL;
    out->key = at + 1;
    out->key_bytes = (size_t)(end - at) - 2;
    at = skip_space(end);
    if (*at != ':')
        return NULL;
    out->value = skip_space(at + 1);
    end = skip_value(out->value);
    if (end == NULL)
        return NULL;
    out->value_bytes = (size_t)(end - out->value);
    return skip_space(end);
}

bool ll_members_read(const char *json, ll_member_fn each, void *context)
{
    const char *at = skip_space(json);
    ll_member member;

    if (*at != '{')
        return false;
    at = skip_space(at + 1);
    if (*at == '}')
        return *skip_space(at + 1) == '\0';
    for (;;) {
        at = read_member(at, &member);
        if (at == NULL)
            return false;
        if (each != NULL)
            each(context, &member);
        if (*at == '}')
            return *skip_space(at + 1) == '\0';
        if (*at != ',')
            return false;
        at = skip_space(at + 1);
    }
}

bool ll_member_is(const ll_member *member, const char *key)
{
    return strlen(key) == member->key_bytes && memcmp(key, member->key, member->key_bytes) == 0;
}

double ll_member_number(const ll_member *member, double otherwise)
{
    ll_locale numbers;
    char *end = NULL;

    /* strtod also takes "nan", "inf" and hexadecimal. */
    if (strspn(member->value, "0123456789+-.eE") < member->value_bytes)
        return otherwise;
    ll_locale_enter(&numbers);
    double value = strtod(member->value, &end);
    ll_locale_leave(&numbers);
    return end == member->value + member->value_bytes ? value : otherwise;
}

bool ll_member_is_true(const ll_member *member)
{
    return member->value_bytes == 4 && memcmp(member->value, "true", 4) == 0;
}

void ll_member_text(const ll_member *member, char *out, size_t bytes)
{
    size_t length = member->value_bytes < 2 ? 0 : member->value_bytes - 2;

    out[0] = '\0';
    if (*member->value != '"' || length >= bytes || memchr(member->value, '\\', length + 1) != NULL)
        return;
    memcpy(out, member->value + 1, length);
    out[length] = '\0';
}
