/* drain_bench.c - from the journal into the tables: a ring full of explanations, against one
 * commit per row through SQLite alone, into the same columns and indexes.
 *
 * The reference gets off lightly: it writes no rollups and looks up no names. */
#include "measure.h"

#include <sqlite3.h>

#define ROUNDS 5
#define ROWS 200000 /* of 1 KB: what the default journal holds */
#define SINGLE_ROWS 3000

static double drain(llmlearn *learner, const char *text, size_t rows)
{
    double start = now_ns();

    log_many(learner, text, rows, NULL);
    MUST(llmlearn_flush(learner, 60000));
    return (double)rows / ((now_ns() - start) / NS_PER_S);
}

/* ---- one commit per row ------------------------------------------------ */

typedef struct single {
    sqlite3 *db;
    sqlite3_stmt *insert;
    uint64_t inserted;
} single;

/* The settings of the library's own writing connection. */
static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                               "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
                               "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;"
                               "PRAGMA wal_autocheckpoint = 2000;";

/* Names as numbers are taken from the one row that the library stored. */
static const char insert_sql[] =
    "INSERT INTO llm_explanations (explanation_id, created_us, ticker, variant, model, provider,"
    " flags, confidence, latency_ms, prompt_tokens, completion_tokens, cost_nanousd, test, arm,"
    " counted, digest, unit, fallback_reason, metadata, text)"
    " VALUES (?1, ?2, 1, 1, (SELECT model FROM llm_explanations WHERE row = 1),"
    " (SELECT provider FROM llm_explanations WHERE row = 1), 31, 0.85, 812.0, 400, 120, 132000,"
    " NULL, NULL, 0, 305419896, NULL, NULL, NULL, ?3)"
    " ON CONFLICT (explanation_id) DO NOTHING";

static void open_single(single *s, const char *path, const char *text)
{
    llmlearn *learner = open_learner(path, 0);
    char *error = NULL;

    log_many(learner, text, 1, NULL);
    MUST(llmlearn_close(learner, 60000));
    NEED(sqlite3_open(path, &s->db) == SQLITE_OK);
    NEED(sqlite3_exec(s->db, settings, NULL, NULL, &error) == SQLITE_OK);
    NEED(sqlite3_prepare_v2(s->db, insert_sql, -1, &s->insert, NULL) == SQLITE_OK);
    s->inserted = 0;
}

static void insert_one(single *s, const char *text)
{
    unsigned char id[16] = { 0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80 };

    /* Ids in time order, as version 7 has them. */
    for (int i = 0; i < 7; i++)
        id[15 - i] = (unsigned char)(s->inserted >> 8 * i);
    s->inserted++;
    sqlite3_bind_blob(s->insert, 1, id, sizeof id, SQLITE_TRANSIENT);
    sqlite3_bind_int64(s->insert, 2, (sqlite3_int64)1700000000000000 + (sqlite3_int64)s->inserted);
    sqlite3_bind_text(s->insert, 3, text, TEXT_BYTES, SQLITE_STATIC);
    NEED(sqlite3_step(s->insert) == SQLITE_DONE);
    NEED(sqlite3_changes(s->db) == 1);
    sqlite3_reset(s->insert);
}

static double insert_singly(single *s, const char *text, size_t rows)
{
    double start = now_ns();

    for (size_t i = 0; i < rows; i++)
        insert_one(s, text);
    return (double)rows / ((now_ns() - start) / NS_PER_S);
}

int main(int argc, char **argv)
{
    bool quick = is_quick(argc, argv);
    size_t rounds = quick ? 2 : ROUNDS;
    size_t rows = quick ? ROWS / 10 : ROWS;
    double drained[ROUNDS], inserted[ROUNDS], ratios[ROUNDS];
    char text[TEXT_BYTES + 1], path[PATH_BYTES], single_path[PATH_BYTES];
    llmlearn *learner;
    single s;

    path_of(path, argc, argv, "drain.db");
    path_of(single_path, argc, argv, "single.db");
    fill_ascii(text);
    learner = open_learner(path, 0);
    open_single(&s, single_path, text);
    drain(learner, text, 1000); /* makes the journal */
    for (size_t i = 0; i < rounds; i++) {
        sleep_ms(500); /* segments are zeroed for their next life */
        drained[i] = drain(learner, text, rows);
        inserted[i] = insert_singly(&s, text, quick ? SINGLE_ROWS / 10 : SINGLE_ROWS);
        ratios[i] = drained[i] / inserted[i];
    }
    print_figure((figure){ .name = "drain_1kb",
                           .value = median(drained, rounds),
                           .unit = "rows/s",
                           .reference = "SQLite, one commit per row",
                           .reference_value = median(inserted, rounds),
                           .ratio = median(ratios, rounds),
                           .goal = "ratio >= 5 and value >= 100000" });
    sqlite3_finalize(s.insert);
    sqlite3_close(s.db);
    MUST(llmlearn_close(learner, 60000));
    return 0;
}
