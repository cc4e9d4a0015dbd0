#include "cron/line.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "support/draw.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/stores.h"

#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static llmlearn_err parse(const char *text, ll_cron_line *out)
{
    return ll_cron_parse(text, strlen(text), out);
}

/* "2026-11-23 14:05" or with ":30" of seconds */
static int64_t at(const char *text)
{
    int64_t year;
    unsigned month, day, hour, minute, second = 0;

    ck_assert_int_ge(
        sscanf(text, "%" SCNd64 "-%u-%u %u:%u:%u", &year, &month, &day, &hour, &minute, &second),
        5);
    return ll_calendar_day(year, month, day) * LL_US_PER_DAY +
           (hour * 3600 + minute * 60 + second) * LL_US_PER_S;
}

static void check_next(const char *text, int64_t after, int64_t expected)
{
    ll_cron_line line;
    int64_t next = 0;
    char shown[LL_TIME_TEXT_BYTES], wanted[LL_TIME_TEXT_BYTES];

    ck_ok(parse(text, &line));
    ck_ok(ll_cron_next(&line, after, &next));
    ll_clock_format_time(next, shown);
    ll_clock_format_time(expected, wanted);
    ck_assert_msg(next == expected, "%s: %s, not %s", text, shown, wanted);
}

/* ---- the calendar below ------------------------------------------------ */

START_TEST(dates_and_days_are_one_another)
{
    static const struct {
        int64_t year;
        uint32_t month, day;
        int64_t number;
    } known[] = { { 1970, 1, 1, 0 },       { 1969, 12, 31, -1 }, { 2000, 2, 29, 11016 },
                  { 2026, 11, 23, 20780 }, { 1, 1, 1, -719162 }, { 9999, 12, 31, 2932896 } };
    int64_t year = -400;
    uint32_t month = 1, day = 1;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        ck_assert_int_eq(ll_calendar_day(known[i].year, known[i].month, known[i].day),
                         known[i].number);
    /* 3,000 years, day by day */
    for (int64_t n = ll_calendar_day(year, 1, 1); year < 2600; n++) {
        ll_date date = ll_calendar_date(n);
        ck_assert(date.year == year && date.month == month && date.day == day);
        ck_assert_int_eq(ll_calendar_day(year, month, day), n);
        if (++day > ll_calendar_month_days(year, month)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
    ck_assert_uint_eq(ll_calendar_weekday(0), 4);
    ck_assert_uint_eq(ll_calendar_weekday(-5), 6);
    ck_assert_uint_eq(ll_calendar_weekday(ll_calendar_day(2026, 11, 22)), 0);
}
END_TEST

/* ---- lines ------------------------------------------------------------- */

START_TEST(lines_mean_their_moments)
{
    static const struct {
        const char *line, *after, *next;
    } cases[] = {
        /* 2026-11-23 is a Monday */
        { "* * * * *", "2026-11-23 14:05", "2026-11-23 14:06" },
        { "* * * * *", "2026-11-23 14:05:59", "2026-11-23 14:06" },
        { "* * * * *", "2026-12-31 23:59:30", "2027-01-01 00:00" },
        { "0 2 * * 1", "2026-11-23 01:59:59", "2026-11-23 02:00" },
        { "0 2 * * 1", "2026-11-23 02:00", "2026-11-30 02:00" },
        { "0 2 * * MON", "2026-11-24 00:00", "2026-11-30 02:00" },
        { "0 2 * * 0", "2026-11-23 00:00", "2026-11-29 02:00" },
        { "0 2 * * 7", "2026-11-23 00:00", "2026-11-29 02:00" },
        { "0 2 * * sun", "2026-11-23 00:00", "2026-11-29 02:00" },
        { "0 0 * * FRI-SUN", "2026-11-23 00:00", "2026-11-27 00:00" },
        { "0 0 * * 5-0", "2026-11-28 00:00", "2026-11-29 00:00" },
        { "0 0 * * 5-7", "2026-11-29 00:00", "2026-12-04 00:00" },
        { "0 0 * * */2", "2026-11-23 00:00", "2026-11-24 00:00" },
        { "0 0 * * 6/1", "2026-11-23 00:00", "2026-11-28 00:00" },
        { "*/15 * * * *", "2026-11-23 14:45", "2026-11-23 15:00" },
        { "7/20 * * * *", "2026-11-23 14:27", "2026-11-23 14:47" },
        { "10-20/5 * * * *", "2026-11-23 14:20", "2026-11-23 15:10" },
        { "*/90 * * * *", "2026-11-23 14:00", "2026-11-23 15:00" },
        { "5,1,3 * * * *", "2026-11-23 14:01", "2026-11-23 14:03" },
        { "59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59" },
        { "0 0 31 * *", "2026-11-23 00:00", "2026-12-31 00:00" },
        { "0 0 1 jan,Jul *", "2026-11-23 00:00", "2027-01-01 00:00" },
        { "0 0 1 FEB-apr/2 *", "2027-02-01 00:00", "2027-04-01 00:00" },
        { " \t0\t0  1 1 * ", "2026-11-23 00:00", "2027-01-01 00:00" },
        { "00 007 01 01 *", "2026-11-23 00:00", "2027-01-01 07:00" },
        /* leap years */
        { "0 0 29 2 *", "2026-11-23 00:00", "2028-02-29 00:00" },
        { "0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00" },
        { "0 0 29 2 */7", "2088-03-01 00:00", "2128-02-29 00:00" },
        /* one of two day fields, or both */
        { "0 0 13 * 5", "2026-11-23 00:00", "2026-11-27 00:00" },
        { "0 0 13 * 5", "2026-12-11 00:00", "2026-12-13 00:00" },
        { "0 0 */2 * 1", "2026-11-24 00:00", "2026-12-07 00:00" },
        { "0 0 1-7 * */7", "2026-11-23 00:00", "2026-12-06 00:00" },
        { "0 0 1-31 * 1", "2026-11-24 00:00", "2026-11-25 00:00" },
        { "0 0 *,5 * 1", "2026-11-24 00:00", "2026-11-30 00:00" },
        { "0 0 30 2 1", "2027-02-02 00:00", "2027-02-08 00:00" },
        /* words */
        { "@hourly", "2026-11-23 14:05", "2026-11-23 15:00" },
        { "@daily", "2026-11-23 14:05", "2026-11-24 00:00" },
        { "@midnight", "2026-11-23 14:05", "2026-11-24 00:00" },
        { "@Weekly", "2026-11-23 14:05", "2026-11-29 00:00" },
        { "@monthly", "2026-11-23 14:05", "2026-12-01 00:00" },
        { " @yearly ", "2026-11-23 14:05", "2027-01-01 00:00" },
        { "@ANNUALLY", "2026-11-23 14:05", "2027-01-01 00:00" },
        /* long ago and far ahead */
        { "0 0 29 2 *", "1899-11-23 00:00", "1904-02-29 00:00" },
        { "30 12 * * 3", "1969-12-31 12:29:59", "1969-12-31 12:30" },
        { "0 0 1 1 *", "-4713-11-23 00:00", "-4712-01-01 00:00" },
        { "0 0 29 2 *", "9999-01-01 00:00", "10000-02-29 00:00" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_next(cases[i].line, at(cases[i].after), at(cases[i].next));
}
END_TEST

START_TEST(wrong_lines_are_told_why)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        { "", "0 fields where 5 are needed: minute hour day-of-month month day-of-week" },
        { "  ", "0 fields" },
        { "* * * *", "4 fields" },
        { "0 * * * * *", "6 fields" },
        { "@reboot", "\"@reboot\": the words are @hourly" },
        { "@", "the words are" },
        { "@daily 0", "2 fields" },
        { "60 * * * *", "minute \"60\": allowed are 0 to 59" },
        { "-1 * * * *", "minute" },
        { "1- * * * *", "minute" },
        { "5-1 * * * *", "minute" },
        { "1-5-7 * * * *", "minute" },
        { "1,,2 * * * *", "minute" },
        { "1, * * * *", "minute" },
        { ",1 * * * *", "minute" },
        { "** * * * *", "minute" },
        { "*-5 * * * *", "minute" },
        { "*/0 * * * *", "minute" },
        { "*/ * * * *", "minute" },
        { "*/-1 * * * *", "minute" },
        { "*/5/2 * * * *", "minute" },
        { "5/x * * * *", "minute" },
        { "1.5 * * * *", "minute" },
        { "+5 * * * *", "minute" },
        { "99999999999999999999 * * * *", "minute" },
        { "mon * * * *", "minute" },
        { "* 24 * * *", "hour \"24\": allowed are 0 to 23" },
        { "* 0-24 * * *", "hour" },
        { "* * 0 * *", "day-of-month \"0\": allowed are 1 to 31" },
        { "* * 32 * *", "day-of-month" },
        { "* * L * *", "day-of-month \"L\"" },
        { "* * 15W * *", "day-of-month" },
        { "* * ? * *", "day-of-month" },
        { "* * 0/5 * *", "day-of-month" },
        { "* * * 0 *", "month \"0\": allowed are 1 to 12 or JAN to DEC" },
        { "* * * 13 *", "month" },
        { "* * * DEC-JAN *", "month" },
        { "* * * JANU *", "month" },
        { "* * * ja *", "month" },
        { "* * * mon *", "month" },
        { "* * * * 8", "day-of-week \"8\": allowed are 0 to 7 (0 and 7 are Sunday)" },
        { "* * * * 6-2", "day-of-week" },
        { "* * * * L5", "day-of-week" },
        { "* * * * MON#2", "day-of-week" },
        { "* * * * Monday", "day-of-week" },
        { "H * * * *", "minute" },
        { "* * * * *\n", "day-of-week \"*.\"" },
    };
    char long_line[LL_CRON_LINE_BYTES_MAX + 2];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_cron_line line = { .minutes = 7 };
        ck_fails(parse(cases[i].line, &line), LLMLEARN_EINVAL, cases[i].why);
        ck_assert_uint_eq(line.minutes, 7);
    }
    memset(long_line, ' ', sizeof long_line);
    memcpy(long_line, "* * * * *", 9);
    long_line[sizeof long_line - 1] = '\0';
    ck_fails(parse(long_line, &(ll_cron_line){ 0 }), LLMLEARN_EINVAL, "513 bytes");
    long_line[sizeof long_line - 2] = '\0';
    ck_ok(parse(long_line, &(ll_cron_line){ 0 }));
    ck_fails(ll_cron_parse("* *\0* * *", 9, &(ll_cron_line){ 0 }), LLMLEARN_EINVAL, "4 fields");
}
END_TEST

START_TEST(days_that_never_come_are_an_error)
{
    static const char *const lines[] = { "0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "* * 30-31 FEB */2",
                                         "0 0 31 2 */1" };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ll_cron_line line;
        int64_t next = 42;
        ck_ok(parse(lines[i], &line));
        ck_fails(ll_cron_next(&line, at("2026-11-23 00:00"), &next), LLMLEARN_EINVAL,
                 "30 February");
        ck_assert_int_eq(next, 42);
    }
}
END_TEST

START_TEST(every_time_there_is_has_an_answer)
{
    static const int64_t times[] = { INT64_MIN,
                                     INT64_MIN + 1,
                                     INT64_MIN + LL_US_PER_DAY,
                                     -LL_US_PER_DAY,
                                     -1,
                                     0,
                                     1,
                                     INT64_MAX - 3 * LL_US_PER_DAY };
    static const char *const lines[] = { "* * * * *", "*/7 3 * * 1", "59 23 * * *" };

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++) {
            ll_cron_line line;
            int64_t next = times[i];
            ck_ok(parse(lines[k], &line));
            llmlearn_err err = ll_cron_next(&line, times[i], &next);
            ck_assert(err == LLMLEARN_OK ? next > times[i] && next % (60 * LL_US_PER_S) == 0
                                         : i == 7 && k == 1);
        }
    }
    ll_cron_line line;
    int64_t next = 42;
    ck_ok(parse("* * * * *", &line));
    ck_fails(ll_cron_next(&line, INT64_MAX, &next), LLMLEARN_EINVAL, "beyond all times");
    ck_ok(ll_cron_next(&line, INT64_MIN, &next));
    ck_assert_int_lt(next - INT64_MIN, 60 * LL_US_PER_S);
}
END_TEST

/* No time zone, not even one with a summer. */
START_TEST(the_time_zone_is_not_asked)
{
    setenv("TZ", "America/New_York", 1);
    tzset();
    check_next("30 2 * * *", at("2026-03-08 00:00"), at("2026-03-08 02:30"));
    check_next("30 1 * * *", at("2026-11-01 01:30"), at("2026-11-02 01:30"));
}
END_TEST

/* ---- against croniter -------------------------------------------------- */

enum { LINES = 14000, LINES_QUICK = 1000 }; /* quick: what is drawn first */

typedef struct range {
    unsigned first, last;
} range;

static const range ranges[5] = { { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 } };
static const char *const words[2] = { "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC",
                                      "SUNMONTUEWEDTHUFRISAT" };

static unsigned draw_value(draw *d, int field)
{
    range r = ranges[field];

    return r.first + (unsigned)draw_below(d, r.last - r.first + 1);
}

static int put_value(draw *d, int field, unsigned value, char *out)
{
    bool has_word = field == 3 || (field == 4 && value < 7);
    char word[4];

    if (!has_word || draw_happens(d, 0.6))
        return sprintf(out, draw_happens(d, 0.02) && value > 0 ? "%03u" : "%u", value);
    memcpy(word, words[field - 3] + 3 * (value - ranges[field].first), 3);
    word[3] = '\0';
    for (int i = 0; i < 3; i++)
        word[i] = (char)(draw_happens(d, 0.5) ? word[i] : word[i] - 'A' + 'a');
    return sprintf(out, "%s", word);
}

static int put_part(draw *d, int field, char *out)
{
    int n = 0;
    unsigned low = draw_value(d, field), high = draw_value(d, field);

    if (low > high && draw_happens(d, 0.95)) {
        unsigned other = low;
        low = high;
        high = other;
    }
    if (draw_happens(d, 0.2))
        n += sprintf(out, "*");
    else
        n += put_value(d, field, low, out);
    if (out[0] != '*' && draw_happens(d, 0.4)) {
        n += sprintf(out + n, "-");
        n += put_value(d, field, high, out + n);
    }
    if (draw_happens(d, 0.25))
        n += sprintf(out + n, "/%u", (unsigned)draw_below(d, 9) + (draw_happens(d, 0.1) ? 0 : 1));
    return n;
}

static int put_field(draw *d, int field, char *out)
{
    int n = 0;

    if (draw_happens(d, 0.3))
        return sprintf(out, "*");
    for (;;) {
        n += put_part(d, field, out + n);
        if (draw_happens(d, 0.7))
            return n;
        n += sprintf(out + n, ",");
    }
}

/* Something else in one place, or one place less, or more. */
static void spoil(draw *d, char *line)
{
    static const char letters[] = "0123456789*/-,, \tLl#?HRWajnsu@.x";
    size_t length = strlen(line), place = draw_below(d, length);
    char other = letters[draw_below(d, sizeof letters - 1)];

    switch (draw_below(d, 3)) {
    case 0:
        line[place] = other;
        break;
    case 1:
        memmove(line + place, line + place + 1, length - place);
        break;
    default:
        memmove(line + place + 1, line + place, length - place + 1);
        line[place] = other;
    }
}

static void draw_line(draw *d, char line[LL_CRON_LINE_BYTES_MAX])
{
    static const char *const known[] = { "@hourly",  "@daily",  "@midnight", "@weekly",
                                         "@monthly", "@yearly", "@annually", "@Daily" };
    static const char *const rare[] = { "0 0 30 2 *", "5 4 31 2,4,6 */3", "0 12 29 2 *",
                                        "1 2 29 FEB */7" };
    int n = 0;

    if (draw_happens(d, 0.01)) {
        strcpy(line, known[draw_below(d, 8)]);
    } else if (draw_happens(d, 0.02)) {
        strcpy(line, rare[draw_below(d, 4)]);
    } else {
        for (int field = 0; field < 5; field++) {
            if (field > 0)
                n += sprintf(line + n, draw_happens(d, 0.02) ? " \t" : " ");
            n += put_field(d, field, line + n);
        }
    }
    for (int i = draw_happens(d, 0.3) ? 1 + (int)draw_below(d, 2) : 0; i > 0 && line[0] != 0; i--)
        spoil(d, line);
}

/* From 1900 to 2300, more often near a turn of the month. */
static int64_t draw_time(draw *d)
{
    int64_t day = -25567 + (int64_t)draw_below(d, 146097);

    if (draw_happens(d, 0.3))
        return ll_calendar_day(1900 + (int64_t)draw_below(d, 400), 1 + (uint32_t)draw_below(d, 12),
                               1) *
                   86400 -
               (int64_t)draw_below(d, 120);
    return day * 86400 + (int64_t)draw_below(d, 86400);
}

static void write_rows(const char *path, uint64_t seed)
{
    draw d = { .state = seed };
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < learner_rounds(LINES, LINES_QUICK); i++) {
        char text[LL_CRON_LINE_BYTES_MAX];
        ll_cron_line line;
        int64_t after = draw_time(&d), next;
        draw_line(&d, text);
        fprintf(file, "%" PRId64 "\t", after);
        if (parse(text, &line) != LLMLEARN_OK)
            fprintf(file, "invalid");
        else if (ll_cron_next(&line, after * LL_US_PER_S, &next) != LLMLEARN_OK)
            fprintf(file, "never");
        else
            fprintf(file, "%" PRId64, next / LL_US_PER_S);
        fprintf(file, "\t%s\n", text);
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* Its exit status, or 127 if there is no Python; killed after 3 minutes. */
static int run_oracle(const char *path)
{
    const char *python = getenv("PYTHON");
    ll_deadline deadline = ll_deadline_in_ms(180000);
    pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        execlp(python != NULL ? python : "/usr/bin/python3", "python3",
               "tests/support/cron_oracle.py", path, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (ll_deadline_passed(deadline))
            kill(pid, SIGKILL);
        ll_clock_sleep_us(10000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(croniter_says_the_same)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
    int status;

    folder_make(folder);
    snprintf(path, sizeof path, "%s/lines", folder);
    write_rows(path, 2026);
    fflush(stdout);
    status = run_oracle(path);
    folder_remove(folder);
    if (status == 77 || status == 127) {
        printf("SKIP python3-croniter, which knows what cron lines mean, is not installed\n");
        return;
    }
    ck_assert_msg(status == 0, "the oracle ended with %d", status);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cron_line");
    TCase *tc = tcase_create("cron_line");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 200);
    tcase_add_test(tc, dates_and_days_are_one_another);
    tcase_add_test(tc, lines_mean_their_moments);
    tcase_add_test(tc, wrong_lines_are_told_why);
    tcase_add_test(tc, days_that_never_come_are_an_error);
    tcase_add_test(tc, every_time_there_is_has_an_answer);
    tcase_add_test(tc, the_time_zone_is_not_asked);
    tcase_add_test(tc, croniter_says_the_same);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
