/* What is kept of a test in tables of its own: what goes in comes out. */
#include "store/ab_days.h"
#include "store/ab_eprocess.h"
#include "store/ab_latency.h"
#include "store/ab_looks.h"
#include "store/decisions.h"
#include "store/metrics.h"
#include "support/ab_fixture.h"
#include "support/stores.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tests and arms ---- */

START_TEST(a_test_is_read_as_it_was_planned)
{
    uint64_t id = ab_add_test(2), planned = 0;
    ll_ab_test test, back;
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    uint32_t count = 0;

    ab_begin();
    ck_ok(ll_ab_tests_get(ab_connection, id, &test));
    ck_ok(ll_ab_tests_end(ab_connection, id, LL_AB_STOPPED, AB_START_US + 1));
    test.rule = LLMLEARN_RULE_ALWAYS_VALID;
    test.lift_min = 0.03;
    test.rate_planned = 0.61;
    test.trials_planned = 1234;
    test.previous = test.champion;
    ck_ok(ll_ab_arms_read(ab_connection, id, arms, &count));
    ck_ok(ll_ab_tests_insert(ab_connection, &test, arms, count, "me", &planned));
    ck_ok(ll_ab_tests_get(ab_connection, planned, &back));
    test.id = planned;
    ck_assert_mem_eq(&back, &test, sizeof test);
    ab_commit();
}
END_TEST

START_TEST(an_arm_is_read_as_it_was_written)
{
    uint64_t id = ab_add_test(2);
    ll_ab_arm arms[LLMLEARN_ARMS_MAX], arm;
    int64_t *const last = &arm.positive_squared;
    uint32_t count = 0;

    ab_begin();
    ck_ok(ll_ab_arms_read(ab_connection, id, arms, &count));
    ck_assert_uint_eq(count, 2);
    memcpy(&arm, &arms[1], sizeof arm);
    for (int64_t *at = &arm.explanations, value = 100; at <= last; at++)
        *at = value++;
    arm.latency_us = (ll_ab_moments){ 1, 2, (ll_i128)3 << 80 };
    arm.cost_nanousd_mean = (ll_ab_moments){ 4, 5, 6 };
    arm.failure_ppm = (ll_ab_moments){ 7, 8, 9 };
    for (uint64_t i = 0; i < 60; i++)
        ll_ab_recent_push(&arm.recent, i * i << 20, i % 2 == 0);
    ck_ok(ll_ab_arms_write(ab_connection, id, 1, &arm));
    ck_ok(ll_ab_arms_read(ab_connection, id, arms, &count));
    ck_assert_mem_eq(&arms[1], &arm, sizeof arm);
    ck_assert_int_eq(arms[0].explanations + arms[0].off_us + arms[0].recent.count, 0);
    ab_commit();
}
END_TEST

START_TEST(damaged_sums_are_told_of)
{
    uint64_t id = ab_add_test(2);
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    uint32_t count = 0;

    raw_exec_no_checkpoint(ab_path, "UPDATE llm_ab_arms SET unit_means = x'00' WHERE arm = 1");
    ab_begin();
    ck_fails(ll_ab_arms_read(ab_connection, id, arms, &count), LLMLEARN_ECORRUPT, "unit_means");
    ab_rollback();
    raw_exec_no_checkpoint(ab_path, "UPDATE llm_ab_arms SET unit_means = NULL,"
                                    " recent = zeroblob(407)");
    ab_begin();
    ck_fails(ll_ab_arms_read(ab_connection, id, arms, &count), LLMLEARN_ECORRUPT, "recent");
    ab_rollback();
    raw_exec_no_checkpoint(ab_path, "UPDATE llm_ab_tests SET rule = 'whim'");
    ab_begin();
    ll_ab_test test;
    ck_fails(ll_ab_tests_get(ab_connection, id, &test), LLMLEARN_ECORRUPT, "rule");
    ab_rollback();
}
END_TEST

/* ---- looks ---- */

START_TEST(looks_are_kept_in_their_order_and_bounded)
{
    uint64_t id = ab_add_test(3), other = ab_add_test(2);
    ll_ab_look *looks = calloc(LLMLEARN_LOOKS_MAX, sizeof *looks);
    ll_ab_look look = { .at_us = 0 };
    uint32_t count = 9;

    ck_assert_ptr_nonnull(looks);
    ab_begin();
    ck_ok(ll_ab_looks_read(ab_connection, id, looks, &count));
    ck_assert_uint_eq(count, 0);
    for (int64_t i = 0; i < LLMLEARN_LOOKS_MAX; i++) {
        look = (ll_ab_look){ .at_us = i, .vote_sequence = 10 * i, .first_votes = { i, 2 * i, 7 } };
        look.first_positive[2] = i / 2;
        ck_ok(ll_ab_looks_add(ab_connection, id, &look, 3));
    }
    ck_fails(ll_ab_looks_add(ab_connection, id, &look, 3), LLMLEARN_EINVAL, "looked at");
    ck_ok(ll_ab_looks_add(ab_connection, other, &look, 2));
    ck_ok(ll_ab_looks_read(ab_connection, id, looks, &count));
    ck_assert_uint_eq(count, LLMLEARN_LOOKS_MAX);
    for (int64_t i = 0; i < LLMLEARN_LOOKS_MAX; i++) {
        ck_assert_int_eq(looks[i].at_us, i);
        ck_assert_int_eq(looks[i].vote_sequence, 10 * i);
        ck_assert_int_eq(looks[i].first_votes[1], 2 * i);
        ck_assert_int_eq(looks[i].first_positive[2], i / 2);
        ck_assert_int_eq(looks[i].first_votes[3], 0);
    }
    ab_commit();
    free(looks);
}
END_TEST

/* ---- days ---- */

typedef struct days_seen {
    int rows;
    int64_t latest;
    ll_ab_day sums[2];
} days_seen;

static llmlearn_err see_day(void *context, int64_t day, uint32_t arm, const ll_ab_day *came)
{
    days_seen *seen = context;

    ck_assert_int_ge(day, seen->latest);
    ck_assert_uint_lt(arm, 2);
    seen->latest = day;
    seen->rows++;
    seen->sums[arm].units += came->units;
    seen->sums[arm].first_votes += came->first_votes;
    seen->sums[arm].first_positive += came->first_positive;
    return LLMLEARN_OK;
}

START_TEST(days_add_up_within_their_window)
{
    uint64_t id = ab_add_test(2), other = ab_add_test(2);
    days_seen seen = { .rows = 0 };
    ll_ab_days days;

    ab_begin();
    for (int64_t day = 100; day < 120; day++) {
        ck_ok(ll_ab_days_add(ab_connection, id, day, 0, &(ll_ab_day){ 10, 1, 1 }));
        ck_ok(ll_ab_days_add(ab_connection, id, day, 0, &(ll_ab_day){ 5, day == 110, 0 }));
        ck_ok(ll_ab_days_add(ab_connection, other, day, 1, &(ll_ab_day){ 1000, 1000, 7 }));
    }
    ck_ok(ll_ab_days_add(ab_connection, id, 119, 1, &(ll_ab_day){ 0, 3, 2 }));
    ck_ok(ll_ab_days_read(ab_connection, id, 105, 7, &days));
    ck_assert_int_eq(days.units[0], 7 * 15);
    ck_assert_int_eq(days.first_votes[0], 7 + 1);
    ck_assert_int_eq(days.units[1] + days.first_votes[1], 0);
    ck_ok(ll_ab_days_read(ab_connection, id, 113, 7, &days));
    ck_assert_int_eq(days.first_votes[0], 7);
    ck_assert_int_eq(days.first_votes[1], 3);
    ck_ok(ll_ab_days_each(ab_connection, id, see_day, &seen));
    ck_assert_int_eq(seen.rows, 21);
    ck_assert_int_eq(seen.sums[0].units, 300);
    ck_assert_int_eq(seen.sums[0].first_votes, 21);
    ck_assert_int_eq(seen.sums[0].first_positive, 20);
    ck_assert_int_eq(seen.sums[1].first_positive, 2);
    ab_commit();
}
END_TEST

/* ---- latencies ---- */

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

START_TEST(percentiles_are_the_nearest_ranks_within_one_percent)
{
    enum { COUNT = 1001 };
    static double values[COUNT];
    uint64_t id = ab_add_test(2);
    ll_tally tally;
    double p50 = 0, p95 = 0;

    ck_ok(ll_tally_init(&tally, 1));
    ab_begin();
    ck_ok(ll_ab_latency_read(ab_connection, id, 1, &p50, &p95));
    ck_assert(p50 < 0 && p95 < 0);
    for (int i = 0; i < COUNT; i++) {
        const int64_t one = 1;
        values[i] = exp(3 + 4 * sin(i * 1.7));
        ck_ok(ll_tally_reserve(&tally, 1));
        ll_tally_add(&tally, (int64_t[]){ (int64_t)id, 1, ll_latency_bucket(values[i]) }, &one);
        if (i % 100 == 0)
            ck_ok(ll_ab_latency_add(ab_connection, &tally));
    }
    ck_ok(ll_ab_latency_add(ab_connection, &tally));
    ck_ok(ll_ab_latency_read(ab_connection, id, 1, &p50, &p95));
    qsort(values, COUNT, sizeof values[0], compare);
    ck_assert_double_le(fabs(p50 / values[(COUNT * 50 + 99) / 100 - 1] - 1), 0.01);
    ck_assert_double_le(fabs(p95 / values[(COUNT * 95 + 99) / 100 - 1] - 1), 0.01);
    ck_ok(ll_ab_latency_read(ab_connection, id, 0, &p50, &p95));
    ck_assert(p50 < 0 && p95 < 0);
    ab_commit();
    ll_tally_free(&tally);
}
END_TEST

/* ---- the e-process ---- */

static ll_ab_eprocess eprocess_of(const char *now)
{
    ll_ab_eprocess e = { .now_bytes = strlen(now) };

    memcpy(e.now, now, e.now_bytes);
    return e;
}

static void check_eprocess(uint64_t test, const char *now, const char *week_end, int64_t week)
{
    ll_ab_eprocess back;

    ck_ok(ll_ab_eprocess_read(ab_connection, test, &back));
    ck_assert_uint_eq(back.now_bytes, strlen(now));
    ck_assert_mem_eq(back.now, now, strlen(now));
    ck_assert_uint_eq(back.week_end_bytes, strlen(week_end));
    ck_assert_mem_eq(back.week_end, week_end, strlen(week_end));
    ck_assert_int_eq(back.week, week);
}

START_TEST(an_eprocess_is_read_as_it_was_written)
{
    uint64_t id = ab_add_test(2), other = ab_add_test(2);
    ll_ab_eprocess e = eprocess_of("start"), back;

    ab_begin();
    ck_ok(ll_ab_eprocess_write(ab_connection, id, &e));
    check_eprocess(id, "start", "start", 0);
    ck_ok(ll_ab_eprocess_read(ab_connection, id, &e));
    memcpy(e.now, "later", 5);
    e.week = 3;
    ck_ok(ll_ab_eprocess_write(ab_connection, id, &e));
    check_eprocess(id, "later", "start", 3);
    ck_ok(ll_ab_eprocess_read(ab_connection, other, &back));
    ck_assert_uint_eq(back.now_bytes, 0);
    ab_commit();
}
END_TEST

START_TEST(a_week_ends_as_the_latest_step_before_it_left_it)
{
    const int64_t week_us = 7 * LL_US_PER_DAY;
    ll_ab_eprocess e = eprocess_of("start");

    ll_ab_eprocess_turn_weeks(&e, AB_START_US, AB_START_US + week_us - 1);
    ck_assert_int_eq(e.week, 0);
    memcpy(e.now, "first", 5);
    ll_ab_eprocess_turn_weeks(&e, AB_START_US, AB_START_US + week_us);
    ck_assert_int_eq(e.week, 1);
    ck_assert_mem_eq(e.week_end, "first", 5);
    memcpy(e.now, "other", 5);
    ll_ab_eprocess_turn_weeks(&e, AB_START_US, AB_START_US + 2 * week_us - 1);
    ck_assert_mem_eq(e.week_end, "first", 5);
    ll_ab_eprocess_turn_weeks(&e, AB_START_US,
                              AB_START_US + 9 * week_us); /* weeks without a vote */
    ck_assert_int_eq(e.week, 9);
    ck_assert_mem_eq(e.week_end, "other", 5);
    ll_ab_eprocess_turn_weeks(&e, AB_START_US, AB_START_US - 9 * week_us);
    ck_assert_int_eq(e.week, 9);
}
END_TEST

/* ---- decisions ---- */

START_TEST(what_a_verdict_was_made_of_is_kept_with_it)
{
    uint64_t id = ab_add_test(2), decision = 0, breaker = 0;
    ll_decision_row row = { .at_us = 1,
                            .kind = LL_DECISION_VERDICT,
                            .test = id,
                            .actor = "me",
                            .reason = "why",
                            .receipt = "{}",
                            .inputs = "a\0b",
                            .inputs_bytes = 4 };
    ll_decision_kept kept = { .kind = 0 };
    ll_ab_test test;

    ab_begin();
    ck_ok(ll_ab_tests_get(ab_connection, id, &test));
    row.signal = test.signal;
    ck_ok(ll_decisions_add(ab_connection, &row, &decision));
    row = (ll_decision_row){ .signal = test.signal,
                             .kind = LL_DECISION_BREAKER,
                             .test = id,
                             .actor = "llmlearn",
                             .reason = "20 of 50 failed",
                             .from = test.champion };
    ck_ok(ll_decisions_add(ab_connection, &row, &breaker));
    ck_ok(ll_decisions_get(ab_connection, decision, &kept));
    ck_assert_int_eq(kept.kind, LL_DECISION_VERDICT);
    ck_assert_uint_eq(kept.test, id);
    ck_assert_str_eq(kept.receipt, "{}");
    ck_assert_uint_eq(kept.inputs_bytes, 4);
    ck_assert_mem_eq(kept.inputs, "a\0b", 4);
    ll_decision_kept_free(&kept);
    ck_ok(ll_decisions_get(ab_connection, breaker, &kept));
    ck_assert_int_eq(kept.kind, LL_DECISION_BREAKER);
    ck_assert(kept.receipt == NULL && kept.inputs == NULL);
    ll_decision_kept_free(&kept);
    ck_ok(ll_decisions_get(ab_connection, 99, &kept));
    ck_assert_int_eq(kept.kind, 0);
    ab_commit();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ab_tables");
    TCase *tests = tcase_create("ab_tables");

    tcase_add_checked_fixture(tests, ab_set_up, ab_tear_down);
    tcase_add_test(tests, a_test_is_read_as_it_was_planned);
    tcase_add_test(tests, an_arm_is_read_as_it_was_written);
    tcase_add_test(tests, damaged_sums_are_told_of);
    tcase_add_test(tests, looks_are_kept_in_their_order_and_bounded);
    tcase_add_test(tests, days_add_up_within_their_window);
    tcase_add_test(tests, percentiles_are_the_nearest_ranks_within_one_percent);
    tcase_add_test(tests, an_eprocess_is_read_as_it_was_written);
    tcase_add_test(tests, a_week_ends_as_the_latest_step_before_it_left_it);
    tcase_add_test(tests, what_a_verdict_was_made_of_is_kept_with_it);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
