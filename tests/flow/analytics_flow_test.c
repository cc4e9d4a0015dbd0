/* The report, through the shared library alone. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_US INT64_C(86400000000)

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static _Atomic int64_t now_us;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static void set_up(void)
{
    llmlearn_options options;

    atomic_store(&now_us, 20651 * DAY_US + DAY_US / 2); /* noon of 2026-07-17 */
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    learner_options(path, &options);
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &learner));
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    folder_remove(folder);
}

static json_t *get_report(uint32_t days, uint32_t flags)
{
    char *text = NULL;
    json_t *report;

    expect_ok(llmlearn_analytics(learner, days, flags, LEARNER_DEADLINE_MS, &text));
    report = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json_is_object(report), "not an object: %s", text);
    llmlearn_free(text);
    return report;
}

static int64_t number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

START_TEST(arguments_out_of_range_are_named)
{
    char *text = NULL;

    expect_err(llmlearn_analytics(learner, 91, 0, 0, &text), LLMLEARN_EINVAL, "days");
    expect_err(llmlearn_analytics(learner, UINT32_MAX, 0, 0, &text), LLMLEARN_EINVAL, "days");
    expect_err(llmlearn_analytics(learner, 30, 4, 0, &text), LLMLEARN_EINVAL, "flags");
    expect_err(llmlearn_analytics(learner, 30, LLMLEARN_REFRESH | LLMLEARN_IF_CACHED, 0, &text),
               LLMLEARN_EINVAL, "flags");
    expect_err(llmlearn_analytics(learner, 30, 0x80000001u, 0, &text), LLMLEARN_EINVAL, "flags");
    expect_err(llmlearn_analytics(learner, 30, 0, 0, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_analytics(NULL, 30, 0, 0, &text), LLMLEARN_EINVAL, "learner");
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(what_is_cached_can_be_had_alone)
{
    json_t *report;
    char *text = NULL;

    expect_ok(learner_log(learner, "because", NULL));
    expect_err(llmlearn_analytics(learner, 30, LLMLEARN_IF_CACHED, 0, &text), LLMLEARN_ENOTFOUND,
               "no fresh report on 30 days");
    ck_assert_ptr_null(text);
    json_decref(get_report(30, 0));
    expect_ok(learner_log(learner, "because", NULL));
    report = get_report(0, LLMLEARN_IF_CACHED);
    ck_assert_int_eq(number(report, "total_explanations"), 1);
    json_decref(report);
    expect_err(llmlearn_analytics(learner, 29, LLMLEARN_IF_CACHED, 0, &text), LLMLEARN_ENOTFOUND,
               "no fresh report on 29 days");
    json_decref(get_report(30, LLMLEARN_REFRESH));
    report = get_report(30, LLMLEARN_IF_CACHED);
    ck_assert_int_eq(number(report, "total_explanations"), 2);
    json_decref(report);
}
END_TEST

/* What was logged and voted is in the next refreshed report, without any flush. */
START_TEST(a_refresh_shows_what_was_just_acknowledged)
{
    llmlearn_id id;
    json_t *report, *variant;

    for (int i = 1; i <= 20; i++) {
        expect_ok(learner_log(learner, "because", &id));
        expect_ok(learner_vote(learner, &id, "ann", i % 4 != 0, i % 5 + 1));
        expect_ok(learner_log(learner, "nobody votes", NULL));
        report = get_report(0, LLMLEARN_REFRESH);
        ck_assert_int_eq(number(report, "pending"), 0);
        ck_assert_int_eq(number(json_object_get(report, "window"), "days"), 30);
        ck_assert_int_eq(number(report, "total_explanations"), 2 * i);
        ck_assert_int_eq(number(report, "total_feedback"), i);
        ck_assert_int_eq(number(report, "positive"), i - i / 4);
        ck_assert_int_eq(number(report, "rated_explanations"), i);
        ck_assert_int_eq(number(report, "cost_nanousd"), 14 * i);
        variant = json_array_get(json_object_get(report, "by_variant"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(variant, "version")), "v1.0");
        ck_assert_int_eq(number(variant, "explanations"), 2 * i);
        ck_assert_double_eq_tol(
            json_real_value(json_object_get(json_object_get(variant, "latency_ms"), "p50")), 12.5,
            0.125);
        json_decref(report);
    }
}
END_TEST

START_TEST(a_changed_and_a_withdrawn_vote_change_the_report)
{
    llmlearn_id id;
    json_t *report;

    expect_ok(learner_log(learner, "because", &id));
    expect_ok(learner_vote(learner, &id, "ann", true, 5));
    expect_ok(learner_vote(learner, &id, "bob", true, 4));
    expect_ok(learner_vote(learner, &id, "ann", false, 1));
    report = get_report(30, LLMLEARN_REFRESH);
    ck_assert_int_eq(number(report, "positive"), 1);
    ck_assert_int_eq(number(report, "negative"), 1);
    ck_assert_double_eq_tol(json_real_value(json_object_get(report, "average_rating")), 2.5, 1e-9);
    json_decref(report);
    expect_ok(llmlearn_withdraw_feedback(learner, &id, "ann", NULL, LEARNER_DEADLINE_MS));
    expect_ok(llmlearn_withdraw_feedback(learner, &id, "bob", NULL, LEARNER_DEADLINE_MS));
    report = get_report(30, LLMLEARN_REFRESH);
    ck_assert_int_eq(number(report, "total_feedback"), 0);
    ck_assert_int_eq(number(report, "rated_explanations"), 0);
    ck_assert(json_is_null(json_object_get(report, "positive_rate")));
    json_decref(report);
}
END_TEST

START_TEST(a_report_is_kept_for_five_minutes_of_the_handles_clock)
{
    json_t *report = get_report(30, 0);

    json_decref(report);
    expect_ok(learner_log(learner, "because", NULL));
    atomic_fetch_add(&now_us, 299999000);
    report = get_report(30, 0);
    ck_assert_int_eq(number(report, "total_explanations"), 0);
    ck_assert_int_eq(number(report, "age_ms"), 299999);
    json_decref(report);
    atomic_fetch_add(&now_us, 1000);
    report = get_report(30, 0);
    ck_assert_int_eq(number(report, "total_explanations"), 1);
    ck_assert_int_eq(number(report, "age_ms"), 0);
    json_decref(report);
}
END_TEST

START_TEST(the_window_moves_with_the_clock)
{
    json_t *report;

    expect_ok(learner_log(learner, "because", NULL));
    for (int day = 0; day <= 30; day++) {
        report = get_report(30, 0);
        ck_assert_int_eq(number(report, "total_explanations"), day < 30 ? 1 : 0);
        json_decref(report);
        atomic_fetch_add(&now_us, DAY_US);
    }
}
END_TEST

/* Parent and child each report what either of them logged. */
START_TEST(a_child_reports_too)
{
    const char *sanitizer = getenv("LL_SANITIZER");
    json_t *report;
    pid_t child;
    int status;

    if (sanitizer != NULL && strcmp(sanitizer, "thread") == 0) {
        puts("SKIP ThreadSanitizer does not follow threads started after a fork");
        return;
    }
    expect_ok(learner_log(learner, "before the fork", NULL));
    json_decref(get_report(30, 0));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        expect_ok(learner_log(learner, "in the child", NULL));
        report = get_report(30, LLMLEARN_REFRESH);
        _exit(number(report, "total_explanations") == 2 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    report = get_report(30, LLMLEARN_REFRESH);
    ck_assert_int_eq(number(report, "total_explanations"), 2);
    json_decref(report);
}
END_TEST

/* ---- many threads ------------------------------------------------------ */

static void *log_and_report(void *argument)
{
    for (int64_t i = 1; i <= 50; i++) {
        json_t *report;

        expect_ok(learner_log(learner, "because", NULL));
        report = get_report(1 + (uint32_t)i % 3, LLMLEARN_REFRESH);
        ck_assert_int_ge(number(report, "total_explanations"), i); /* at least this thread's */
        json_decref(report);
    }
    return argument;
}

START_TEST(every_thread_sees_its_own)
{
    pthread_t threads[4];
    json_t *report;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_and_report, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    report = get_report(30, LLMLEARN_REFRESH);
    ck_assert_int_eq(number(report, "total_explanations"), 200);
    json_decref(report);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("analytics");
    TCase *tests = tcase_create("analytics");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, arguments_out_of_range_are_named);
    tcase_add_test(tests, what_is_cached_can_be_had_alone);
    tcase_add_test(tests, a_refresh_shows_what_was_just_acknowledged);
    tcase_add_test(tests, a_changed_and_a_withdrawn_vote_change_the_report);
    tcase_add_test(tests, a_report_is_kept_for_five_minutes_of_the_handles_clock);
    tcase_add_test(tests, the_window_moves_with_the_clock);
    tcase_add_test(tests, a_child_reports_too);
    tcase_add_test(tests, every_thread_sees_its_own);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
