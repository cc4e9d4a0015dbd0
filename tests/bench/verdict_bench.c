/* verdict_bench.c - a verdict on a test with 10 million first votes, by each rule, against a count
 * of its units.
 *
 * The tests are started by the public call; what ingest would have kept of so many votes is written
 * through lib/store, and the units by SQL. No arm is better by as much as a rule asks for, so that
 * every call says keep going. */
#include "measure.h"
#include "stats/eprocess.h"
#include "stats/eprocess_bytes.h"
#include "store/ab_arms.h"
#include "store/ab_days.h"
#include "store/ab_eprocess.h"
#include "store/ab_looks.h"
#include "store/store.h"

#include <math.h>
#include <sqlite3.h>

#define START_US (INT64_C(1759708800) * 1000000)
#define ALPHA 0.001
#define DAYS 63 /* at most; a look each day */
#define VERDICTS 101
#define BUCKETS 400             /* different latencies, by 1 % */
#define FAR (UINT64_C(1) << 62) /* no deadline */

typedef struct asked {
    const char *signal;
    int32_t rule;
    uint32_t looks; /* before this one, a day apart */
    double z;       /* of the variant; near its bound that has to be worked out, else it may not */
} asked;

static const asked tests[] = {
    { "classic", LLMLEARN_RULE_CLASSIC, 0, 0 },
    { "always_valid", LLMLEARN_RULE_ALWAYS_VALID, 0, 0 },
    { "weekly", LLMLEARN_RULE_GROUP_SEQUENTIAL, 8, 3.8 },
    { "daily", LLMLEARN_RULE_GROUP_SEQUENTIAL, 61, 3.8 },
};
#define TESTS COUNT_OF(tests)

static int64_t clock_us;

static int64_t read_clock(void *user)
{
    (void)user;
    return clock_us;
}

static llmlearn *open_at(const char *path)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    llmlearn_options_init(&options, sizeof options);
    options.path = path;
    options.clock = read_clock;
    MUST(llmlearn_open(&options, &learner));
    return learner;
}

/* ---- filling ----------------------------------------------------------- */

static void start_tests(const char *path)
{
    static const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.5 } };
    llmlearn *learner = open_at(path);

    for (size_t i = 0; i < TESTS; i++) {
        const llmlearn_ab_test test = { .struct_size = sizeof test,
                                        .signal = tests[i].signal,
                                        .arms = arms,
                                        .arm_count = 2,
                                        .rule = tests[i].rule,
                                        /* The classic rule ends at its first look after this. */
                                        .duration_min_days =
                                            tests[i].rule == LLMLEARN_RULE_CLASSIC ? DAYS : 1,
                                        .duration_max_days = DAYS,
                                        .alpha_ratio = ALPHA,
                                        .lift_min = 0.001,
                                        .deadline_ms = 60000 };
        for (int j = 0; j < 2; j++) {
            const llmlearn_variant variant = { .struct_size = sizeof variant,
                                               .deadline_ms = 60000,
                                               .signal = tests[i].signal,
                                               .version = arms[j].version,
                                               .text = "Explain it." };
            MUST(llmlearn_add_variant(learner, &variant));
        }
        uint64_t id = 0;
        MUST(llmlearn_start_ab_test(learner, &test, &id));
        NEED(id == i + 1);
    }
    MUST(llmlearn_close(learner, 60000));
}

static ll_ab_moments moments_of(int64_t units, int64_t low, int64_t high)
{
    const ll_i128 a = low, b = high, half = units / 2;

    return (
        ll_ab_moments){ .units = units, .sum = half * (a + b), .squares = half * (a * a + b * b) };
}

/* Each unit was shown one explanation and voted on it. */
static void fill_arm(ll_connection *connection, uint64_t test, uint32_t index, ll_ab_arm *arm,
                     int64_t votes)
{
    double more = index == 0 ? 0 : tests[test - 1].z * sqrt(2 * 0.24 * (double)votes);
    int64_t positive = votes / 5 * 3 + (int64_t)more;

    arm->explanations = arm->units = arm->exposures = arm->first_votes = arm->votes = votes;
    arm->voting_units = arm->votes_squared = votes;
    arm->first_positive = arm->positive = arm->products = arm->positive_squared = positive;
    arm->cost_known = votes;
    arm->cost_nanousd = votes * 132000;
    arm->rating_count = arm->first_rating[2] = arm->first_rating[3] = votes / 4;
    arm->rating_count = votes / 2;
    arm->rating_sum = votes / 4 * 7;
    arm->latency_us = moments_of(votes, 700000, 900000);
    arm->cost_nanousd_mean = moments_of(votes, 130000, 134000);
    arm->failure_ppm = moments_of(votes, 0, 0);
    MUST(ll_ab_arms_write(connection, test, index, arm));
}

static void fill_eprocess(ll_connection *connection, uint64_t test, int64_t votes)
{
    static llmlearn_eprocess state; /* the same votes for every test: played once */
    ll_ab_eprocess kept;

    MUST(ll_ab_eprocess_read(connection, test, &kept));
    if (state.arm_count == 0) {
        state.struct_size = sizeof state;
        MUST(ll_eprocess_bytes_read(kept.now, kept.now_bytes, &state));
        for (int64_t i = 0; i < votes; i++)
            ll_eprocess_add(&state, (uint32_t)(i % 2), i / 2 % 5 < 3);
    }
    kept.now_bytes = kept.week_end_bytes = ll_eprocess_bytes_write(&state, kept.now);
    memcpy(kept.week_end, kept.now, kept.now_bytes);
    kept.week = 1;
    MUST(ll_ab_eprocess_write(connection, test, &kept));
}

static void fill_history(ll_connection *connection, uint64_t test, uint32_t looks, int64_t votes)
{
    for (uint32_t i = 1; i <= looks; i++) {
        ll_ab_look look = { .at_us = START_US + i * LL_US_PER_DAY, .vote_sequence = i };
        for (int j = 0; j < 2; j++) {
            look.first_votes[j] = votes / 2 * i / (looks + 1);
            look.first_positive[j] = look.first_votes[j] / 5 * 3;
        }
        MUST(ll_ab_looks_add(connection, test, &look, 2));
    }
    const ll_ab_day came = { votes / 2 / DAYS, votes / 2 / DAYS, votes / 4 / DAYS };
    for (uint32_t i = 0; i < DAYS; i++) {
        for (uint32_t j = 0; j < 2; j++)
            MUST(ll_ab_days_add(connection, test, ll_clock_day(START_US) + i, j, &came));
    }
}

static void fill_sums(const char *path, int64_t votes)
{
    const ll_store_options options = { .path = path };
    ll_ab_arm arms[LLMLEARN_ARMS_MAX];
    ll_connection *connection = NULL;
    ll_store *store = NULL;
    uint32_t arm_count = 0;

    MUST(ll_store_open(&options, FAR, &store));
    MUST(ll_store_lock(store, FAR));
    MUST(ll_store_begin(store, &connection));
    for (uint64_t test = 1; test <= TESTS; test++) {
        MUST(ll_ab_arms_read(connection, test, arms, &arm_count));
        NEED(arm_count == 2);
        for (uint32_t i = 0; i < arm_count; i++)
            fill_arm(connection, test, i, &arms[i], votes / 2);
        fill_eprocess(connection, test, votes);
        fill_history(connection, test, tests[test - 1].looks, votes);
    }
    MUST(ll_store_commit(store));
    ll_store_unlock(store);
    ll_store_close(store);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
}

/* The units of the first test, and the latencies of all. */
static void fill_rows(const char *path, int64_t votes)
{
    sqlite3 *db = NULL;
    char sql[600];

    NEED(sqlite3_open(path, &db) == SQLITE_OK);
    run_sql(db, "PRAGMA synchronous = OFF");
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
        " INSERT INTO llm_ab_units (test, unit, arm, first_vote, sequence, votes, positive,"
        " voted_us) SELECT 1, i, i %% 2, i / 2 %% 5 < 3, i + 1, 1, i / 2 %% 5 < 3, %lld FROM n",
        (long long)votes - 1, (long long)START_US);
    run_sql(db, sql);
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO llm_ab_latency (test, arm, bucket, explanations)"
             " SELECT test, arm, i, %lld FROM llm_ab_arms, n",
             BUCKETS, (long long)votes / 2 / BUCKETS);
    run_sql(db, sql);
    NEED(sqlite3_close(db) == SQLITE_OK);
}

/* ---- verdicts ---------------------------------------------------------- */

static double verdict_ms(llmlearn *learner, const asked *test, int64_t votes)
{
    llmlearn_decision d = { .struct_size = sizeof d };
    double start = now_ns(), ms;
    char expected[64];

    MUST(llmlearn_select_winner(learner, test->signal, 0, 60000, &d));
    ms = (now_ns() - start) / 1e6;
    snprintf(expected, sizeof expected, "\"first_votes\":%lld,", (long long)votes / 2);
    NEED(d.verdict == LLMLEARN_KEEP_GOING && strstr(d.receipt_json, expected) != NULL);
    NEED(test->rule != LLMLEARN_RULE_GROUP_SEQUENTIAL || d.looks == test->looks + 1);
    llmlearn_free(d.receipt_json);
    return ms;
}

/* The day's first call takes the look, those that follow say the same without it. */
static double median_verdict_ms(const char *path, const asked *test, int64_t votes)
{
    double times[VERDICTS];
    llmlearn *learner = NULL;

    clock_us = START_US + (test->looks + 1) * LL_US_PER_DAY + LL_US_PER_DAY / 2;
    if (test->looks == 0)
        clock_us = START_US + 13 * LL_US_PER_DAY;
    learner = open_at(path);
    for (int i = 0; i < VERDICTS; i++)
        times[i] = verdict_ms(learner, test, votes);
    MUST(llmlearn_close(learner, 60000));
    return median(times, VERDICTS);
}

static double count_ms(const char *path, int64_t votes)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *count = NULL;
    int64_t counted = 0;
    double start;

    NEED(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    start = now_ns();
    NEED(sqlite3_prepare_v2(db,
                            "SELECT arm, count(first_vote), sum(first_vote) FROM llm_ab_units"
                            " WHERE test = 1 GROUP BY arm",
                            -1, &count, NULL) == SQLITE_OK);
    while (sqlite3_step(count) == SQLITE_ROW)
        counted += sqlite3_column_int64(count, 1);
    start = (now_ns() - start) / 1e6;
    NEED(counted == votes);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return start;
}

int main(int argc, char **argv)
{
    int64_t votes = is_quick(argc, argv) ? 100000 : 10000000;
    double times[TESTS], slowest = 0, counted;
    char path[PATH_BYTES];

    path_of(path, argc, argv, "verdict.db");
    clock_us = START_US;
    start_tests(path);
    fill_sums(path, votes);
    fill_rows(path, votes);
    counted = count_ms(path, votes);
    for (size_t i = 0; i < TESTS; i++) {
        times[i] = median_verdict_ms(path, &tests[i], votes);
        fprintf(stderr, "  %s: %.2f ms\n", tests[i].signal, times[i]);
        slowest = i < TESTS - 1 && times[i] > slowest ? times[i] : slowest;
    }
    print_figure((figure){ .name = "verdict_10m_votes",
                           .value = slowest,
                           .unit = "ms",
                           .reference = "a count of the units",
                           .reference_value = counted,
                           .ratio = counted / slowest,
                           .goal = "value < 5" });
    print_figure((figure){ .name = "verdict_10m_votes_62_looks",
                           .value = times[TESTS - 1],
                           .unit = "ms",
                           .goal = "value < 5" });
    return 0;
}
