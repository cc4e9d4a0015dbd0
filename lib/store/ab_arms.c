#include "store/ab_arms.h"

#include "base/err.h"

#include <assert.h>

/* latency_us, cost_nanousd_mean, failure_ppm, in this order. */
#define MEANS 3
#define MEANS_BYTES (MEANS * LL_AB_MOMENTS_BYTES)

static const ll_statement insert_arm = {
    "INSERT INTO llm_ab_arms (test, arm, variant, weight) VALUES (?1, ?2, ?3, ?4)"
};
static const ll_statement read_arms = { "SELECT a.arm, " LL_AB_ARM_COLUMNS
                                        " FROM llm_ab_arms a WHERE a.test = ?1 ORDER BY a.arm" };
static const ll_statement write_arm = {
    "UPDATE llm_ab_arms SET explanations = ?3, cached = ?4, fallback = ?5, rerouted = ?6,"
    " units = ?7, first_votes = ?8, first_positive = ?9, votes = ?10, positive = ?11,"
    " rating_count = ?12, rating_sum = ?13, cost_nanousd = ?14, cost_known = ?15, off_us = ?16,"
    " reported = ?17, failures = ?18, exposures = ?19, first_rating_1 = ?20,"
    " first_rating_2 = ?21, first_rating_3 = ?22, first_rating_4 = ?23, first_rating_5 = ?24,"
    " voting_units = ?25, votes_squared = ?26, products = ?27, positive_squared = ?28,"
    " unit_means = ?29, recent = ?30 WHERE test = ?1 AND arm = ?2"
};

llmlearn_err ll_ab_arms_insert(ll_connection *connection, uint64_t test, uint32_t arm,
                               const ll_ab_arm *sums)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(arm), ll_int(sums->variant),
                                   ll_real(sums->weight) };

    assert(test != 0 && arm < LLMLEARN_ARMS_MAX);
    return ll_connection_run(connection, &insert_arm, arguments, 4, NULL, NULL);
}

/* ---- reading ----------------------------------------------------------- */

/* NULL until something was counted. */
static llmlearn_err read_means(const ll_row *row, int column, ll_ab_arm *arm)
{
    size_t size = 0;
    const uint8_t *bytes = ll_row_blob(row, column, &size);

    if (bytes == NULL)
        return LLMLEARN_OK;
    if (size != MEANS_BYTES)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: unit_means of %zu bytes", size);
    ll_ab_moments_read(bytes, &arm->latency_us);
    ll_ab_moments_read(bytes + LL_AB_MOMENTS_BYTES, &arm->cost_nanousd_mean);
    ll_ab_moments_read(bytes + 2 * (size_t)LL_AB_MOMENTS_BYTES, &arm->failure_ppm);
    return LLMLEARN_OK;
}

static llmlearn_err read_recent(const ll_row *row, int column, ll_ab_arm *arm)
{
    size_t size = 0;
    const uint8_t *bytes = ll_row_blob(row, column, &size);

    if (bytes == NULL || ll_ab_recent_read(bytes, size, &arm->recent))
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: recent is damaged");
}

llmlearn_err ll_ab_arms_of_row(const ll_row *row, int first, ll_ab_arm *out_arm)
{
    llmlearn_err err;

    *out_arm = (ll_ab_arm){
        .variant = ll_row_int(row, first),
        .weight = ll_row_real(row, first + 1),
        .explanations = ll_row_int(row, first + 2),
        .cached = ll_row_int(row, first + 3),
        .fallback = ll_row_int(row, first + 4),
        .rerouted = ll_row_int(row, first + 5),
        .units = ll_row_int(row, first + 6),
        .first_votes = ll_row_int(row, first + 7),
        .first_positive = ll_row_int(row, first + 8),
        .votes = ll_row_int(row, first + 9),
        .positive = ll_row_int(row, first + 10),
        .rating_count = ll_row_int(row, first + 11),
        .rating_sum = ll_row_int(row, first + 12),
        .cost_nanousd = ll_row_int(row, first + 13),
        .cost_known = ll_row_int(row, first + 14),
        .off_us = ll_row_int(row, first + 15),
        .reported = ll_row_int(row, first + 16),
        .failures = ll_row_int(row, first + 17),
        .exposures = ll_row_int(row, first + 18),
        .first_rating = { ll_row_int(row, first + 19), ll_row_int(row, first + 20),
                          ll_row_int(row, first + 21), ll_row_int(row, first + 22),
                          ll_row_int(row, first + 23) },
        .voting_units = ll_row_int(row, first + 24),
        .votes_squared = ll_row_int(row, first + 25),
        .products = ll_row_int(row, first + 26),
        .positive_squared = ll_row_int(row, first + 27),
    };
    err = read_means(row, first + 28, out_arm);
    return err == LLMLEARN_OK ? read_recent(row, first + 29, out_arm) : err;
}

typedef struct arm_list {
    ll_ab_arm *arms;
    uint32_t count;
} arm_list;

static llmlearn_err read_arm(void *context, const ll_row *row)
{
    arm_list *list = context;

    if (list->count == LLMLEARN_ARMS_MAX || ll_row_int(row, 0) != list->count)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: arm %lld stands at place %u",
                       (long long)ll_row_int(row, 0), list->count);
    return ll_ab_arms_of_row(row, 1, &list->arms[list->count++]);
}

llmlearn_err ll_ab_arms_read(ll_connection *connection, uint64_t test,
                             ll_ab_arm out_arms[LLMLEARN_ARMS_MAX], uint32_t *out_count)
{
    arm_list list = { .arms = out_arms };
    llmlearn_err err = ll_connection_run(connection, &read_arms,
                                         (ll_value[]){ ll_int((int64_t)test) }, 1, read_arm, &list);

    if (err == LLMLEARN_OK)
        *out_count = list.count;
    return err;
}

/* ---- writing ----------------------------------------------------------- */

static ll_value means_of(const ll_ab_arm *arm, uint8_t bytes[MEANS_BYTES])
{
    if (arm->failure_ppm.units == 0) /* of every unit that was exposed something is in it */
        return ll_null();
    ll_ab_moments_write(&arm->latency_us, bytes);
    ll_ab_moments_write(&arm->cost_nanousd_mean, bytes + LL_AB_MOMENTS_BYTES);
    ll_ab_moments_write(&arm->failure_ppm, bytes + 2 * (size_t)LL_AB_MOMENTS_BYTES);
    return ll_blob(bytes, MEANS_BYTES);
}

static ll_value recent_of(const ll_ab_arm *arm, uint8_t bytes[LL_AB_RECENT_BYTES])
{
    if (arm->recent.count == 0)
        return ll_null();
    ll_ab_recent_write(&arm->recent, bytes);
    return ll_blob(bytes, LL_AB_RECENT_BYTES);
}

llmlearn_err ll_ab_arms_write(ll_connection *connection, uint64_t test, uint32_t arm,
                              const ll_ab_arm *sums)
{
    uint8_t means[MEANS_BYTES], recent[LL_AB_RECENT_BYTES];
    const ll_value arguments[] = {
        ll_int((int64_t)test),         ll_int(arm),
        ll_int(sums->explanations),    ll_int(sums->cached),
        ll_int(sums->fallback),        ll_int(sums->rerouted),
        ll_int(sums->units),           ll_int(sums->first_votes),
        ll_int(sums->first_positive),  ll_int(sums->votes),
        ll_int(sums->positive),        ll_int(sums->rating_count),
        ll_int(sums->rating_sum),      ll_int(sums->cost_nanousd),
        ll_int(sums->cost_known),      sums->off_us != 0 ? ll_int(sums->off_us) : ll_null(),
        ll_int(sums->reported),        ll_int(sums->failures),
        ll_int(sums->exposures),       ll_int(sums->first_rating[0]),
        ll_int(sums->first_rating[1]), ll_int(sums->first_rating[2]),
        ll_int(sums->first_rating[3]), ll_int(sums->first_rating[4]),
        ll_int(sums->voting_units),    ll_int(sums->votes_squared),
        ll_int(sums->products),        ll_int(sums->positive_squared),
        means_of(sums, means),         recent_of(sums, recent),
    };

    assert(test != 0 && arm < LLMLEARN_ARMS_MAX);
    return ll_connection_run(connection, &write_arm, arguments, LL_ARRAY_COUNT(arguments), NULL,
                             NULL);
}
