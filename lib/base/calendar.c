#include "base/calendar.h"

#include <assert.h>
#include <stdbool.h>

/* Both ways after H. Hinnant, "chrono-compatible low-level date algorithms": years that begin in
 * March have their odd day last, and 400 of them have 146,097 days. */
#define ERA_YEARS 400
#define ERA_DAYS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

ll_date ll_calendar_date(int64_t day)
{
    int64_t shifted = day + DAYS_TO_1970;
    int64_t era = floor_divide(shifted, ERA_DAYS);
    uint32_t of_era = (uint32_t)(shifted - era * ERA_DAYS);
    uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t from_march = (5 * of_year + 2) / 153;
    uint32_t month = from_march < 10 ? from_march + 3 : from_march - 9;

    return (ll_date){ .year = (int64_t)year_of_era + era * ERA_YEARS + (month <= 2),
                      .month = month,
                      .day = of_year - (153 * from_march + 2) / 5 + 1 };
}

int64_t ll_calendar_day(int64_t year, uint32_t month, uint32_t day_of_month)
{
    assert(month >= 1 && month <= 12);
    assert(day_of_month >= 1 && day_of_month <= ll_calendar_month_days(year, month));
    int64_t shifted = year - (month <= 2);
    int64_t era = floor_divide(shifted, ERA_YEARS);
    uint32_t year_of_era = (uint32_t)(shifted - era * ERA_YEARS);
    uint32_t from_march = month > 2 ? month - 3 : month + 9;
    uint32_t of_year = (153 * from_march + 2) / 5 + day_of_month - 1;
    uint32_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;

    return era * ERA_DAYS + (int64_t)of_era - DAYS_TO_1970;
}

uint32_t ll_calendar_month_days(int64_t year, uint32_t month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    assert(month >= 1 && month <= 12);
    return month == 2 && leap ? 29 : days[month - 1];
}

uint32_t ll_calendar_weekday(int64_t day)
{
    return (uint32_t)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}
