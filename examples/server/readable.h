/* readable.h - text that people type, and other people and models read. */
#ifndef SERVER_READABLE_H
#define SERVER_READABLE_H

#include <jansson.h>
#include <stdbool.h>

/* Takes characters out of a JSON string that cannot be seen: U+200B to 200D, 2060, FEFF, variation
 * selectors and tags; nothing is hidden from whoever reads it later. False for what is no slip:
 * control characters other than tab and line feed, and characters that turn the direction. */
bool readable_clean(json_t *string);

#endif
