/* readable.h - text that people type, and other people and models read. */
#ifndef SERVER_READABLE_H
#define SERVER_READABLE_H

#include <jansson.h>
#include <stdbool.h>

/* Takes characters out of a JSON string that cannot be seen: U+200B to 200D, 2060, FEFF, all
 * variation selectors and tags; nothing is hidden from whoever reads it later. False for what is no
 * slip: control characters other than tab and line feed, and characters that turn the direction. */
bool readable_clean(json_t *string);

/* What is to be quoted as it came, or cut somewhere: if it is no UTF-8, all that is not ASCII is
 * '?', since what quotes it must not be lost for it. */
json_t *readable_string(const char *text);

#endif
