#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FILES_BESIDE = 256 };

typedef struct reader {
    char *problem;
    size_t problem_bytes;
    bool failed;
} reader;

__attribute__((format(printf, 2, 3))) static void refuse(reader *r, const char *format, ...)
{
    if (r->failed)
        return; /* the first problem is told */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->problem, r->problem_bytes, format, arguments);
    va_end(arguments);
    r->failed = true;
}

/* NULL if it is unset or empty. */
static const char *text(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *required(reader *r, const char *name, const char *what)
{
    const char *value = text(name);
    if (value == NULL)
        refuse(r, "%s is not set: it must be %s", name, what);
    return value;
}

static unsigned number(reader *r, const char *name, unsigned standard, unsigned least,
                       unsigned most)
{
    const char *value = text(name);
    if (value == NULL)
        return standard;
    char *end = NULL;
    unsigned long read = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || read < least || read > most)
        refuse(r, "%s is \"%.40s\": it must be a number from %u to %u", name, value, least, most);
    return (unsigned)read;
}

/* A secret that somebody typed by hand is guessed: 32 characters are asked for, and not one
 * character 32 times. */
static const char *secret(reader *r, const char *name, const char *value)
{
    if (value == NULL)
        return NULL;
    size_t length = strlen(value);
    if (length < SECRET_CHARACTERS_MIN)
        refuse(r,
               "%s has %zu characters: it needs %d or more, for example from: openssl rand -hex 32",
               name, length, SECRET_CHARACTERS_MIN);
    else if (strspn(value, (char[]){ value[0], '\0' }) == length)
        refuse(r, "%s is one character again and again: take one from: openssl rand -hex 32", name);
    for (size_t i = 0; i < length; i++)
        if (value[i] <= ' ' || value[i] > '~')
            refuse(r, "%s may have printable ASCII without blanks only", name);
    return value;
}

static void read_proxy(reader *r, options *o)
{
    const char *proxy = text("LLMLEARN_TRUSTED_PROXY");
    o->user_header = text("LLMLEARN_USER_HEADER");
    if (proxy != NULL && !address_parse(proxy, &o->proxy))
        refuse(r, "LLMLEARN_TRUSTED_PROXY is \"%.60s\": it must be an IPv4 or IPv6 address", proxy);
    o->has_proxy = proxy != NULL;
    if (o->user_header != NULL && proxy == NULL)
        refuse(r, "LLMLEARN_USER_HEADER needs LLMLEARN_TRUSTED_PROXY: the address of the proxy "
                  "that sets it");
}

static void read_limits(reader *r, options *o)
{
    o->port = (uint16_t)number(r, "LLMLEARN_SERVER_PORT", 8080, 0, 65535);
    o->connections_max = number(r, "LLMLEARN_CONNECTIONS", 256, 1, 4096);
    o->connections_per_address =
        number(r, "LLMLEARN_CONNECTIONS_PER_ADDRESS", 16, 1, o->connections_max);
    o->deadline_s = number(r, "LLMLEARN_REQUEST_SECONDS", 10, 1, 600);
    o->identities_per_hour = number(r, "LLMLEARN_IDENTITIES_PER_HOUR", 120, 0, 1000000);
    o->explains_per_hour = number(r, "LLMLEARN_EXPLAINS_PER_HOUR", 600, 0, 1000000);
    o->feedback_per_hour = number(r, "LLMLEARN_FEEDBACK_PER_HOUR", 0, 0, 1000000);
    o->schedule = number(r, "LLMLEARN_SCHEDULE", 0, 0, 1) == 1;
}

/* Each connection is an open file, and so are those of the database and of its journal. Who starts
 * a process often lets it have fewer than it might ask for. */
static void allow_files(reader *r, const options *o)
{
    rlim_t needed = o->connections_max + (rlim_t)FILES_BESIDE;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= needed)
        return;
    files.rlim_cur = needed;
    if (needed > files.rlim_max || setrlimit(RLIMIT_NOFILE, &files) != 0)
        refuse(r,
               "LLMLEARN_CONNECTIONS is %u, for which %lu open files are needed: this process "
               "may have %lu (ulimit -Hn)",
               o->connections_max, (unsigned long)needed, (unsigned long)files.rlim_max);
}

static void read_model(reader *r, options *o)
{
    o->llm_url = text("LLMLEARN_LLM_URL");
    o->llm_key = text("LLMLEARN_LLM_KEY");
    o->llm_prices = text("LLMLEARN_LLM_PRICES");
    o->llm_timeout_s = number(r, "LLMLEARN_LLM_TIMEOUT", 10, 1, 600);
    if (o->llm_url != NULL)
        o->llm_model = required(r, "LLMLEARN_LLM_MODEL", "the name of the model to ask");
}

bool options_read(options *out, char *out_problem, size_t problem_bytes)
{
    reader r = { .problem = out_problem, .problem_bytes = problem_bytes };
    options o = { .address = "127.0.0.1" };

    o.database = required(&r, "LLMLEARN_DB", "the path of the database, made if it is not there");
    o.admin_token = required(&r, "LLMLEARN_ADMIN_TOKEN",
                             "a secret of 32 or more characters, as from: openssl rand -hex 32");
    secret(&r, "LLMLEARN_ADMIN_TOKEN", o.admin_token);
    o.key = secret(&r, "LLMLEARN_SERVER_KEY", text("LLMLEARN_SERVER_KEY"));
    if (text("LLMLEARN_SERVER_ADDRESS") != NULL)
        o.address = text("LLMLEARN_SERVER_ADDRESS");
    o.static_folder = text("LLMLEARN_STATIC");
    o.figures = text("LLMLEARN_FIGURES");
    read_proxy(&r, &o);
    read_limits(&r, &o);
    allow_files(&r, &o);
    read_model(&r, &o);
    if (!r.failed)
        *out = o;
    return !r.failed;
}
