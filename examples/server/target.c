#include "target.h"

#include <assert.h>
#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place. False for a broken escape, and for control characters. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int value = (unsigned char)*from;
        if (*from == '%') {
            int high = hex(from[1]);
            int low = high < 0 ? -1 : hex(from[2]);
            if (low < 0)
                return false;
            value = high << 4 | low;
            from += 2;
        }
        if (value < 0x20 || value == 0x7f)
            return false;
        *to++ = (char)value;
    }
    *to = '\0';
    return true;
}

static const char *split_path(char *path, target *out)
{
    for (char *at = path + 1, *next; at != NULL; at = next) {
        next = strchr(at, '/');
        if (next != NULL)
            *next++ = '\0';
        if (out->segment_count == TARGET_SEGMENTS_MAX)
            return "the path has too many parts";
        if (!decode(at))
            return "the path has an escape (%..) that is not one";
        out->segments[out->segment_count++] = at;
    }
    return NULL;
}

static const char *split_query(char *query, target *out)
{
    for (char *at = query, *next; at != NULL; at = next) {
        next = strchr(at, '&');
        if (next != NULL)
            *next++ = '\0';
        char *value = strchr(at, '=');
        if (value == NULL || value == at)
            return "each query parameter must be name=value";
        *value++ = '\0';
        for (char *c = value; *c != '\0'; c++)
            if (*c == '+')
                *c = ' ';
        if (!decode(at) || !decode(value))
            return "the query has an escape (%..) that is not one";
        if (target_parameter(out, at) != NULL)
            return "a query parameter is there twice";
        if (out->parameter_count == TARGET_PARAMETERS_MAX)
            return "the query has too many parameters";
        out->parameters[out->parameter_count++] = (parameter){ at, value };
    }
    return NULL;
}

const char *target_parse(const char *raw, target *out)
{
    size_t length = strlen(raw);
    assert(length < TARGET_BYTES_MAX);

    out->segment_count = out->parameter_count = 0;
    out->query_problem = NULL;
    memcpy(out->whole, raw, length + 1);
    memcpy(out->parts, raw, length + 1);
    if (raw[0] != '/')
        return "the target must begin with /";
    for (const char *c = raw; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '#' || *c == '\\')
            return "the target has a character that must be escaped";

    char *query = strchr(out->parts, '?');
    if (query != NULL)
        *query++ = '\0';
    if (query != NULL && *query != '\0')
        out->query_problem = split_query(query, out);
    return split_path(out->parts, out);
}

const char *target_parameter(const target *t, const char *name)
{
    for (unsigned i = 0; i < t->parameter_count; i++)
        if (strcmp(t->parameters[i].name, name) == 0)
            return t->parameters[i].value;
    return NULL;
}

bool target_below(const target *t, const char *prefix)
{
    unsigned i = 0;
    for (const char *at = prefix; *at == '/'; i++) {
        size_t length = strcspn(++at, "/");
        if (i >= t->segment_count || strlen(t->segments[i]) != length ||
            memcmp(t->segments[i], at, length) != 0)
            return false;
        at += length;
    }
    return true;
}
