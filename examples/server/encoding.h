/* encoding.h - in which codings a client takes a reply (RFC 9110, 12.5.3). */
#ifndef SERVER_ENCODING_H
#define SERVER_ENCODING_H

#include <stdbool.h>

/* accepted: the value of Accept-Encoding, NULL if there is none. */
bool encoding_accepts_gzip(const char *accepted);

#endif
