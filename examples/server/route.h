/* route.h - every path that the API has, in one table, and who may call it how. */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "request.h"

enum { ROUTE_QUERY_MAX = 5 };

enum {
    BODY = 1,   /* it must have one, of JSON */
    DISK = 2,   /* may wait for the disk: runs in one of many threads, whose votes share a flush */
    SLOW = 4,   /* may wait for a model or a decision: runs in one of a few */
    CACHED = 8, /* what the library has in its cache is told at once */
};

typedef struct route {
    const char *method;
    const char *pattern; /* "{...}" stands for one part of the path, which is captured */
    void (*run)(request *r);
    unsigned flags;                     /* of the above */
    const char *query[ROUTE_QUERY_MAX]; /* parameters that it knows */
} route;

/* Finds what the request asks for, refuses it if there is none: 404, 405, 400 for a parameter that
 * is not known. What is no API is the dashboard's files. */
bool route_find(request *r);

/* All of them, for metrics. */
unsigned route_count(void);
const route *route_at(unsigned index);
/* route_count() for a request that found none. */
unsigned route_index(const route *found);

#endif
