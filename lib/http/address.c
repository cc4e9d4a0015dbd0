#include "http/address.h"

#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first `bits` of an address, and what such an address is. */
typedef struct range {
    uint8_t prefix[16];
    uint8_t bits;
    ll_address_class class;
} range;

/* The first that fits holds: IANA's special-purpose registries, and where the metadata of the
 * large clouds is served outside of link-local. */
static const range ranges_v4[] = {
    { { 0 }, 8, LL_ADDRESS_NEVER }, /* 0.0.0.0 reaches loopback */
    { { 10 }, 8, LL_ADDRESS_PRIVATE },
    { { 100, 100, 100, 200 }, 32, LL_ADDRESS_NEVER }, /* metadata, Alibaba */
    { { 100, 64 }, 10, LL_ADDRESS_PRIVATE },
    { { 127 }, 8, LL_ADDRESS_LOOPBACK },
    { { 168, 63, 129, 16 }, 32, LL_ADDRESS_NEVER }, /* the host below, Azure */
    { { 169, 254 }, 16, LL_ADDRESS_NEVER },
    { { 172, 16 }, 12, LL_ADDRESS_PRIVATE },
    { { 192, 0, 0 }, 24, LL_ADDRESS_NEVER }, /* with metadata, Oracle */
    { { 192, 168 }, 16, LL_ADDRESS_PRIVATE },
    { { 198, 18 }, 15, LL_ADDRESS_PRIVATE },
    { { 224 }, 3, LL_ADDRESS_NEVER }, /* multicast, reserved, broadcast */
    { { 0 }, 0, LL_ADDRESS_PUBLIC },
};

static const range ranges_v6[] = {
    { { [15] = 1 }, 128, LL_ADDRESS_LOOPBACK },
    { { 0 }, 96, LL_ADDRESS_NEVER },                      /* unspecified, and IPv4 as it once was */
    { { 0x20, 0x01, 0, 0 }, 32, LL_ADDRESS_NEVER },       /* Teredo: an IPv4 address in disguise */
    { { 0xfd, 0x00, 0x0e, 0xc2 }, 32, LL_ADDRESS_NEVER }, /* metadata, Amazon */
    { { 0xfd, 0x20, 0x00, 0xce }, 32, LL_ADDRESS_NEVER }, /* metadata, Google */
    { { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48, LL_ADDRESS_PRIVATE },
    { { 0x20 }, 3, LL_ADDRESS_PUBLIC },
    { { 0xfc }, 7, LL_ADDRESS_PRIVATE },
    { { 0xfe, 0xc0 }, 10, LL_ADDRESS_PRIVATE },
    { { 0 }, 0, LL_ADDRESS_NEVER }, /* link-local, multicast, and what is nobody's */
};

/* Where an IPv6 address of this prefix holds an IPv4 one. */
static const struct {
    uint8_t prefix[16];
    uint8_t bits;
    uint8_t offset;
} embedded[] = {
    { { [10] = 0xff, [11] = 0xff }, 96, 12 }, /* ::ffff:0:0/96, mapped */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },   /* 64:ff9b::/96, NAT64 */
    { { 0x20, 0x02 }, 16, 2 },                /* 2002::/16, 6to4 */
};

static bool begins_with(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(address, prefix, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

/* The last range has no bits: it fits always. */
static ll_address_class look_up(const range *ranges, const uint8_t *address)
{
    while (!begins_with(address, ranges->prefix, ranges->bits))
        ranges++;
    return ranges->class;
}

static ll_address_class classify_v6(const uint8_t *address)
{
    for (size_t i = 0; i < sizeof embedded / sizeof embedded[0]; i++)
        if (begins_with(address, embedded[i].prefix, embedded[i].bits))
            return look_up(ranges_v4, address + embedded[i].offset);
    return look_up(ranges_v6, address);
}

ll_address_class ll_address_classify(const struct sockaddr *address, socklen_t bytes)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    assert(address != NULL);
    if (bytes >= sizeof v4 && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return look_up(ranges_v4, (const uint8_t *)&v4.sin_addr);
    }
    if (bytes >= sizeof v6 && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return classify_v6(v6.sin6_addr.s6_addr);
    }
    return LL_ADDRESS_NEVER;
}

bool ll_address_allowed(const ll_address_rule *rule, const struct sockaddr *address,
                        socklen_t bytes)
{
    switch (ll_address_classify(address, bytes)) {
    case LL_ADDRESS_LOOPBACK:
        return rule->loopback;
    case LL_ADDRESS_PRIVATE:
        return rule->private_network;
    case LL_ADDRESS_PUBLIC:
        return rule->public_network;
    case LL_ADDRESS_NEVER:
        break;
    }
    return false;
}
