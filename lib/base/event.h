/* event.h - something that happens once, which one thread waits for and another tells.
 *
 * A condition variable tells all who wait at once, and then they queue for its mutex; an event
 * tells its one waiter, who needs no lock to go on. Telling nobody costs no system call.
 *
 * Threads: one waits or leaves, one tells; what the teller did before, the told one sees.
 * Uses:    clock. */
#ifndef LL_BASE_EVENT_H
#define LL_BASE_EVENT_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef struct ll_event {
    atomic_uint state;
} ll_event;

/* Not yet told; nobody waits. */
void ll_event_init(ll_event *event);
/* True once it is told; false: the deadline passed. */
bool ll_event_wait(ll_event *event, ll_deadline deadline);
/* Nobody will wait any more. True: it was told all the same. */
bool ll_event_leave(ll_event *event);
/* Tells. False: its waiter has left. */
bool ll_event_tell(ll_event *event);

#endif
