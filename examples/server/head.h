/* head.h - the head of a request, read more strictly than libmicrohttpd does.
 *
 * libmicrohttpd 0.9 takes requests that a proxy in front of it may read differently, which is how
 * requests are smuggled: two lengths, a length beside an encoding, folded lines, bare line feeds,
 * NULs. It splits the head in place and tells where each part is, so that what it
 * stepped over shows as a gap. Its version 1.0 and later refuse these themselves and keep the head
 * in another way: there the gaps are not looked at. */
#ifndef SERVER_HEAD_H
#define SERVER_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct head {
    const char *host;
    const char *content_type;
    const char *content_length;
    const char *transfer_encoding;
    const char *authorization; /* NULL too if there are several */
    const char *cookie;
    const char *feedback_token;
    const char *if_none_match;
    const char *accept_encoding; /* the last one */
    const char *expect;
    const char *user;            /* of the header that the options name */
    const char *forwarded_for;   /* the last one, which the nearest proxy wrote */
    const char *forwarded_proto; /* the last one */
    unsigned authorization_count;
    uint64_t body_bytes;
} head;

typedef struct head_line {
    const char *method, *target, *version;
    size_t target_length;
} head_line;

/* 0 if it is good; else the status to answer with, and why. Texts live as long as the request. */
unsigned head_read(struct MHD_Connection *connection, const head_line *line,
                   const char *user_header, head *out, const char **out_why);

#endif
