/* acknowledged.h - what processes that may die were promised, kept where it outlives them.
 *
 * Memory that parent and children share: a child writes down each id after the call said
 * LLMLEARN_OK, the parent compares the list with the database when the child is dead. */
#ifndef SUPPORT_ACKNOWLEDGED_H
#define SUPPORT_ACKNOWLEDGED_H

#include "llmlearn.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acknowledged_entry {
    llmlearn_id id;
    int32_t vote; /* 0: the explanation itself; else llmlearn_vote of `user` on it */
    char user[12];
} acknowledged_entry;

typedef struct acknowledged {
    size_t capacity;
    atomic_size_t claimed;
    atomic_size_t attempts; /* calls begun, whatever became of them */
    acknowledged_entry entries[];
} acknowledged;

acknowledged *acknowledged_new(size_t capacity);
void acknowledged_free(acknowledged *list);
void acknowledged_clear(acknowledged *list);

/* Any thread of any process. False when the list is full. */
bool acknowledged_explanation(acknowledged *list, const llmlearn_id *id);
bool acknowledged_vote(acknowledged *list, const llmlearn_id *id, const char *user, bool helpful);
size_t acknowledged_count(const acknowledged *list);

/* How many entries are not in the database as they were acknowledged; *out_example says
 * one of them, until the next call. */
size_t acknowledged_missing(const acknowledged *list, const char *path, const char **out_example);

#endif
