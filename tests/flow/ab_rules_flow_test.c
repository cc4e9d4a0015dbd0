/* Tests that watch themselves, through the public calls alone: each rule from start to promotion on
 * a clock of our own, what makes a test invalid or blocks its winner, what a person may do about
 * it, the breaker, and verdicts that are decided again. */
#include "llmlearn.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define MS LEARNER_DEADLINE_MS
#define SIGNAL "BUY"

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static llmlearn *learner;
static atomic_llong now_us;
static atomic_int switched_off_lines;
static int next_user;

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static void hear(void *user, llmlearn_log_level level, const char *message_id, const char *text)
{
    (void)user;
    if (level == LLMLEARN_LOG_WARNING && strcmp(message_id, "arm-switched-off") == 0 &&
        strstr(text, "v1.1 failed") != NULL)
        atomic_fetch_add(&switched_off_lines, 1);
}

static llmlearn *open_one(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;

    learner_options(path, &options);
    options.clock = read_clock;
    options.log = hear;
    expect_ok(llmlearn_open(&options, &opened));
    return opened;
}

/* Midnight, so that days of the clock and of the test are the same. */
static void setup(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    atomic_store(&now_us, 20000 * DAY_US);
    atomic_store(&switched_off_lines, 0);
    next_user = 0;
    learner = open_one();
}

static void teardown(void)
{
    expect_ok(llmlearn_close(learner, MS));
    folder_remove(folder);
}

static void pass_days(double days)
{
    atomic_fetch_add(&now_us, (long long)(days * (double)DAY_US));
}

/* ---- short calls ------------------------------------------------------- */

static void add(const char *version)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = MS,
                                       .signal = SIGNAL,
                                       .version = version,
                                       .text = version };

    expect_ok(llmlearn_add_variant(learner, &variant));
}

static const llmlearn_arm two_arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };
static const llmlearn_arm three_arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.25 }, { "v1.2", 0.25 } };

/* A lift of 30 points is sought: 40 or 61 votes an arm will do. */
static llmlearn_ab_test plan_of(llmlearn_rule rule, const llmlearn_arm *arms, uint32_t arm_count)
{
    return (llmlearn_ab_test){ .struct_size = sizeof(llmlearn_ab_test),
                               .signal = SIGNAL,
                               .arms = arms,
                               .arm_count = arm_count,
                               .rule = (int32_t)rule,
                               .trials_min = 10,
                               .lift_min = 0.3,
                               .deadline_ms = MS };
}

static uint64_t start(llmlearn_rule rule, const llmlearn_arm *arms, uint32_t arm_count)
{
    llmlearn_ab_test plan = plan_of(rule, arms, arm_count);
    uint64_t test = 0;

    for (uint32_t i = 0; i < arm_count; i++)
        add(arms[i].version);
    expect_ok(llmlearn_start_ab_test(learner, &plan, &test));
    return test;
}

static llmlearn_assignment get(llmlearn *from, const char *unit)
{
    llmlearn_assignment a = { .struct_size = sizeof a };

    expect_ok(llmlearn_get_variant(from, SIGNAL, unit, &a));
    return a;
}

/* The next user whose arm it is; the name is valid until the next call. */
static const char *user_of(uint32_t arm, llmlearn_assignment *out)
{
    static char name[32];

    do {
        snprintf(name, sizeof name, "user-%d", next_user++);
        *out = get(learner, name);
    } while (out->arm != arm);
    return name;
}

/* What an explanation is like, beside its assignment. */
typedef struct served {
    double latency_ms; /* 0: unknown */
    uint32_t flags;
} served;

static llmlearn_id explain(const char *user, const llmlearn_assignment *a, served how)
{
    const llmlearn_explanation e = {
        .struct_size = sizeof e,
        .flags = how.flags | a->flags | (how.latency_ms > 0 ? LLMLEARN_HAS_LATENCY : 0),
        .ticker = "AAPL",
        .signal = SIGNAL,
        .text = "It crossed its average.",
        .version = a->version,
        .unit = user,
        .latency_ms = how.latency_ms,
        .test_id = a->test_id,
        .arm = a->arm,
    };
    llmlearn_id id;

    expect_ok(llmlearn_log_explanation(learner, &e, &id));
    return id;
}

/* New users of an arm, who all vote, so many of them content. */
static void votes(uint32_t arm, int positive, int count, served how)
{
    for (int i = 0; i < count; i++) {
        llmlearn_assignment a;
        const char *user = user_of(arm, &a);
        llmlearn_id id = explain(user, &a, how);

        expect_ok(learner_vote(learner, &id, user, i < positive, i < positive ? 5 : 1));
    }
}

static const served plain = { .latency_ms = 0 };

static llmlearn_decision look(uint32_t flags)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    expect_ok(llmlearn_select_winner(learner, SIGNAL, flags, MS, &d));
    return d;
}

/* A look, of which only this is of interest. */
static void expect_look(uint32_t flags, llmlearn_verdict verdict, const char *status)
{
    llmlearn_decision d = look(flags);

    ck_assert_msg(d.verdict == (int32_t)verdict && strcmp(d.status, status) == 0, "%d, %s: %s",
                  d.verdict, d.status, d.receipt_json);
    llmlearn_free(d.receipt_json);
}

/* ---- reports ----------------------------------------------------------- */

static json_t *parse(char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);

    ck_assert_msg(value != NULL, "%s in %s", error.text, text);
    llmlearn_free(text);
    return value;
}

static const char *text_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* The number-th newest decision, and its kind. For json_decref. */
static json_t *decision(size_t number, const char *kind)
{
    char *json = NULL;

    expect_ok(llmlearn_decisions(learner, SIGNAL, 0, &json));
    json_t *report = parse(json);
    json_t *found = json_incref(json_array_get(json_object_get(report, "decisions"), number));
    json_decref(report);
    ck_assert_str_eq(text_at(found, "kind"), kind);
    return found;
}

/* The newest test. For json_decref. */
static json_t *newest_test(void)
{
    char *json = NULL;

    expect_ok(llmlearn_ab_tests(learner, SIGNAL, 0, &json));
    json_t *report = parse(json);
    json_t *found = json_incref(json_array_get(json_object_get(report, "tests"), 0));
    json_decref(report);
    return found;
}

static void check_status(uint32_t arm, const char *status)
{
    json_t *test = newest_test();

    ck_assert_str_eq(text_at(json_array_get(json_object_get(test, "arms"), arm), "status"), status);
    json_decref(test);
}

static void check_served(const char *version)
{
    llmlearn_assignment a = get(learner, "anybody");

    ck_assert_str_eq(a.version, version);
    ck_assert_uint_eq(a.test_id, 0);
}

static bool has(json_t *names, const char *name)
{
    json_t *value;
    size_t i;

    json_array_foreach(names, i, value)
    {
        if (strcmp(json_string_value(value), name) == 0)
            return true;
    }
    return false;
}

static int64_t number_of(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
    int64_t number = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
    sqlite3_close(db);
    return number;
}

/* Decided again, the last verdict is the same to the last bit. */
static void check_replay(uint64_t decision_id)
{
    char *json = NULL;

    expect_ok(llmlearn_replay_decision(learner, decision_id, MS, &json));
    json_t *report = parse(json);
    ck_assert(json_is_true(json_object_get(report, "same")));
    ck_assert(json_is_true(json_object_get(report, "same_verdict")));
    ck_assert_int_eq(json_integer_value(json_object_get(report, "decision_id")),
                     (json_int_t)decision_id);
    ck_assert_str_eq(text_at(report, "stored_version"), llmlearn_version());
    ck_assert(json_equal(json_object_get(report, "stored"), json_object_get(report, "replayed")));
    json_decref(report);
}

/* ---- group_sequential --------------------------------------------------- */

START_TEST(group_sequential_from_start_to_promotion)
{
    uint64_t test = start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);

    expect_look(0, LLMLEARN_KEEP_GOING, "running");
    votes(0, 6, 12, plain);
    votes(1, 7, 12, plain);
    pass_days(7);
    llmlearn_decision first = look(LLMLEARN_PROMOTE);
    ck_assert_int_eq(first.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_str_eq(first.status, "not_yet");
    ck_assert_uint_eq(first.looks, 1);
    ck_assert_uint_eq(first.decision_id, 0);
    llmlearn_free(first.receipt_json);

    /* Once a week, however often somebody asks. */
    votes(0, 6, 12, plain);
    votes(1, 11, 12, plain);
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_KEEP_GOING, "between_looks");
    votes(1, 12, 12, plain);
    votes(0, 5, 12, plain);
    pass_days(6.99);
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_KEEP_GOING, "between_looks");
    ck_assert_int_eq(number_of("SELECT count(*) FROM llm_ab_looks"), 2); /* two arms */

    pass_days(0.51);
    votes(1, 0, 20, plain); /* of the week after, in which the look is taken */
    llmlearn_decision won = look(LLMLEARN_PROMOTE);
    ck_assert_msg(won.verdict == LLMLEARN_WINNER, "%s", won.receipt_json);
    ck_assert_str_eq(won.winner, "v1.1");
    ck_assert_uint_eq(won.looks, 2);
    ck_assert(won.promotable == 1 && won.promoted == 1);
    json_t *receipt = parse(won.receipt_json);
    json_t *arm = json_array_get(json_object_get(receipt, "arms"), 1);
    ck_assert_str_eq(text_at(receipt, "rule"), "group_sequential");
    ck_assert_str_eq(text_at(receipt, "fixed_sample_label"), "if this were the only look");
    ck_assert(json_real_value(json_object_get(arm, "z")) >=
              json_real_value(json_object_get(arm, "bound")));
    ck_assert_double_eq(json_real_value(json_object_get(arm, "information")), 18);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "first_votes")), 56);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "first_votes_seen")), 36);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "positive_seen")), 30);
    json_decref(receipt);

    ck_assert_int_eq(number_of("SELECT count(*) FROM llm_ab_looks"), 4);
    ck_assert_int_eq(number_of("SELECT max(first_votes) FROM llm_ab_looks WHERE look = 0"), 12);
    check_served("v1.1");
    check_replay(won.decision_id);
    json_t *promotion = decision(0, "promotion");
    ck_assert_int_eq(json_integer_value(json_object_get(promotion, "test_id")), (json_int_t)test);
    ck_assert(json_is_null(json_object_get(promotion, "receipt")));
    json_decref(promotion);

    pass_days(3);
    llmlearn_decision again = look(0); /* frozen */
    ck_assert_uint_eq(again.decision_id, won.decision_id);
    ck_assert_uint_eq(again.looks, 2);
    ck_assert(again.ln_e_value == won.ln_e_value && again.days_left == -1);
    llmlearn_free(again.receipt_json);
}
END_TEST

START_TEST(group_sequential_ends_with_what_was_planned)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    json_t *test = newest_test();
    int planned = (int)json_integer_value(json_object_get(test, "trials_planned"));
    json_decref(test);
    ck_assert_int_gt(planned, 30);
    ck_assert_int_lt(planned, 60);
    votes(0, planned / 2, planned - 1, plain);
    votes(1, planned / 2, planned - 1, plain);
    pass_days(7);
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_KEEP_GOING, "not_yet");
    votes(0, 1, 1, plain);
    votes(1, 1, 1, plain);
    pass_days(7);
    llmlearn_decision d = look(LLMLEARN_PROMOTE);
    ck_assert_int_eq(d.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_str_eq(d.status, "planned_votes_reached");
    llmlearn_free(d.receipt_json);
    check_replay(d.decision_id);
    check_served("v1.0");
    check_status(1, "draft"); /* nobody lost */
}
END_TEST

START_TEST(group_sequential_ends_on_its_last_day)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    votes(0, 2, 4, plain);
    votes(1, 3, 4, plain);
    pass_days(55.9);
    expect_look(0, LLMLEARN_KEEP_GOING, "insufficient_sample");
    pass_days(0.1);
    expect_look(0, LLMLEARN_NO_DIFFERENCE, "time_is_up");
}
END_TEST

/* What it says is left comes from the days that are over. */
START_TEST(days_left_are_told)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    for (int day = 0; day < 8; day++) {
        votes(0, 1, 2, plain);
        votes(1, 1, 2, plain);
        pass_days(1);
    }
    llmlearn_decision d = look(0);
    json_t *test = newest_test();
    double planned = (double)json_integer_value(json_object_get(test, "trials_planned"));
    json_t *evidence = json_object_get(test, "evidence");

    ck_assert_int_eq(d.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_double_gt((planned - 16) / 2, 6); /* more than the week has left */
    ck_assert_double_eq_tol(d.days_left, ceil((8 + (planned - 16) / 2) / 7) * 7 - 8, 1e-9);
    ck_assert_uint_eq(d.cannot_finish, 0);
    ck_assert_double_eq_tol(json_real_value(json_object_get(evidence, "days_left")), d.days_left,
                            1e-9);
    json_decref(test);
    llmlearn_free(d.receipt_json);
    pass_days(40); /* no vote for a week */
    d = look(0);
    ck_assert_uint_eq(d.cannot_finish, 1);
    ck_assert_double_eq(d.days_left, -1);
    llmlearn_free(d.receipt_json);
}
END_TEST

/* ---- always_valid ------------------------------------------------------- */

START_TEST(always_valid_from_start_to_promotion)
{
    start(LLMLEARN_RULE_ALWAYS_VALID, two_arms, 2);
    pass_days(1);
    for (int i = 0; i < 10; i++) {
        votes(0, 2, 6, plain);
        votes(1, 6, 6, plain);
    }
    pass_days(5.9);
    llmlearn_decision early = look(LLMLEARN_PROMOTE); /* plain to see, but the week is not over */
    ck_assert_int_eq(early.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_str_eq(early.status, "running");
    ck_assert(early.ln_e_value == 0); /* as at the start, the end of no week */
    llmlearn_free(early.receipt_json);
    json_t *test = newest_test();
    json_t *arm = json_array_get(json_object_get(json_object_get(test, "evidence"), "arms"), 1);
    double ln_e = json_real_value(json_object_get(arm, "ln_e_value"));
    ck_assert_double_gt(ln_e, 3);
    json_decref(test);

    pass_days(0.1);
    llmlearn_decision won = look(LLMLEARN_PROMOTE);
    ck_assert_msg(won.verdict == LLMLEARN_WINNER, "%s", won.receipt_json);
    ck_assert_double_eq(won.ln_e_value, ln_e);
    ck_assert_uint_eq(won.looks, 1);
    ck_assert_uint_eq(won.promoted, 1);
    llmlearn_free(won.receipt_json);
    check_served("v1.1");
    check_replay(won.decision_id);
    ck_assert_int_eq(number_of("SELECT count(*) FROM llm_ab_looks"), 0);
}
END_TEST

/* Votes of the eighth day wait for the fourteenth. */
START_TEST(always_valid_looks_at_whole_weeks)
{
    start(LLMLEARN_RULE_ALWAYS_VALID, two_arms, 2);
    votes(0, 6, 12, plain);
    votes(1, 6, 12, plain);
    pass_days(7.5);
    for (int i = 0; i < 10; i++) {
        votes(0, 2, 6, plain);
        votes(1, 6, 6, plain);
    }
    expect_look(0, LLMLEARN_KEEP_GOING, "not_yet");
    pass_days(6.4);
    expect_look(0, LLMLEARN_KEEP_GOING, "not_yet");
    pass_days(0.1);
    expect_look(0, LLMLEARN_WINNER, "winner");
    check_status(1, "draft"); /* nobody asked to promote it */
    llmlearn_decision late = look(LLMLEARN_PROMOTE);
    ck_assert_uint_eq(late.promoted, 1);
    llmlearn_free(late.receipt_json);
    check_served("v1.1");
}
END_TEST

START_TEST(always_valid_ends_on_its_last_day)
{
    start(LLMLEARN_RULE_ALWAYS_VALID, three_arms, 3);
    votes(0, 6, 12, plain);
    votes(1, 6, 12, plain);
    votes(2, 7, 12, plain);
    pass_days(55);
    expect_look(0, LLMLEARN_KEEP_GOING, "not_yet");
    pass_days(1);
    llmlearn_decision d = look(0);
    ck_assert_int_eq(d.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_str_eq(d.status, "time_is_up");
    ck_assert_uint_eq(d.looks, 8);
    llmlearn_free(d.receipt_json);
    check_replay(d.decision_id);
}
END_TEST

/* ---- invalid ------------------------------------------------------------ */

static void explain_to(uint32_t arm, int users)
{
    for (int i = 0; i < users; i++) {
        llmlearn_assignment a;
        const char *user = user_of(arm, &a);
        explain(user, &a, plain);
    }
}

/* Four of five users of one arm are not logged. Long before the minimum duration any look finds
 * it, though in the end there are as many of either. */
static void break_split(llmlearn_rule rule)
{
    start(rule, two_arms, 2);
    explain_to(0, 500);
    explain_to(1, 100);
    explain_to(1, 400);
    llmlearn_decision d = look(LLMLEARN_PROMOTE);
    ck_assert_msg(d.verdict == LLMLEARN_INVALID, "%s", d.receipt_json);
    ck_assert_str_eq(d.status, "srm");
    ck_assert(d.winner == NULL && d.promotable == 0 && d.promoted == 0);
    json_t *receipt = parse(d.receipt_json);
    ck_assert(has(json_object_get(receipt, "blockers"), "srm"));
    const json_t *srm = json_object_get(receipt, "srm");
    ck_assert_double_lt(json_real_value(json_object_get(srm, "ln_e_value")), 0);
    ck_assert_double_gt(json_real_value(json_object_get(srm, "ln_e_value_max")), log(1000));
    ck_assert_str_eq(text_at(receipt, "fixed_sample_label"), "if this were the only look");
    json_decref(receipt);
    check_replay(d.decision_id);
    check_served("v1.0");
    check_status(0, "champion");
    check_status(1, "draft");
    expect_look(0, LLMLEARN_INVALID, "srm"); /* final */
}

START_TEST(a_broken_split_ends_a_classic_test)
{
    break_split(LLMLEARN_RULE_CLASSIC);
}
END_TEST

START_TEST(a_broken_split_ends_a_group_sequential_test)
{
    break_split(LLMLEARN_RULE_GROUP_SEQUENTIAL);
}
END_TEST

START_TEST(a_broken_split_ends_an_always_valid_test)
{
    break_split(LLMLEARN_RULE_ALWAYS_VALID);
}
END_TEST

/* As many units each, but those of one arm hardly vote. */
START_TEST(users_who_do_not_answer_alike_end_it)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    votes(0, 10, 20, plain);
    votes(1, 40, 80, plain);
    for (int i = 0; i < 60; i++) {
        llmlearn_assignment a;
        const char *user = user_of(0, &a);
        explain(user, &a, plain);
    }
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_INVALID, "differential_response");
    check_served("v1.0");
}
END_TEST

/* ---- what blocks, and who may go on ------------------------------------- */

/* Twice as slow, but much better. */
static llmlearn_decision win_slowly(llmlearn_rule rule)
{
    start(rule, two_arms, 2);
    for (int i = 0; i < 10; i++) {
        votes(0, 2, 6, (served){ .latency_ms = 900 + 20 * i });
        votes(1, 6, 6, (served){ .latency_ms = 1900 + 20 * i });
    }
    pass_days(7);
    return look(LLMLEARN_PROMOTE);
}

START_TEST(a_guardrail_that_fails_waits_for_a_person)
{
    llmlearn_decision d = win_slowly(LLMLEARN_RULE_GROUP_SEQUENTIAL);

    ck_assert_int_eq(d.verdict, LLMLEARN_WINNER);
    ck_assert(d.promotable == 0 && d.promoted == 0);
    json_t *receipt = parse(d.receipt_json);
    ck_assert(has(json_object_get(receipt, "blockers"), "guardrail_latency"));
    json_t *arm = json_array_get(json_object_get(receipt, "arms"), 1);
    ck_assert_str_eq(text_at(json_object_get(arm, "guardrails"), "latency"), "fail");
    ck_assert_str_eq(text_at(json_object_get(arm, "guardrails"), "cost"), "unknown");
    double p50 = json_real_value(json_object_get(json_object_get(arm, "latency_ms"), "p50"));
    ck_assert_double_eq_tol(p50, 1980, 40);
    json_decref(receipt);
    check_replay(d.decision_id);
    check_served("v1.0");
    d = look(LLMLEARN_PROMOTE); /* asking again does not help */
    ck_assert_uint_eq(d.promoted, 0);
    llmlearn_free(d.receipt_json);

    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.1", "alice", "worth the wait", MS));
    check_served("v1.1");
    json_t *promotion = decision(0, "promotion");
    json_t *override = json_object_get(promotion, "receipt");
    ck_assert_str_eq(text_at(promotion, "actor"), "alice");
    ck_assert_str_eq(text_at(promotion, "reason"), "worth the wait");
    ck_assert(json_is_true(json_object_get(override, "override")));
    ck_assert_str_eq(text_at(override, "verdict"), "winner");
    ck_assert(has(json_object_get(override, "blockers"), "guardrail_latency"));
    ck_assert_str_eq(text_at(json_object_get(override, "evidence"), "winner"), "v1.1");
    json_decref(promotion);
}
END_TEST

START_TEST(promoting_during_a_test_keeps_what_it_showed)
{
    uint64_t test = start(LLMLEARN_RULE_ALWAYS_VALID, two_arms, 2);

    votes(0, 6, 12, plain);
    votes(1, 7, 12, plain);
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.1", "bob", "I like it", MS));
    json_t *promotion = decision(0, "promotion");
    json_t *override = json_object_get(promotion, "receipt");
    json_t *evidence = json_object_get(override, "evidence");
    ck_assert(json_is_true(json_object_get(override, "override")));
    ck_assert_int_eq(json_integer_value(json_object_get(override, "test_id")), (json_int_t)test);
    ck_assert_str_eq(text_at(override, "verdict"), "keep_going");
    ck_assert_str_eq(text_at(evidence, "fixed_sample_label"), "if this were the only look");
    json_t *arm = json_array_get(json_object_get(evidence, "arms"), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "first_votes")), 12);
    json_decref(promotion);
    json_decref(decision(1, "stop"));
}
END_TEST

START_TEST(promoting_what_won_goes_against_nothing)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    votes(0, 20, 60, plain);
    votes(1, 60, 60, plain);
    pass_days(7);
    expect_look(0, LLMLEARN_WINNER, "winner");
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.1", "bob", "as it says", MS));
    json_t *promotion = decision(0, "promotion");
    ck_assert(json_is_null(json_object_get(promotion, "receipt")));
    json_decref(promotion);
    add("v2.0"); /* and nothing says anything of this one */
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v2.0", "bob", "new", MS));
    promotion = decision(0, "promotion");
    ck_assert(json_is_null(json_object_get(promotion, "receipt")));
    json_decref(promotion);
}
END_TEST

START_TEST(promoting_a_loser_goes_against_the_verdict)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, three_arms, 3);
    votes(0, 20, 60, plain);
    votes(1, 30, 30, plain);
    votes(2, 10, 30, plain);
    pass_days(7);
    expect_look(0, LLMLEARN_WINNER, "winner");
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.2", "bob", "mine", MS));
    json_t *promotion = decision(0, "promotion");
    json_t *override = json_object_get(promotion, "receipt");
    ck_assert(json_is_true(json_object_get(override, "override")));
    ck_assert_str_eq(text_at(json_object_get(override, "evidence"), "winner"), "v1.1");
    json_decref(promotion);
}
END_TEST

/* ---- the champion before ------------------------------------------------ */

static void replace_champion(void)
{
    add("v1.0");
    add("v1.1");
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.0", "a", "first", MS));
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.1", "a", "second", MS));
}

static const llmlearn_arm previous_arms[] = { { "v1.1", 0.5 }, { "v1.0", 0.5 } };

START_TEST(the_champion_before_may_come_back_by_a_test)
{
    llmlearn_ab_test plan = plan_of(LLMLEARN_RULE_GROUP_SEQUENTIAL, previous_arms, 2);
    uint64_t test = 0;

    replace_champion();
    expect_err(llmlearn_start_ab_test(learner, &plan, &test), LLMLEARN_ESTATE, "v1.0 is archived");
    plan.flags = LLMLEARN_AB_KEEP_PREVIOUS;
    expect_ok(llmlearn_start_ab_test(learner, &plan, &test));
    check_status(1, "active");
    votes(0, 20, 60, plain);
    votes(1, 60, 60, plain);
    pass_days(7);
    llmlearn_decision d = look(LLMLEARN_PROMOTE);
    ck_assert_uint_eq(d.promoted, 1);
    llmlearn_free(d.receipt_json);
    check_served("v1.0");
    json_t *back = decision(0, "rollback");
    ck_assert_int_eq(json_integer_value(json_object_get(back, "test_id")), (json_int_t)test);
    ck_assert_str_eq(text_at(back, "from"), "v1.1");
    ck_assert_str_eq(text_at(back, "to"), "v1.0");
    json_decref(back);
    d = look(LLMLEARN_PROMOTE); /* told again as what it is: promoted by this test */
    ck_assert_uint_eq(d.promoted, 1);
    llmlearn_free(d.receipt_json);
    json_decref(decision(0, "rollback"));
    /* It is back where it was: before it there was nobody. */
    expect_err(llmlearn_rollback(learner, SIGNAL, "a", "r", MS), LLMLEARN_ENOCHAMPION, "v1.0");
}
END_TEST

START_TEST(the_champion_before_is_archived_again_if_it_did_not_win)
{
    llmlearn_ab_test plan = plan_of(LLMLEARN_RULE_GROUP_SEQUENTIAL, previous_arms, 2);

    replace_champion();
    plan.flags = LLMLEARN_AB_KEEP_PREVIOUS;
    expect_ok(llmlearn_start_ab_test(learner, &plan, NULL));
    pass_days(56);
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_NO_DIFFERENCE, "time_is_up");
    check_status(1, "archived");
    check_served("v1.1");
    expect_ok(llmlearn_rollback(learner, SIGNAL, "a", "r", MS)); /* it is still the one before */
    check_served("v1.0");
}
END_TEST

START_TEST(only_the_champion_before_may_come_back)
{
    const llmlearn_arm arms[] = { { "v1.2", 0.5 }, { "v1.0", 0.5 } };
    llmlearn_ab_test plan = plan_of(LLMLEARN_RULE_CLASSIC, arms, 2);

    replace_champion();
    add("v1.2");
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.2", "a", "third", MS));
    plan.flags = LLMLEARN_AB_KEEP_PREVIOUS;
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_ESTATE, "v1.0 is archived");
}
END_TEST

/* ---- the breaker -------------------------------------------------------- */

static void report_failures(uint64_t test, uint32_t arm, int count)
{
    for (int i = 0; i < count; i++) {
        llmlearn_assignment a;
        const char *user = user_of(arm, &a);
        expect_ok(llmlearn_report_failure(learner, test, arm, user, MS));
    }
}

static void check_off(llmlearn *from, uint64_t test, uint32_t arm, bool off)
{
    llmlearn_assignment a;
    const char *user = user_of(arm, &a);

    a = get(from, user);
    ck_assert_uint_eq(a.test_id, test);
    ck_assert_uint_eq(a.arm, arm);
    ck_assert_uint_eq(a.flags, off ? LLMLEARN_REROUTED : 0);
    ck_assert_str_eq(a.version, off ? "v1.0" : three_arms[arm].version);
    ck_assert_str_eq(a.text, a.version);
}

START_TEST(reported_failures_switch_an_arm_off_everywhere)
{
    uint64_t test = start(LLMLEARN_RULE_GROUP_SEQUENTIAL, three_arms, 3);
    llmlearn *other = open_one();

    check_off(other, test, 1, false);
    report_failures(test, 1, 19);
    check_off(learner, test, 1, false);
    report_failures(test, 1, 1);
    check_off(learner, test, 1, true);
    check_off(learner, test, 0, false);
    check_off(learner, test, 2, false);
    ck_assert_int_eq(atomic_load(&switched_off_lines), 1);
    for (int i = 0; i < 20; i++) { /* a second, at the most, for another handle */
        llmlearn_assignment a;
        const char *user = user_of(1, &a);
        if (get(other, user).flags == LLMLEARN_REROUTED)
            break;
        usleep(50000);
    }
    check_off(other, test, 1, true);
    expect_ok(llmlearn_close(other, MS));

    json_t *breaker = decision(0, "breaker");
    json_t *receipt = json_object_get(breaker, "receipt");
    ck_assert_str_eq(text_at(breaker, "actor"), "llmlearn");
    ck_assert(json_is_null(json_object_get(breaker, "from")));
    ck_assert_str_eq(text_at(receipt, "version"), "v1.1");
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "failures")), 20);
    ck_assert_int_eq(json_integer_value(json_object_get(receipt, "exposures")), 20);
    json_decref(breaker);

    /* What its users are served now is no exposure, and what fails there is not its failure. */
    votes(1, 5, 5, plain);
    report_failures(test, 1, 5);
    json_t *shown = newest_test();
    json_t *arm = json_array_get(json_object_get(shown, "arms"), 1);
    ck_assert(json_is_true(json_object_get(arm, "off")));
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "first_votes")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "rerouted")), 5);
    arm = json_array_get(json_object_get(json_object_get(shown, "evidence"), "arms"), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(arm, "failures")), 20);
    ck_assert_str_ne(text_at(arm, "off_since"), "");
    json_decref(shown);

    /* The others go on without it, to a winner. */
    votes(0, 20, 60, plain);
    votes(2, 30, 30, plain);
    pass_days(7);
    llmlearn_decision d = look(LLMLEARN_PROMOTE);
    ck_assert_msg(d.verdict == LLMLEARN_WINNER, "%s", d.receipt_json);
    ck_assert_str_eq(d.winner, "v1.2");
    ck_assert_uint_eq(d.promoted, 1);
    llmlearn_free(d.receipt_json);
    check_replay(d.decision_id);
}
END_TEST

START_TEST(fallbacks_switch_an_arm_off_too)
{
    uint64_t test = start(LLMLEARN_RULE_CLASSIC, two_arms, 2);

    for (int i = 0; i < 20; i++) {
        llmlearn_assignment a;
        const char *user = user_of(1, &a);
        check_off(learner, test, 1, false);
        explain(user, &a, (served){ .flags = LLMLEARN_FALLBACK });
    }
    expect_ok(llmlearn_flush(learner, MS));
    check_off(learner, test, 1, true);
    /* The only variant: there is nothing left to test. */
    expect_look(LLMLEARN_PROMOTE, LLMLEARN_NO_DIFFERENCE, "switched_off");
    check_served("v1.0");
}
END_TEST

/* The fault is not the arm's when the champion fails as well; and the champion is never off. */
START_TEST(a_service_that_is_down_switches_off_nothing)
{
    uint64_t test = start(LLMLEARN_RULE_CLASSIC, two_arms, 2);

    for (int i = 0; i < 60; i++) {
        report_failures(test, 0, 1);
        report_failures(test, 1, 1);
    }
    check_off(learner, test, 0, false);
    check_off(learner, test, 1, false);
    report_failures(test, 0, 60);
    check_off(learner, test, 0, false);
}
END_TEST

START_TEST(failures_of_nobody_or_of_others_are_refused)
{
    uint64_t test = start(LLMLEARN_RULE_CLASSIC, two_arms, 2);
    llmlearn_assignment a;
    const char *user = user_of(0, &a);

    expect_err(llmlearn_report_failure(learner, test, 1, user, MS), LLMLEARN_EINVAL,
               "belongs to arm 0");
    expect_ok(llmlearn_report_failure(learner, test, 0, user, MS));
    expect_ok(llmlearn_report_failure(learner, test, 1, NULL, MS));
    json_t *shown = newest_test();
    json_t *arms = json_object_get(json_object_get(shown, "evidence"), "arms");
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(arms, i), "failures")),
                         1);
    json_decref(shown);
    expect_ok(llmlearn_stop_ab_test(learner, test, "a", "enough", MS));
    expect_err(llmlearn_report_failure(learner, test, 0, user, MS), LLMLEARN_ESTATE, "not running");
}
END_TEST

/* ---- what is planned, and what is shown --------------------------------- */

START_TEST(the_start_says_how_long_it_will_take)
{
    add("v1.0");
    add("v1.1");
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.0", "a", "r", MS));
    for (int day = 0; day < 10; day++) { /* four explanations a day, of which two get a vote */
        for (int i = 0; i < 4; i++) {
            llmlearn_assignment a = get(learner, NULL);
            llmlearn_id id = explain(NULL, &a, plain);
            if (i < 2)
                expect_ok(learner_vote(learner, &id, NULL, i == 0, 0));
        }
        pass_days(1);
    }
    llmlearn_ab_test plan = plan_of(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    expect_ok(llmlearn_flush(learner, MS));
    expect_ok(llmlearn_start_ab_test(learner, &plan, NULL));

    json_t *started = decision(0, "start"), *test = newest_test();
    json_t *planned = json_object_get(started, "receipt");
    double trials = (double)json_integer_value(json_object_get(planned, "trials_planned"));
    ck_assert_double_eq(json_real_value(json_object_get(planned, "champion_rate")), 0.5);
    ck_assert_double_eq(json_real_value(json_object_get(planned, "explanations_per_day")), 4);
    ck_assert_double_eq(json_real_value(json_object_get(planned, "response_rate")), 0.5);
    ck_assert_double_eq_tol(json_real_value(json_object_get(planned, "days")), trials, 1e-9);
    ck_assert(json_is_false(json_object_get(planned, "cannot_finish")));
    ck_assert(json_equal(planned, json_object_get(test, "plan")));
    json_decref(started);
    json_decref(test);
}
END_TEST

/* However often it is reported, nothing is decided, stored or spent. */
START_TEST(reports_never_look)
{
    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    votes(0, 20, 60, plain);
    votes(1, 60, 60, plain);
    pass_days(7);
    for (int i = 0; i < 3; i++) {
        json_t *test = newest_test();
        json_t *evidence = json_object_get(test, "evidence");
        json_t *arm = json_array_get(json_object_get(evidence, "arms"), 1);
        ck_assert_str_eq(text_at(test, "status"), "running");
        ck_assert_str_eq(text_at(evidence, "fixed_sample_label"), "if this were the only look");
        ck_assert_int_eq(json_integer_value(json_object_get(evidence, "looks")), 0);
        ck_assert_double_gt(json_real_value(json_object_get(arm, "z")),
                            json_real_value(json_object_get(arm, "bound")));
        json_decref(test);
    }
    ck_assert_int_eq(number_of("SELECT count(*) FROM llm_ab_looks"), 0);
    expect_look(0, LLMLEARN_WINNER, "winner");
    json_t *test = newest_test();
    ck_assert(json_is_null(json_object_get(test, "evidence"))); /* it is in the receipt */
    json_decref(test);
}
END_TEST

/* ---- decided again ------------------------------------------------------ */

START_TEST(a_verdict_is_replayed_after_reopening_and_damage_is_found)
{
    char *json = NULL;

    start(LLMLEARN_RULE_CLASSIC, two_arms, 2);
    votes(0, 10, 30, plain);
    votes(1, 28, 30, plain);
    pass_days(7);
    llmlearn_decision d = look(LLMLEARN_PROMOTE);
    ck_assert_int_eq(d.verdict, LLMLEARN_WINNER);
    llmlearn_free(d.receipt_json);
    expect_ok(llmlearn_close(learner, MS));
    learner = open_one();
    check_replay(d.decision_id);
    expect_err(llmlearn_replay_decision(learner, d.decision_id - 1, MS, &json), LLMLEARN_ESTATE,
               "of the kind start");

    /* A receipt that somebody touched no longer follows from what it was made of. */
    number_of("UPDATE llm_decisions SET receipt = replace(receipt, '\"winner_arm\":1',"
              " '\"winner_arm\":0') WHERE kind = 'verdict'");
    expect_ok(llmlearn_replay_decision(learner, d.decision_id, MS, &json));
    json_t *report = parse(json);
    ck_assert(json_is_false(json_object_get(report, "same")));
    ck_assert(json_is_false(json_object_get(report, "same_verdict")));
    json_decref(report);
    json = NULL;

    number_of("UPDATE llm_decisions SET inputs = substr(inputs, 1, length(inputs) - 1)"
              " WHERE kind = 'verdict'");
    expect_err(llmlearn_replay_decision(learner, d.decision_id, MS, &json), LLMLEARN_ECORRUPT,
               "inputs");
    number_of("UPDATE llm_decisions SET inputs = NULL WHERE kind = 'verdict'");
    expect_err(llmlearn_replay_decision(learner, d.decision_id, MS, &json), LLMLEARN_ESTATE,
               "kept no inputs");
    ck_assert_ptr_null(json);
}
END_TEST

/* Sums that counting cannot give are refused, and a person can still choose. */
START_TEST(a_damaged_test_is_refused_but_a_person_can_choose)
{
    llmlearn_decision d = { .struct_size = sizeof d };

    start(LLMLEARN_RULE_GROUP_SEQUENTIAL, two_arms, 2);
    votes(0, 10, 30, plain);
    votes(1, 28, 30, plain);
    pass_days(7);
    number_of("UPDATE llm_ab_arms SET first_positive = 31 WHERE arm = 1");
    expect_err(llmlearn_select_winner(learner, SIGNAL, 0, MS, &d), LLMLEARN_ECORRUPT,
               "more positive votes than votes");
    ck_assert(d.receipt_json == NULL && d.verdict == 0);
    expect_ok(llmlearn_promote_variant(learner, SIGNAL, "v1.1", "a", "r", MS));
    json_t *promotion = decision(0, "promotion");
    json_t *override = json_object_get(promotion, "receipt");
    ck_assert(json_is_true(json_object_get(override, "override")));
    ck_assert(json_is_null(json_object_get(override, "evidence")));
    json_decref(promotion);
}
END_TEST

/* ---- checked by its own traffic ------------------------------------------ */

START_TEST(a_test_checks_its_own_traffic)
{
    uint64_t test = start(LLMLEARN_RULE_CLASSIC, two_arms, 2);
    char *json = NULL;
    json_t *rule;
    size_t i;

    expect_err(llmlearn_self_check(learner, test, 0, MS, &json), LLMLEARN_ESTATE, "nobody");
    for (int day = 0; day < 10; day++) {
        votes(0, 12, 20, plain);
        votes(1, 12, 20, plain);
        pass_days(1);
    }
    expect_ok(llmlearn_self_check(learner, test, 300, MS, &json));
    json_t *report = parse(json);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "first_votes")), 400);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "runs")), 300);
    ck_assert(json_is_true(json_object_get(report, "complete")));
    ck_assert_uint_eq(json_array_size(json_object_get(report, "rules")), 3);
    json_array_foreach(json_object_get(report, "rules"), i, rule)
    {
        /* At most alpha, and three standard errors of 300 draws. */
        double rate = json_number_value(json_object_get(rule, "promoted_rate"));
        ck_assert_double_le(rate, 0.05 + 3 * 0.0126);
    }
    json_decref(report);
    json = NULL;
    expect_err(llmlearn_self_check(learner, 99, 0, MS, &json), LLMLEARN_ENOTFOUND, "test_id");
    expect_err(llmlearn_self_check(learner, test, 10001, MS, &json), LLMLEARN_EINVAL, "runs");
    expect_err(llmlearn_self_check(learner, test, 0, MS, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_self_check(NULL, test, 0, MS, &json), LLMLEARN_EINVAL, "learner");
    ck_assert_ptr_null(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_rules_flow");
    TCase *tc = tcase_create("ab_rules_flow");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, group_sequential_from_start_to_promotion);
    tcase_add_test(tc, group_sequential_ends_with_what_was_planned);
    tcase_add_test(tc, group_sequential_ends_on_its_last_day);
    tcase_add_test(tc, days_left_are_told);
    tcase_add_test(tc, always_valid_from_start_to_promotion);
    tcase_add_test(tc, always_valid_looks_at_whole_weeks);
    tcase_add_test(tc, always_valid_ends_on_its_last_day);
    tcase_add_test(tc, a_broken_split_ends_a_classic_test);
    tcase_add_test(tc, a_broken_split_ends_a_group_sequential_test);
    tcase_add_test(tc, a_broken_split_ends_an_always_valid_test);
    tcase_add_test(tc, users_who_do_not_answer_alike_end_it);
    tcase_add_test(tc, a_guardrail_that_fails_waits_for_a_person);
    tcase_add_test(tc, promoting_during_a_test_keeps_what_it_showed);
    tcase_add_test(tc, promoting_what_won_goes_against_nothing);
    tcase_add_test(tc, promoting_a_loser_goes_against_the_verdict);
    tcase_add_test(tc, the_champion_before_may_come_back_by_a_test);
    tcase_add_test(tc, the_champion_before_is_archived_again_if_it_did_not_win);
    tcase_add_test(tc, only_the_champion_before_may_come_back);
    tcase_add_test(tc, reported_failures_switch_an_arm_off_everywhere);
    tcase_add_test(tc, fallbacks_switch_an_arm_off_too);
    tcase_add_test(tc, a_service_that_is_down_switches_off_nothing);
    tcase_add_test(tc, failures_of_nobody_or_of_others_are_refused);
    tcase_add_test(tc, the_start_says_how_long_it_will_take);
    tcase_add_test(tc, reports_never_look);
    tcase_add_test(tc, a_verdict_is_replayed_after_reopening_and_damage_is_found);
    tcase_add_test(tc, a_damaged_test_is_refused_but_a_person_can_choose);
    tcase_add_test(tc, a_test_checks_its_own_traffic);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
