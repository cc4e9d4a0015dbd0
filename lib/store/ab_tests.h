/* ab_tests.h - rows of llm_ab_tests and llm_ab_arms.
 *
 * What a test is (signal, salt, champion, arms, weights, rule) never changes after the
 * insert; its status does once, and its arms' sums grow (store/ab_sums.h).
 *
 * Uses: base, connection. */
#ifndef LL_STORE_AB_TESTS_H
#define LL_STORE_AB_TESTS_H

#include "base/int128.h"
#include "store/connection.h"

#define LL_AB_SALT_BYTES 16

typedef enum ll_ab_status { LL_AB_RUNNING = 1, LL_AB_DECIDED, LL_AB_STOPPED } ll_ab_status;

/* "running", ... as in the table. */
const char *ll_ab_status_name(ll_ab_status status);

typedef struct ll_ab_test {
    uint64_t id; /* 0: there is none */
    int64_t signal;
    ll_ab_status status;
    int32_t rule; /* llmlearn_rule */
    uint8_t salt[LL_AB_SALT_BYTES];
    int64_t champion; /* llm_variants.id, as the test began */
    int64_t started_us, ended_us;
    int64_t duration_min_us, duration_max_us;
    int64_t trials_min;
    double alpha, effect_min;
    double lift_min;        /* the smallest lift worth finding; plans the length */
    double rate_planned;    /* the champion's rate, as the plan assumed it */
    int64_t trials_planned; /* first votes an arm of equal shares needs */
    int64_t previous;       /* llm_variants.id of the arm that was champion before; 0: none */
    int64_t contaminated, mismatches;
} ll_ab_test;

/* Sums of one number per unit, exact: whole microseconds, nano-dollars or millionths. */
typedef struct ll_ab_moments {
    int64_t units;
    ll_i128 sum, squares;
} ll_ab_moments;

/* The latest exposures of an arm in the order of their commits; see experiment/breaker.h. */
#define LL_AB_RECENT_MAX 50

typedef struct ll_ab_recent {
    uint32_t count, next;               /* how many there are; where the next one goes */
    uint64_t entries[LL_AB_RECENT_MAX]; /* the unit's hash; its lowest bit is set for a failure */
} ll_ab_recent;

typedef struct ll_ab_arm {
    int64_t variant;
    double weight;
    int64_t explanations, cached, fallback, rerouted, units;
    int64_t first_votes, first_positive, votes, positive, rating_count, rating_sum;
    int64_t cost_nanousd, cost_known;

    int64_t off_us;          /* since when the breaker has it switched off; 0: it is on */
    int64_t reported;        /* failures told by llmlearn_report_failure */
    int64_t failures;        /* exposures that failed: counted fallbacks and reported ones */
    int64_t exposures;       /* counted rows and reported failures */
    int64_t first_rating[5]; /* ratings that came with first votes, 1 star first */

    /* Over the arm's units with live votes: how many, and sums of n_u n_u, s_u n_u, s_u s_u;
     * votes and positive are the sums of n_u and s_u. */
    int64_t voting_units, votes_squared, products, positive_squared;

    /* Over its units: each unit's mean latency, mean cost, share of failures. */
    ll_ab_moments latency_us, cost_nanousd_mean, failure_ppm;
    ll_ab_recent recent;
} ll_ab_arm;

/* Inserts a running test and its arms, of which only variant and weight are read.
 * LLMLEARN_EEXIST if one is running for the signal. */
llmlearn_err ll_ab_tests_insert(ll_connection *connection, const ll_ab_test *test,
                                const ll_ab_arm *arms, uint32_t arm_count, const char *actor,
                                uint64_t *out_id);

/* Ends a running test. */
llmlearn_err ll_ab_tests_end(ll_connection *connection, uint64_t test, ll_ab_status status,
                             int64_t now_us);

/* out_test->id is 0 if there is none. Last: the newest of the signal, running or not. */
llmlearn_err ll_ab_tests_get(ll_connection *connection, uint64_t id, ll_ab_test *out_test);
llmlearn_err ll_ab_tests_last(ll_connection *connection, int64_t signal, ll_ab_test *out_test);
llmlearn_err ll_ab_tests_running(ll_connection *connection, int64_t signal, ll_ab_test *out_test);

/* The highest id there is; 0: none. */
llmlearn_err ll_ab_tests_newest(ll_connection *connection, uint64_t *out_id);

/* The arms in their order; out_arms holds LLMLEARN_ARMS_MAX. */
llmlearn_err ll_ab_arms_read(ll_connection *connection, uint64_t test, ll_ab_arm *out_arms,
                             uint32_t *out_count);

/* ---- looks, days, latencies -------------------------------------------- */

#define LL_AB_LOOKS_MAX 64

/* What an earlier look of a sequential rule saw, per arm; in llm_ab_looks. */
typedef struct ll_ab_look {
    int64_t at_us;
    int64_t vote_sequence;
    int64_t first_votes[LLMLEARN_ARMS_MAX], first_positive[LLMLEARN_ARMS_MAX];
} ll_ab_look;

llmlearn_err ll_ab_looks_add(ll_connection *connection, uint64_t test, const ll_ab_look *look,
                             uint32_t arm_count);
/* In order; out_looks holds LL_AB_LOOKS_MAX. */
llmlearn_err ll_ab_looks_read(ll_connection *connection, uint64_t test, ll_ab_look *out_looks,
                              uint32_t *out_count);

/* New units and first votes of each arm on `day_count` days (UTC) from first_day on; in
 * llm_ab_days. Days without any read 0. */
typedef struct ll_ab_days {
    int64_t first_day;
    uint32_t day_count;
    int64_t units[LLMLEARN_ARMS_MAX], first_votes[LLMLEARN_ARMS_MAX]; /* over those days */
} ll_ab_days;

llmlearn_err ll_ab_days_read(ll_connection *connection, uint64_t test, int64_t first_day,
                             uint32_t day_count, ll_ab_days *out_days);

/* The q-quantile of an arm's latencies in ms, within 1 %; -1: none is known. */
llmlearn_err ll_ab_latency_quantile(ll_connection *connection, uint64_t test, uint32_t arm,
                                    double q, double *out_ms);

/* The e-process: as it is, and as it was at the end of the last whole week since the start.
 * The serialised forms of llmlearn_eprocess_write; bytes 0: there is none. */
typedef struct ll_ab_eprocess {
    uint8_t now[LLMLEARN_EPROCESS_BYTES_MAX], week_end[LLMLEARN_EPROCESS_BYTES_MAX];
    size_t now_bytes, week_end_bytes;
    int64_t week; /* whole weeks that had passed at week_end */
} ll_ab_eprocess;

llmlearn_err ll_ab_eprocess_read(ll_connection *connection, uint64_t test, ll_ab_eprocess *out);
llmlearn_err ll_ab_eprocess_write(ll_connection *connection, uint64_t test,
                                  const ll_ab_eprocess *eprocess);

/* A test with one of its arms, as a list shows it. Texts are valid until the callback returns. */
typedef struct ll_ab_listed {
    ll_ab_test test;
    const char *signal, *champion, *actor;
    uint64_t decision; /* the verdict's; 0: none */
    uint32_t arm;
    ll_ab_arm sums;
    const char *version, *status; /* the variant's, now */
} ll_ab_listed;

typedef llmlearn_err (*ll_ab_listed_fn)(void *context, const ll_ab_listed *listed);

/* The newest tests, of one signal or (0) of all, newest first, each with its arms in order. */
llmlearn_err ll_ab_tests_list(ll_connection *connection, int64_t signal, uint32_t limit,
                              ll_ab_listed_fn each, void *context);

#endif
