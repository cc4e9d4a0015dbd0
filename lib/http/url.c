#include "http/url.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REFUSED(why) ll_fail(LLMLEARN_EINVAL, "url: %s", why)

/* A % with two hex digits behind it, not of a NUL, CR, LF or the like. */
static bool encodes_text(const char *percent)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    if (percent[1] == '\0' || strchr(digits, percent[1]) == NULL)
        return false;
    if (percent[2] == '\0' || strchr(digits, percent[2]) == NULL)
        return false;
    return percent[1] > '1' && strncasecmp(percent, "%7f", 3) != 0;
}

/* Printable ASCII without the few characters that some parser takes for another. */
static llmlearn_err check_characters(const char *url)
{
    size_t bytes = strnlen(url, LL_URL_BYTES_MAX + 1);

    if (bytes > LL_URL_BYTES_MAX)
        return REFUSED("longer than 2048 bytes");
    for (size_t i = 0; i < bytes; i++)
        if (url[i] <= ' ' || url[i] >= 127 || strchr("\\\"<>^`{|}", url[i]) != NULL)
            return REFUSED("holds a space, or a character that must be percent-encoded");
    if (strchr(url, '#') != NULL)
        return REFUSED("holds a fragment (#)");
    for (const char *at = strchr(url, '%'); at != NULL; at = strchr(at + 1, '%'))
        if (!encodes_text(at))
            return REFUSED("holds a % that encodes nothing, or a control character");
    return LLMLEARN_OK;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

/* A name whose last part is a number is an address to some readers: 1.2.3, 0x7f.1, 256.0.0.1. */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot != NULL ? dot + 1 : host;

    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return true;
    return last[strspn(last, "0123456789")] == '\0';
}

static llmlearn_err check_host(const char *host)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    struct in_addr v4;

    if (host[0] == '[')
        return LLMLEARN_OK; /* libcurl has parsed it */
    if (host[0] == '\0' || host[strspn(host, letters)] != '\0')
        return REFUSED("the host is not a plain name or address");
    if (host[0] == '.' || strstr(host, "..") != NULL || host[strlen(host) - 1] == '.')
        return REFUSED("the host has an empty part");
    if (inet_pton(AF_INET, host, &v4) != 1 && ends_in_number(host))
        return REFUSED("the host is not an address of four decimal numbers, nor a name");
    return LLMLEARN_OK;
}

/* What stands between the slashes must be the host and port that libcurl found. */
static bool stands_there(const char *url, const char *host, const char *port)
{
    const char *at = strstr(url, "://");

    if (at == NULL)
        return false;
    at += 3;
    if (strncasecmp(at, host, strlen(host)) != 0)
        return false;
    at += strlen(host);
    if (port != NULL) {
        if (*at++ != ':' || strncmp(at, port, strlen(port)) != 0)
            return false;
        at += strlen(port);
    }
    return *at == '\0' || *at == '/' || *at == '?';
}

/* A part as text for curl_free(); NULL if the URL has none. False: out of memory. */
static bool get_part(const ll_curl *curl, CURLU *parsed, CURLUPart part, char **out_text)
{
    CURLUcode code = curl->url_get(parsed, part, out_text, 0);

    if (code != CURLUE_OK)
        *out_text = NULL;
    return code != CURLUE_OUT_OF_MEMORY;
}

static llmlearn_err check_parts(const char *url, const char *scheme, const char *host,
                                const char *port, ll_url *out_url)
{
    ll_url found = { 0 };
    llmlearn_err err;

    found.https = scheme != NULL && strcmp(scheme, "https") == 0;
    if (!found.https && (scheme == NULL || strcmp(scheme, "http") != 0))
        return REFUSED("the scheme must be https");
    if (host == NULL || strlen(host) >= sizeof found.host)
        return REFUSED("has no host, or one that is too long");
    if (!stands_there(url, host, port))
        return REFUSED("the host and port can be read in more than one way");
    err = check_host(host);
    if (err != LLMLEARN_OK)
        return err;
    found.loopback = is_loopback(host);
    if (!found.https && !found.loopback)
        return REFUSED("the scheme must be https, but for this machine itself (127.0.0.1, [::1], "
                       "localhost)");
    found.port = (uint16_t)(port == NULL ? found.https ? 443 : 80 : atoi(port));
    if (found.port == 0)
        return REFUSED("the port must be 1 to 65535");
    strcpy(found.host, host);
    *out_url = found;
    return LLMLEARN_OK;
}

static llmlearn_err read_parts(const ll_curl *curl, CURLU *parsed, const char *url, ll_url *out_url)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    llmlearn_err err;

    if (get_part(curl, parsed, CURLUPART_SCHEME, &scheme) &&
        get_part(curl, parsed, CURLUPART_HOST, &host) &&
        get_part(curl, parsed, CURLUPART_PORT, &port))
        err = check_parts(url, scheme, host, port, out_url);
    else
        err = ll_fail(LLMLEARN_ENOMEM, "reading a url");
    curl->free(scheme);
    curl->free(host);
    curl->free(port);
    return err;
}

static llmlearn_err parse(const ll_curl *curl, CURLU *parsed, const char *url, ll_url *out_url)
{
    switch (curl->url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER)) {
    case CURLUE_OK:
        return read_parts(curl, parsed, url, out_url);
    case CURLUE_OUT_OF_MEMORY:
        return ll_fail(LLMLEARN_ENOMEM, "reading a url");
    case CURLUE_USER_NOT_ALLOWED:
        return REFUSED("holds a user name or password; give keys apart from it");
    default:
        return REFUSED("cannot be parsed; it must look like https://name/path");
    }
}

llmlearn_err ll_url_check(const ll_curl *curl, const char *url, ll_url *out_url)
{
    CURLU *parsed;
    llmlearn_err err;

    assert(curl != NULL && url != NULL && out_url != NULL);
    err = check_characters(url);
    if (err != LLMLEARN_OK)
        return err;
    parsed = curl->url();
    if (parsed == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "reading a url");
    err = parse(curl, parsed, url, out_url);
    curl->url_cleanup(parsed);
    return err;
}

ll_address_rule ll_url_addresses(const ll_url *url, bool allow_private)
{
    assert(url->https || url->loopback);
    if (url->loopback)
        return (ll_address_rule){ .loopback = true };
    return (ll_address_rule){ .loopback = allow_private,
                              .private_network = allow_private,
                              .public_network = true };
}
