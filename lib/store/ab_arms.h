/* ab_arms.h - rows of llm_ab_arms: what an arm of a test is, and what was counted in it.
 *
 * Variant and weight never change. Everything else is a sum over the arm's raw rows and units
 * that ingest keeps (store/ab_sums.h): a verdict reads the arms and needs no unit.
 *
 * Uses: base, connection. */
#ifndef LL_STORE_AB_ARMS_H
#define LL_STORE_AB_ARMS_H

#include "store/ab_moments.h"
#include "store/ab_recent.h"
#include "store/connection.h"

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

/* Adds an arm, of which only variant and weight are read. */
llmlearn_err ll_ab_arms_insert(ll_connection *connection, uint64_t test, uint32_t arm,
                               const ll_ab_arm *sums);

/* The arms of a test in their order. */
llmlearn_err ll_ab_arms_read(ll_connection *connection, uint64_t test,
                             ll_ab_arm out_arms[LLMLEARN_ARMS_MAX], uint32_t *out_count);

/* Writes all but variant and weight. */
llmlearn_err ll_ab_arms_write(ll_connection *connection, uint64_t test, uint32_t arm,
                              const ll_ab_arm *sums);

/* For statements that join llm_ab_arms as `a`: these columns, and the arm from a row in which they
 * begin at `first`. */
#define LL_AB_ARM_COLUMNS                                                                          \
    "a.variant, a.weight, a.explanations, a.cached, a.fallback, a.rerouted, a.units,"              \
    " a.first_votes, a.first_positive, a.votes, a.positive, a.rating_count, a.rating_sum,"         \
    " a.cost_nanousd, a.cost_known, a.off_us, a.reported, a.failures, a.exposures,"                \
    " a.first_rating_1, a.first_rating_2, a.first_rating_3, a.first_rating_4, a.first_rating_5,"   \
    " a.voting_units, a.votes_squared, a.products, a.positive_squared, a.unit_means, a.recent"
#define LL_AB_ARM_COLUMN_COUNT 30
llmlearn_err ll_ab_arms_of_row(const ll_row *row, int first, ll_ab_arm *out_arm);

#endif
