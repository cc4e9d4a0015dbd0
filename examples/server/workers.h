/* workers.h - a few threads for what may take long, and a short queue before them.
 *
 * A full queue says so at once: who waits behind a hundred others waits for nothing. */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

#include <stdbool.h>

typedef struct workers workers;

enum { WORKER_COUNT = 8, WORKER_QUEUE = 64 };

/* NULL: no memory or no thread. */
workers *workers_begin(void);
/* Does what is queued, then ends. */
void workers_end(workers *w);

/* False: the queue is full. */
bool workers_give(workers *w, void (*run)(void *argument), void *argument);

#endif
