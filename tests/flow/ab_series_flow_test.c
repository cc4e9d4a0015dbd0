/* The series of a test, against what was logged and voted, kept in plain arrays day by day. */
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"
#include "support/recount.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define START_US INT64_C(1760002000000000) /* 2025-10-09, 09:26 */
#define SOON LEARNER_DEADLINE_MS
#define POINTS_MAX 400 /* as llmlearn.h says */

enum { ARMS = 3, DAYS_MAX = 1300 };

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 32];
static llmlearn *learner;
static atomic_llong now_us;
static uint64_t test_id;
static uint64_t random_state;
static int day;        /* since the test began */
static int user_count; /* who were met so far */

/* By the end of each day. */
static struct {
    int units[ARMS], first_votes[ARMS], positive[ARMS];
} there[DAYS_MAX];

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static void set_up(void)
{
    llmlearn_options options;

    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    atomic_store(&now_us, START_US);
    learner_options(path, &options);
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &learner));
    test_id = learner_start_test(learner); /* v1.0 to v1.2, one half, three and two tenths */
    random_state = learner_seed("ab_series");
    day = user_count = 0;
    memset(there, 0, sizeof there);
}

static void tear_down(void)
{
    expect_ok(llmlearn_close(learner, SOON));
    recount(path);
    folder_remove(folder);
}

/* ---- living ------------------------------------------------------------ */

static void vote(const llmlearn_id *id, const char *user, bool helpful)
{
    expect_ok(learner_vote(learner, id, user, helpful, 0));
}

/* A user who was not met before, and votes or does not; some change their mind or take it back,
 * which leaves their first vote what it was. */
static void meet_a_user(bool votes, bool helpful)
{
    llmlearn_assignment a = { .struct_size = sizeof a };
    llmlearn_explanation e = {
        .struct_size = sizeof e, .ticker = "NVDA", .signal = "BUY", .text = "t"
    };
    llmlearn_id id;
    char user[32];

    snprintf(user, sizeof user, "user %d", user_count++);
    expect_ok(llmlearn_get_variant(learner, "BUY", user, &a));
    e.unit = user;
    e.version = a.version;
    e.test_id = a.test_id;
    e.arm = a.arm;
    expect_ok(llmlearn_log_explanation(learner, &e, &id));
    there[day].units[a.arm]++;
    if (!votes)
        return;
    vote(&id, user, helpful);
    there[day].first_votes[a.arm]++;
    there[day].positive[a.arm] += helpful;
    if (learner_random(&random_state) % 3 == 0)
        vote(&id, user, !helpful);
    if (learner_random(&random_state) % 5 == 0)
        expect_ok(llmlearn_withdraw_feedback(learner, &id, user, NULL, SOON));
}

static void end_the_day(void)
{
    expect_ok(llmlearn_flush(learner, SOON));
    atomic_fetch_add(&now_us, DAY_US);
    ck_assert_int_lt(day + 1, DAYS_MAX);
    there[day + 1] = there[day];
    day++;
}

static void live_through(int days, int users_a_day)
{
    for (int d = 0; d < days; d++) {
        if (d % 4 != 2) /* on some days nobody comes */
            for (int i = 0; i < users_a_day; i++)
                meet_a_user(learner_random(&random_state) % 3 != 0,
                            learner_random(&random_state) % 5 < 3);
        end_the_day();
    }
}

/* ---- asking ------------------------------------------------------------ */

static json_t *ask(void)
{
    char *json = NULL;
    json_t *series;

    expect_ok(llmlearn_flush(learner, SOON));
    expect_ok(llmlearn_ab_test_series(learner, test_id, SOON, &json));
    series = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json_is_object(series), "not an object: %s", json);
    llmlearn_free(json);
    return series;
}

static json_int_t number(json_t *object, const char *key)
{
    json_t *found = json_object_get(object, key);

    ck_assert_msg(json_is_integer(found), "%s: no whole number", key);
    return json_integer_value(found);
}

static void expect_real(json_t *found, double wanted)
{
    ck_assert(json_is_real(found));
    ck_assert_double_eq_tol(json_real_value(found), wanted, 1e-12);
}

static void expect_difference(json_t *shown, int at, int arm, double confidence)
{
    const llmlearn_rate champion = { (uint64_t)there[at].positive[0],
                                     (uint64_t)there[at].first_votes[0] };
    const llmlearn_rate variant = { (uint64_t)there[at].positive[arm],
                                    (uint64_t)there[at].first_votes[arm] };
    llmlearn_difference d = { .struct_size = sizeof d };
    json_t *interval = json_object_get(shown, "difference_interval");

    if (arm == 0 || champion.trials == 0 || variant.trials == 0) {
        ck_assert(json_is_null(json_object_get(shown, "difference")));
        ck_assert(json_is_null(interval));
        return;
    }
    expect_ok(llmlearn_stats_difference(&champion, &variant, confidence, 0, &d));
    expect_real(json_object_get(shown, "difference"), d.difference);
    ck_assert_uint_eq(json_array_size(interval), 2);
    expect_real(json_array_get(interval, 0), d.low);
    expect_real(json_array_get(interval, 1), d.high);
}

static void expect_day(json_t *shown, int at, double confidence)
{
    json_t *arms = json_object_get(shown, "arms");
    char name[16];
    time_t seconds = (time_t)(START_US / 1000000 + 86400 * (int64_t)at);
    struct tm utc;

    strftime(name, sizeof name, "%Y-%m-%d", gmtime_r(&seconds, &utc));
    ck_assert_str_eq(json_string_value(json_object_get(shown, "day")), name);
    ck_assert_uint_eq(json_array_size(arms), ARMS);
    for (int i = 0; i < ARMS; i++) {
        json_t *arm = json_array_get(arms, (size_t)i);
        char version[8];

        snprintf(version, sizeof version, "v1.%d", i);
        ck_assert_int_eq(number(arm, "arm"), i);
        ck_assert_str_eq(json_string_value(json_object_get(arm, "version")), version);
        ck_assert_int_eq(number(arm, "units"), there[at].units[i]);
        ck_assert_int_eq(number(arm, "first_votes"), there[at].first_votes[i]);
        ck_assert_int_eq(number(arm, "positive"), there[at].positive[i]);
        if (there[at].first_votes[i] == 0)
            ck_assert(json_is_null(json_object_get(arm, "positive_rate")));
        else
            expect_real(json_object_get(arm, "positive_rate"),
                        (double)there[at].positive[i] / there[at].first_votes[i]);
        expect_difference(arm, at, i, confidence);
    }
}

/* Every step-th day, the last among them. */
static void expect_series(int last_day, int step)
{
    json_t *series = ask();
    json_t *days = json_object_get(series, "days");
    size_t count = json_array_size(days);
    double confidence = json_real_value(json_object_get(series, "difference_confidence"));

    ck_assert_int_eq(number(series, "schema"), 1);
    ck_assert_int_eq(number(series, "test_id"), (json_int_t)test_id);
    ck_assert_str_eq(json_string_value(json_object_get(series, "signal")), "BUY");
    ck_assert_str_eq(json_string_value(json_object_get(series, "champion")), "v1.0");
    ck_assert_double_eq_tol(confidence, 0.975, 1e-12); /* two comparisons at 5 % */
    ck_assert_int_eq(number(series, "step_days"), step);
    ck_assert_uint_eq(count, (size_t)(last_day + step) / (size_t)step);
    ck_assert_uint_le(count, POINTS_MAX);
    for (size_t i = 0; i < count; i++)
        expect_day(json_array_get(days, i), last_day - (int)(count - 1 - i) * step, confidence);
    json_decref(series);
}

/* ---- the tests --------------------------------------------------------- */

START_TEST(each_day_holds_what_there_was_by_its_end)
{
    expect_series(0, 1); /* nobody came yet */
    live_through(13, 25);
    expect_series(day, 1);
    meet_a_user(true, true); /* today, too */
    expect_series(day, 1);
}
END_TEST

START_TEST(it_ends_where_the_arms_are)
{
    json_t *series, *tests, *days, *arms;
    char *json = NULL;

    live_through(5, 40);
    series = ask();
    expect_ok(llmlearn_ab_tests(learner, "BUY", 1, &json));
    tests = json_loads(json, 0, NULL);
    llmlearn_free(json);
    arms = json_object_get(json_array_get(json_object_get(tests, "tests"), 0), "arms");
    days = json_object_get(series, "days");
    days = json_object_get(json_array_get(days, json_array_size(days) - 1), "arms");
    for (size_t i = 0; i < ARMS; i++) {
        static const char *const keys[] = { "units", "first_votes", "positive" };
        for (int k = 0; k < 3; k++)
            ck_assert_int_eq(number(json_array_get(arms, i), keys[k]),
                             number(json_array_get(days, i), keys[k]));
    }
    json_decref(series);
    json_decref(tests);
}
END_TEST

START_TEST(a_test_that_ended_goes_no_further)
{
    int last;

    live_through(4, 20);
    last = day;
    meet_a_user(true, true);
    expect_ok(llmlearn_stop_ab_test(learner, test_id, "ann", "enough", SOON));
    expect_series(last, 1);
    end_the_day();
    end_the_day();
    expect_series(last, 1);
}
END_TEST

START_TEST(a_long_test_shows_every_second_day_or_third)
{
    live_through(POINTS_MAX - 1, 1);
    expect_series(day, 1);
    end_the_day();
    expect_series(day, 2); /* 401 days */
    live_through(3 * POINTS_MAX - 1 - day, 1);
    expect_series(day, 3);
    end_the_day();
    expect_series(day, 4);
}
END_TEST

START_TEST(what_is_not_there_is_told)
{
    char *json = NULL;

    expect_err(llmlearn_ab_test_series(NULL, test_id, SOON, &json), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_ab_test_series(learner, test_id, SOON, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_ab_test_series(learner, 0, SOON, &json), LLMLEARN_ENOTFOUND, "test_id");
    expect_err(llmlearn_ab_test_series(learner, test_id + 1, SOON, &json), LLMLEARN_ENOTFOUND,
               "test_id");
    expect_err(llmlearn_ab_test_series(learner, UINT64_MAX, SOON, &json), LLMLEARN_ENOTFOUND,
               "test_id");
    ck_assert_ptr_null(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_series");
    TCase *tcase = tcase_create("series");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, each_day_holds_what_there_was_by_its_end);
    tcase_add_test(tcase, it_ends_where_the_arms_are);
    tcase_add_test(tcase, a_test_that_ended_goes_no_further);
    tcase_add_test(tcase, a_long_test_shows_every_second_day_or_third);
    tcase_add_test(tcase, what_is_not_there_is_told);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
