/* The weekly job through the public calls alone, on a clock of our own: a month from the first
 * prompt to the next champion, what it waits for, what it tells people, who runs it. */
#include "support/canary.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/learners.h"
#include "support/recount.h"
#include "support/weeks.h"

#include <jansson.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS LEARNER_DEADLINE_MS
#define HOOK_MAX 64

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static llmlearn *learner;
static atomic_llong now_us;
static weeks_model model;
static int next_user;

static void setup(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    atomic_store(&now_us, WEEKS_BEGIN_US);
    model = (weeks_model){ .fails = LLMLEARN_OK };
    next_user = 0;
    learner = weeks_open(path, &now_us);
    weeks_add_champion(learner);
    weeks_set_model(learner, &model, -1, NULL);
}

static void teardown(void)
{
    expect_ok(llmlearn_close(learner, MS));
    recount(path);
    folder_remove(folder);
}

static void pass_days(double days)
{
    atomic_fetch_add(&now_us, (long long)(days * (double)WEEKS_DAY_US));
}

static int64_t number(const char *sql)
{
    return recount_number(path, sql);
}

/* Of a rule there are so many alerts. */
static void expect_alerts(const char *rule, int64_t count)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM llm_outbox WHERE rule = '%s'", rule);
    ck_assert_msg(number(sql) == count, "%s: %lld alerts, not %lld", rule, (long long)number(sql),
                  (long long)count);
}

static void expect_all_alerts(int64_t count)
{
    ck_assert_int_eq(number("SELECT count(*) FROM llm_outbox"), count);
}

static int64_t tests(void)
{
    return number("SELECT count(*) FROM llm_ab_tests");
}

/* The version of the n-th variant that a model wrote, the oldest first. */
static const char *written(int n)
{
    static char version[80];
    char *json = NULL;

    expect_ok(llmlearn_variants(learner, WEEKS_SIGNAL, 0, MS, &json));
    json_t *all = json_loads(json, 0, NULL), *found = NULL;
    json_t *list = json_object_get(all, "variants");
    llmlearn_free(json);
    for (size_t i = json_array_size(list); i-- > 0 && n >= 0;) {
        found = json_array_get(list, i);
        n -= json_is_string(json_object_get(found, "run")) ||
             json_is_string(json_object_get(found, "model"));
    }
    ck_assert_int_lt(n, 0);
    snprintf(version, sizeof version, "%s", json_string_value(json_object_get(found, "version")));
    json_decref(all);
    return version;
}

static void approve(int n)
{
    expect_ok(llmlearn_approve_variant(learner, WEEKS_SIGNAL, written(n), "ann", "read it", MS));
}

static void expect_champion(const char *version)
{
    char sql[200];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM llm_variants WHERE status = 'champion' AND version = '%s'",
             version);
    ck_assert_msg(number(sql) == 1, "%s is not the champion", version);
}

/* ---- a month ----------------------------------------------------------- */

START_TEST(a_month_from_the_first_prompt_to_the_next_champion)
{
    char winner[80];

    weeks_set_schedule(learner, 0);
    ck_assert_uint_eq(weeks_run(learner), 0); /* two hours too early */
    expect_all_alerts(0);

    /* Monday, 2:00: three prompts are written, and wait for a person. */
    pass_days(1.0 / 12);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(atomic_load(&model.asked), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_variants WHERE status = 'draft'"), 3);
    ck_assert_int_eq(tests(), 0);
    expect_alerts("approval_needed", 1);
    ck_assert_uint_eq(weeks_run(learner), 0);
    expect_all_alerts(1);

    /* Nobody has read them: nothing more is written, and somebody is told again. */
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(atomic_load(&model.asked), 1);
    expect_alerts("approval_needed", 2);

    approve(0);
    approve(1);
    snprintf(winner, sizeof winner, "%s", written(0));
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_arms"), 3);
    ck_assert_int_eq(
        number("SELECT count(*) FROM llm_ab_arms WHERE weight BETWEEN 0.333 AND 0.334"), 3);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_tests WHERE rule = 'group_sequential' AND"
                            " lift_min = 0.3 AND actor = 'llmlearn'"),
                     1);
    expect_alerts("test_started", 1);
    expect_all_alerts(3);

    /* Too few votes yet: it goes on, and no model is asked. */
    weeks_vote(learner, NULL, 120, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_tests WHERE status = 'running'"), 1);
    ck_assert_int_eq(atomic_load(&model.asked), 1);

    /* One is much better: promoted, told, and the next prompts are written from it. */
    weeks_vote(learner, winner, 450, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_champion(winner);
    expect_alerts("winner_promoted", 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(atomic_load(&model.asked), 2);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_variants v JOIN llm_variants p ON p.id ="
                            " v.parent WHERE p.status = 'champion' AND v.status = 'draft'"),
                     3);
    expect_alerts("approval_needed", 3);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_job_steps WHERE step = 'done'"), 5);
}
END_TEST

START_TEST(without_approval_it_goes_round_by_itself)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_arms"), 4);
    expect_alerts("test_started", 1);
    expect_alerts("approval_needed", 0);

    /* Nothing found: others are tried, not the same again. */
    weeks_vote(learner, NULL, 600, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 2);
    ck_assert_int_eq(atomic_load(&model.asked), 2);
    ck_assert_int_eq(number("SELECT count(*) FROM (SELECT variant FROM llm_ab_arms GROUP BY"
                            " variant HAVING count(*) > 1)"),
                     1); /* the champion */
    expect_champion("v1.0");
}
END_TEST

START_TEST(only_deciding_generates_and_starts_nothing)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_ONLY_DECIDE | LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(atomic_load(&model.asked), 0);
    ck_assert_int_eq(tests(), 0);
    expect_all_alerts(0);
}
END_TEST

START_TEST(an_invalid_test_waits_for_a_person)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
    weeks_break_split(learner, 0, 200, &next_user); /* nobody met the others: the split is broken */
    for (int week = 1; week <= 3; week++) {
        pass_days(7);
        ck_assert_uint_eq(weeks_run(learner), 1);
        expect_alerts("test_invalid", week);
        ck_assert_int_eq(tests(), 1);
        ck_assert_int_eq(atomic_load(&model.asked), 1);
    }
    expect_champion("v1.0");
    expect_ok(llmlearn_promote_variant(learner, WEEKS_SIGNAL, written(0), "ann", "found it", MS));
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("test_invalid", 3);
    ck_assert_int_eq(atomic_load(&model.asked), 2);
    ck_assert_int_eq(tests(), 2);
}
END_TEST

START_TEST(the_champion_before_comes_back_if_it_does_better)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED | LLMLEARN_SCHEDULE_KEEP_PREVIOUS);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_arms WHERE test = 1"), 4);
    weeks_vote(learner, written(0), 800, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("winner_promoted", 1);
    ck_assert_int_eq(tests(), 2);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_ab_arms WHERE test = 2"), 5);

    weeks_vote(learner, "v1.0", 1000, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_champion("v1.0");
    expect_alerts("auto_revert", 1);
    expect_alerts("winner_promoted", 1);
}
END_TEST

/* ---- what is told of tests ---------------------------------------------- */

START_TEST(a_winner_that_a_guardrail_blocks_is_told)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    weeks_vote_slow(learner, written(0), 800, &next_user);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_champion("v1.0");
    expect_alerts("winner_promoted", 0);
    expect_alerts("guardrail_tripped", 1);
    ck_assert_int_eq(
        number("SELECT count(*) FROM llm_outbox WHERE about LIKE 'test 1, %, latency'"), 1);
}
END_TEST

START_TEST(an_arm_that_is_switched_off_is_told_at_once)
{
    llmlearn_assignment a = { .struct_size = sizeof a };
    char user[32];

    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    for (int i = 0, failures = 0; failures < 20; i++) {
        snprintf(user, sizeof user, "user-%d", i);
        expect_ok(llmlearn_get_variant(learner, WEEKS_SIGNAL, user, &a));
        if (a.arm != 1)
            continue;
        expect_alerts("guardrail_tripped", 0);
        expect_ok(llmlearn_report_failure(learner, a.test_id, 1, user, MS));
        failures++;
    }
    expect_alerts("guardrail_tripped", 1);
}
END_TEST

START_TEST(a_test_that_cannot_finish_is_told_once)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    for (int week = 0; week < 3; week++) {
        for (int day = 0; day < 7; day++) {
            weeks_vote(learner, NULL, 4, &next_user);
            pass_days(1);
        }
        ck_assert_uint_eq(weeks_run(learner), 1);
    }
    expect_alerts("cannot_finish", 1);
    ck_assert_int_eq(tests(), 1);
}
END_TEST

static void list_models(void *user, const http_server_request *request)
{
    char body[200], date[32];
    time_t soon = time(NULL) + 30 * 86400;
    struct tm tm;

    (void)user;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&soon, &tm));
    snprintf(body, sizeof body, "{\"data\": [{\"id\": \"old-1\", \"shutdown_date\": \"%s\"}]}",
             date);
    http_server_reply(request->fd, 200, "", body);
}

START_TEST(a_model_that_retires_is_told)
{
    http_server *server = http_server_start(list_models, NULL);
    const llmlearn_model old = { .struct_size = sizeof old,
                                 .model = "old-1",
                                 .base_url = http_server_url(server, "/v1") };

    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_EXPLAINING, &old));
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_ONLY_DECIDE);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("model_retires", 1);
    ck_assert_int_eq(http_server_requests(server), 1);
    http_server_stop(server);
    pass_days(7); /* it cannot be asked: only logged */
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_all_alerts(1);
}
END_TEST

/* ---- what may fail ------------------------------------------------------ */

START_TEST(a_budget_that_is_used_up_is_told_once_a_month)
{
    weeks_set_model(learner, &model, 1000, folder); /* a millionth of a dollar */
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("budget_reached", 1);
    ck_assert_int_eq(atomic_load(&model.asked), 0);
    ck_assert_int_eq(tests(), 0);
    pass_days(7); /* Monday, 14 October 2024 */
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("budget_reached", 1);
    pass_days(28);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("budget_reached", 2);
    expect_all_alerts(2);
}
END_TEST

START_TEST(a_model_that_fails_leaves_the_signal_with_what_there_is)
{
    model.fails = LLMLEARN_ELLM;
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_job_steps WHERE step = 'generate' AND"
                            " note LIKE 'LLMLEARN_ELLM%'"),
                     1);
    ck_assert_int_eq(tests(), 0);
    model.fails = LLMLEARN_OK;
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
}
END_TEST

static void damage_verdict(void)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "UPDATE llm_decisions SET receipt = '{}' WHERE kind = 'verdict'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* Its verdict is damaged: it is told, and the other signal has its turn. */
START_TEST(one_signal_does_not_stop_the_others)
{
    static const char *const signals[] = { WEEKS_SIGNAL, "SELL", "NOBODY" };
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .flags = LLMLEARN_SCHEDULE_UNAPPROVED,
                                         .signals = signals,
                                         .signal_count = 3,
                                         .response_rate_min = 0.9 };
    const llmlearn_variant sell = { .struct_size = sizeof sell,
                                    .deadline_ms = MS,
                                    .signal = "SELL",
                                    .version = "v1.0",
                                    .text = WEEKS_PROMPT };

    expect_ok(llmlearn_add_variant(learner, &sell)); /* its first champion, by the job */
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    weeks_break_split(learner, 0, 200, &next_user);
    llmlearn_decision d = { .struct_size = sizeof d };
    expect_ok(llmlearn_select_winner(learner, WEEKS_SIGNAL, 0, MS, &d));
    ck_assert_int_eq(d.verdict, LLMLEARN_INVALID);
    llmlearn_free(d.receipt_json);
    damage_verdict();

    expect_ok(llmlearn_set_schedule(learner, &schedule, MS));
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("job_failed", 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_jobs WHERE error LIKE '%receipt%'"), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_variants v JOIN llm_names n ON n.id ="
                            " v.signal WHERE n.name = 'SELL' AND v.status = 'champion'"),
                     1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_decisions WHERE kind = 'promotion' AND"
                            " actor = 'llmlearn' AND reason = 'the first champion'"),
                     1);
    ck_assert_int_eq(tests(), 2); /* BUY's, and now SELL's */
}
END_TEST

START_TEST(few_votes_are_told)
{
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .flags = LLMLEARN_SCHEDULE_ONLY_DECIDE,
                                         .response_rate_min = 0.5 };
    llmlearn_id id;

    expect_ok(llmlearn_set_schedule(learner, &schedule, MS));
    pass_days(-1);
    for (int i = 0; i < 10; i++) {
        char text[8];
        snprintf(text, sizeof text, "e%d", i);
        expect_ok(learner_log(learner, text, &id));
        if (i < 4)
            expect_ok(learner_vote(learner, &id, text, true, 0));
    }
    expect_ok(llmlearn_flush(learner, MS));
    pass_days(2);
    ck_assert_uint_eq(weeks_run(learner), 1);
    expect_alerts("low_feedback", 1);
    expect_all_alerts(1);
}
END_TEST

START_TEST(what_was_missed_is_run_once)
{
    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_ONLY_DECIDE);
    pass_days(40);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_uint_eq(weeks_run(learner), 0);
    pass_days(7);
    ck_assert_uint_eq(weeks_run(learner), 1);
}
END_TEST

/* Not enough to ask a model: nothing is paid for, and the next call goes on at once. */
START_TEST(a_run_without_time_is_gone_on_with)
{
    uint32_t runs = 7;

    weeks_set_schedule(learner, LLMLEARN_SCHEDULE_UNAPPROVED);
    pass_days(1);
    expect_err(llmlearn_run_due_jobs(learner, 3000, &runs), LLMLEARN_ETIMEDOUT, "time");
    ck_assert_uint_eq(runs, 7);
    ck_assert_int_eq(atomic_load(&model.asked), 0);
    pass_days(0.0001);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_job_steps WHERE step = 'look'"), 1);
}
END_TEST

START_TEST(arguments_are_checked)
{
    llmlearn_schedule s = { .struct_size = sizeof s, .cron = "0 25 * * *" };
    llmlearn_mail m = { .struct_size = sizeof m };
    llmlearn_webhook w = { .struct_size = sizeof w };
    const char *const to[] = { "ops@example.com" };
    uint32_t runs = 7;

    expect_err(llmlearn_run_due_jobs(learner, MS, &runs), LLMLEARN_ESTATE, "llmlearn_set_schedule");
    ck_assert_uint_eq(runs, 7);
    expect_err(llmlearn_set_schedule(NULL, &s, MS), LLMLEARN_EINVAL, "learner");
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "hour");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .flags = 0x80 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "flags");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .signal_count = 2 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "signals");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .rule = 9 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "rule");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .lift_min = 0.9 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "lift_min");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .variants = 11 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "variants");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .replays = 21 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "replays");
    s = (llmlearn_schedule){ .struct_size = sizeof s, .response_rate_min = -0.1 };
    expect_err(llmlearn_set_schedule(learner, &s, MS), LLMLEARN_EINVAL, "response_rate_min");

    expect_err(llmlearn_set_mail(learner, &m), LLMLEARN_EINVAL, "server");
    m.server = "smtps://mail.example.com";
    expect_err(llmlearn_set_mail(learner, &m), LLMLEARN_EINVAL, "to");
    m.to = to;
    m.to_count = 1;
    expect_err(llmlearn_set_mail(learner, &m), LLMLEARN_EINVAL, "from");
    m.from = "engine@example.com";
    expect_ok(llmlearn_set_mail(learner, &m));
    m.password = CANARY_PASSWORD;
    expect_err(llmlearn_set_mail(learner, &m), LLMLEARN_EINVAL, "user");
    m.user = "engine";
    expect_ok(llmlearn_set_mail(learner, &m));
    m.server = "http://mail.example.com";
    ck_assert_int_eq(llmlearn_set_mail(learner, &m), LLMLEARN_EINVAL);
    expect_ok(llmlearn_set_mail(learner, NULL));
    expect_err(llmlearn_set_webhook(learner, &w), LLMLEARN_EINVAL, "url");
    w.url = "https://example.com/hook";
    w.secret = "short";
    expect_err(llmlearn_set_webhook(learner, &w), LLMLEARN_EINVAL, "secret");
    w.secret = CANARY_SECRET;
    expect_ok(llmlearn_set_webhook(learner, &w));
    w.url = "ftp://example.com/hook";
    ck_assert_int_eq(llmlearn_set_webhook(learner, &w), LLMLEARN_EINVAL);
    expect_ok(llmlearn_set_webhook(learner, NULL));
    expect_ok(llmlearn_set_schedule(learner, NULL, MS));
    expect_ok(llmlearn_stop_scheduler(learner, MS));
}
END_TEST

/* ---- telling people ------------------------------------------------------ */

typedef struct hook {
    atomic_int requests, refuse;
    char deliveries[HOOK_MAX][128];
    char rules[HOOK_MAX][64];
} hook;

static void take_alert(void *user, const http_server_request *request)
{
    hook *h = user;
    int number_so_far = atomic_load(&h->requests);
    const char *delivery = strstr(request->headers, "X-Llmlearn-Delivery: ");
    json_t *body = json_loads(request->body, 0, NULL);
    const char *rule = json_string_value(json_object_get(body, "rule"));

    if (number_so_far < HOOK_MAX && delivery != NULL && rule != NULL) {
        sscanf(delivery, "X-Llmlearn-Delivery: %127s", h->deliveries[number_so_far]);
        snprintf(h->rules[number_so_far], sizeof h->rules[0], "%s", rule);
    }
    json_decref(body);
    atomic_fetch_add(&h->requests, 1); /* before the sender hears of it */
    http_server_reply(request->fd, atomic_fetch_sub(&h->refuse, 1) > 0 ? 503 : 200, "", "");
}

static http_server *hook_start(hook *h)
{
    http_server *server = http_server_start(take_alert, h);
    const llmlearn_webhook webhook = { .struct_size = sizeof webhook,
                                       .url = http_server_url(server, "/alerts"),
                                       .secret = CANARY_SECRET };

    expect_ok(llmlearn_set_webhook(learner, &webhook));
    return server;
}

START_TEST(an_alert_is_sent_until_it_is_taken)
{
    static hook h;
    http_server *server = hook_start(&h);

    atomic_store(&h.refuse, 1);
    weeks_set_schedule(learner, 0);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(atomic_load(&h.requests), 1);
    ck_assert_uint_eq(weeks_run(learner), 0); /* not at once again */
    ck_assert_int_eq(atomic_load(&h.requests), 1);
    pass_days(0.01);
    ck_assert_uint_eq(weeks_run(learner), 0);
    ck_assert_int_eq(atomic_load(&h.requests), 2);
    ck_assert_str_eq(h.rules[0], "approval_needed");
    ck_assert_str_eq(h.deliveries[0], h.deliveries[1]);
    ck_assert_uint_eq(strlen(h.deliveries[0]), 32);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_deliveries WHERE channel = 'webhook' AND"
                            " sent_us > 0 AND attempts = 2"),
                     1);
    pass_days(1);
    ck_assert_uint_eq(weeks_run(learner), 0);
    ck_assert_int_eq(atomic_load(&h.requests), 2);
    http_server_stop(server);
}
END_TEST

/* ---- the thread ---------------------------------------------------------- */

static bool wait_for(const char *sql, int64_t wanted)
{
    for (int i = 0; i < 6000; i++) {
        if (number(sql) == wanted)
            return true;
        usleep(10000);
    }
    return false;
}

/* The child has none, until it starts one. */
static void fork_while_it_runs(void)
{
    const char *sanitizer = getenv("LL_SANITIZER");
    int status = 0;

    if (sanitizer != NULL && strcmp(sanitizer, "thread") == 0)
        return; /* it takes a child's thread for the parent's */
    pid_t pid = fork();
    if (pid == 0) {
        expect_ok(llmlearn_stop_scheduler(learner, MS));
        expect_ok(llmlearn_start_scheduler(learner));
        ck_assert_uint_eq(weeks_run(learner), 0);
        expect_ok(llmlearn_close(learner, MS));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(the_scheduler_runs_what_is_due_and_sends_alerts)
{
    static hook h;
    http_server *server = hook_start(&h);

    weeks_set_schedule(learner, 0);
    expect_ok(llmlearn_start_scheduler(learner));
    expect_ok(llmlearn_start_scheduler(learner));
    pass_days(1);
    ck_assert(wait_for("SELECT count(*) FROM llm_deliveries WHERE sent_us > 0", 1));
    ck_assert_int_eq(atomic_load(&h.requests), 1);
    fork_while_it_runs();
    expect_ok(llmlearn_stop_scheduler(learner, MS));
    pass_days(7);
    usleep(300000);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_job_steps WHERE step = 'done'"), 1);
    expect_ok(llmlearn_start_scheduler(learner));
    ck_assert(wait_for("SELECT count(*) FROM llm_job_steps WHERE step = 'done'", 2));
    http_server_stop(server); /* and closing ends the thread */
}
END_TEST

static atomic_int hanging;

/* As long as the asker waits. */
static void hang(void *user, const http_server_request *request)
{
    (void)user;
    atomic_fetch_add(&hanging, 1);
    http_server_wait_for_hangup(request->fd);
}

static void *run_jobs(void *out_err)
{
    *(llmlearn_err *)out_err = llmlearn_run_due_jobs(learner, MS, NULL);
    return NULL;
}

/* A model that does not answer would be waited for a minute: a host that ends cannot. */
START_TEST(a_call_of_another_thread_can_be_ended)
{
    http_server *server = http_server_start(hang, NULL);
    const llmlearn_model slow = { .struct_size = sizeof slow,
                                  .model = "toy-1",
                                  .base_url = http_server_url(server, "/v1") };
    llmlearn_err err = LLMLEARN_OK;
    pthread_t thread;

    atomic_store(&hanging, 0);
    weeks_set_schedule(learner, 0);
    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING, &slow));
    pass_days(1);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_jobs, &err), 0);
    for (int i = 0; i < 3000 && atomic_load(&hanging) == 0; i++)
        usleep(10000);
    ck_assert_int_eq(atomic_load(&hanging), 1);
    expect_ok(llmlearn_stop_scheduler(learner, MS));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(err, LLMLEARN_ECANCELLED);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_job_steps WHERE step = 'done'"), 0);

    /* What was begun is gone on with, and is not ended by what was said before. */
    weeks_set_model(learner, &model, -1, NULL);
    pass_days(0.001);
    ck_assert_uint_eq(weeks_run(learner), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_variants WHERE status = 'draft'"), 3);
    http_server_stop(server);
}
END_TEST

/* ---- who runs it ---------------------------------------------------------- */

static void run_in_child(int gate)
{
    weeks_model own = { .fails = LLMLEARN_OK };
    atomic_llong clock;
    char byte;

    atomic_init(&clock, WEEKS_MOMENT_US);
    llmlearn *mine = weeks_open(path, &clock);
    weeks_set_model(mine, &own, -1, NULL);
    weeks_set_schedule(mine, LLMLEARN_SCHEDULE_UNAPPROVED);
    atomic_fetch_add(&clock, 7 * WEEKS_DAY_US);
    ck_assert_int_eq(read(gate, &byte, 1), 0);
    uint32_t runs = weeks_run(mine);
    expect_ok(llmlearn_close(mine, MS));
    _exit((int)runs);
}

START_TEST(of_several_processes_one_runs_it)
{
    pid_t pids[3];
    int gate[2], runs = 0;

    expect_ok(llmlearn_close(learner, MS));
    ck_assert_int_eq(pipe(gate), 0);
    for (int i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(gate[1]);
            run_in_child(gate[0]);
        }
    }
    usleep(50000);
    close(gate[1]);
    close(gate[0]);
    for (int i = 0; i < 3; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        runs += WEXITSTATUS(status);
    }
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(tests(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM llm_generations"), 1);
    expect_all_alerts(1);
    learner = weeks_open(path, &now_us);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weekly_flow");
    TCase *tc = tcase_create("weekly_flow");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_month_from_the_first_prompt_to_the_next_champion);
    tcase_add_test(tc, without_approval_it_goes_round_by_itself);
    tcase_add_test(tc, only_deciding_generates_and_starts_nothing);
    tcase_add_test(tc, an_invalid_test_waits_for_a_person);
    tcase_add_test(tc, the_champion_before_comes_back_if_it_does_better);
    tcase_add_test(tc, a_winner_that_a_guardrail_blocks_is_told);
    tcase_add_test(tc, an_arm_that_is_switched_off_is_told_at_once);
    tcase_add_test(tc, a_test_that_cannot_finish_is_told_once);
    tcase_add_test(tc, a_model_that_retires_is_told);
    tcase_add_test(tc, a_budget_that_is_used_up_is_told_once_a_month);
    tcase_add_test(tc, a_model_that_fails_leaves_the_signal_with_what_there_is);
    tcase_add_test(tc, one_signal_does_not_stop_the_others);
    tcase_add_test(tc, few_votes_are_told);
    tcase_add_test(tc, what_was_missed_is_run_once);
    tcase_add_test(tc, a_run_without_time_is_gone_on_with);
    tcase_add_test(tc, arguments_are_checked);
    tcase_add_test(tc, an_alert_is_sent_until_it_is_taken);
    tcase_add_test(tc, the_scheduler_runs_what_is_due_and_sends_alerts);
    tcase_add_test(tc, a_call_of_another_thread_can_be_ended);
    tcase_add_test(tc, of_several_processes_one_runs_it);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
