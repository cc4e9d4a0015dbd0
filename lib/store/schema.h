/* schema.h - the numbered steps that make and change the tables.
 *
 * Forward only: PRAGMA user_version says how many were taken, application_id that the
 * file is ours. A step is never edited once released; a change is a new step.
 *
 * Uses: nothing. */
#ifndef LL_STORE_SCHEMA_H
#define LL_STORE_SCHEMA_H

#include <stdint.h>

#define LL_SCHEMA_APPLICATION_ID 0x4c4c4c31 /* "LLL1" */

typedef struct ll_schema_step {
    const char *what;
    const char *sql; /* several statements */
} ll_schema_step;

extern const ll_schema_step ll_schema_steps[];
extern const uint32_t ll_schema_step_count;

#endif
