#include "head.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct reader {
    head *head;
    const char *user_header;
    uintptr_t next; /* where the next line must begin; 0: not looked at */
    const char *why;
} reader;

typedef struct known {
    const char *name;
    size_t field;
    bool repeats;
} known;

#define FIELD(name, field, repeats)                                                                \
    {                                                                                              \
        name, offsetof(struct head, field), repeats                                                \
    }
static const known known_headers[] = {
    FIELD("Host", host, false),
    FIELD("Content-Type", content_type, false),
    FIELD("Content-Length", content_length, false),
    FIELD("Transfer-Encoding", transfer_encoding, false),
    FIELD("Authorization", authorization, true), /* counted: the answer is always the same 401 */
    FIELD("Cookie", cookie, false),
    FIELD("Feedback-Token", feedback_token, false),
    FIELD("If-None-Match", if_none_match, true),
    FIELD("Accept-Encoding", accept_encoding, true),
    FIELD("Expect", expect, false),
    FIELD("X-Forwarded-For", forwarded_for, true),
    FIELD("X-Forwarded-Proto", forwarded_proto, true),
};

static bool splits_in_place(void)
{
    return strncmp(MHD_get_version(), "0.", 2) == 0;
}

static bool is_token(const char *name, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = name[i], lower = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z') &&
            memchr(marks, c, sizeof marks - 1) == NULL)
            return false;
    }
    return length > 0;
}

static bool is_printable(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* A line is "name", ':', blanks, "value", CR LF, whose ':', CR and LF have become NULs. */
static bool follows(reader *r, const char *name, size_t name_length, const char *value,
                    size_t value_length)
{
    if (r->next == 0)
        return true;
    if ((uintptr_t)name != r->next)
        return false;
    for (const char *c = name + name_length + 1; c != value; c++)
        if (*c != ' ' && *c != '\t')
            return false;
    r->next = (uintptr_t)value + value_length + 2;
    return value[value_length + 1] == '\0';
}

/* Behind the last line comes the empty one, CR LF, and no line that was passed over. */
static bool ends(const reader *r)
{
    const char *at = (const char *)r->next;
    return at == NULL || (at[0] == '\0' && at[1] == '\0');
}

static void keep(reader *r, const char *name, const char *value)
{
    if (strcasecmp(name, "Authorization") == 0)
        r->head->authorization_count++;
    if (r->user_header != NULL && strcasecmp(name, r->user_header) == 0) {
        if (r->head->user != NULL)
            r->why = "the header that names the user is there twice";
        r->head->user = value;
    }
    for (size_t i = 0; i < sizeof known_headers / sizeof known_headers[0]; i++) {
        if (strcasecmp(name, known_headers[i].name) != 0)
            continue;
        const char **field = (const char **)(void *)((char *)r->head + known_headers[i].field);
        if (*field != NULL && !known_headers[i].repeats)
            r->why = "a header is there twice that may be there once";
        *field = value;
    }
}

static enum MHD_Result take(void *cls, enum MHD_ValueKind kind, const char *name,
                            size_t name_length, const char *value, size_t value_length)
{
    reader *r = cls;
    (void)kind;

    if (value == NULL || !follows(r, name, name_length, value, value_length))
        r->why = "lines of the head must end in CR LF, and have neither folds nor NULs";
    else if (!is_token(name, name_length))
        r->why = "a header's name has a character that it may not have";
    else if (!is_printable(value, value_length))
        r->why = "a header has control characters";
    else
        keep(r, name, value);
    return r->why == NULL ? MHD_YES : MHD_NO;
}

/* "GET", ' ', target, ' ', "HTTP/1.1", CR LF. */
static bool line_is_strict(const head_line *line)
{
    if (strcmp(line->version, "HTTP/1.1") != 0 && strcmp(line->version, "HTTP/1.0") != 0)
        return false;
    if (!splits_in_place())
        return true;
    return line->target == line->method + strlen(line->method) + 1 &&
           line->version == line->target + line->target_length + 1 &&
           line->version[strlen(line->version) + 1] == '\0';
}

static bool host_is_good(const head *h, const char *version)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_:[]";
    if (h->host == NULL)
        return strcmp(version, "HTTP/1.0") == 0;
    return h->host[0] != '\0' && h->host[strspn(h->host, allowed)] == '\0';
}

static bool read_length(head *h)
{
    const char *text = h->content_length;
    size_t length = text != NULL ? strlen(text) : 0;
    if (text == NULL)
        return true;
    if (length == 0 || length > 18 || strspn(text, "0123456789") != length)
        return false;
    for (size_t i = 0; i < length; i++)
        h->body_bytes = h->body_bytes * 10 + (uint64_t)(text[i] - '0');
    return true;
}

static unsigned read_framing(head *h, const char **out_why)
{
    unsigned status = MHD_HTTP_BAD_REQUEST;
    if (h->transfer_encoding != NULL && h->content_length != NULL)
        *out_why = "Content-Length and Transfer-Encoding exclude each other";
    else if (h->transfer_encoding != NULL && strcasecmp(h->transfer_encoding, "chunked") != 0)
        *out_why = "this Transfer-Encoding is not known here";
    else if (!read_length(h))
        *out_why = "Content-Length must be a number";
    else if (h->transfer_encoding != NULL) {
        *out_why = "send the body with a Content-Length, not in chunks";
        status = MHD_HTTP_LENGTH_REQUIRED;
    } else if (h->expect != NULL && strcasecmp(h->expect, "100-continue") != 0) {
        *out_why = "the only thing that may be expected is 100-continue";
        status = MHD_HTTP_EXPECTATION_FAILED;
    } else {
        status = 0;
    }
    return status;
}

unsigned head_read(struct MHD_Connection *connection, const head_line *line,
                   const char *user_header, head *out, const char **out_why)
{
    reader r = { .head = out, .user_header = user_header };

    if (!line_is_strict(line)) {
        *out_why = "the first line must be: method, blank, target, blank, HTTP/1.1";
        return MHD_HTTP_BAD_REQUEST;
    }
    if (splits_in_place())
        r.next = (uintptr_t)line->version + strlen(line->version) + 2;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take, &r);
    if (r.why == NULL && !ends(&r))
        r.why = "the head must end in an empty line";
    *out_why = r.why;
    if (r.why != NULL)
        return MHD_HTTP_BAD_REQUEST;
    if (!host_is_good(out, line->version)) {
        *out_why = "Host must be there, and name a host";
        return MHD_HTTP_BAD_REQUEST;
    }
    return read_framing(out, out_why);
}
