/* smtp_address.h - may this be written into a conversation with a mail server?
 *
 *     local part                      @  domain
 *     atoms of letters, digits and       labels of letters, digits and '-',
 *     # $ & ' * + - / = ? ^ _ { } ~      no '-' at an end of a label
 *     with single dots between them      with single dots between them
 *     1 to 64 bytes                      1 to 253 bytes, each label 1 to 63
 *
 * A part of what RFC 5321 allows: no quoted local parts, no address literals, no letters beyond
 * ASCII, none of ! % | ` that mailers once took for routes and programs, and no '-' at the
 * beginning, which programs take for an option. So nothing of an address can end a line, a
 * command or a header.
 *
 * Threads: pure functions.
 * Uses:    err. */
#ifndef LL_HTTP_SMTP_ADDRESS_H
#define LL_HTTP_SMTP_ADDRESS_H

#include "llmlearn.h"

#define LL_SMTP_ADDRESS_BYTES_MAX 254 /* RFC 5321: a path of 256 with its brackets */
#define LL_SMTP_LOCAL_BYTES_MAX 64
#define LL_SMTP_DOMAIN_BYTES_MAX 253
#define LL_SMTP_LABEL_BYTES_MAX 63

/* LLMLEARN_EINVAL with a line that begins with the field's name. NULL is refused too. */
llmlearn_err ll_smtp_address_check(const char *field, const char *address);

/* Of a checked one: what follows the '@'. */
const char *ll_smtp_address_domain(const char *address);

#endif
