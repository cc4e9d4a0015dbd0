/* line.h - cron lines: when is the next moment that a line means?
 *
 *     minute  hour  day-of-month  month  day-of-week        all in UTC
 *     0-59    0-23  1-31          1-12   0-7 (0, 7: Sunday)
 *
 * A field is `*`, a value, a range `a-b`, either with a step (`*` + `/n`, `a-b/n`; `a/n` is from a
 * to the end), or a list of those with commas. Months and weekdays also go by their three letters
 * in any case; a range of weekdays may end in Sunday (`FRI-SUN`, `5-0`). A step over the range
 * takes its first value. Or one of the words @hourly @daily @midnight @weekly @monthly @yearly
 * @annually.
 *
 * The two day fields are as in Vixie's cron: if neither begins with `*`, a day that suits either
 * of them is meant; otherwise it must suit both. So `0 0 13 * 5` is the 13th and each Friday. With
 * every second day, written with a `*` and a step, and weekday 1 it is the Mondays with an odd
 * date. (There croniter differs by default: it asks whether a field leaves days out, however it
 * is written, and then means all odd days and all Mondays.)
 *
 * Not understood, on purpose: a field for seconds, and L, W, #, ?, H, R, @reboot.
 *
 * Threads: pure functions.
 * Uses:    base. */
#ifndef LL_CRON_LINE_H
#define LL_CRON_LINE_H

#include "llmlearn.h"

#include <stdbool.h>

/* Every minute of the hour, every hour, day, month and weekday written out are 374 bytes. */
#define LL_CRON_LINE_BYTES_MAX 512

/* A bit for each value that is meant. */
typedef struct ll_cron_line {
    uint64_t minutes;
    uint32_t hours;
    uint32_t days; /* from bit 1 */
    uint32_t months;
    uint32_t weekdays; /* bit 0: Sunday */
    bool both_days;    /* a day must suit both day fields */
} ll_cron_line;

/* LLMLEARN_EINVAL: the detail says which field and what is allowed there. */
llmlearn_err ll_cron_parse(const char *text, size_t bytes, ll_cron_line *out_line);

/* The first moment strictly after a time, whatever that time is. LLMLEARN_EINVAL: there is none,
 * as for 30 February, or none that a 64-bit time can name. */
llmlearn_err ll_cron_next(const ll_cron_line *line, int64_t after_us, int64_t *out_us);

#endif
