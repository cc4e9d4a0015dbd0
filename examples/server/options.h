/* options.h - what the environment says, read once at the start and checked there. README.md
 * lists the variables.
 *
 * Texts belong to the environment and live as long as the process. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECRET_CHARACTERS_MIN = 32 };

typedef struct options {
    const char *database;      /* required */
    const char *admin_token;   /* required */
    const char *key;           /* NULL: kept in a file beside the database */
    const char *address;       /* "127.0.0.1" */
    uint16_t port;             /* 8080; 0: any that is free */
    const char *static_folder; /* NULL: no dashboard */
    const char *user_header;   /* NULL: users are known by our cookie */
    bool has_proxy;
    address proxy; /* of the trusted proxy */
    unsigned connections_max;
    unsigned connections_per_address;
    unsigned deadline_s;          /* for a whole request, and for taking a reply */
    unsigned identities_per_hour; /* new ones, for each client address */
    unsigned explains_per_hour;   /* POST /api/explanations, for each client address */
    unsigned feedback_per_hour;   /* 0: the library's default */
    bool schedule;
    const char *llm_url; /* NULL: no model */
    const char *llm_model;
    const char *llm_key;
    const char *llm_prices;
    unsigned llm_timeout_s;
    const char *figures; /* NULL: requests bring all values. Path of a file, see figures.h */
} options;

/* False: something is missing or wrong; out_problem says what and what to do. */
bool options_read(options *out, char *out_problem, size_t problem_bytes);

#endif
