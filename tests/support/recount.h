/* recount.h - is every sum in a database what a count of its raw rows gives?
 *
 * By SQL through SQLite alone, so that no line of the library vouches for itself; but for the
 * e-processes, which the public functions step through all first votes again.
 * Works on a closed database and, in a snapshot, beside whoever writes to it. */
#ifndef SUPPORT_RECOUNT_H
#define SUPPORT_RECOUNT_H

#include "llmlearn.h"

#include <stdbool.h>
#include <stdint.h>

/* NULL if all is equal; else what differs, until the next call. Compares llm_metrics, llm_latency,
 * llm_days, and llm_ab_arms, _units, _latency, _days; looks for rows whose parents are missing,
 * for an id or a text that stands twice (texts: only with distinct_texts), for damage. */
const char *recount_difference(const char *path, bool distinct_texts);
/* Fails the test if there is a difference. */
void recount(const char *path);

/* One number by SQL; INT64_MIN if it has no row. */
int64_t recount_number(const char *path, const char *sql);

/* A text of everything in all tables, for the caller to free: nothing changed between two
 * equal ones. Leaves out llm_positions, which change without a caller's doing. */
char *recount_dump(const char *path);

#endif
