/* metrics.h - what a monitoring system asks for, as Prometheus' text format 0.0.4.
 *
 * Threads: any. Counting is a few atomic additions. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "request.h"

struct route;
typedef struct metrics metrics;

/* NULL: out of memory. */
metrics *metrics_begin(void);
void metrics_end(metrics *m);

/* found NULL: refused before it had one; status 0: it got no answer. */
void metrics_request(metrics *m, const struct route *found, unsigned status, uint64_t took_us);

void metrics_tell(request *r);

#endif
