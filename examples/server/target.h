/* target.h - what a request asks for: "/api/explanations?limit=20", split and decoded.
 *
 * Stricter than a browser needs: what two programs might read differently is refused. */
#ifndef SERVER_TARGET_H
#define SERVER_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_BYTES_MAX = 2048, TARGET_SEGMENTS_MAX = 8, TARGET_PARAMETERS_MAX = 8 };

typedef struct parameter {
    const char *name, *value;
} parameter;

typedef struct target {
    char whole[TARGET_BYTES_MAX]; /* as it came; for the log and for static files */
    char parts[TARGET_BYTES_MAX]; /* decoded, what follows points into it */
    const char *segments[TARGET_SEGMENTS_MAX];
    unsigned segment_count;
    parameter parameters[TARGET_PARAMETERS_MAX];
    unsigned parameter_count;
    const char *query_problem; /* as target_parse; NULL: it is good. Only the API reads a query */
} target;

/* NULL if its path is good, else what is wrong with it, for people. A target that is too long is
 * left for the caller: it must be shorter than TARGET_BYTES_MAX. */
const char *target_parse(const char *raw, target *out);

/* The value of a parameter, NULL if it is not there. */
const char *target_parameter(const target *t, const char *name);

/* Is the path below, as in "/api/admin" of "/api/admin/decisions"? */
bool target_below(const target *t, const char *prefix);

#endif
