/* hourly.h - how often an address has done something within an hour, and no more than so often.
 *
 * Tables of a fixed size, so that no number of addresses can fill the memory. Each row counts one
 * hour from its first use, and is not forgotten before, since that would let its address begin
 * again.
 *
 * Who has one address of IPv6 often has a /48 of them. All of a /48, and of IPv4 of a /24, share a
 * few places: when these are taken, who is new there is counted with all of it, as one that may do
 * as much as 16, and nobody elsewhere notices. Of those in turn a /32, or /16, has a few.
 *
 * Threads: any. */
#ifndef SERVER_HOURLY_H
#define SERVER_HOURLY_H

#include "address.h"

#include <stdbool.h>

typedef struct hourly hourly;

/* NULL: out of memory. limit 0: there is none. */
hourly *hourly_begin(unsigned limit);
void hourly_end(hourly *h);

/* 0: it may, and is counted. Else the seconds until it may. */
uint32_t hourly_take(hourly *h, const address *from);

#endif
