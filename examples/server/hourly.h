/* hourly.h - how often an address has done something within an hour, and no more than so often.
 *
 * A table of a fixed size, so that no number of addresses can fill the memory. Each row counts one
 * hour from its first use. If all rows are in use the address that is new is refused, since
 * forgetting another would let that one begin again.
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
