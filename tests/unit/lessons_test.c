#include "store/lessons.h"

#include "store/explanations.h"
#include "store/feedback.h"
#include "store/names.h"
#include "store/variants.h"
#include "support/ab_fixture.h"
#include "support/raw_rows.h"
#include "support/stores.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- counts ------------------------------------------------------------ */

/* Each variant's counts of each window are those of the rows that went in. */
START_TEST(counts_are_those_of_the_rows)
{
    static const struct {
        int64_t first, last;
    } windows[] = { { 0, 40 }, { 3, 3 }, { 5, 17 }, { 100, 200 } };
    static rows_tally tally;
    ll_connection *reader = NULL;

    rows_open();
    rows_add_random(3000, 4000, ROWS_TODAY - 30, 31);
    rows_store_all();
    ck_ok(ll_store_read_begin(rows_store, soon(), &reader));
    for (int version = 0; version < ROWS_VERSIONS; version++) {
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
            const rows_filter filter = { .first = ROWS_TODAY - 30 + windows[i].first,
                                         .last = ROWS_TODAY - 30 + windows[i].last,
                                         .signal = 1,
                                         .version = version,
                                         .ticker = -1 };
            ll_lesson_counts told;
            double stars = 0, count = 0, ms = 0;
            rows_recount(&filter, &tally);
            ck_ok(ll_lessons_counts(reader, rows_variants[1][version], filter.first, filter.last,
                                    &told));
            ck_assert_int_eq(told.counts.explanations, tally.explanations);
            ck_assert_int_eq(told.counts.fallback, tally.fallback);
            ck_assert_int_eq(told.counts.cost_nanousd, tally.cost_nanousd);
            ck_assert_int_eq(told.votes, tally.positive + tally.negative);
            for (int k = 0; k < 5; k++) {
                stars += (double)tally.rating[k] * (k + 1);
                count += (double)tally.rating[k];
            }
            for (int k = 0; k < tally.latency_count; k++)
                ms += tally.latencies[k];
            ck_assert_int_eq(told.ratings, (int64_t)count);
            ck_assert_double_eq_tol(told.rating_mean, count > 0 ? stars / count : 0, 1e-12);
            ck_assert_double_eq_tol(
                told.positive_ratio,
                told.votes > 0 ? (double)tally.positive / (double)told.votes : 0, 1e-12);
            ck_assert_int_eq(told.latencies, tally.latency_count);
            if (tally.latency_count > 0) {
                ms /= tally.latency_count;
                ck_assert_double_eq_tol(told.latency_mean_ms, ms, ms * 0.0101);
            }
        }
    }
    ll_store_read_end(rows_store);
    rows_close();
}
END_TEST

/* ---- texts ------------------------------------------------------------- */

static int64_t mine, other, ticker;
static uint8_t next_id;

static void set_up(void)
{
    int64_t signal = 0;

    ab_set_up();
    ab_begin();
    ck_ok(ll_names_intern(ab_connection, LL_NAME_SIGNAL, "BUY", 3, &signal));
    ck_ok(ll_names_intern(ab_connection, LL_NAME_TICKER, "AAPL", 4, &ticker));
    ck_ok(ll_variants_intern(ab_connection, signal, "v1", 2, AB_START_US, &mine));
    ck_ok(ll_variants_intern(ab_connection, signal, "v2", 2, AB_START_US, &other));
    next_id = 1;
}

static void tear_down(void)
{
    ab_commit();
    ab_tear_down();
}

static int64_t log_text(int64_t variant, int64_t at, uint32_t flags, const char *text)
{
    ll_explanation_row row = { .created_us = at,
                               .ticker = ticker,
                               .variant = variant,
                               .flags = flags,
                               .text = { text, strlen(text) } };
    ll_insertion insertion;

    row.id.bytes[0] = next_id++;
    ck_ok(ll_explanations_insert(ab_connection, &row, &insertion));
    return ll_connection_last_row(ab_connection);
}

static int64_t sequence;

static void vote(int64_t explanation, bool helpful, int rating, const char *comment)
{
    sequence++;

    const ll_vote_row row = { .explanation = explanation,
                              .voter = -sequence,
                              .helpful = helpful,
                              .rating = rating,
                              .created_us = AB_START_US + sequence,
                              .sequence = sequence,
                              .comment = comment,
                              .comment_bytes = comment == NULL ? 0 : strlen(comment) };

    ck_ok(ll_feedback_put(ab_connection, &row));
}

typedef struct told {
    int count;
    char words[800];
} told;

static llmlearn_err tell(void *context, const ll_lesson *l)
{
    told *t = context;
    size_t used = strlen(t->words);

    t->count++;
    ck_assert_str_eq(l->ticker, "AAPL");
    snprintf(t->words + used, sizeof t->words - used, "%d:%.*s%s %lld/%lld %.1f\n",
             l->explanation.bytes[0], (int)l->bytes, l->text, l->cut ? "..." : "",
             (long long)l->positive, (long long)l->votes, l->rating_mean);
    return LLMLEARN_OK;
}

static llmlearn_err tell_comment(void *context, const ll_lesson_comment *c)
{
    told *t = context;
    size_t used = strlen(t->words);

    t->count++;
    snprintf(t->words + used, sizeof t->words - used, "%d:%.*s%s %c%d\n", c->explanation.bytes[0],
             (int)c->bytes, c->comment, c->cut ? "..." : "", c->helpful ? '+' : '-', c->rating);
    return LLMLEARN_OK;
}

static ll_lesson_query query(void)
{
    return (ll_lesson_query){
        .variant = mine, .since_us = AB_START_US, .limit = 3, .excerpt_bytes = 8
    };
}

START_TEST(the_best_and_the_worst_are_found)
{
    const ll_lesson_query q = query();
    told best = { 0 }, worst = { 0 };
    int64_t rows[8];

    rows[0] = log_text(mine, AB_START_US - 1, 0, "too old");
    rows[1] = log_text(mine, AB_START_US, 0, "good");
    rows[2] = log_text(mine, AB_START_US, 0, "better");
    rows[3] = log_text(mine, AB_START_US + 1, LLMLEARN_FALLBACK, "fallback");
    rows[4] = log_text(other, AB_START_US + 1, 0, "of another");
    rows[5] = log_text(mine, AB_START_US + 1, 0, "mixed");
    rows[6] = log_text(mine, AB_START_US + 2, 0, "bad, \xc3\xa4\xc3\xa4\xc3\xa4");
    rows[7] = log_text(mine, AB_START_US + 2, 0, "unrated");
    for (int i = 0; i < 6; i++)
        vote(rows[i], true, 5, NULL);
    vote(rows[2], true, 4, NULL);
    vote(rows[1], true, 2, NULL);
    vote(rows[5], false, 1, NULL);
    vote(rows[6], false, 0, NULL);
    ck_ok(ll_lessons_best(ab_connection, &q, tell, &best));
    ck_assert_str_eq(best.words, "3:better 2/2 4.5\n2:good 2/2 3.5\n");
    ck_ok(ll_lessons_worst(ab_connection, &q, tell, &worst));
    ck_assert_str_eq(worst.words, "7:bad, \xc3\xa4... 0/1 0.0\n");
}
END_TEST

START_TEST(equally_bad_are_ordered_by_stars_and_there_are_no_more_than_asked_for)
{
    const ll_lesson_query q = query();
    told worst = { 0 };

    for (int stars = 0; stars <= 5; stars++)
        vote(log_text(mine, AB_START_US, 0, "bad"), false, stars, NULL);
    ck_ok(ll_lessons_worst(ab_connection, &q, tell, &worst));
    ck_assert_str_eq(worst.words, "2:bad 0/1 1.0\n3:bad 0/1 2.0\n4:bad 0/1 3.0\n");
}
END_TEST

START_TEST(comments_come_latest_first)
{
    const ll_lesson_query q = query();
    told comments = { 0 };
    int64_t a = log_text(mine, AB_START_US, 0, "a"), b = log_text(mine, AB_START_US, 0, "b");
    int64_t of_another = log_text(other, AB_START_US, 0, "c");

    vote(b, true, 0, "oldest");
    vote(a, false, 2, "too long a comment");
    vote(of_another, true, 0, "not ours");
    vote(a, true, 5, "");
    vote(a, true, 5, NULL);
    vote(b, true, 0, "fine");
    vote(a, true, 4, "newest");
    ck_ok(ll_lessons_comments(ab_connection, &q, tell_comment, &comments));
    ck_assert_str_eq(comments.words, "1:newest +4\n2:fine +0\n1:too long... -2\n");
}
END_TEST

/* More votes than are looked at: the newest explanations' are, and it is no scan of explanations.
 */
START_TEST(only_so_many_votes_are_looked_at)
{
    static const ll_statement many = {
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20010)"
        " INSERT INTO llm_explanations (explanation_id, created_us, ticker, variant, flags,"
        " counted, digest, text) SELECT randomblob(16), ?1, ?2, ?3, 0, 0, 0, 'x' FROM n"
    };
    static const ll_statement votes = {
        "INSERT INTO llm_feedback (explanation, voter, helpful, created_us, sequence)"
        " SELECT row, -row, 1, ?1, row FROM llm_explanations WHERE text = 'x'"
    };
    const ll_value arguments[] = { ll_int(AB_START_US), ll_int(ticker), ll_int(other) };
    const ll_lesson_query q = query();
    int64_t old = log_text(mine, AB_START_US, 0, "old");
    told best = { 0 }, after = { 0 };

    vote(old, true, 5, NULL);
    ck_ok(ll_connection_run(ab_connection, &many, arguments, 3, NULL, NULL));
    ck_ok(ll_connection_run(ab_connection, &votes, arguments, 1, NULL, NULL));
    ck_ok(ll_lessons_best(ab_connection, &q, tell, &best));
    ck_assert_int_eq(best.count, 0);
    vote(log_text(mine, AB_START_US, 0, "new"), true, 5, NULL);
    ck_ok(ll_lessons_best(ab_connection, &q, tell, &after));
    ck_assert_int_eq(after.count, 1);
}
END_TEST

static llmlearn_err stop(void *context, const ll_lesson *lesson)
{
    (void)context;
    (void)lesson;
    return LLMLEARN_ECANCELLED;
}

START_TEST(a_callback_that_fails_ends_the_reading)
{
    const ll_lesson_query q = query();

    vote(log_text(mine, AB_START_US, 0, "a"), true, 5, NULL);
    ck_assert_int_eq(ll_lessons_best(ab_connection, &q, stop, NULL), LLMLEARN_ECANCELLED);
}
END_TEST

START_TEST(damaged_rollups_are_told_of)
{
    ll_lesson_counts counts = { .votes = 42 };

    ab_commit();
    raw_exec_no_checkpoint(ab_path, "INSERT INTO llm_days VALUES (1, 1);"
                                    "INSERT INTO llm_metrics (day, ticker, variant, positive)"
                                    " VALUES (1, 0, 1, -1)");
    ab_begin();
    ck_fails(ll_lessons_counts(ab_connection, 1, 0, 2, &counts), LLMLEARN_ECORRUPT, "llm_metrics");
    ck_assert_int_eq(counts.votes, 42);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lessons");
    TCase *counts = tcase_create("counts"), *tc = tcase_create("texts");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(counts, counts_are_those_of_the_rows);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, the_best_and_the_worst_are_found);
    tcase_add_test(tc, equally_bad_are_ordered_by_stars_and_there_are_no_more_than_asked_for);
    tcase_add_test(tc, comments_come_latest_first);
    tcase_add_test(tc, only_so_many_votes_are_looked_at);
    tcase_add_test(tc, a_callback_that_fails_ends_the_reading);
    tcase_add_test(tc, damaged_rollups_are_told_of);
    suite_add_tcase(suite, counts);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
