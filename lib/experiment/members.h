/* members.h - reads back the JSON objects that we stored, one member after another.
 *
 * Asks for no memory and copies nothing. It is for texts that were well-formed when they were
 * stored: damage is noticed where it breaks the structure, not inside a string or a number.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_EXPERIMENT_MEMBERS_H
#define LL_EXPERIMENT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ll_member {
    const char *key; /* without its quotes */
    size_t key_bytes;
    const char *value; /* as it stands: "text", -1.5, null, {...} */
    size_t value_bytes;
} ll_member;

typedef void (*ll_member_fn)(void *context, const ll_member *member);

/* Calls `each` (may be NULL) for the members of the one object that the text is. False if it is
 * not one; some members may have been told by then. */
bool ll_members_read(const char *json, ll_member_fn each, void *context);

/* Is the member's key this one? */
bool ll_member_is(const ll_member *member, const char *key);

/* The number that the value is, else `otherwise`. */
double ll_member_number(const ll_member *member, double otherwise);
bool ll_member_is_true(const ll_member *member);
/* The text that the value is, if it has no escapes and fits; else "". */
void ll_member_text(const ll_member *member, char *out, size_t bytes);

#endif
