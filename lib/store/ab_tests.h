/* ab_tests.h - rows of llm_ab_tests.
 *
 * What a test is (signal, salt, champion, arms, weights, rule, plan) never changes after the
 * insert; its status does once, and its sums and its arms' grow (store/ab_sums.h).
 *
 * Uses: base, ab_arms, connection. */
#ifndef LL_STORE_AB_TESTS_H
#define LL_STORE_AB_TESTS_H

#include "store/ab_arms.h"

#define LL_AB_SALT_BYTES 16

typedef enum ll_ab_status { LL_AB_RUNNING = 1, LL_AB_DECIDED, LL_AB_STOPPED } ll_ab_status;

/* "running", ... and "classic", ... as in the table. */
const char *ll_ab_status_name(ll_ab_status status);
const char *ll_ab_rule_name(int32_t rule);

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
    double srm_ln_e;     /* e-process of the split, in the order in which units came */
    double srm_ln_e_max; /* the highest that it has been */
} ll_ab_test;

/* Inserts a running test and its arms, of which only variant and weight are read.
 * LLMLEARN_EEXIST if one is running for the signal. */
llmlearn_err ll_ab_tests_insert(ll_connection *connection, const ll_ab_test *test,
                                const ll_ab_arm *arms, uint32_t arm_count, const char *actor,
                                uint64_t *out_id);

/* Ends a running test. */
llmlearn_err ll_ab_tests_end(ll_connection *connection, uint64_t test, ll_ab_status status,
                             int64_t now_us);

/* Writes contaminated and what follows it. */
llmlearn_err ll_ab_tests_write_sums(ll_connection *connection, const ll_ab_test *test);

/* out_test->id is 0 if there is none. Last: the newest of the signal, running or not. */
llmlearn_err ll_ab_tests_get(ll_connection *connection, uint64_t id, ll_ab_test *out_test);
llmlearn_err ll_ab_tests_last(ll_connection *connection, int64_t signal, ll_ab_test *out_test);
llmlearn_err ll_ab_tests_running(ll_connection *connection, int64_t signal, ll_ab_test *out_test);

/* The highest id there is; 0: none. */
llmlearn_err ll_ab_tests_newest(ll_connection *connection, uint64_t *out_id);

/* A test with one of its arms, as a list shows it. Texts are valid until the callback returns. */
typedef struct ll_ab_listed {
    ll_ab_test test;
    const char *signal, *champion, *actor;
    const char *plan;  /* the receipt of its start; NULL: none */
    uint64_t decision; /* the verdict's; 0: none */
    uint32_t arm;
    ll_ab_arm sums;
    const char *version, *status; /* the variant's, now */
    const char *hypothesis;       /* what the model that wrote it expected; NULL: none */
} ll_ab_listed;

typedef llmlearn_err (*ll_ab_listed_fn)(void *context, const ll_ab_listed *listed);

/* The newest tests, of one signal or (0) of all, newest first, each with its arms in order. */
llmlearn_err ll_ab_tests_list(ll_connection *connection, int64_t signal, uint32_t limit,
                              ll_ab_listed_fn each, void *context);

#endif
