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
/* Does what is queued, then ends its threads. Nothing can be given from then on. */
void workers_stop(workers *w);
/* The same, and frees it: nobody may give any more. NULL is fine. */
void workers_end(workers *w);

/* False: the queue is full, or it was stopped. */
bool workers_give(workers *w, void (*run)(void *argument), void *argument);

#endif
