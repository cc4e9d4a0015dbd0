/* address.h - which network addresses may be called.
 *
 * Asked where a socket is about to be opened, with the address that a name was resolved to: so no
 * name, however it is spelt and whatever its server says the second time, leads a call to the
 * machine's own services, to a cloud's metadata or into the network behind.
 *
 *   never     unspecified, link-local, metadata of clouds, multicast, reserved
 *   loopback  127.0.0.0/8, ::1
 *   private   RFC 1918, carrier's, benchmark's, unique local
 *   public    all else
 *
 * An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as the IPv4 one.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_HTTP_ADDRESS_H
#define LL_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

typedef enum ll_address_class {
    LL_ADDRESS_NEVER = 0,
    LL_ADDRESS_LOOPBACK,
    LL_ADDRESS_PRIVATE,
    LL_ADDRESS_PUBLIC
} ll_address_class;

/* Which classes may be called. */
typedef struct ll_address_rule {
    bool loopback;
    bool private_network;
    bool public_network;
} ll_address_rule;

/* Families other than IPv4 and IPv6 are LL_ADDRESS_NEVER. */
ll_address_class ll_address_classify(const struct sockaddr *address, socklen_t bytes);

bool ll_address_allowed(const ll_address_rule *rule, const struct sockaddr *address,
                        socklen_t bytes);

#endif
