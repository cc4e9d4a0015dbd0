/* address.h - a client's address, as what limits are counted by. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/* IPv6 as it is, IPv4 as ::ffff:a.b.c.d. All bytes count: it is compared by memcmp. */
typedef struct address {
    uint8_t bytes[16];
} address;

/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1". False for anything else. */
bool address_parse(const char *text, address *out);
address address_of_peer(const struct sockaddr *peer);
bool address_equal(const address *a, const address *b);

/* Its first bytes, the others 0: of IPv6 so many, of IPv4 so many of its four. */
address address_prefix(const address *a, unsigned v6_bytes, unsigned v4_bytes);
/* Whom a limit counts: of IPv6 the /64, since who has one address has them all. */
address address_network(const address *a);

enum { ADDRESS_TEXT_BYTES = 46 };
void address_format(const address *a, char out[ADDRESS_TEXT_BYTES]);

#endif
