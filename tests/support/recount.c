#include "support/recount.h"

#include "support/recount_functions.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCE_BYTES 1000

/* What the rollups should be, row by row. Flags: 256 cached, 512 fallback. */
#define EXPECTED_METRICS                                                                           \
    "WITH counted AS ("                                                                            \
    " SELECT created_us / 86400000000 AS day, ticker, variant, 1 AS explanations,"                 \
    "  (flags & 256) <> 0 AS cached, (flags & 512) <> 0 AS fallback,"                              \
    "  EXISTS (SELECT 1 FROM llm_feedback f WHERE f.explanation = e.row) AS rated,"                \
    "  0 AS positive, 0 AS negative, 0 AS r1, 0 AS r2, 0 AS r3, 0 AS r4, 0 AS r5,"                 \
    "  ifnull(prompt_tokens, 0) AS prompt, ifnull(completion_tokens, 0) AS completion,"            \
    "  ifnull(cost_nanousd, 0) AS cost, cost_nanousd IS NOT NULL AS known"                         \
    " FROM llm_explanations e"                                                                     \
    " UNION ALL SELECT f.created_us / 86400000000, e.ticker, e.variant, 0, 0, 0, 0, f.helpful,"    \
    "  1 - f.helpful, f.rating IS 1, f.rating IS 2, f.rating IS 3, f.rating IS 4, f.rating IS 5,"  \
    "  0, 0, 0, 0 FROM llm_feedback f JOIN llm_explanations e ON e.row = f.explanation),"          \
    "keyed AS (SELECT day AS d, 0 AS t, variant AS v, * FROM counted"                              \
    " UNION ALL SELECT day, ticker, 0, * FROM counted),"                                           \
    "expected AS (SELECT d, t, v, sum(explanations), sum(cached), sum(fallback), sum(rated),"      \
    " sum(positive), sum(negative), sum(r1), sum(r2), sum(r3), sum(r4), sum(r5), sum(prompt),"     \
    " sum(completion), sum(cost), sum(known) FROM keyed GROUP BY d, t, v),"                        \
    "found AS (SELECT day, ticker, variant, explanations, cached, fallback, rated, positive,"      \
    " negative, rating_1, rating_2, rating_3, rating_4, rating_5, prompt_tokens,"                  \
    " completion_tokens, cost_nanousd, cost_known FROM llm_metrics) "

#define EXPECTED_LATENCY                                                                           \
    "WITH expected AS (SELECT created_us / 86400000000, variant, bucket_of(latency_ms), count(*)"  \
    " FROM llm_explanations WHERE latency_ms IS NOT NULL GROUP BY 1, 2, 3),"                       \
    "found AS (SELECT day, variant, bucket, explanations FROM llm_latency) "

/* Rows with a test that do not claim a wrong arm; a test with mismatches is not recountable
 * from its rows, because they do not say which they are. A row without a unit is its own. Units
 * of which only a failure was reported have no row. */
#define EXPECTED_ARMS                                                                              \
    "WITH shown AS (SELECT e.*, t.id AS tid FROM llm_explanations e"                               \
    " JOIN llm_ab_tests t ON t.id = e.test AND t.mismatches = 0),"                                 \
    "rows AS (SELECT tid, arm, count(*) AS explanations, sum((flags & 256) <> 0) AS cached,"       \
    " sum((flags & 512) <> 0) AS fallback, sum((flags & 1024) <> 0) AS rerouted,"                  \
    " count(DISTINCT CASE WHEN counted THEN unit END)"                                             \
    "  + sum(counted AND unit IS NULL) AS units,"                                                  \
    " ifnull(sum(cost_nanousd), 0) AS cost, sum(cost_nanousd IS NOT NULL) AS known"                \
    " FROM shown GROUP BY tid, arm),"                                                              \
    "rowless AS (SELECT test, arm, count(*) AS units FROM llm_ab_units WHERE exposures > 0"        \
    " AND (test, unit) NOT IN (SELECT tid, unit_hash(unit) FROM shown"                             \
    "  WHERE counted AND unit IS NOT NULL) GROUP BY test, arm),"                                   \
    "votes AS (SELECT tid, arm, count(*) AS votes, sum(helpful) AS positive,"                      \
    " sum(rating IS NOT NULL) AS ratings, ifnull(sum(rating), 0) AS stars"                         \
    " FROM shown JOIN llm_feedback f ON f.explanation = shown.row"                                 \
    " WHERE counted GROUP BY tid, arm),"                                                           \
    "firsts AS (SELECT test, arm, count(*) AS firsts, sum(first_vote) AS liked FROM llm_ab_units"  \
    " WHERE first_vote IS NOT NULL GROUP BY test, arm),"                                           \
    "expected AS (SELECT a.test, a.arm, ifnull(r.explanations, 0), ifnull(r.cached, 0),"           \
    " ifnull(r.fallback, 0), ifnull(r.rerouted, 0), ifnull(r.units, 0) + ifnull(n.units, 0),"      \
    " ifnull(f.firsts, 0),"                                                                        \
    " ifnull(f.liked, 0), ifnull(v.votes, 0), ifnull(v.positive, 0), ifnull(v.ratings, 0),"        \
    " ifnull(v.stars, 0), ifnull(r.cost, 0), ifnull(r.known, 0)"                                   \
    " FROM llm_ab_arms a JOIN llm_ab_tests t ON t.id = a.test AND t.mismatches = 0"                \
    " LEFT JOIN rows r ON r.tid = a.test AND r.arm = a.arm"                                        \
    " LEFT JOIN rowless n ON n.test = a.test AND n.arm = a.arm"                                    \
    " LEFT JOIN votes v ON v.tid = a.test AND v.arm = a.arm"                                       \
    " LEFT JOIN firsts f ON f.test = a.test AND f.arm = a.arm),"                                   \
    "found AS (SELECT a.test, a.arm, explanations, cached, fallback, rerouted, units,"             \
    " first_votes, first_positive, votes, positive, rating_count, rating_sum, cost_nanousd,"       \
    " cost_known FROM llm_ab_arms a JOIN llm_ab_tests t ON t.id = a.test AND t.mismatches = 0) "

/* The live votes of each unit. */
#define EXPECTED_VOTES                                                                             \
    "WITH expected AS (SELECT test, unit_hash(ifnull(unit, explanation_id)), arm, count(*),"       \
    " sum(helpful) FROM llm_explanations e JOIN llm_feedback f ON f.explanation = e.row"           \
    " WHERE counted AND test IS NOT NULL GROUP BY 1, 2, 3),"                                       \
    "found AS (SELECT test, unit, arm, votes, positive FROM llm_ab_units WHERE votes > 0) "

/* Rows that are exposures, and what each unit met by them. Of those from before there were such
 * sums nothing is in them. Only a number that is said to be one lets SQLite find a unit's row. */
#define COUNTED                                                                                    \
    "WITH counted AS MATERIALIZED (SELECT row, test, arm, unit IS NULL AS own,"                    \
    " CAST(unit_hash(ifnull(unit, explanation_id)) AS INTEGER) AS unit,"                           \
    " (flags & 512) <> 0 AS failed, latency_ms,"                                                   \
    " whole_us(latency_ms) AS us, min(cost_nanousd, 100000000000000) AS cost"                      \
    " FROM llm_explanations WHERE counted AND test IS NOT NULL"                                    \
    " AND row >= (SELECT value FROM llm_meta WHERE key = 'exposures_from_row')),"                  \
    "met AS MATERIALIZED (SELECT test, arm, unit, own, count(*) AS n, sum(failed) AS f,"           \
    " ifnull(sum(us), 0) AS us, count(us) AS us_n, ifnull(sum(cost), 0) AS cost, count(cost) AS "  \
    "cost_n FROM counted"                                                                          \
    " GROUP BY 1, 2, 3, 4)"

/* A unit's row beside those; what it has more are failures that were reported. */
#define UNITS_THAT_DIFFER                                                                          \
    COUNTED                                                                                        \
    "SELECT u.test, u.unit, u.exposures, u.failures, u.latency_us, u.cost_nanousd, m.n, m.f, "     \
    "m.us,"                                                                                        \
    " m.cost FROM llm_ab_units u LEFT JOIN met m"                                                  \
    "  ON NOT m.own AND m.test = u.test AND m.unit = u.unit AND m.arm = u.arm"                     \
    " WHERE u.exposures < ifnull(m.n, 0)"                                                          \
    " OR u.exposures - ifnull(m.n, 0) <> u.failures - ifnull(m.f, 0)"                              \
    " OR u.latency_us <> ifnull(m.us, 0) OR u.latency_known <> ifnull(m.us_n, 0)"                  \
    " OR u.cost_nanousd <> ifnull(m.cost, 0) OR u.cost_known <> ifnull(m.cost_n, 0)"               \
    " UNION ALL SELECT test, unit, arm, n, 'has no row', 0, 0, 0, 0, 0 FROM met"                   \
    " WHERE NOT own AND (test, unit, arm) NOT IN (SELECT test, unit, arm FROM llm_ab_units)"

/* What the rows of units, and the explanations that are their own, add up to. */
#define EXPECTED_EXPOSURES                                                                         \
    COUNTED                                                                                        \
    ", parts AS (SELECT test, arm, exposures AS n, failures AS f, latency_us AS us,"               \
    " latency_known AS us_n, cost_nanousd AS cost, cost_known AS cost_n FROM llm_ab_units"         \
    " WHERE exposures > 0 UNION ALL SELECT test, arm, n, f, us, us_n, cost, cost_n FROM met"       \
    " WHERE own),"                                                                                 \
    "exposed AS (SELECT test, arm, sum(n) AS n, sum(f) AS f, moments(us, us_n)"                    \
    " || moments(cost, cost_n) || moments(1000000 * f, n) AS means FROM parts GROUP BY 1, 2),"     \
    "logged AS (SELECT test, arm, count(*) AS n FROM counted GROUP BY 1, 2),"                      \
    "expected AS (SELECT a.test, a.arm, ifnull(e.n, 0), ifnull(e.f, 0),"                           \
    " ifnull(e.n, 0) - ifnull(l.n, 0), ifnull(e.means, '') FROM llm_ab_arms a"                     \
    " LEFT JOIN exposed e ON e.test = a.test AND e.arm = a.arm"                                    \
    " LEFT JOIN logged l ON l.test = a.test AND l.arm = a.arm),"                                   \
    "found AS (SELECT test, arm, exposures, failures, reported, hex(unit_means)"                   \
    " FROM llm_ab_arms) "

/* Where no failure was reported the rows say in which order exposures came. */
#define LATEST_THAT_DIFFER                                                                         \
    COUNTED                                                                                        \
    "SELECT * FROM (SELECT test, arm, hex(recent) AS found, (SELECT latest(unit, failed) FROM"     \
    " (SELECT unit, failed FROM counted c WHERE c.test = a.test AND c.arm = a.arm ORDER BY row))"  \
    " AS expected FROM llm_ab_arms a WHERE reported = 0 AND exposures > 0)"                        \
    " WHERE found <> expected"

#define EXPECTED_CLUSTERS                                                                          \
    "WITH votes AS (SELECT test, arm, sum(votes > 0) AS m, sum(votes * votes) AS nn,"              \
    " sum(positive * votes) AS sn, sum(positive * positive) AS ss, sum(first_rating IS 1) AS r1,"  \
    " sum(first_rating IS 2) AS r2, sum(first_rating IS 3) AS r3, sum(first_rating IS 4) AS r4,"   \
    " sum(first_rating IS 5) AS r5 FROM llm_ab_units GROUP BY 1, 2),"                              \
    "expected AS (SELECT a.test, a.arm, ifnull(m, 0), ifnull(nn, 0), ifnull(sn, 0),"               \
    " ifnull(ss, 0), ifnull(r1, 0), ifnull(r2, 0), ifnull(r3, 0), ifnull(r4, 0), ifnull(r5, 0)"    \
    " FROM llm_ab_arms a LEFT JOIN votes v ON v.test = a.test AND v.arm = a.arm),"                 \
    "found AS (SELECT test, arm, voting_units, votes_squared, products, positive_squared,"         \
    " first_rating_1, first_rating_2, first_rating_3, first_rating_4, first_rating_5"              \
    " FROM llm_ab_arms) "

#define EXPECTED_AB_LATENCY                                                                        \
    COUNTED                                                                                        \
    ", expected AS (SELECT test, arm, bucket_of(latency_ms), count(*) FROM counted"                \
    " WHERE latency_ms IS NOT NULL GROUP BY 1, 2, 3),"                                             \
    "found AS (SELECT test, arm, bucket, explanations FROM llm_ab_latency) "

/* When a unit came only its arm's sum knows. */
#define EXPECTED_DAYS                                                                              \
    "WITH expected AS (SELECT test, voted_us / 86400000000, arm, count(*), sum(first_vote)"        \
    " FROM llm_ab_units WHERE voted_us IS NOT NULL GROUP BY 1, 2, 3),"                             \
    "found AS (SELECT test, day, arm, first_votes, first_positive FROM llm_ab_days"                \
    " WHERE first_votes <> 0 OR first_positive <> 0) "
#define DAYS_THAT_DIFFER                                                                           \
    "SELECT test, arm, units, (SELECT sum(units) FROM llm_ab_days d WHERE d.test = a.test"         \
    " AND d.arm = a.arm) AS found FROM llm_ab_arms a WHERE units <> ifnull(found, 0)"              \
    " AND test NOT IN (SELECT test FROM llm_explanations WHERE test IS NOT NULL"                   \
    "  AND row < (SELECT value FROM llm_meta WHERE key = 'exposures_from_row'))"

#define DIFFERENCES                                                                                \
    "SELECT 'expected', * FROM (SELECT * FROM expected EXCEPT SELECT * FROM found)"                \
    " UNION ALL SELECT 'found', * FROM (SELECT * FROM found EXCEPT SELECT * FROM expected)"        \
    " ORDER BY 2, 3, 4, 1"

/* None of them may give a row. */
static const struct {
    const char *what;
    const char *sql;
} questions[] = {
    { "llm_metrics", EXPECTED_METRICS DIFFERENCES },
    { "llm_latency", EXPECTED_LATENCY DIFFERENCES },
    { "llm_days", "SELECT day, 'has rollups but no version' FROM (SELECT day FROM llm_metrics"
                  " UNION SELECT day FROM llm_latency) WHERE day NOT IN"
                  " (SELECT day FROM llm_days WHERE version > 0)" },
    { "llm_ab_arms", EXPECTED_ARMS DIFFERENCES },
    { "votes of llm_ab_units", EXPECTED_VOTES DIFFERENCES },
    { "exposures of llm_ab_units", UNITS_THAT_DIFFER },
    { "exposures of llm_ab_arms", EXPECTED_EXPOSURES DIFFERENCES },
    { "latest exposures", LATEST_THAT_DIFFER },
    { "clusters and first ratings", EXPECTED_CLUSTERS DIFFERENCES },
    { "llm_ab_latency", EXPECTED_AB_LATENCY DIFFERENCES },
    { "llm_ab_days", EXPECTED_DAYS DIFFERENCES },
    { "units of llm_ab_days", DAYS_THAT_DIFFER },
    { "first votes",
      "WITH votes AS MATERIALIZED (SELECT sequence, explanation, helpful, rating"
      " FROM llm_feedback)"
      "SELECT u.test, u.unit, u.sequence, u.first_vote, f.helpful FROM llm_ab_units u"
      " CROSS JOIN votes f ON f.sequence = u.sequence"
      " JOIN llm_explanations e ON e.row = f.explanation"
      " WHERE f.helpful <> u.first_vote OR e.test IS NOT u.test OR e.arm IS NOT u.arm"
      " OR (u.voted_us IS NOT NULL AND f.rating IS NOT u.first_rating)"
      " UNION ALL SELECT u.test, u.unit, NULL, NULL, NULL FROM llm_ab_units u"
      " JOIN llm_ab_tests t ON t.id = u.test AND t.status = 'running'"
      " WHERE (u.votes > 0 AND u.first_vote IS NULL)"
      " OR (u.first_vote IS NULL) <> (u.sequence IS NULL)" },
    { "sequences", "SELECT sequence, count(*) FROM llm_feedback GROUP BY 1 HAVING count(*) > 1"
                   " UNION ALL SELECT max(sequence), 'is above llm_meta' FROM llm_feedback"
                   " HAVING max(sequence) > (SELECT value FROM llm_meta"
                   "  WHERE key = 'vote_sequence')" },
    { "voters", "SELECT voter, 'is no user' FROM llm_feedback WHERE voter > 0"
                " AND voter NOT IN (SELECT id FROM llm_users) UNION ALL"
                " SELECT voter, 'is no user' FROM llm_quota"
                " WHERE voter NOT IN (SELECT id FROM llm_users)" },
    { "ids", "SELECT hex(explanation_id), count(*) FROM llm_explanations"
             " GROUP BY explanation_id HAVING count(*) > 1" },
    { "units without a test", "SELECT test, unit FROM llm_ab_units"
                              " WHERE test NOT IN (SELECT id FROM llm_ab_tests)" },
    { "foreign keys", "PRAGMA foreign_key_check" },
    { "integrity", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'" },
};

static const char distinct_texts_sql[] =
    "SELECT text, count(*) FROM llm_explanations GROUP BY text HAVING count(*) > 1";

static sqlite3 *open_database(const char *path)
{
    sqlite3 *db = NULL;

    ck_assert_msg(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s: %s",
                  path, sqlite3_errmsg(db));
    /* Only looks: no checkpoint, which could race a writer's. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_busy_timeout(db, 30000);
    recount_add_functions(db);
    ck_assert_msg(sqlite3_exec(db, "PRAGMA query_only = 1; BEGIN", NULL, NULL, NULL) == SQLITE_OK,
                  "%s: %s", path, sqlite3_errmsg(db));
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    return stmt;
}

static size_t append(char *out, size_t used, size_t bytes, const char *text)
{
    int added = snprintf(out + used, bytes - used, "%s", text);

    return used + (size_t)added < bytes ? used + (size_t)added : bytes - 1;
}

/* Up to four rows of an answer. False if there was none. */
static bool describe(sqlite3 *db, const char *what, const char *sql, char out[DIFFERENCE_BYTES])
{
    sqlite3_stmt *stmt = prepare(db, sql);
    size_t used = 0;
    int rows = 0;
    int rc = SQLITE_ROW;

    for (; rows < 4 && (rc = sqlite3_step(stmt)) == SQLITE_ROW; rows++) {
        used = append(out, used, DIFFERENCE_BYTES, rows == 0 ? what : "");
        used = append(out, used, DIFFERENCE_BYTES, ":");
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);

            used = append(out, used, DIFFERENCE_BYTES, " ");
            used = append(out, used, DIFFERENCE_BYTES, text == NULL ? "NULL" : text);
        }
        used = append(out, used, DIFFERENCE_BYTES, "\n");
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        append(out, used, DIFFERENCE_BYTES, sqlite3_errmsg(db));
        rows++;
    }
    sqlite3_finalize(stmt);
    return rows > 0;
}

/* ---- e-processes ------------------------------------------------------- */

static bool is_state(sqlite3_stmt *row, int column, const llmlearn_eprocess *state)
{
    uint8_t bytes[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t size = 0;

    ck_assert_int_eq(llmlearn_eprocess_write(state, bytes, &size), LLMLEARN_OK);
    return sqlite3_column_bytes(row, column) == (int)size &&
           memcmp(sqlite3_column_blob(row, column), bytes, size) == 0;
}

/* As the test began it: only its kappa is taken from what is kept. */
static bool begin_state(sqlite3 *db, sqlite3_stmt *kept, llmlearn_eprocess *out)
{
    sqlite3_stmt *arms = prepare(db, "SELECT a.weight, a.variant = t.champion FROM llm_ab_arms a"
                                     " JOIN llm_ab_tests t ON t.id = a.test WHERE t.id = ?1"
                                     " ORDER BY a.arm");
    double weights[LLMLEARN_ARMS_MAX];
    uint32_t count = 0, champion = 0;
    llmlearn_eprocess read = { .struct_size = sizeof read };

    sqlite3_bind_int64(arms, 1, sqlite3_column_int64(kept, 0));
    for (; count < LLMLEARN_ARMS_MAX && sqlite3_step(arms) == SQLITE_ROW; count++) {
        weights[count] = sqlite3_column_double(arms, 0);
        if (sqlite3_column_int(arms, 1) != 0)
            champion = count;
    }
    sqlite3_finalize(arms);
    *out = (llmlearn_eprocess){ .struct_size = sizeof *out };
    return llmlearn_eprocess_read(sqlite3_column_blob(kept, 1),
                                  (size_t)sqlite3_column_bytes(kept, 1), &read) == LLMLEARN_OK &&
           llmlearn_eprocess_begin(weights, count, champion, read.kappa, out) == LLMLEARN_OK;
}

/* All first votes again, in their order. */
static bool steps_differ(sqlite3 *db, sqlite3_stmt *kept)
{
    sqlite3_stmt *votes = prepare(db, "SELECT arm, first_vote, voted_us < ?2 FROM llm_ab_units"
                                      " WHERE test = ?1 AND first_vote IS NOT NULL"
                                      " ORDER BY sequence");
    llmlearn_eprocess state, week_end;
    bool same = begin_state(db, kept, &state);

    week_end = state;
    sqlite3_bind_int64(votes, 1, sqlite3_column_int64(kept, 0));
    sqlite3_bind_int64(votes, 2, sqlite3_column_int64(kept, 3));
    while (same && sqlite3_step(votes) == SQLITE_ROW) {
        same = llmlearn_eprocess_add(&state, (uint32_t)sqlite3_column_int(votes, 0),
                                     sqlite3_column_int(votes, 1)) == LLMLEARN_OK;
        if (sqlite3_column_int(votes, 2) != 0)
            week_end = state;
    }
    sqlite3_finalize(votes);
    return !same || !is_state(kept, 1, &state) || !is_state(kept, 2, &week_end);
}

static bool eprocesses_differ(sqlite3 *db, char out[DIFFERENCE_BYTES])
{
    sqlite3_stmt *kept =
        prepare(db, "SELECT e.test, e.now, e.week_end,"
                    " t.started_us + e.week * 604800000000"
                    " FROM llm_ab_eprocess e JOIN llm_ab_tests t ON t.id = e.test");
    bool differ = false;

    while (!differ && sqlite3_step(kept) == SQLITE_ROW) {
        differ = steps_differ(db, kept);
        snprintf(out, DIFFERENCE_BYTES, "llm_ab_eprocess: test %lld",
                 (long long)sqlite3_column_int64(kept, 0));
    }
    sqlite3_finalize(kept);
    return differ;
}

/* ---- splits ------------------------------------------------------------ */

/* Where all units have rows, and no arm was switched off among them, each unit's first row says
 * when it came. */
#define SPLITS_TO_RECOUNT                                                                          \
    "SELECT id, srm_ln_e, srm_ln_e_max FROM llm_ab_tests t WHERE NOT EXISTS (SELECT 1 FROM"        \
    " llm_ab_arms a WHERE a.test = t.id AND (a.off_us IS NOT NULL OR a.reported > 0))"             \
    " AND NOT EXISTS (SELECT 1 FROM llm_explanations e WHERE e.test = t.id AND"                    \
    " row < (SELECT value FROM llm_meta WHERE key = 'exposures_from_row'))"
#define UNITS_IN_ORDER                                                                             \
    "SELECT e.arm, a.weight / (SELECT sum(weight) FROM llm_ab_arms WHERE test = ?1)"               \
    " FROM (SELECT min(row), arm FROM llm_explanations WHERE counted AND test = ?1"                \
    "  GROUP BY ifnull(unit, explanation_id) ORDER BY 1) e"                                        \
    " JOIN llm_ab_arms a ON a.test = ?1 AND a.arm = e.arm"

/* How likely those before make each unit, by a Dirichlet prior of concentration 1,000 around the
 * weights, over its weight. */
static bool split_differs(sqlite3 *db, sqlite3_stmt *kept)
{
    sqlite3_stmt *units = prepare(db, UNITS_IN_ORDER);
    double counts[LLMLEARN_ARMS_MAX] = { 0 }, all = 0, ln_e = 0, highest = 0;

    sqlite3_bind_int64(units, 1, sqlite3_column_int64(kept, 0));
    while (sqlite3_step(units) == SQLITE_ROW) {
        int arm = sqlite3_column_int(units, 0);
        double share = sqlite3_column_double(units, 1);
        ln_e += log((1000 * share + counts[arm]++) / (1000 + all++) / share);
        highest = fmax(highest, ln_e);
    }
    sqlite3_finalize(units);
    return fabs(ln_e - sqlite3_column_double(kept, 1)) > 1e-9 * (1 + all) ||
           fabs(highest - sqlite3_column_double(kept, 2)) > 1e-9 * (1 + all);
}

static bool splits_differ(sqlite3 *db, char out[DIFFERENCE_BYTES])
{
    sqlite3_stmt *kept = prepare(db, SPLITS_TO_RECOUNT);
    bool differ = false;

    while (!differ && sqlite3_step(kept) == SQLITE_ROW) {
        differ = split_differs(db, kept);
        snprintf(out, DIFFERENCE_BYTES, "split of llm_ab_tests: test %lld",
                 (long long)sqlite3_column_int64(kept, 0));
    }
    sqlite3_finalize(kept);
    return differ;
}

const char *recount_difference(const char *path, bool distinct_texts)
{
    static char difference[DIFFERENCE_BYTES];
    sqlite3 *db = open_database(path);
    bool differs = false;

    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && !differs; i++)
        differs = describe(db, questions[i].what, questions[i].sql, difference);
    if (!differs)
        differs = eprocesses_differ(db, difference);
    if (!differs)
        differs = splits_differ(db, difference);
    if (!differs && distinct_texts)
        differs = describe(db, "texts", distinct_texts_sql, difference);
    sqlite3_close(db);
    return differs ? difference : NULL;
}

void recount(const char *path)
{
    const char *difference = recount_difference(path, false);

    ck_assert_msg(difference == NULL, "%s: a recount differs: %s", path, difference);
}

int64_t recount_number(const char *path, const char *sql)
{
    sqlite3 *db = open_database(path);
    sqlite3_stmt *stmt = prepare(db, sql);
    int rc = sqlite3_step(stmt);
    int64_t number = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : INT64_MIN;

    ck_assert_msg(rc == SQLITE_ROW || rc == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return number;
}

static void dump_table(sqlite3 *db, const char *table, FILE *out)
{
    char sql[200];
    sqlite3_stmt *stmt;

    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
    stmt = prepare(db, sql);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        fprintf(out, "%s", table);
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *data = sqlite3_column_blob(stmt, i);
            int bytes = sqlite3_column_bytes(stmt, i);

            fprintf(out, "|%d:", sqlite3_column_type(stmt, i));
            for (int b = 0; b < bytes; b++)
                fprintf(out, data[b] >= 32 && data[b] < 127 ? "%c" : "\\%02x", data[b]);
        }
        fputc('\n', out);
    }
    sqlite3_finalize(stmt);
}

char *recount_dump(const char *path)
{
    sqlite3 *db = open_database(path);
    sqlite3_stmt *stmt = prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND"
                                     " name <> 'llm_positions' ORDER BY name");
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    ck_assert_ptr_nonnull(out);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        dump_table(db, (const char *)sqlite3_column_text(stmt, 0), out);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}
