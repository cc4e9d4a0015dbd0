/* calendar.h - days since 1970-01-01 as dates and back, in UTC, without any time zone.
 *
 * The Gregorian calendar, also before it was invented.
 *
 * Threads: pure functions.
 * Uses:    nothing. */
#ifndef LL_BASE_CALENDAR_H
#define LL_BASE_CALENDAR_H

#include <stdint.h>

typedef struct ll_date {
    int64_t year;
    uint32_t month; /* 1 to 12 */
    uint32_t day;   /* 1 to 31 */
} ll_date;

/* Any day that a 64-bit time in microseconds can reach, and far beyond. */
ll_date ll_calendar_date(int64_t day);
/* The day of a date that exists. */
int64_t ll_calendar_day(int64_t year, uint32_t month, uint32_t day_of_month);

uint32_t ll_calendar_month_days(int64_t year, uint32_t month);
/* 0: Sunday, to 6. */
uint32_t ll_calendar_weekday(int64_t day);

#endif
