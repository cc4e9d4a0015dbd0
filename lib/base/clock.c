#include "base/clock.h"

#include "base/calendar.h"

#include <assert.h>
#include <stdio.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
/* Beyond these a replaced clock is not believed: days and hours can be added without overflow. */
#define TIME_US_MIN INT64_C(-62135596800000000) /* year 1 */
#define TIME_US_MAX INT64_C(253402300799999999) /* year 9999 */

int64_t ll_clock_now_us(const ll_clock *clock)
{
    struct timespec now;

    if (clock != NULL && clock->now != NULL) {
        int64_t told = clock->now(clock->user);

        return told < TIME_US_MIN ? TIME_US_MIN : told > TIME_US_MAX ? TIME_US_MAX : told;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * LL_US_PER_S + now.tv_nsec / 1000;
}

uint64_t ll_clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t ll_clock_day(int64_t time_us)
{
    int64_t day = time_us / LL_US_PER_DAY;

    return time_us % LL_US_PER_DAY < 0 ? day - 1 : day;
}

ll_deadline ll_deadline_in_ms(uint64_t ms)
{
    return ll_clock_monotonic_ns() + ms * NS_PER_MS;
}

bool ll_deadline_passed(ll_deadline deadline)
{
    return ll_clock_monotonic_ns() >= deadline;
}

uint64_t ll_deadline_left_ms(ll_deadline deadline)
{
    uint64_t now = ll_clock_monotonic_ns();

    return now >= deadline ? 0 : (deadline - now + NS_PER_MS - 1) / NS_PER_MS;
}

ll_deadline ll_deadline_within_ms(ll_deadline deadline, uint64_t ms)
{
    ll_deadline sooner = ll_deadline_in_ms(ms);

    return sooner < deadline ? sooner : deadline;
}

struct timespec ll_deadline_timespec(ll_deadline deadline)
{
    return (struct timespec){ .tv_sec = (time_t)(deadline / NS_PER_S),
                              .tv_nsec = (long)(deadline % NS_PER_S) };
}

void ll_clock_sleep_us(uint32_t us)
{
    struct timespec pause = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

    nanosleep(&pause, NULL); /* an early return is fine: callers loop on a deadline */
}

void ll_clock_format_day(int64_t day, char out[LL_TIME_TEXT_BYTES])
{
    ll_date date = ll_calendar_date(day);

    snprintf(out, LL_TIME_TEXT_BYTES, "%04lld-%02u-%02u", (long long)date.year, date.month,
             date.day);
}

void ll_clock_format_time(int64_t time_us, char out[LL_TIME_TEXT_BYTES])
{
    int64_t day = ll_clock_day(time_us);
    int64_t of_day_us = time_us - day * LL_US_PER_DAY;
    int64_t of_day_s = of_day_us / LL_US_PER_S;
    char date[LL_TIME_TEXT_BYTES];

    assert(of_day_us >= 0 && of_day_us < LL_US_PER_DAY);
    ll_clock_format_day(day, date);
    snprintf(out, LL_TIME_TEXT_BYTES, "%.14sT%02d:%02d:%02d.%06dZ", date, (int)(of_day_s / 3600),
             (int)(of_day_s / 60 % 60), (int)(of_day_s % 60), (int)(of_day_us % LL_US_PER_S));
}
