#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_ipv4(const address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static address from_ipv4(const void *four_bytes)
{
    address a;
    memcpy(a.bytes, mapped, sizeof mapped);
    memcpy(a.bytes + sizeof mapped, four_bytes, 4);
    return a;
}

bool address_parse(const char *text, address *out)
{
    uint8_t four_bytes[4];
    address a;

    if (inet_pton(AF_INET, text, four_bytes) == 1)
        a = from_ipv4(four_bytes);
    else if (inet_pton(AF_INET6, text, a.bytes) != 1)
        return false;
    *out = a;
    return true;
}

address address_of_peer(const struct sockaddr *peer)
{
    address a = { { 0 } };
    if (peer->sa_family == AF_INET)
        return from_ipv4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr);
    if (peer->sa_family == AF_INET6)
        memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
    return a;
}

bool address_equal(const address *a, const address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

address address_prefix(const address *a, unsigned v6_bytes, unsigned v4_bytes)
{
    address prefix = { { 0 } };
    memcpy(prefix.bytes, a->bytes, is_ipv4(a) ? sizeof mapped + v4_bytes : v6_bytes);
    return prefix;
}

address address_network(const address *a)
{
    return address_prefix(a, 8, 4);
}

void address_format(const address *a, char out[ADDRESS_TEXT_BYTES])
{
    if (is_ipv4(a))
        inet_ntop(AF_INET, a->bytes + sizeof mapped, out, ADDRESS_TEXT_BYTES);
    else
        inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_BYTES);
}
