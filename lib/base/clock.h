/* clock.h - wall time through a replaceable source; deadlines on the monotonic clock.
 *
 * Wall time stamps rows and bounds quotas; waiting never depends on it.
 * Uses: calendar. */
#ifndef LL_BASE_CLOCK_H
#define LL_BASE_CLOCK_H

#include "llmlearn.h"

#include <stdbool.h>
#include <time.h>

#define LL_US_PER_S INT64_C(1000000)
#define LL_US_PER_HOUR (3600 * LL_US_PER_S)
#define LL_US_PER_DAY (86400 * LL_US_PER_S)

typedef struct ll_clock {
    llmlearn_clock_fn now; /* NULL: CLOCK_REALTIME */
    void *user;
} ll_clock;

int64_t ll_clock_now_us(const ll_clock *clock);
uint64_t ll_clock_monotonic_ns(void);

/* The UTC day of a time, days since 1970-01-01, floored also before it. */
int64_t ll_clock_day(int64_t time_us);

/* A moment on the monotonic clock, in ns. */
typedef uint64_t ll_deadline;

ll_deadline ll_deadline_in_ms(uint64_t ms);
bool ll_deadline_passed(ll_deadline deadline);
/* Milliseconds left, rounded up; 0 once passed. */
uint64_t ll_deadline_left_ms(ll_deadline deadline);
/* The earlier of the deadline and now + ms. */
ll_deadline ll_deadline_within_ms(ll_deadline deadline, uint64_t ms);
/* For pthread_cond_timedwait on a monotonic condition. */
struct timespec ll_deadline_timespec(ll_deadline deadline);
void ll_clock_sleep_us(uint32_t us);

/* "2026-11-23T14:00:00.000000Z" (27 characters) and "2026-11-23" (10), with NUL. */
#define LL_TIME_TEXT_BYTES 32
void ll_clock_format_time(int64_t time_us, char out[LL_TIME_TEXT_BYTES]);
void ll_clock_format_day(int64_t day, char out[LL_TIME_TEXT_BYTES]);

#endif
