/* timer.h - a thread that calls when a moment of the wall clock has come.
 *
 *     look(now) ──▶ the next moment ──▶ sleep ... ──▶ look(now) ──▶ ...
 *
 * What is due is the callback's to know; it says when it wants to be called next. It is also
 * called at the start, when somebody asks for it, and when the clock was set back.
 *
 * The wall clock may be set, and a machine may sleep, so no sleep is ever computed from it for
 * longer than `awake_every_ms`: that is also how late a call can be after the clock was set
 * forward. Sleeping itself is on the monotonic clock.
 *
 * Threads: everything from any thread, but stop: from one, once nobody uses the timer, and not
 *          from the callback. After a fork the child has no such thread: it forgets the timer.
 * Uses:    base. */
#ifndef LL_CRON_TIMER_H
#define LL_CRON_TIMER_H

#include "base/clock.h"

typedef struct ll_timer ll_timer;

#define LL_TIMER_NEVER INT64_MAX /* until somebody asks */

/* Called on the timer's thread. Returns the moment at which it wants to be called next; if that
 * is past, it is called again after a short rest. A long call looks at ll_timer_is_stopping. */
typedef int64_t (*ll_timer_fn)(void *user, const ll_timer *timer, int64_t now_us);

typedef struct ll_timer_options {
    const char *name; /* of the thread, up to 15 characters; borrowed as long as it runs */
    ll_clock clock;
    uint32_t awake_every_ms; /* 0: 30 s */
    ll_timer_fn look;
    void *user;
} ll_timer_options;

llmlearn_err ll_timer_start(const ll_timer_options *options, ll_timer **out_timer);

/* Calls as soon as it can; if it is calling just now, once more after that. */
void ll_timer_look(ll_timer *timer);

bool ll_timer_is_stopping(const ll_timer *timer);

/* Has the thread end after the call it is in, and frees the timer. LLMLEARN_ETIMEDOUT: it has not
 * ended by the deadline, but will call no more; the timer is there, and can be stopped again. */
llmlearn_err ll_timer_stop(ll_timer *timer, ll_deadline deadline);

#endif
