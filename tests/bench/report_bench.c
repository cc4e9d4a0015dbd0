/* report_bench.c - a month's report over 1 M and over 10 M votes, computed anew each time,
 * against the same numbers by a scan of the rows.
 *
 * The databases are filled through lib/store as ingest does it: rows and, in the same
 * transactions, their sums. A small one is recounted by SQL first. */
#include "measure.h"
#include "store/explanations.h"
#include "store/feedback.h"
#include "store/metrics.h"
#include "store/names.h"
#include "store/store.h"
#include "store/variants.h"
#include "support/recount.h"

#include <check.h>
#include <sqlite3.h>

#define DAYS 30
#define TICKERS 500
#define SIGNALS 3
#define VARIANTS 4 /* of each signal */
#define VOTES_EACH 10
#define USERS 5000
#define SMALL 1000 /* explanations that are recounted */
#define BATCH 10000
#define REPORTS 101
#define REPORT_DEADLINE_MS 60000
#define FAR (UINT64_C(1) << 62) /* no deadline */

/* ---- filling ----------------------------------------------------------- */

typedef struct filling {
    ll_store *store;
    ll_connection *connection;
    ll_metrics_changes *metrics;
    size_t explanations;
    int64_t first_us; /* midnight of the window's first day */
    int64_t tickers[TICKERS], signals[SIGNALS], variants[SIGNALS][VARIANTS], users[USERS];
} filling;

static void begin(filling *f)
{
    MUST(ll_store_lock(f->store, FAR));
    MUST(ll_store_begin(f->store, &f->connection));
}

static void commit(filling *f)
{
    MUST(ll_metrics_write(f->metrics, f->connection));
    MUST(ll_store_commit(f->store));
    ll_store_unlock(f->store);
}

static int64_t intern(filling *f, ll_name_kind kind, const char *prefix, int number)
{
    char name[32];
    int bytes = snprintf(name, sizeof name, "%s%d", prefix, number);
    int64_t id = 0;

    MUST(ll_names_intern(f->connection, kind, name, (size_t)bytes, &id));
    return id;
}

static void intern_all(filling *f)
{
    begin(f);
    for (int i = 0; i < TICKERS; i++)
        f->tickers[i] = intern(f, LL_NAME_TICKER, "TICK", i);
    for (int i = 0; i < SIGNALS; i++) {
        f->signals[i] = intern(f, LL_NAME_SIGNAL, "SIGNAL", i);
        for (int j = 0; j < VARIANTS; j++) {
            char version[8];
            int bytes = snprintf(version, sizeof version, "v%d.0", j);

            MUST(ll_variants_intern(f->connection, f->signals[i], version, (size_t)bytes, 1,
                                    &f->variants[i][j]));
        }
    }
    for (int i = 0; i < USERS; i++) {
        char name[16];
        int bytes = snprintf(name, sizeof name, "user-%d", i);

        MUST(ll_users_add(f->connection, name, (size_t)bytes, &f->users[i]));
    }
    commit(f);
}

static void add_vote(filling *f, const ll_explanation_row *row, int64_t number, int i)
{
    int64_t sequence = number * VOTES_EACH + i + 1;
    const ll_vote_row vote = { .explanation = number + 1,
                               .voter = f->users[sequence % USERS],
                               .helpful = (number * 31 + i * 17) % 100 < 62,
                               .rating = (int32_t)((number + i) % 6),
                               .created_us = row->created_us,
                               .sequence = sequence };
    ll_counts counts = { .positive = vote.helpful, .negative = !vote.helpful, .rated = i == 0 };

    if (vote.rating > 0)
        counts.rating[vote.rating - 1] = 1;
    MUST(ll_feedback_put(f->connection, &vote));
    MUST(ll_metrics_add(f->metrics, ll_clock_day(vote.created_us), row->variant, row->ticker,
                        &counts));
}

/* The number-th explanation of the window, with its votes. */
static void add_explanation(filling *f, int64_t number)
{
    static const char text[] = "A crossover of the moving averages, in an uptrend.";
    int64_t step_us = DAYS * LL_US_PER_DAY / (int64_t)f->explanations;
    ll_explanation_row row = { .created_us = f->first_us + number * step_us,
                               .ticker = f->tickers[number % TICKERS],
                               .variant = f->variants[number % SIGNALS][number / 7 % VARIANTS],
                               .flags = LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_COST,
                               .latency_ms = 200.0 + (double)(number * 7919 % 2000),
                               .cost_nanousd = 132000,
                               .text = { .data = text, .bytes = sizeof text - 1 } };
    const ll_counts counts = { .explanations = 1, .cost_nanousd = 132000, .cost_known = 1 };
    int64_t day = ll_clock_day(row.created_us);
    ll_insertion insertion = LL_INSERTION_CLASH;

    for (int i = 0; i < 8; i++)
        row.id.bytes[15 - i] = (uint8_t)(number >> 8 * i);
    MUST(ll_explanations_insert(f->connection, &row, &insertion));
    NEED(insertion == LL_INSERTED);
    MUST(ll_metrics_add(f->metrics, day, row.variant, row.ticker, &counts));
    MUST(ll_metrics_add_latency(f->metrics, day, row.variant, row.latency_ms));
    for (int i = 0; i < VOTES_EACH; i++)
        add_vote(f, &row, number, i);
}

static void fill(const char *path, size_t explanations)
{
    static filling f;
    const ll_store_options options = { .path = path };
    double start = now_ns();

    f = (filling){ .explanations = explanations };
    f.first_us = (ll_clock_day(ll_clock_now_us(NULL)) - DAYS + 1) * LL_US_PER_DAY;
    MUST(ll_store_open(&options, FAR, &f.store));
    MUST(ll_metrics_changes_new(&f.metrics));
    intern_all(&f);
    for (size_t done = 0; done < explanations; done += BATCH) {
        size_t end = done + BATCH < explanations ? done + BATCH : explanations;

        begin(&f);
        for (size_t i = done; i < end; i++)
            add_explanation(&f, (int64_t)i);
        MUST(ll_store_set_fact(f.connection, LL_FACT_VOTE_SEQUENCE, (int64_t)end * VOTES_EACH));
        commit(&f);
    }
    ll_store_tidy(f.store, FAR);
    ll_metrics_changes_free(f.metrics);
    ll_store_close(f.store);
    fprintf(stderr, "  %zu votes filled in %.1f s\n", explanations * VOTES_EACH,
            (now_ns() - start) / NS_PER_S);
}

static char small_path[PATH_BYTES];

START_TEST(sums_are_those_of_a_recount)
{
    recount(small_path);
}
END_TEST

/* What is measured below is worth nothing if the sums are not what ingest would keep. */
static void need_right_sums(void)
{
    Suite *suite = suite_create("report_bench");
    TCase *tcase = tcase_create("fill");
    SRunner *runner = srunner_create(suite);
    int failed;

    fill(small_path, SMALL);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, sums_are_those_of_a_recount);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    NEED(failed == 0);
}

/* ---- reports ----------------------------------------------------------- */

/* The report says what was filled, and keeps saying it. */
static void check(const char *json, size_t explanations)
{
    char expected[128];

    snprintf(expected, sizeof expected, "\"total_explanations\":%zu,\"total_feedback\":%zu,",
             explanations, explanations * VOTES_EACH);
    if (strstr(json, expected) == NULL)
        fprintf(stderr, "expected %s in %.400s\n", expected, json);
    NEED(strstr(json, expected) != NULL);
}

static double report_us(llmlearn *learner, size_t explanations)
{
    char *json = NULL;
    double start = now_ns(), us;

    MUST(llmlearn_analytics(learner, DAYS, LLMLEARN_REFRESH, REPORT_DEADLINE_MS, &json));
    us = (now_ns() - start) / 1e3;
    if (explanations > 0)
        check(json, explanations);
    llmlearn_free(json);
    return us;
}

/* One scan of all rows, grouped as finely as the report needs; the cheapest way there is. */
static const char scan_sql[] =
    "SELECT f.created_us / 86400000000, e.ticker, e.variant, count(*), sum(f.helpful),"
    " count(f.rating), sum(f.rating), count(DISTINCT f.explanation)"
    " FROM llm_feedback f JOIN llm_explanations e ON e.row = f.explanation GROUP BY 1, 2, 3";

static double scan_us(const char *path, size_t explanations)
{
    int64_t votes = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *scan = NULL;
    double start;

    NEED(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    NEED(sqlite3_exec(db, "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY", NULL, NULL,
                      NULL) == SQLITE_OK);
    start = now_ns();
    NEED(sqlite3_prepare_v2(db, scan_sql, -1, &scan, NULL) == SQLITE_OK);
    while (sqlite3_step(scan) == SQLITE_ROW)
        votes += sqlite3_column_int64(scan, 3);
    start = (now_ns() - start) / 1e3;
    NEED((size_t)votes >= explanations * VOTES_EACH); /* and the late ones */
    sqlite3_finalize(scan);
    sqlite3_close(db);
    return start;
}

/* A vote on the last explanation, by somebody new: today's sums change. */
static void vote_today(llmlearn *learner, size_t explanations, int number)
{
    char user[16];
    llmlearn_feedback f = {
        .struct_size = sizeof f, .vote = LLMLEARN_HELPFUL, .user = user, .deadline_ms = 60000
    };

    for (int i = 0; i < 8; i++)
        f.explanation_id.bytes[15 - i] = (uint8_t)((explanations - 1) >> 8 * i);
    snprintf(user, sizeof user, "late-%d", number);
    MUST(llmlearn_submit_feedback(learner, &f, NULL));
}

static void compare(const char *few_path, const char *many_path, size_t few, size_t many)
{
    double of_few[REPORTS], of_many[REPORTS], ratios[REPORTS], after_vote[REPORTS], first;
    llmlearn *few_learner = open_learner(few_path, 0);
    llmlearn *many_learner = open_learner(many_path, 0);
    double many_us, scanned_us;

    report_us(few_learner, few);
    first = report_us(many_learner, many);
    for (int i = 0; i < REPORTS; i++) {
        sleep_ms(5);
        of_few[i] = report_us(few_learner, few);
        of_many[i] = report_us(many_learner, many);
        ratios[i] = of_many[i] / of_few[i];
    }
    for (int i = 0; i < REPORTS; i++) {
        vote_today(many_learner, many, i);
        after_vote[i] = report_us(many_learner, 0);
    }
    MUST(llmlearn_close(few_learner, 60000));
    MUST(llmlearn_close(many_learner, 60000));
    many_us = median(of_many, REPORTS);
    print_figure((figure){ .name = "report_10m_votes",
                           .value = many_us,
                           .unit = "us",
                           .reference = "1 M votes",
                           .reference_value = median(of_few, REPORTS),
                           .ratio = median(ratios, REPORTS),
                           .goal = "ratio <= 1.5 and value < 1000" });
    print_figure((figure){
        .name = "report_10m_votes_p99", .value = quantile(of_many, REPORTS, 0.99), .unit = "us" });
    print_figure((figure){ .name = "report_after_open", .value = first, .unit = "us" });
    print_figure((figure){ .name = "report_after_vote",
                           .value = median(after_vote, REPORTS),
                           .unit = "us",
                           .goal = "value < 1000" });
    scanned_us = scan_us(many_path, many);
    print_figure((figure){ .name = "report_against_scan",
                           .value = many_us,
                           .unit = "us",
                           .reference = "full scan, GROUP BY",
                           .reference_value = scanned_us,
                           .ratio = scanned_us / many_us,
                           .goal = "ratio >= 1000" });
}

int main(int argc, char **argv)
{
    bool quick = is_quick(argc, argv);
    size_t few = quick ? 10000 : 100000;
    size_t many = quick ? 30000 : 1000000;
    char few_path[PATH_BYTES], many_path[PATH_BYTES];

    path_of(small_path, argc, argv, "small.db");
    path_of(few_path, argc, argv, "few.db");
    path_of(many_path, argc, argv, "many.db");
    need_right_sums();
    fill(few_path, few);
    fill(many_path, many);
    compare(few_path, many_path, few, many);
    return 0;
}
