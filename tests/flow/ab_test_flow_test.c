/* A prompt's whole life, through the public calls alone: added, tested, voted on, decided,
 * promoted, rolled back; and every way in which such a call may be refused. */
#include "llmlearn.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"

#include <check.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define SOON LEARNER_DEADLINE_MS

static char folder[FOLDER_PATH_BYTES];
static char path[FOLDER_PATH_BYTES + 16];
static llmlearn *learner;
static atomic_llong now_us; /* the learner's clock */

static int64_t read_clock(void *user)
{
    (void)user;
    return atomic_load(&now_us);
}

static llmlearn *open_with_clock(void)
{
    llmlearn_options options;
    llmlearn *opened = NULL;

    learner_options(path, &options);
    options.clock = read_clock;
    expect_ok(llmlearn_open(&options, &opened));
    return opened;
}

static void setup(void)
{
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/learn.db", folder);
    atomic_store(&now_us, INT64_C(1760000000) * 1000000);
    learner = open_with_clock();
}

static void teardown(void)
{
    expect_ok(llmlearn_close(learner, SOON));
    folder_remove(folder);
}

/* ---- short calls ------------------------------------------------------- */

static llmlearn_err add(const char *signal, const char *version, const char *text)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = SOON,
                                       .signal = signal,
                                       .version = version,
                                       .text = text };

    return llmlearn_add_variant(learner, &variant);
}

static llmlearn_ab_test plan_of_two(const char *signal, const llmlearn_arm *arms)
{
    return (llmlearn_ab_test){ .struct_size = sizeof(llmlearn_ab_test),
                               .signal = signal,
                               .arms = arms,
                               .arm_count = 2,
                               .trials_min = 20,
                               .actor = "alice",
                               .deadline_ms = SOON };
}

static const llmlearn_arm two_arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };

static llmlearn_err try_start(const char *signal, uint64_t *out_test)
{
    llmlearn_ab_test plan = plan_of_two(signal, two_arms);

    return llmlearn_start_ab_test(learner, &plan, out_test);
}

/* Two variants and a test of them. */
static uint64_t start(const char *signal)
{
    uint64_t test = 0;

    expect_ok(add(signal, "v1.0", "Explain the signal."));
    expect_ok(add(signal, "v1.1", "Explain the signal in plain words."));
    expect_ok(try_start(signal, &test));
    ck_assert_uint_ne(test, 0);
    return test;
}

static llmlearn_assignment get(const char *signal, const char *unit)
{
    llmlearn_assignment assignment = { .struct_size = sizeof assignment };

    expect_ok(llmlearn_get_variant(learner, signal, unit, &assignment));
    return assignment;
}

static llmlearn_err select_winner(const char *signal, uint32_t flags, llmlearn_decision *out)
{
    *out = (llmlearn_decision){ .struct_size = sizeof *out };
    return llmlearn_select_winner(learner, signal, flags, SOON, out);
}

static json_t *parse(char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);

    ck_assert_msg(value != NULL, "%s in %s", error.text, text);
    llmlearn_free(text);
    return value;
}

static json_t *tests_of(const char *signal)
{
    char *json = NULL;

    expect_ok(llmlearn_ab_tests(learner, signal, 0, &json));
    return parse(json);
}

static json_t *decisions_of(const char *signal)
{
    char *json = NULL;

    expect_ok(llmlearn_decisions(learner, signal, 0, &json));
    return parse(json);
}

static const char *text_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static json_int_t int_at(json_t *object, const char *key)
{
    ck_assert_msg(json_is_integer(json_object_get(object, key)), "%s is no integer", key);
    return json_integer_value(json_object_get(object, key));
}

/* The kinds of all decisions, newest first: "verdict start ". */
static void check_history(const char *signal, const char *kinds)
{
    json_t *report = decisions_of(signal);
    json_t *decision;
    char got[512] = "";
    size_t i;

    json_array_foreach(json_object_get(report, "decisions"), i, decision)
    {
        strncat(got, text_at(decision, "kind"), 20);
        strncat(got, " ", 2);
    }
    ck_assert_str_eq(got, kinds);
    json_decref(report);
}

/* A field of the newest decision. */
static void check_newest(const char *signal, const char *key, const char *value)
{
    json_t *report = decisions_of(signal);
    json_t *newest = json_array_get(json_object_get(report, "decisions"), 0);

    ck_assert_str_eq(text_at(newest, key), value);
    json_decref(report);
}

static void check_champion(const char *signal, const char *version)
{
    json_t *report = tests_of(signal);
    json_t *champions = json_object_get(report, "champions");

    if (*version == '\0') {
        ck_assert_uint_eq(json_array_size(champions), 0);
    } else {
        ck_assert_uint_eq(json_array_size(champions), 1);
        ck_assert_str_eq(text_at(json_array_get(champions, 0), "version"), version);
    }
    json_decref(report);
}

/* The status of a version as the newest test of the signal shows it. */
static void check_status(const char *signal, const char *version, const char *status)
{
    json_t *report = tests_of(signal);
    json_t *test = json_array_get(json_object_get(report, "tests"), 0);
    json_t *arm;
    size_t i;
    bool seen = false;

    json_array_foreach(json_object_get(test, "arms"), i, arm)
    {
        if (strcmp(text_at(arm, "version"), version) == 0) {
            ck_assert_str_eq(text_at(arm, "status"), status);
            seen = true;
        }
    }
    ck_assert_msg(seen, "%s is no arm of the newest test of %s", version, signal);
    json_decref(report);
}

/* Explains to one user as the test has it. */
static void explain(const char *signal, const char *user, const llmlearn_assignment *assignment,
                    llmlearn_id *out_id)
{
    const llmlearn_explanation explanation = { .struct_size = sizeof explanation,
                                               .ticker = "AAPL",
                                               .signal = signal,
                                               .text = "It crossed its average.",
                                               .version = assignment->version,
                                               .unit = user,
                                               .test_id = assignment->test_id,
                                               .arm = assignment->arm };

    expect_ok(llmlearn_log_explanation(learner, &explanation, out_id));
}

/* Votes of `n` users in each of two arms, `positive[arm]` of them helpful. */
static void collect(const char *signal, const int positive[2], int n)
{
    int votes[2] = { 0, 0 };

    for (int i = 0; votes[0] < n || votes[1] < n; i++) {
        llmlearn_assignment assignment;
        llmlearn_id id;
        char user[32];

        ck_assert_int_lt(i, 100 * n);
        snprintf(user, sizeof user, "user-%d", i);
        assignment = get(signal, user);
        ck_assert_uint_ne(assignment.test_id, 0);
        ck_assert_uint_lt(assignment.arm, 2);
        if (votes[assignment.arm] == n)
            continue;
        explain(signal, user, &assignment, &id);
        bool helpful = votes[assignment.arm]++ < positive[assignment.arm];
        expect_ok(learner_vote(learner, &id, user, helpful, helpful ? 5 : 2));
    }
}

/* ---- the whole way ----------------------------------------------------- */

START_TEST(without_anything_the_baseline_is_served)
{
    llmlearn_assignment assignment = get("BUY", NULL);

    ck_assert_str_eq(assignment.version, "v1.0");
    ck_assert_ptr_null(assignment.text);
    ck_assert_uint_eq(assignment.test_id, 0);
    ck_assert_uint_eq(assignment.arm, 0);
    ck_assert_uint_eq(assignment.flags, 0);
    expect_ok(add("BUY", "v1.1", "A draft is not served."));
    assignment = get("BUY", "alice");
    ck_assert_str_eq(assignment.version, "v1.0");
    ck_assert_ptr_null(assignment.text);
    expect_ok(add("BUY", "v1.0", "The baseline's text is."));
    assignment = get("BUY", "alice");
    ck_assert_str_eq(assignment.text, "The baseline's text is.");
    ck_assert_ptr_null(get("SELL", NULL).text);
    check_champion("BUY", "");
}
END_TEST

START_TEST(a_running_test_assigns_by_unit_and_by_chance)
{
    uint64_t test = start("BUY");
    int random[2] = { 0, 0 }, by_unit[2] = { 0, 0 };

    for (int i = 0; i < 400; i++) {
        char unit[24];
        snprintf(unit, sizeof unit, "unit-%d", i);
        llmlearn_assignment once = get("BUY", unit), again = get("BUY", unit);

        ck_assert_uint_eq(once.test_id, test);
        ck_assert_uint_eq(once.arm, again.arm);
        ck_assert_str_eq(once.version, once.arm == 0 ? "v1.0" : "v1.1");
        ck_assert_ptr_eq(once.text, again.text);
        by_unit[once.arm]++;
        random[get("BUY", NULL).arm]++;
    }
    /* 400 fair coins fall 120 times or less once in 10^15 runs. */
    for (int arm = 0; arm < 2; arm++) {
        ck_assert_int_gt(by_unit[arm], 120);
        ck_assert_int_gt(random[arm], 120);
    }
    ck_assert_uint_eq(get("SELL", "unit-1").test_id, 0);
}
END_TEST

START_TEST(a_test_goes_from_votes_to_a_promoted_winner)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision early, won, again;

    start("BUY");
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &early));
    ck_assert_int_eq(early.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_str_eq(early.status, "running");
    ck_assert_ptr_null(early.winner);
    ck_assert_uint_eq(early.decision_id, 0);
    ck_assert(early.p_value == 1 && early.effect == 0);
    llmlearn_free(early.receipt_json);
    check_history("BUY", "start ");

    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &won));
    ck_assert_int_eq(won.verdict, LLMLEARN_WINNER);
    ck_assert_str_eq(won.winner, "v1.1");
    ck_assert_str_eq(won.status, "winner");
    ck_assert_uint_eq(won.promotable, 1);
    ck_assert_uint_eq(won.promoted, 1);
    ck_assert_uint_ne(won.decision_id, 0);
    /* 12 of 30 against 27 of 30: chi-square is 1500/91, p = erfc(sqrt(750/91)). */
    ck_assert_double_eq_tol(won.p_value, 4.907487764360336e-05, 1e-14);
    ck_assert_double_eq_tol(won.effect, sqrt(1500.0 / 91 / 60), 1e-14);

    llmlearn_assignment served = get("BUY", "user-1");
    ck_assert_str_eq(served.version, "v1.1");
    ck_assert_str_eq(served.text, "Explain the signal in plain words.");
    ck_assert_uint_eq(served.test_id, 0);
    check_champion("BUY", "v1.1");
    check_status("BUY", "v1.0", "archived");
    check_status("BUY", "v1.1", "champion");
    check_history("BUY", "promotion verdict start ");

    expect_ok(select_winner("BUY", 0, &again));
    ck_assert_str_eq(again.receipt_json, won.receipt_json);
    ck_assert_ptr_eq(again.winner, won.winner);
    ck_assert_uint_eq(again.decision_id, won.decision_id);
    ck_assert_uint_eq(again.promoted, 1);
    ck_assert(again.p_value == won.p_value && again.effect == won.effect);
    llmlearn_free(again.receipt_json);
    llmlearn_free(won.receipt_json);
    check_history("BUY", "promotion verdict start ");
}
END_TEST

/* Votes that come after the verdict change neither it nor what it was made of. */
START_TEST(a_verdict_is_frozen)
{
    const int positive[2] = { 12, 27 }, later[2] = { 60, 0 };
    llmlearn_decision won, again;
    llmlearn_assignment stale[2];
    llmlearn_id id;

    start("BUY");
    stale[0] = get("BUY", "user-0");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", 0, &won));
    ck_assert_uint_eq(won.promotable, 1);
    ck_assert_uint_eq(won.promoted, 0);
    check_champion("BUY", "v1.0");
    check_status("BUY", "v1.1", "draft");
    for (int i = 0; i < later[0]; i++) {
        char user[32];
        snprintf(user, sizeof user, "late-%d", i);
        explain("BUY", user, &stale[0], &id);
        expect_ok(learner_vote(learner, &id, user, true, 0));
    }
    expect_ok(select_winner("BUY", 0, &again));
    ck_assert_str_eq(again.receipt_json, won.receipt_json);
    llmlearn_free(again.receipt_json);
    llmlearn_free(won.receipt_json);

    json_t *report = tests_of("BUY");
    json_t *test = json_array_get(json_object_get(report, "tests"), 0);
    json_t *arms = json_object_get(test, "arms");
    for (size_t i = 0; i < 2; i++) {
        json_t *arm = json_array_get(arms, i);
        ck_assert_int_eq(int_at(arm, "first_votes"), 30);
        ck_assert_int_eq(int_at(arm, "positive"), positive[i]);
    }
    json_decref(report);
}
END_TEST

START_TEST(a_frozen_winner_can_be_promoted_later)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision decision;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", 0, &decision));
    llmlearn_free(decision.receipt_json);
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_uint_eq(decision.promoted, 1);
    json_t *receipt = parse(decision.receipt_json);
    ck_assert(json_is_false(json_object_get(receipt, "promoted"))); /* as it was then */
    json_decref(receipt);
    check_champion("BUY", "v1.1");
    check_history("BUY", "promotion verdict start ");
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_uint_eq(decision.promoted, 1);
    llmlearn_free(decision.receipt_json);
    check_history("BUY", "promotion verdict start ");

    expect_ok(llmlearn_rollback(learner, "BUY", "bob", "worse in production", SOON));
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_uint_eq(decision.promoted, 0); /* a person took it back: no rule undoes that */
    llmlearn_free(decision.receipt_json);
    check_champion("BUY", "v1.0");
}
END_TEST

START_TEST(a_newer_test_keeps_an_old_winner_from_being_promoted)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision decision;
    uint64_t second = 0;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", 0, &decision));
    llmlearn_free(decision.receipt_json);
    expect_ok(try_start("BUY", &second));
    expect_ok(llmlearn_stop_ab_test(learner, second, "bob", "a mistake", SOON));
    expect_err(select_winner("BUY", LLMLEARN_PROMOTE, &decision), LLMLEARN_ESTATE, "stopped");
    check_champion("BUY", "v1.0");
}
END_TEST

START_TEST(a_person_who_chose_otherwise_is_not_overruled)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision decision;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", 0, &decision));
    llmlearn_free(decision.receipt_json);
    expect_ok(add("BUY", "v2", "Another."));
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v2", "erin", "mine", SOON));
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_WINNER);
    ck_assert_uint_eq(decision.promotable, 1);
    ck_assert_uint_eq(decision.promoted, 0);
    llmlearn_free(decision.receipt_json);
    check_champion("BUY", "v2");
    check_history("BUY", "promotion verdict start ");
}
END_TEST

START_TEST(a_champion_that_wins_stays_and_the_losers_go)
{
    const int positive[2] = { 27, 12 };
    llmlearn_decision decision;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_WINNER);
    ck_assert_str_eq(decision.winner, "v1.0");
    ck_assert_uint_eq(decision.promotable, 0);
    ck_assert_uint_eq(decision.promoted, 0);
    llmlearn_free(decision.receipt_json);
    check_champion("BUY", "v1.0");
    check_status("BUY", "v1.1", "archived");
    check_history("BUY", "verdict start ");
}
END_TEST

START_TEST(no_difference_leaves_the_champion_and_drafts)
{
    const int positive[2] = { 15, 16 };
    llmlearn_decision decision;

    start("HOLD");
    collect("HOLD", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("HOLD", LLMLEARN_PROMOTE, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_str_eq(decision.status, "not_significant");
    ck_assert_ptr_null(decision.winner);
    ck_assert_uint_ne(decision.decision_id, 0);
    llmlearn_free(decision.receipt_json);
    check_champion("HOLD", "v1.0");
    check_status("HOLD", "v1.1", "draft");
    ck_assert_uint_eq(get("HOLD", "user-1").test_id, 0);
    expect_ok(try_start("HOLD", NULL)); /* it may be tried again */
}
END_TEST

START_TEST(time_runs_out_without_votes)
{
    llmlearn_decision decision;

    start("HOLD");
    atomic_fetch_add(&now_us, 55 * DAY_US);
    expect_ok(select_winner("HOLD", 0, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_KEEP_GOING);
    ck_assert_str_eq(decision.status, "insufficient_variants");
    llmlearn_free(decision.receipt_json);
    atomic_fetch_add(&now_us, DAY_US);
    expect_ok(select_winner("HOLD", 0, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_NO_DIFFERENCE);
    ck_assert_str_eq(decision.status, "insufficient_variants");
    llmlearn_free(decision.receipt_json);
    check_history("HOLD", "verdict start ");
}
END_TEST

/* Only the first vote of a unit counts, even if it is changed or withdrawn afterwards. */
START_TEST(first_votes_stand)
{
    llmlearn_assignment assignment;
    llmlearn_id first, second;

    start("BUY");
    assignment = get("BUY", "carol");
    explain("BUY", "carol", &assignment, &first);
    explain("BUY", "carol", &assignment, &second);
    expect_ok(learner_vote(learner, &first, "carol", true, 5));
    expect_ok(learner_vote(learner, &second, "carol", false, 1));
    expect_ok(learner_vote(learner, &first, "carol", false, 1));

    json_t *report = tests_of("BUY");
    json_t *test = json_array_get(json_object_get(report, "tests"), 0);
    json_t *arm = json_array_get(json_object_get(test, "arms"), assignment.arm);
    ck_assert_int_eq(int_at(arm, "units"), 1);
    ck_assert_int_eq(int_at(arm, "explanations"), 2);
    ck_assert_int_eq(int_at(arm, "first_votes"), 1);
    ck_assert_int_eq(int_at(arm, "positive"), 1);
    ck_assert_int_eq(int_at(arm, "all_votes"), 2);
    ck_assert_int_eq(int_at(arm, "all_positive"), 0);
    json_decref(report);
}
END_TEST

/* Rows that claim what their test does not say: another arm than the unit's, another version. */
START_TEST(false_claims_are_counted_and_do_not_count)
{
    llmlearn_assignment assignment;
    llmlearn_id id;

    start("BUY");
    assignment = get("BUY", "dave");
    assignment.arm = 1 - assignment.arm;
    assignment.version = assignment.arm == 0 ? "v1.0" : "v1.1";
    explain("BUY", "dave", &assignment, &id);
    expect_ok(learner_vote(learner, &id, "dave", true, 0));
    assignment = get("BUY", "dave");
    assignment.version = "v9";
    explain("BUY", "dave", &assignment, &id);
    expect_ok(learner_vote(learner, &id, "dave", true, 0));
    assignment.test_id = 999;
    explain("BUY", "dave", &assignment, &id);
    expect_ok(learner_vote(learner, &id, "dave", true, 0));

    json_t *report = tests_of("BUY");
    json_t *test = json_array_get(json_object_get(report, "tests"), 0);
    ck_assert_int_eq(int_at(test, "mismatches"), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *arm = json_array_get(json_object_get(test, "arms"), i);
        ck_assert_int_eq(int_at(arm, "first_votes"), 0);
        ck_assert_int_eq(int_at(arm, "all_votes"), 0);
    }
    json_decref(report);
}
END_TEST

/* Rows that nobody has stored yet count too: here those of a process that stores once a minute. */
START_TEST(what_was_logged_before_a_look_is_looked_at)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision decision;
    llmlearn_options options;
    llmlearn *other = NULL;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    learner_options(path, &options);
    options.clock = read_clock;
    options.batch_interval_ms = 60000;
    expect_ok(llmlearn_open(&options, &other));
    expect_ok(llmlearn_flush(other, SOON)); /* its first batch: the next is a minute away */
    for (int i = 0; i < 10; i++) {
        llmlearn_assignment assignment = get("BUY", NULL);
        const llmlearn_explanation cached = { .struct_size = sizeof cached,
                                              .flags = LLMLEARN_CACHED,
                                              .ticker = "AAPL",
                                              .signal = "BUY",
                                              .text = "From a cache.",
                                              .version = assignment.version,
                                              .test_id = assignment.test_id,
                                              .arm = assignment.arm };
        expect_ok(llmlearn_log_explanation(other, &cached, NULL));
    }
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    ck_assert_int_eq(decision.verdict, LLMLEARN_WINNER);
    ck_assert_uint_eq(decision.promotable, 0);
    ck_assert_uint_eq(decision.promoted, 0);
    json_t *receipt = parse(decision.receipt_json);
    json_t *blockers = json_object_get(receipt, "blockers");
    ck_assert_uint_eq(json_array_size(blockers), 1);
    ck_assert_str_eq(json_string_value(json_array_get(blockers, 0)), "cached_share");
    json_decref(receipt);
    check_champion("BUY", "v1.0");
    expect_ok(llmlearn_close(other, SOON));
}
END_TEST

/* ---- by hand ----------------------------------------------------------- */

START_TEST(stopping_a_test_leaves_the_champion_to_everybody)
{
    uint64_t test = start("SELL");
    llmlearn_decision decision;

    expect_ok(llmlearn_stop_ab_test(learner, test, "bob", "wrong prompt", SOON));
    ck_assert_str_eq(get("SELL", "user-1").version, "v1.0");
    ck_assert_uint_eq(get("SELL", "user-1").test_id, 0);
    check_champion("SELL", "v1.0");
    check_status("SELL", "v1.1", "draft");
    check_history("SELL", "stop start ");
    check_newest("SELL", "actor", "bob");
    check_newest("SELL", "reason", "wrong prompt");
    expect_err(llmlearn_stop_ab_test(learner, test, "bob", "again", SOON), LLMLEARN_ESTATE,
               "stopped");
    expect_err(llmlearn_stop_ab_test(learner, test + 1, "bob", "none", SOON), LLMLEARN_ENOTFOUND,
               "test_id");
    expect_err(llmlearn_stop_ab_test(learner, UINT64_MAX, "bob", "none", SOON), LLMLEARN_ENOTFOUND,
               "test_id");
    expect_err(select_winner("SELL", 0, &decision), LLMLEARN_ESTATE, "stopped");
    check_history("SELL", "stop start ");
}
END_TEST

START_TEST(a_person_promotes_and_rolls_back)
{
    start("BUY");
    expect_ok(add("BUY", "v2", "Explain it to a child."));
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v2", "erin", "I like it", SOON));
    check_champion("BUY", "v2");
    check_status("BUY", "v1.0", "archived");
    check_status("BUY", "v1.1", "archived");
    check_history("BUY", "promotion stop start ");
    check_newest("BUY", "from", "v1.0");
    check_newest("BUY", "to", "v2");
    check_newest("BUY", "actor", "erin");
    check_newest("BUY", "reason", "I like it");
    ck_assert_str_eq(get("BUY", "x").text, "Explain it to a child.");

    expect_ok(llmlearn_promote_variant(learner, "BUY", "v2", "erin", "again", SOON));
    check_history("BUY", "promotion stop start ");
    expect_ok(
        llmlearn_promote_variant(learner, "BUY", "v1.1", "erin", "back from the archive", SOON));
    check_champion("BUY", "v1.1");

    expect_ok(llmlearn_rollback(learner, "BUY", "frank", "worse", SOON));
    check_champion("BUY", "v2");
    check_newest("BUY", "from", "v1.1");
    check_newest("BUY", "to", "v2");
    expect_ok(llmlearn_rollback(learner, "BUY", "frank", "worse still", SOON));
    check_champion("BUY", "v1.0"); /* further back, not forward to v1.1 again */
    expect_err(llmlearn_rollback(learner, "BUY", "frank", "more", SOON), LLMLEARN_ENOCHAMPION,
               "before v1.0");
    check_history("BUY", "rollback rollback promotion promotion stop start ");
    ck_assert_str_eq(get("BUY", "x").version, "v1.0");
}
END_TEST

START_TEST(a_rollback_stops_the_running_test)
{
    start("BUY");
    expect_ok(llmlearn_promote_variant(learner, "BUY", "v1.1", "erin", "now", SOON));
    expect_ok(add("BUY", "v2", "Another."));
    const llmlearn_arm arms[] = { { "v2", 0.25 }, { "v1.1", 0.75 } };
    llmlearn_ab_test plan = plan_of_two("BUY", arms);
    expect_ok(llmlearn_start_ab_test(learner, &plan, NULL));
    expect_ok(llmlearn_rollback(learner, "BUY", "erin", "no", SOON));
    check_champion("BUY", "v1.0");
    check_status("BUY", "v2", "draft");
    check_status("BUY", "v1.1", "archived");
    check_history("BUY", "rollback stop start promotion stop start ");
}
END_TEST

START_TEST(archiving_takes_a_draft_out_of_use)
{
    start("BUY");
    expect_ok(add("BUY", "v2", "Another."));
    expect_ok(llmlearn_archive_variant(learner, "BUY", "v2", "gina", "old", SOON));
    check_newest("BUY", "kind", "archive");
    check_newest("BUY", "archived", "v2");
    check_newest("BUY", "from", "");
    expect_ok(llmlearn_archive_variant(learner, "BUY", "v2", "gina", "again", SOON));
    check_history("BUY", "archive start ");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.0", "gina", "x", SOON), LLMLEARN_ESTATE,
               "champion");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.1", "gina", "x", SOON), LLMLEARN_ESTATE,
               "running test");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v3", "gina", "x", SOON),
               LLMLEARN_ENOTFOUND, "v3");
    expect_err(llmlearn_archive_variant(learner, "NONE", "v3", "gina", "x", SOON),
               LLMLEARN_ENOTFOUND, "signal");
    check_history("BUY", "archive start ");
}
END_TEST

START_TEST(an_archived_baseline_is_no_longer_served_as_a_text)
{
    expect_ok(add("BUY", "v1.0", "Old words."));
    ck_assert_str_eq(get("BUY", NULL).text, "Old words.");
    expect_ok(llmlearn_archive_variant(learner, "BUY", "v1.0", "gina", "old", SOON));
    ck_assert_str_eq(get("BUY", NULL).version, "v1.0");
    ck_assert_ptr_null(get("BUY", NULL).text);
}
END_TEST

/* ---- variants ---------------------------------------------------------- */

START_TEST(a_version_keeps_its_text)
{
    llmlearn_variant child = { .struct_size = sizeof child,
                               .deadline_ms = SOON,
                               .signal = "BUY",
                               .version = "v2",
                               .text = "Words.",
                               .parent = "v1.0" };

    expect_err(llmlearn_add_variant(learner, &child), LLMLEARN_ENOTFOUND, "parent");
    expect_ok(add("BUY", "v1.0", "Words."));
    expect_ok(add("BUY", "v1.0", "Words."));
    expect_err(add("BUY", "v1.0", "Other words."), LLMLEARN_EEXIST, "v1.0");
    expect_ok(llmlearn_add_variant(learner, &child));
    expect_ok(add("SELL", "v1.0", "Other words."));
    ck_assert_str_eq(get("BUY", NULL).text, "Words.");
}
END_TEST

START_TEST(a_version_seen_in_logs_gets_its_text_later)
{
    llmlearn_assignment logged = { .version = "v7" };
    llmlearn_id id;

    explain("BUY", "x", &logged, &id);
    expect_ok(llmlearn_flush(learner, SOON));
    expect_ok(add("BUY", "v1.0", "One."));
    const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v7", 0.5 } };
    llmlearn_ab_test plan = plan_of_two("BUY", arms);
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_ENOTFOUND, "arms[1]");
    expect_err(llmlearn_promote_variant(learner, "BUY", "v7", "x", "y", SOON), LLMLEARN_ESTATE,
               "no text");
    expect_ok(add("BUY", "v7", "Seven."));
    expect_ok(llmlearn_start_ab_test(learner, &plan, NULL));
}
END_TEST

/* ---- what a test may not be -------------------------------------------- */

START_TEST(one_test_at_a_time_and_a_champion_in_it)
{
    const llmlearn_arm strangers[] = { { "v1.1", 0.5 }, { "v2", 0.5 } };
    const llmlearn_arm unknown[] = { { "v1.0", 0.5 }, { "v8", 0.5 } };
    llmlearn_ab_test plan = plan_of_two("BUY", strangers);
    uint64_t test = 0;

    expect_ok(add("BUY", "v1.0", "a"));
    expect_ok(add("BUY", "v1.1", "b"));
    expect_ok(add("BUY", "v2", "c"));
    expect_err(llmlearn_start_ab_test(learner, &plan, &test), LLMLEARN_ENOCHAMPION,
               "baseline v1.0");
    plan.arms = unknown;
    expect_err(llmlearn_start_ab_test(learner, &plan, &test), LLMLEARN_ENOTFOUND,
               "arms[1].version");
    ck_assert_uint_eq(test, 0);
    check_champion("BUY", "");
    expect_ok(try_start("BUY", &test));
    check_champion("BUY", "v1.0");
    expect_err(try_start("BUY", NULL), LLMLEARN_EEXIST, "running");
    check_history("BUY", "start ");
    check_newest("BUY", "to", "v1.0");
    expect_ok(llmlearn_stop_ab_test(learner, test, "x", "y", SOON));
    plan.arms = strangers;
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_ENOCHAMPION, "champion v1.0");
    expect_ok(llmlearn_archive_variant(learner, "BUY", "v1.1", "x", "y", SOON));
    expect_err(try_start("BUY", NULL), LLMLEARN_ESTATE, "archived");
    start("SELL"); /* signals do not meet */
}
END_TEST

START_TEST(weights_are_positive_and_sum_to_one)
{
    static const struct {
        double weights[2];
        const char *words;
    } wrong[] = {
        { { -0.5, 1.5 }, "arms[0].weight" },       { { 1.0, 0.0 }, "arms[1].weight" },
        { { 0.0, 0.0 }, "arms[0].weight" },        { { NAN, 0.5 }, "arms[0].weight" },
        { { 0.5, NAN }, "arms[1].weight" },        { { INFINITY, 0.5 }, "arms[].weight" },
        { { 0.5, 0.500002 }, "arms[].weight" },    { { 0.5, 0.4 }, "arms[].weight" },
        { { 50, 50 }, "arms[].weight" },           { { 0.5, -INFINITY }, "arms[1].weight" },
        { { DBL_MAX, DBL_MAX }, "arms[].weight" },
    };
    llmlearn_arm arms[2] = { { .version = "v1.0" }, { .version = "v1.1" } };
    llmlearn_ab_test plan = plan_of_two("BUY", arms);

    expect_ok(add("BUY", "v1.0", "a"));
    expect_ok(add("BUY", "v1.1", "b"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        arms[0].weight = wrong[i].weights[0];
        arms[1].weight = wrong[i].weights[1];
        expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_EINVAL, wrong[i].words);
    }
    check_history("BUY", "");
    arms[0].weight = 0.5;
    arms[1].weight = 0.5000009;
    expect_ok(llmlearn_start_ab_test(learner, &plan, NULL));
}
END_TEST

START_TEST(a_plan_out_of_bounds_says_which_field)
{
    const llmlearn_arm twice[] = { { "v1.0", 0.5 }, { "v1.0", 0.5 } };
    const llmlearn_arm nameless[] = { { "v1.0", 0.5 }, { NULL, 0.5 } };
    llmlearn_arm many[LLMLEARN_ARMS_MAX + 1];
    llmlearn_ab_test plan = plan_of_two("BUY", two_arms);
    const llmlearn_ab_test good = plan;

#define REFUSES(field, value, words)                                                               \
    do {                                                                                           \
        plan = good;                                                                               \
        plan.field = value;                                                                        \
        expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_EINVAL, words);          \
    } while (0)

    for (size_t i = 0; i < LLMLEARN_ARMS_MAX + 1; i++)
        many[i] = two_arms[0];
    expect_ok(add("BUY", "v1.0", "a"));
    expect_ok(add("BUY", "v1.1", "b"));
    REFUSES(struct_size, 8, "struct_size");
    REFUSES(flags, 0x80, "flags");
    REFUSES(reserved, 1, "reserved");
    REFUSES(signal, NULL, "signal");
    REFUSES(signal, "buy or sell", "signal");
    REFUSES(arms, NULL, "arms");
    REFUSES(arms, twice, "arm 0 already");
    REFUSES(arms, nameless, "version");
    REFUSES(arm_count, 1, "arms");
    REFUSES(arm_count, 0, "arms");
    plan = good;
    plan.arms = many;
    plan.arm_count = LLMLEARN_ARMS_MAX + 1;
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_EINVAL, "arms: 65");
    REFUSES(rule, 4, "rule");
    REFUSES(rule, -1, "rule");
    REFUSES(duration_min_days, -1, "duration_min_days");
    REFUSES(duration_min_days, NAN, "duration_min_days");
    REFUSES(duration_min_days, 366, "duration_min_days");
    REFUSES(duration_min_days, 57, "duration_max_days");
    REFUSES(duration_max_days, 6.9, "duration_max_days");
    REFUSES(duration_max_days, -1, "duration_max_days");
    REFUSES(duration_max_days, 3651, "duration_max_days");
    REFUSES(duration_max_days, INFINITY, "duration_max_days");
    REFUSES(trials_min, UINT64_MAX, "trials_min");
    REFUSES(alpha_ratio, 1e-7, "alpha_ratio");
    REFUSES(alpha_ratio, 0.6, "alpha_ratio");
    REFUSES(alpha_ratio, NAN, "alpha_ratio");
    REFUSES(effect_min, -0.1, "effect_min");
    REFUSES(effect_min, 1.1, "effect_min");
    REFUSES(effect_min, NAN, "effect_min");
    REFUSES(lift_min, 0.0009, "lift_min");
    REFUSES(lift_min, 0.51, "lift_min");
    REFUSES(lift_min, NAN, "lift_min");
    plan = good;
    plan.rule = LLMLEARN_RULE_ALWAYS_VALID;
    plan.duration_min_days = 1;
    plan.duration_max_days = 6.9;
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_EINVAL, "whole weeks");
    REFUSES(actor, "", "actor");
    REFUSES(actor, "\xff", "actor");
    plan = good;
    plan.flags = LLMLEARN_AB_NO_MINIMUM_DURATION;
    plan.duration_min_days = 1;
    expect_err(llmlearn_start_ab_test(learner, &plan, NULL), LLMLEARN_EINVAL, "duration_min_days");
#undef REFUSES
    check_history("BUY", "");
    check_champion("BUY", "");
}
END_TEST

START_TEST(every_pointer_may_be_null_and_every_text_wrong)
{
    llmlearn_assignment assignment = { .struct_size = sizeof assignment };
    llmlearn_decision decision = { .struct_size = sizeof decision };
    llmlearn_variant variant = { .struct_size = sizeof variant, .signal = "BUY", .version = "v1" };
    char unit[258], reason[1002], *json = NULL;

    memset(unit, 'u', sizeof unit);
    unit[257] = '\0';
    memset(reason, 'r', sizeof reason);
    reason[1001] = '\0';
    expect_err(llmlearn_add_variant(NULL, &variant), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_add_variant(learner, NULL), LLMLEARN_EINVAL, "variant");
    expect_err(llmlearn_add_variant(learner, &variant), LLMLEARN_EINVAL, "text");
    expect_err(add("BUY", "v1", ""), LLMLEARN_EINVAL, "text");
    expect_err(add("BUY", "v1", "\xc3"), LLMLEARN_EINVAL, "text");
    expect_err(add("BUY", "v 1", "x"), LLMLEARN_EINVAL, "version");
    expect_err(add("BUY", NULL, "x"), LLMLEARN_EINVAL, "version");
    expect_err(add("B/Y", "v1", "x"), LLMLEARN_EINVAL, "signal");
    expect_err(add(NULL, "v1", "x"), LLMLEARN_EINVAL, "signal");
    expect_err(add("012345678901234567890123456789012", "v1", "x"), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(NULL, "BUY", NULL, &assignment), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_get_variant(learner, "BUY", NULL, NULL), LLMLEARN_EINVAL, "out_assignment");
    expect_err(llmlearn_get_variant(learner, NULL, NULL, &assignment), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(learner, "", NULL, &assignment), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_get_variant(learner, "BUY", "", &assignment), LLMLEARN_EINVAL, "unit");
    expect_err(llmlearn_get_variant(learner, "BUY", unit, &assignment), LLMLEARN_EINVAL, "unit");
    expect_err(llmlearn_get_variant(learner, "BUY", "\x80", &assignment), LLMLEARN_EINVAL, "unit");
    ck_assert_ptr_null(assignment.version);
    expect_err(llmlearn_start_ab_test(learner, NULL, NULL), LLMLEARN_EINVAL, "test");
    expect_err(llmlearn_select_winner(learner, NULL, 0, SOON, &decision), LLMLEARN_EINVAL,
               "signal");
    expect_err(llmlearn_select_winner(learner, "BUY", 2, SOON, &decision), LLMLEARN_EINVAL,
               "flags");
    expect_err(llmlearn_select_winner(learner, "BUY", 0, SOON, NULL), LLMLEARN_EINVAL,
               "out_decision");
    expect_err(llmlearn_select_winner(NULL, "BUY", 0, SOON, &decision), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_select_winner(learner, "BUY", 0, SOON, &decision), LLMLEARN_ENOTFOUND,
               "signal");
    expect_ok(add("BUY", "v1.0", "x"));
    expect_err(llmlearn_select_winner(learner, "BUY", 0, SOON, &decision), LLMLEARN_ENOTFOUND,
               "never had a test");
    expect_err(llmlearn_stop_ab_test(learner, 1, NULL, "r", SOON), LLMLEARN_EINVAL, "actor");
    expect_err(llmlearn_stop_ab_test(learner, 1, "a", NULL, SOON), LLMLEARN_EINVAL, "reason");
    expect_err(llmlearn_stop_ab_test(learner, 1, "a", reason, SOON), LLMLEARN_EINVAL, "reason");
    expect_err(llmlearn_stop_ab_test(NULL, 1, "a", "r", SOON), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_promote_variant(learner, "BUY", "v1.0", "", "r", SOON), LLMLEARN_EINVAL,
               "actor");
    expect_err(llmlearn_promote_variant(learner, "BUY", NULL, "a", "r", SOON), LLMLEARN_EINVAL,
               "version");
    expect_err(llmlearn_promote_variant(learner, NULL, "v1.0", "a", "r", SOON), LLMLEARN_EINVAL,
               "signal");
    expect_err(llmlearn_promote_variant(learner, "BUY", "v9", "a", "r", SOON), LLMLEARN_ENOTFOUND,
               "v9");
    expect_err(llmlearn_rollback(learner, NULL, "a", "r", SOON), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_rollback(learner, "BUY", "a", "r", SOON), LLMLEARN_ENOCHAMPION,
               "no champion");
    expect_err(llmlearn_archive_variant(learner, "BUY", "v1.0", "a", "\xff", SOON), LLMLEARN_EINVAL,
               "reason");
    expect_err(llmlearn_ab_tests(learner, "B Y", 0, &json), LLMLEARN_EINVAL, "signal");
    expect_err(llmlearn_ab_tests(learner, NULL, 1001, &json), LLMLEARN_EINVAL, "limit");
    expect_err(llmlearn_ab_tests(learner, NULL, 0, NULL), LLMLEARN_EINVAL, "out_json");
    expect_err(llmlearn_ab_tests(NULL, NULL, 0, &json), LLMLEARN_EINVAL, "");
    expect_err(llmlearn_decisions(learner, NULL, 1001, &json), LLMLEARN_EINVAL, "limit");
    expect_err(llmlearn_decisions(learner, NULL, 0, NULL), LLMLEARN_EINVAL, "out_json");
    ck_assert_ptr_null(json);
    check_history(NULL, "");
}
END_TEST

/* ---- reports ----------------------------------------------------------- */

static void check_keys(json_t *object, const char *keys)
{
    char got[1024] = "";
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        strncat(got, key, 40);
        strncat(got, " ", 2);
    }
    ck_assert_str_eq(got, keys);
}

START_TEST(reports_have_the_fields_of_the_header_in_order)
{
    const int positive[2] = { 12, 27 };
    llmlearn_decision decision;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    expect_ok(select_winner("BUY", LLMLEARN_PROMOTE, &decision));
    llmlearn_free(decision.receipt_json);
    start("SELL");

    json_t *report = tests_of(NULL);
    check_keys(report, "schema as_of champions tests ");
    ck_assert_str_eq(text_at(report, "as_of"), "2025-10-16T08:53:20.000000Z");
    json_t *champions = json_object_get(report, "champions");
    ck_assert_uint_eq(json_array_size(champions), 2);
    check_keys(json_array_get(champions, 0), "signal version since ");
    ck_assert_str_eq(text_at(json_array_get(champions, 1), "signal"), "SELL");
    json_t *tests = json_object_get(report, "tests");
    ck_assert_uint_eq(json_array_size(tests), 2);
    json_t *newest = json_array_get(tests, 0), *test = json_array_get(tests, 1);
    check_keys(test,
               "test_id signal status rule started_at ended_at duration_min_days"
               " duration_max_days trials_min alpha effect_min lift_min trials_planned champion"
               " actor days_running decision_id contaminated_units mismatches plan arms"
               " evidence ");
    ck_assert_str_eq(text_at(newest, "signal"), "SELL");
    ck_assert_str_eq(text_at(newest, "status"), "running");
    ck_assert(json_is_null(json_object_get(newest, "ended_at")));
    ck_assert(json_is_null(json_object_get(newest, "decision_id")));
    ck_assert_str_eq(text_at(test, "status"), "decided");
    ck_assert_str_eq(text_at(test, "champion"), "v1.0");
    ck_assert_str_eq(text_at(test, "actor"), "alice");
    ck_assert_double_eq(json_real_value(json_object_get(test, "days_running")), 7.0);
    ck_assert_double_eq(json_real_value(json_object_get(test, "duration_max_days")), 56.0);
    ck_assert_int_eq(int_at(test, "decision_id"), (json_int_t)decision.decision_id);
    json_t *arm = json_array_get(json_object_get(test, "arms"), 1);
    check_keys(
        arm,
        "arm version weight champion status hypothesis off explanations cached fallback rerouted"
        " units first_votes positive positive_rate positive_rate_interval all_votes"
        " all_positive all_positive_rate rating_count average_rating cost_nanousd"
        " cost_known ");
    ck_assert_int_eq(int_at(arm, "units"), 30);
    ck_assert_int_eq(int_at(arm, "first_votes"), 30);
    ck_assert_int_eq(int_at(arm, "positive"), 27);
    ck_assert_double_eq_tol(json_real_value(json_object_get(arm, "average_rating")), 4.7, 1e-12);
    json_decref(report);

    report = decisions_of("BUY");
    json_t *decisions = json_object_get(report, "decisions");
    ck_assert_uint_eq(json_array_size(decisions), 3);
    json_t *promotion = json_array_get(decisions, 0), *verdict = json_array_get(decisions, 1);
    check_keys(verdict,
               "decision_id at signal kind test_id actor reason from to archived receipt ");
    ck_assert(json_is_null(json_object_get(promotion, "receipt")));
    ck_assert_str_eq(text_at(promotion, "from"), "v1.0");
    ck_assert_str_eq(text_at(promotion, "to"), "v1.1");
    ck_assert_int_eq(int_at(verdict, "decision_id"), (json_int_t)decision.decision_id);
    json_t *receipt = json_object_get(verdict, "receipt");
    ck_assert_str_eq(text_at(receipt, "winner"), "v1.1");
    ck_assert(json_is_true(json_object_get(receipt, "promoted")));
    ck_assert_int_eq(int_at(receipt, "vote_sequence"), 60);
    ck_assert_str_eq(text_at(receipt, "sentence"), text_at(verdict, "reason"));
    json_decref(report);
    check_history("NOBODY", "");
}
END_TEST

START_TEST(limits_take_the_newest)
{
    char *json = NULL;

    for (int i = 0; i < 3; i++) {
        uint64_t test = i == 0 ? start("BUY") : 0;
        if (i > 0)
            expect_ok(try_start("BUY", &test));
        if (i < 2)
            expect_ok(llmlearn_stop_ab_test(learner, test, "x", "y", SOON));
    }
    expect_ok(llmlearn_ab_tests(learner, "BUY", 2, &json));
    json_t *report = parse(json);
    json_t *tests = json_object_get(report, "tests");
    ck_assert_uint_eq(json_array_size(tests), 2);
    ck_assert_int_eq(int_at(json_array_get(tests, 0), "test_id"), 3);
    ck_assert_int_eq(int_at(json_array_get(tests, 1), "test_id"), 2);
    json_decref(report);
    expect_ok(llmlearn_decisions(learner, "BUY", 1, &json));
    report = parse(json);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "decisions")), 1);
    json_decref(report);
}
END_TEST

/* ---- several handles and processes ------------------------------------- */

START_TEST(everything_is_there_after_reopening)
{
    uint64_t test = start("BUY");
    llmlearn_assignment before = get("BUY", "someone");
    uint32_t arm = before.arm;

    expect_ok(llmlearn_close(learner, SOON));
    learner = open_with_clock();
    ck_assert_uint_eq(get("BUY", "someone").test_id, test);
    ck_assert_uint_eq(get("BUY", "someone").arm, arm);
    check_history("BUY", "start ");
}
END_TEST

/* Waits far longer than the second that is promised, so that a busy machine does not matter. */
static bool serves_test(uint64_t test)
{
    for (int i = 0; i < 3000; i++) {
        if (get("BUY", "someone").test_id == test)
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    }
    return false;
}

/* The child is another process from its first call on: it starts the test and dies. */
START_TEST(another_process_starts_a_test_and_this_one_serves_it)
{
    const char *sanitizer = getenv("LL_SANITIZER");

    if (sanitizer != NULL && strcmp(sanitizer, "thread") == 0) {
        printf("SKIP the thread sanitizer allows no threads in a forked child\n");
        return;
    }
    expect_ok(add("BUY", "v1.0", "a"));
    expect_ok(add("BUY", "v1.1", "b"));
    ck_assert_uint_eq(get("BUY", "someone").test_id, 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        uint64_t test = 0;
        _exit(try_start("BUY", &test) == LLMLEARN_OK && test == 1 ? 0 : 1);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(serves_test(1), "the other process's test was not seen within 30 s");
}
END_TEST

START_TEST(another_handle_stops_the_test_and_this_one_serves_the_champion)
{
    uint64_t test = start("BUY");
    llmlearn *other = open_with_clock();

    ck_assert(serves_test(test));
    expect_ok(llmlearn_stop_ab_test(other, test, "x", "y", SOON));
    ck_assert_msg(serves_test(0), "the other handle's stop was not seen within 30 s");
    ck_assert_str_eq(get("BUY", "someone").version, "v1.0");
    expect_ok(llmlearn_close(other, SOON));
}
END_TEST

typedef struct racer {
    llmlearn *learner;
    pthread_barrier_t *barrier;
    llmlearn_decision decision;
    llmlearn_err err;
} racer;

static void *look_and_promote(void *argument)
{
    racer *r = argument;

    r->decision = (llmlearn_decision){ .struct_size = sizeof r->decision };
    pthread_barrier_wait(r->barrier);
    r->err = llmlearn_select_winner(r->learner, "BUY", LLMLEARN_PROMOTE, SOON, &r->decision);
    return NULL;
}

/* Four threads look at the same moment through two handles: one verdict, told to all. */
START_TEST(many_looks_at_once_make_one_verdict)
{
    const int positive[2] = { 12, 27 };
    racer racers[4];
    pthread_t threads[4];
    pthread_barrier_t barrier;
    llmlearn *other;

    start("BUY");
    collect("BUY", positive, 30);
    atomic_fetch_add(&now_us, 7 * DAY_US);
    other = open_with_clock();
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++) {
        racers[i] = (racer){ .learner = i % 2 == 0 ? learner : other, .barrier = &barrier };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_and_promote, &racers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(racers[i].err, LLMLEARN_OK);
        ck_assert_uint_eq(racers[i].decision.decision_id, racers[0].decision.decision_id);
        ck_assert_str_eq(racers[i].decision.receipt_json, racers[0].decision.receipt_json);
        ck_assert_uint_eq(racers[i].decision.promoted, 1);
    }
    for (int i = 0; i < 4; i++)
        llmlearn_free(racers[i].decision.receipt_json);
    pthread_barrier_destroy(&barrier);
    expect_ok(llmlearn_close(other, SOON));
    check_history("BUY", "promotion verdict start ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_test_flow");
    TCase *tc = tcase_create("ab_test_flow");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, without_anything_the_baseline_is_served);
    tcase_add_test(tc, a_running_test_assigns_by_unit_and_by_chance);
    tcase_add_test(tc, a_test_goes_from_votes_to_a_promoted_winner);
    tcase_add_test(tc, a_verdict_is_frozen);
    tcase_add_test(tc, a_frozen_winner_can_be_promoted_later);
    tcase_add_test(tc, a_newer_test_keeps_an_old_winner_from_being_promoted);
    tcase_add_test(tc, a_person_who_chose_otherwise_is_not_overruled);
    tcase_add_test(tc, a_champion_that_wins_stays_and_the_losers_go);
    tcase_add_test(tc, no_difference_leaves_the_champion_and_drafts);
    tcase_add_test(tc, time_runs_out_without_votes);
    tcase_add_test(tc, first_votes_stand);
    tcase_add_test(tc, false_claims_are_counted_and_do_not_count);
    tcase_add_test(tc, what_was_logged_before_a_look_is_looked_at);
    tcase_add_test(tc, stopping_a_test_leaves_the_champion_to_everybody);
    tcase_add_test(tc, a_person_promotes_and_rolls_back);
    tcase_add_test(tc, a_rollback_stops_the_running_test);
    tcase_add_test(tc, archiving_takes_a_draft_out_of_use);
    tcase_add_test(tc, an_archived_baseline_is_no_longer_served_as_a_text);
    tcase_add_test(tc, a_version_keeps_its_text);
    tcase_add_test(tc, a_version_seen_in_logs_gets_its_text_later);
    tcase_add_test(tc, one_test_at_a_time_and_a_champion_in_it);
    tcase_add_test(tc, weights_are_positive_and_sum_to_one);
    tcase_add_test(tc, a_plan_out_of_bounds_says_which_field);
    tcase_add_test(tc, every_pointer_may_be_null_and_every_text_wrong);
    tcase_add_test(tc, reports_have_the_fields_of_the_header_in_order);
    tcase_add_test(tc, limits_take_the_newest);
    tcase_add_test(tc, everything_is_there_after_reopening);
    tcase_add_test(tc, another_process_starts_a_test_and_this_one_serves_it);
    tcase_add_test(tc, another_handle_stops_the_test_and_this_one_serves_the_champion);
    tcase_add_test(tc, many_looks_at_once_make_one_verdict);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
