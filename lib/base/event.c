#define _GNU_SOURCE /* syscall */
#include "base/event.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { QUIET, WAITED_FOR, TOLD, LEFT };

_Static_assert(sizeof(atomic_uint) == 4, "a futex is 32 bits");

void ll_event_init(ll_event *event)
{
    atomic_store_explicit(&event->state, QUIET, memory_order_relaxed);
}

/* Sleeps while the state is WAITED_FOR; wakes early for many reasons. */
static void sleep_until(ll_event *event, ll_deadline deadline)
{
    const struct timespec until = ll_deadline_timespec(deadline);

    /* Of the two that take a time that is not a span, this one is monotonic. */
    syscall(SYS_futex, &event->state, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, WAITED_FOR, &until,
            NULL, FUTEX_BITSET_MATCH_ANY);
}

bool ll_event_wait(ll_event *event, ll_deadline deadline)
{
    unsigned state = QUIET;

    if (!atomic_compare_exchange_strong_explicit(&event->state, &state, WAITED_FOR,
                                                 memory_order_acquire, memory_order_acquire))
        assert(state == WAITED_FOR || state == TOLD);
    while (atomic_load_explicit(&event->state, memory_order_acquire) != TOLD) {
        if (ll_deadline_passed(deadline))
            return false;
        sleep_until(event, deadline);
    }
    return true;
}

bool ll_event_leave(ll_event *event)
{
    return atomic_exchange_explicit(&event->state, LEFT, memory_order_acq_rel) == TOLD;
}

bool ll_event_tell(ll_event *event)
{
    unsigned before = atomic_exchange_explicit(&event->state, TOLD, memory_order_acq_rel);

    assert(before != TOLD);
    if (before == WAITED_FOR) /* it may be gone by now: then this wakes nobody */
        syscall(SYS_futex, &event->state, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
    return before != LEFT;
}
