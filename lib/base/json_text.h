/* json_text.h - is this text a JSON object? Asks for no memory, so that it can neither fail
 * nor take the process down where a parser would have to build a tree.
 *
 * Uses: nothing. */
#ifndef LL_BASE_JSON_TEXT_H
#define LL_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Deeper nesting than this is refused: readers of what we keep may recurse. */
#define LL_JSON_DEPTH_MAX 32

/* Exactly one object by RFC 8259, with nothing but white space around it. The text is valid
 * UTF-8 (see utf8.h) and need not end in a NUL. Equal keys are not looked for. */
bool ll_json_is_object(const char *text, size_t bytes);

#endif
