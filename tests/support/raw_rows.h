/* raw_rows.h - explanations and votes kept as plain rows beside the rollups they went into, so
 * that any sum can be counted again the slow way. */
#ifndef SUPPORT_RAW_ROWS_H
#define SUPPORT_RAW_ROWS_H

#include "store/metrics.h"
#include "store/store.h"

#define ROWS_TODAY INT64_C(20651) /* 2026-07-17 */

enum {
    ROWS_SIGNALS = 3,
    ROWS_VERSIONS = 4,
    ROWS_TICKERS = 14,
    ROWS_EXPLANATIONS_MAX = 8000,
    ROWS_VOTES_MAX = 12000
};

extern const char *const rows_signal_names[ROWS_SIGNALS];
extern const char *const rows_version_names[ROWS_VERSIONS];
extern const char *const rows_ticker_names[ROWS_TICKERS];

typedef struct rows_explanation {
    int64_t created_us;
    int signal, version, ticker; /* indexes of the names */
    bool cached, fallback, has_latency, has_cost;
    double latency_ms;
    int64_t prompt_tokens, completion_tokens, cost_nanousd;
    int vote_count;
} rows_explanation;

typedef struct rows_vote {
    int64_t created_us;
    int explanation;
    bool helpful;
    int rating; /* 0: none */
} rows_vote;

/* A new database with the names in it, and no rows. */
extern ll_store *rows_store;
extern ll_metrics_changes *rows_changes;
extern int64_t rows_variants[ROWS_SIGNALS][ROWS_VERSIONS]; /* ids in the database */
void rows_open(void);
void rows_close(void);

ll_connection *rows_begin(void);
void rows_commit(void);

/* Keeps a row and counts it as ingest does; all are stored together. */
void rows_log(const rows_explanation *explanation);
void rows_submit(const rows_vote *vote);
void rows_store_all(void);

int64_t rows_random_below(int64_t limit); /* the same numbers in every run */
void rows_add_random(int explanations, int votes, int64_t first_day, int64_t days);

/* Which rows: -1 is any. */
typedef struct rows_filter {
    int64_t first, last; /* days */
    int signal, version, ticker;
} rows_filter;

typedef struct rows_tally {
    int64_t explanations, cached, fallback, rated, positive, negative, rating[5];
    int64_t prompt_tokens, completion_tokens, cost_nanousd, cost_known;
    int latency_count;
    double latencies[ROWS_EXPLANATIONS_MAX]; /* sorted */
} rows_tally;

void rows_recount(const rows_filter *filter, rows_tally *out);

#endif
