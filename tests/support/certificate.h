/* certificate.h - a certificate that a test's own server shows, made by openssl on the spot. */
#ifndef SUPPORT_CERTIFICATE_H
#define SUPPORT_CERTIFICATE_H

#include <stdbool.h>

/* <folder>/<name>.crt and <folder>/<name>.key: signed by itself, for names such as
 * "DNS:localhost,IP:127.0.0.1". False without openssl. */
bool certificate_make(const char *folder, const char *name, const char *for_names);

#endif
