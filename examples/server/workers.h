/* workers.h - threads for what waits, so that those that read requests never do, and a queue before
 * them that ends somewhere.
 *
 * A full queue says so at once: who waits behind a hundred others waits for nothing. */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

#include <stdbool.h>

typedef struct workers workers;

/* NULL: no memory or no thread. */
workers *workers_begin(unsigned threads, unsigned queue);
/* Does what is queued, and takes nothing more. */
void workers_stop(workers *w);
void workers_end(workers *w);

/* False: the queue is full, or they were stopped. */
bool workers_give(workers *w, void (*run)(void *argument), void *argument);

#endif
