/* refusal.h - what libmicrohttpd refuses by itself is told like everything else.
 *
 * A head that it cannot read it answers before any of our callbacks: with a page of HTML, without
 * headers of security, and a version of HTTP that it does not speak with a status that is for
 * faults of servers. It has no option to change that, but hands each such page to its own public
 * MHD_queue_response, as a client of itself. The one defined here stands before that one, since a
 * program's functions come before those of its shared libraries, and puts a problem in its place.
 * So libmicrohttpd must be one. Where the length of a body is wrong, version 0.9 writes the head of
 * its answer twice, the second in place of the body: then there is none, and clients stop before.
 *
 * Our own replies pass it by. */
#ifndef SERVER_REFUSAL_H
#define SERVER_REFUSAL_H

#include <microhttpd.h>
#include <stdbool.h>

/* Once, before the first connection. False: there is no MHD_queue_response behind ours. */
bool refusal_begin(void);

/* libmicrohttpd's MHD_queue_response. */
enum MHD_Result libmicrohttpd_queue(struct MHD_Connection *mhd, unsigned status,
                                    struct MHD_Response *response);

#endif
