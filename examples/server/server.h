/* server.h - what all requests share. Made in main.c before the first one, and not changed. */
#ifndef SERVER_H
#define SERVER_H

#include "options.h"
#include "secrets.h"

#include <jansson.h>
#include <llmlearn.h>
#include <stdatomic.h>

typedef struct server {
    options options;
    llmlearn *learner;
    digest key;         /* signs cookies and feedback tokens */
    digest admin_token; /* SHA-256 of it */
    struct connections *connections;
    struct workers *disk;      /* threads that wait for it */
    struct workers *slow;      /* and for what takes longer */
    struct hourly *identities; /* how many new users an address was given */
    struct hourly *explains;   /* and how many explanations */
    struct metrics *metrics;
    struct files *files;
    json_t *figures;        /* what is known of signals */
    _Atomic int32_t cancel; /* 1: models are waited for no longer */
    atomic_bool stopping;
} server;

#endif
