/* The policy of tries, case by case. */
#include "llm/retry.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#define NEVER LL_RETRY_NEVER
/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 */
#define NOW_US (INT64_C(784111777) * 1000000)

typedef struct row {
    const char *what;
    uint32_t attempts, retries_max;
    ll_http_failure failure;
    int status;
    const char *retry_after, *retry_after_ms, *should_retry;
    bool quota;
    double jitter;
    int64_t delay_ms;
} row;

#define STATUS(n) 1, 2, LL_HTTP_DONE, n
#define FAILS(f) 1, 2, f, 0, "", "", "", false, 0
#define PLAIN "", "", "", false, 0

static const row rows[] = {
    /* statuses */
    { "continue", STATUS(100), PLAIN, NEVER },
    { "redirect", STATUS(302), PLAIN, NEVER },
    { "bad request", STATUS(400), PLAIN, NEVER },
    { "no key", STATUS(401), PLAIN, NEVER },
    { "forbidden", STATUS(403), PLAIN, NEVER },
    { "not found", STATUS(404), PLAIN, NEVER },
    { "timeout", STATUS(408), PLAIN, 500 },
    { "conflict", STATUS(409), PLAIN, 500 },
    { "gone", STATUS(410), PLAIN, NEVER },
    { "unprocessable", STATUS(422), PLAIN, NEVER },
    { "too many", STATUS(429), PLAIN, 500 },
    { "499", STATUS(499), PLAIN, NEVER },
    { "broken", STATUS(500), PLAIN, 500 },
    { "bad gateway", STATUS(502), PLAIN, 500 },
    { "unavailable", STATUS(503), PLAIN, 500 },
    { "529", STATUS(529), PLAIN, 500 },
    { "999", STATUS(999), PLAIN, 500 },
    /* no status at all */
    { "no connection", FAILS(LL_HTTP_NO_CONNECT), 500 },
    { "broken off", FAILS(LL_HTTP_BROKEN), 500 },
    { "certificate", FAILS(LL_HTTP_TLS), NEVER },
    { "refused", FAILS(LL_HTTP_REFUSED), NEVER },
    { "too large", FAILS(LL_HTTP_TOO_LARGE), NEVER },
    { "deadline", FAILS(LL_HTTP_TIMED_OUT), NEVER },
    { "cancelled", FAILS(LL_HTTP_CANCELLED), NEVER },
    { "memory", FAILS(LL_HTTP_NO_MEMORY), NEVER },
    { "library", FAILS(LL_HTTP_NO_LIBRARY), NEVER },
    /* how often */
    { "none wanted", 1, 0, LL_HTTP_DONE, 500, PLAIN, NEVER },
    { "second", 2, 2, LL_HTTP_DONE, 500, PLAIN, 1000 },
    { "used up", 3, 2, LL_HTTP_DONE, 500, PLAIN, NEVER },
    { "third", 3, 10, LL_HTTP_DONE, 500, PLAIN, 2000 },
    { "fourth", 4, 10, LL_HTTP_DONE, 500, PLAIN, 4000 },
    { "fifth", 5, 10, LL_HTTP_DONE, 500, PLAIN, 8000 },
    { "sixth", 6, 10, LL_HTTP_DONE, 500, PLAIN, 8000 },
    { "four billionth", 4000000000u, 4294967295u, LL_HTTP_DONE, 500, PLAIN, 8000 },
    { "jitter", 1, 2, LL_HTTP_DONE, 500, "", "", "", false, 0.5, 437 },
    { "most jitter", 5, 9, LL_HTTP_DONE, 500, "", "", "", false, 0.999999999, 6000 },
    /* x-should-retry */
    { "should", STATUS(400), "", "", "true", false, 0, 500 },
    { "should, after", STATUS(400), "3", "", "true", false, 0, 3000 },
    { "should, but used up", 3, 2, LL_HTTP_DONE, 400, "", "", "true", false, 0, NEVER },
    { "should not", STATUS(429), "1", "", "false", false, 0, NEVER },
    { "should what?", STATUS(500), "", "", "TRUE", false, 0, 500 },
    { "should what? 400", STATUS(400), "", "", "yes", false, 0, NEVER },
    { "should, too late", STATUS(500), "121", "", "true", false, 0, NEVER },
    /* quota */
    { "quota", STATUS(429), "1", "", "", true, 0, NEVER },
    { "quota, should", STATUS(429), "", "", "true", true, 0, NEVER },
    /* retry-after-ms, retry-after in seconds */
    { "ms", STATUS(429), "", "250", "", false, 0.9, 250 },
    { "ms first", STATUS(429), "7", "250", "", false, 0, 250 },
    { "part of one", STATUS(429), "", "0.5", "", false, 0, 1 },
    { "ms, no number", STATUS(429), "7", "soon", "", false, 0, 7000 },
    { "ms, zero", STATUS(429), "7", "0", "", false, 0, 500 },
    { "ms, negative", STATUS(429), "7", "-5", "", false, 0, 500 },
    { "two minutes of ms", STATUS(429), "", "120000", "", false, 0, 120000 },
    { "more of them", STATUS(429), "", "120000.1", "", false, 0, NEVER },
    { "seconds", STATUS(503), "7", "", "", false, 0, 7000 },
    { "parts of seconds", STATUS(503), "0.25", "", "", false, 0, 250 },
    { "plus", STATUS(503), "+2", "", "", false, 0, 2000 },
    { "exponent", STATUS(503), "1e1", "", "", false, 0, 10000 },
    { "two minutes", STATUS(503), "120", "", "", false, 0, 120000 },
    { "more than that", STATUS(503), "120.5", "", "", false, 0, NEVER },
    { "a day", STATUS(503), "86400", "", "", false, 0, NEVER },
    { "too large for a double", STATUS(503), "1e999", "", "", false, 0, NEVER },
    { "zero", STATUS(503), "0", "", "", false, 0, 500 },
    { "negative", STATUS(503), "-1", "", "", false, 0, 500 },
    { "minus infinity", STATUS(503), "-1e999", "", "", false, 0, 500 },
    { "infinity", STATUS(503), "inf", "", "", false, 0, 500 },
    { "nan", STATUS(503), "nan", "", "", false, 0, 500 },
    { "hexadecimal", STATUS(503), "0x10", "", "", false, 0, 500 },
    { "comma", STATUS(503), "1,5", "", "", false, 0, 500 },
    { "number and more", STATUS(503), "3 s", "", "", false, 0, 500 },
    { "signs", STATUS(503), "+-.e", "", "", false, 0, 500 },
    /* dates */
    { "in 10 s", STATUS(503), "Sun, 06 Nov 1994 08:49:47 GMT", "", "", false, 0, 10000 },
    { "in 120 s", STATUS(503), "Sun, 06 Nov 1994 08:51:37 GMT", "", "", false, 0, 120000 },
    { "in 121 s", STATUS(503), "Sun, 06 Nov 1994 08:51:38 GMT", "", "", false, 0, NEVER },
    { "now", STATUS(503), "Sun, 06 Nov 1994 08:49:37 GMT", "", "", false, 0, 500 },
    { "past", STATUS(503), "Sat, 05 Nov 1994 08:49:37 GMT", "", "", false, 0, 500 },
    { "RFC 850", STATUS(503), "Sunday, 06-Nov-94 08:49:47 GMT", "", "", false, 0, 10000 },
    { "asctime", STATUS(503), "Sun Nov  6 08:49:47 1994", "", "", false, 0, 10000 },
    { "other zone", STATUS(503), "Sun, 06 Nov 1994 08:49:47 PST", "", "", false, 0, 500 },
    { "no date", STATUS(503), "tomorrow", "", "", false, 0, 500 },
    { "no such time", STATUS(503), "Sun, 06 Nov 1994 28:49:47 GMT", "", "", false, 0, 500 },
    { "date and more", STATUS(503), "Sun, 06 Nov 1994 08:49:47 GMT+1", "", "", false, 0, 500 },
    { "date in ms", STATUS(503), "", "Sun, 06 Nov 1994 08:49:47 GMT", "", false, 0, 500 },
};

static void judge_all(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *r = &rows[i];
        const ll_retry_case c = { .attempts = r->attempts,
                                  .retries_max = r->retries_max,
                                  .failure = r->failure,
                                  .status = r->status,
                                  .retry_after = r->retry_after,
                                  .retry_after_ms = r->retry_after_ms,
                                  .should_retry = r->should_retry,
                                  .quota_used_up = r->quota,
                                  .now_us = NOW_US,
                                  .jitter = r->jitter };
        int64_t delay_ms = ll_retry_delay_ms(&c);

        ck_assert_msg(delay_ms == r->delay_ms, "%s: %lld, not %lld", r->what, (long long)delay_ms,
                      (long long)r->delay_ms);
    }
}

START_TEST(each_case_has_its_delay)
{
    judge_all();
    printf("%zu cases of another try\n", sizeof rows / sizeof rows[0]);
}
END_TEST

START_TEST(the_hosts_locale_changes_nothing)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL)
            judge_all();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("llm_retry");
    TCase *tests = tcase_create("llm_retry");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, each_case_has_its_delay);
    tcase_add_test(tests, the_hosts_locale_changes_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
