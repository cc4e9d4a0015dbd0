#include "http/smtp_address.h"

#include "base/err.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Not isalnum(): that asks the locale. */
static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_atom(char c)
{
    return is_alphanumeric(c) || (c != '\0' && strchr("#$&'*+-/=?^_{}~", c) != NULL);
}

/* NULL if it is one; else what is wrong. */
static const char *local_problem(const char *local, size_t bytes)
{
    if (bytes == 0)
        return "nothing before the '@'";
    if (bytes > LL_SMTP_LOCAL_BYTES_MAX)
        return "more than 64 bytes before the '@'";
    if (local[0] == '-')
        return "it begins with '-'";
    for (size_t i = 0; i < bytes; i++) {
        if (local[i] == '.' && (i == 0 || i + 1 == bytes || local[i - 1] == '.'))
            return "a dot at an end, or two in a row, before the '@'";
        if (local[i] != '.' && !is_of_atom(local[i]))
            return "a character that is not allowed before the '@'";
    }
    return NULL;
}

static const char *label_problem(const char *label, size_t bytes)
{
    if (bytes == 0 || bytes > LL_SMTP_LABEL_BYTES_MAX)
        return "a part of the domain is empty or longer than 63 bytes";
    if (label[0] == '-' || label[bytes - 1] == '-')
        return "a part of the domain begins or ends with '-'";
    for (size_t i = 0; i < bytes; i++) {
        if (!is_alphanumeric(label[i]) && label[i] != '-')
            return "a character that is not allowed in a domain";
    }
    return NULL;
}

static const char *domain_problem(const char *domain, size_t bytes)
{
    const char *problem = NULL;

    if (bytes > LL_SMTP_DOMAIN_BYTES_MAX)
        return "a domain of more than 253 bytes";
    for (const char *label = domain; problem == NULL;) {
        size_t label_bytes = strcspn(label, ".");

        problem = label_problem(label, label_bytes);
        if (label[label_bytes] == '\0')
            break;
        label += label_bytes + 1;
    }
    return problem;
}

llmlearn_err ll_smtp_address_check(const char *field, const char *address)
{
    const char *problem = NULL;

    assert(field != NULL);
    size_t bytes = address == NULL ? 0 : strnlen(address, LL_SMTP_ADDRESS_BYTES_MAX + 1);
    const char *at = bytes == 0 ? NULL : memchr(address, '@', bytes);

    if (bytes == 0)
        problem = "there is none";
    else if (bytes > LL_SMTP_ADDRESS_BYTES_MAX)
        problem = "more than 254 bytes";
    else if (at == NULL)
        problem = "no '@'";
    else
        problem = local_problem(address, (size_t)(at - address));
    if (problem == NULL)
        problem = domain_problem(at + 1, bytes - (size_t)(at + 1 - address));
    if (problem != NULL)
        return ll_fail(LLMLEARN_EINVAL, "%s: not a mail address like ops@example.org: %s", field,
                       problem);
    return LLMLEARN_OK;
}

const char *ll_smtp_address_domain(const char *address)
{
    const char *at = strchr(address, '@');

    assert(at != NULL);
    return at + 1;
}
