#include "cron/line.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/err.h"

#include <assert.h>
#include <string.h>

#define MINUTES_PER_DAY 1440
#define US_PER_MINUTE (60 * LL_US_PER_S)

/* Far rarer than every other line is 29 February on one weekday: once in 28 years, and over a
 * year like 2100, which is not a leap year, once in 40. */
#define MONTHS_SEARCHED (41 * 12)

/* ---- fields ------------------------------------------------------------ */

typedef struct field {
    const char *name;
    uint32_t first, last;
    const char *words; /* names of the values from `first` on, three letters each */
    const char *allowed;
} field;

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const field fields[FIELDS] = {
    [MINUTE] = { "minute", 0, 59, "", "0 to 59" },
    [HOUR] = { "hour", 0, 23, "", "0 to 23" },
    [DAY] = { "day-of-month", 1, 31, "", "1 to 31" },
    [MONTH] = { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", "1 to 12 or JAN to DEC" },
    [WEEKDAY] = { "day-of-week", 0, 7, "sunmontuewedthufrisat",
                  "0 to 7 (0 and 7 are Sunday) or SUN to SAT" },
};

#define SUNDAY 0
#define SUNDAY_TOO 7

/* What is left to read of one field. */
typedef struct scan {
    const char *at, *end;
    const field *field;
} scan;

static bool take(scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without the locale's opinion. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Larger numbers than any field has are all the same: too large. */
#define NUMBER_MAX 1000

static bool take_number(scan *s, uint32_t *out)
{
    uint32_t value = 0;

    if (s->at == s->end || !is_digit(*s->at))
        return false;
    while (s->at < s->end && is_digit(*s->at)) {
        value = value * 10 + (uint32_t)(*s->at++ - '0');
        if (value > NUMBER_MAX)
            value = NUMBER_MAX;
    }
    *out = value;
    return true;
}

static bool take_word(scan *s, uint32_t *out)
{
    uint32_t value = s->field->first;

    if (s->end - s->at < 3)
        return false;
    for (const char *word = s->field->words; *word != '\0'; word += 3, value++) {
        if (lower(s->at[0]) == word[0] && lower(s->at[1]) == word[1] &&
            lower(s->at[2]) == word[2]) {
            s->at += 3;
            *out = value;
            return true;
        }
    }
    return false;
}

static bool take_value(scan *s, uint32_t *out)
{
    uint32_t value;

    if (!take_number(s, &value) && !take_word(s, &value))
        return false;
    *out = value;
    return value >= s->field->first && value <= s->field->last;
}

/* One part of a list. */
static bool take_part(scan *s, uint64_t *bits)
{
    uint32_t from = s->field->first, to = s->field->last, step = 1;
    bool one = false;

    if (!take(s, '*')) {
        if (!take_value(s, &from))
            return false;
        one = !take(s, '-');
        if (!one && !take_value(s, &to))
            return false;
        if (!one && to == SUNDAY && s->field == &fields[WEEKDAY] && from > to)
            to = SUNDAY_TOO;
    }
    if (take(s, '/')) {
        if (!take_number(s, &step))
            return false;
        one = false;
    }
    if (one)
        to = from;
    if (step == 0 || from > to)
        return false;
    for (uint32_t value = from; value <= to; value += step)
        *bits |= UINT64_C(1) << value;
    return true;
}

static bool read_field(const field *f, const char *text, size_t bytes, uint64_t *out_bits)
{
    scan s = { .at = text, .end = text + bytes, .field = f };
    uint64_t bits = 0;

    do {
        if (!take_part(&s, &bits))
            return false;
    } while (take(&s, ','));
    *out_bits = bits;
    return s.at == s.end;
}

/* ---- lines ------------------------------------------------------------- */

#define WORDS "@hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually"

typedef struct piece {
    const char *text;
    size_t bytes;
} piece;

/* What can be shown of a piece that may hold anything. */
#define SHOWN_BYTES 40

static const char *show(const piece *p, char out[SHOWN_BYTES + 1])
{
    size_t bytes = p->bytes < SHOWN_BYTES ? p->bytes : SHOWN_BYTES;

    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(p->text[i] >= ' ' && p->text[i] <= '~' ? p->text[i] : '.');
    out[bytes] = '\0';
    return out;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The pieces between blanks: how many, and the first of them. */
static uint32_t split(const char *text, size_t bytes, piece pieces[FIELDS])
{
    const char *at = text, *end = text + bytes;
    uint32_t count = 0;

    for (;;) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return count;
        const char *start = at;
        while (at < end && !is_blank(*at))
            at++;
        if (count < FIELDS)
            pieces[count] = (piece){ start, (size_t)(at - start) };
        count++;
    }
}

static bool equals(const piece *p, const char *word)
{
    if (p->bytes != strlen(word))
        return false;
    for (size_t i = 0; i < p->bytes; i++) {
        if (lower(p->text[i]) != word[i])
            return false;
    }
    return true;
}

static llmlearn_err parse_word(const piece *p, ll_cron_line *out)
{
    static const struct {
        const char *word, *line;
    } words[] = { { "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },
                  { "@midnight", "0 0 * * *" }, { "@weekly", "0 0 * * 0" },
                  { "@monthly", "0 0 1 * *" },  { "@yearly", "0 0 1 1 *" },
                  { "@annually", "0 0 1 1 *" } };
    char shown[SHOWN_BYTES + 1];

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (equals(p, words[i].word))
            return ll_cron_parse(words[i].line, strlen(words[i].line), out);
    }
    return ll_fail(LLMLEARN_EINVAL, "schedule \"%s\": the words are " WORDS, show(p, shown));
}

static llmlearn_err parse_fields(const piece pieces[FIELDS], ll_cron_line *out)
{
    uint64_t bits[FIELDS];
    char shown[SHOWN_BYTES + 1];

    for (int i = 0; i < FIELDS; i++) {
        if (!read_field(&fields[i], pieces[i].text, pieces[i].bytes, &bits[i]))
            return ll_fail(LLMLEARN_EINVAL,
                           "schedule: %s \"%s\": allowed are %s, *, ranges like a-b, steps like "
                           "*/n or a-b/n, and lists of these with commas",
                           fields[i].name, show(&pieces[i], shown), fields[i].allowed);
    }
    bits[WEEKDAY] |= bits[WEEKDAY] >> SUNDAY_TOO & 1;
    *out =
        (ll_cron_line){ .minutes = bits[MINUTE],
                        .hours = (uint32_t)bits[HOUR],
                        .days = (uint32_t)bits[DAY],
                        .months = (uint32_t)bits[MONTH],
                        .weekdays = (uint32_t)bits[WEEKDAY] & 0x7f,
                        .both_days = pieces[DAY].text[0] == '*' || pieces[WEEKDAY].text[0] == '*' };
    return LLMLEARN_OK;
}

llmlearn_err ll_cron_parse(const char *text, size_t bytes, ll_cron_line *out_line)
{
    piece pieces[FIELDS];
    uint32_t count;

    if (bytes > LL_CRON_LINE_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "schedule: %zu bytes, at most %d are read", bytes,
                       LL_CRON_LINE_BYTES_MAX);
    count = split(text, bytes, pieces);
    if (count == 1 && pieces[0].text[0] == '@')
        return parse_word(&pieces[0], out_line);
    if (count != FIELDS)
        return ll_fail(LLMLEARN_EINVAL,
                       "schedule: %u fields where 5 are needed: minute hour day-of-month month "
                       "day-of-week, in UTC; or " WORDS,
                       count);
    return parse_fields(pieces, out_line);
}

/* ---- moments ----------------------------------------------------------- */

static uint32_t lowest(uint64_t bits)
{
    assert(bits != 0);
    return (uint32_t)__builtin_ctzll(bits);
}

/* The values from `from` on. */
static uint64_t not_below(uint64_t bits, uint32_t from)
{
    return from > 63 ? 0 : bits & ~UINT64_C(0) << from;
}

/* The first minute of a day, from one on, that the line means; MINUTES_PER_DAY if there is none. */
static uint32_t minute_of_day(const ll_cron_line *line, uint32_t from)
{
    uint32_t hour = from / 60;

    if (line->hours >> hour & 1) {
        uint64_t minutes = not_below(line->minutes, from % 60);
        if (minutes != 0)
            return hour * 60 + lowest(minutes);
    }
    uint64_t hours = not_below(line->hours, hour + 1);
    return hours == 0 ? MINUTES_PER_DAY : lowest(hours) * 60 + lowest(line->minutes);
}

/* A bit for each day of a month that the line means, from bit 1; `first` is its first day. */
static uint64_t days_of_month(const ll_cron_line *line, int64_t first, ll_date month)
{
    uint64_t there = ((UINT64_C(1) << ll_calendar_month_days(month.year, month.month)) - 1) << 1;
    uint64_t week = (uint64_t)line->weekdays | (uint64_t)line->weekdays << 7;
    uint64_t by_weekday = 0;

    if (!(line->months >> month.month & 1))
        return 0;
    week = week >> ll_calendar_weekday(first) & 0x7f; /* bit 0: as the first of the month */
    for (uint32_t day = 1; day <= 31; day += 7)
        by_weekday |= week << day;
    return there & (line->both_days ? line->days & by_weekday : line->days | by_weekday);
}

/* The first day from one on that the line means. */
static bool next_day(const ll_cron_line *line, int64_t from, int64_t *out_day)
{
    ll_date date = ll_calendar_date(from);
    int64_t first = from - (date.day - 1);

    for (int i = 0; i <= MONTHS_SEARCHED; i++) {
        uint64_t days = not_below(days_of_month(line, first, date), date.day);
        if (days != 0) {
            *out_day = first + lowest(days) - 1;
            return true;
        }
        first += ll_calendar_month_days(date.year, date.month);
        date = ll_calendar_date(first);
    }
    return false;
}

/* A time before 1970 may lie in a day whose start is no 64-bit time any more. */
static int64_t moment(int64_t day, uint32_t minute)
{
    int64_t of_day_us = minute * US_PER_MINUTE;

    return day < 0 ? (day + 1) * LL_US_PER_DAY + (of_day_us - LL_US_PER_DAY)
                   : day * LL_US_PER_DAY + of_day_us;
}

static llmlearn_err no_day(void)
{
    return ll_fail(LLMLEARN_EINVAL, "schedule: it names no day that comes, like 30 February");
}

llmlearn_err ll_cron_next(const ll_cron_line *line, int64_t after_us, int64_t *out_us)
{
    int64_t day = ll_clock_day(after_us), found;
    int64_t of_day_us = (after_us % LL_US_PER_DAY + LL_US_PER_DAY) % LL_US_PER_DAY;
    uint32_t minute = (uint32_t)(of_day_us / US_PER_MINUTE) + 1;

    assert(line->minutes != 0 && line->hours != 0);
    if (!next_day(line, day, &found))
        return no_day();
    minute = minute_of_day(line, found > day ? 0 : minute);
    if (minute == MINUTES_PER_DAY) { /* nothing more today */
        if (!next_day(line, day + 1, &found))
            return no_day();
        minute = minute_of_day(line, 0);
    }
    if (found >= INT64_MAX / LL_US_PER_DAY)
        return ll_fail(LLMLEARN_EINVAL, "schedule: its next day lies beyond all times");
    *out_us = moment(found, minute);
    return LLMLEARN_OK;
}
