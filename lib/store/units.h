/* units.h - what was randomised in a test: rows of llm_ab_units.
 *
 * A unit with a text (user, account) gets a row with its first exposure; what it met is summed
 * there. An explanation that is its own unit is its own exposure, and gets a row only with its
 * first vote. The first vote of a unit, its rating, sequence and time never change once set.
 *
 * Whoever changes a unit reads it, changes the struct, writes it, and tells its arm what it
 * was before and is now: store/ab_count.h.
 *
 * Uses: base, connection. */
#ifndef LL_STORE_UNITS_H
#define LL_STORE_UNITS_H

#include "store/connection.h"

typedef struct ll_unit {
    bool found; /* there is a row */
    bool contaminated;
    uint32_t arm;
    int64_t votes, positive; /* live ones */

    bool voted; /* the four below are known */
    bool first_positive;
    int32_t first_rating; /* 0: the first vote had none */
    int64_t sequence, voted_us;

    /* Exposures, how many of them failed, and sums of what is known of them. */
    int64_t exposures, failures;
    int64_t latency_us, latency_known, cost_nanousd, cost_known;
} ll_unit;

/* One that was not met yet has no row: found is false, all others 0. */
llmlearn_err ll_units_read(ll_connection *connection, uint64_t test, int64_t unit,
                           ll_unit *out_unit);
/* Inserts it unless it was found. */
llmlearn_err ll_units_write(ll_connection *connection, uint64_t test, int64_t unit,
                            const ll_unit *state);

/* ---- what happens to a unit -------------------------------------------- */

typedef struct ll_unit_exposure {
    bool failed;
    bool has_latency, has_cost;
    double latency_ms; /* 0 to 1e9 */
    int64_t cost_nanousd;
} ll_unit_exposure;

void ll_unit_expose(ll_unit *unit, const ll_unit_exposure *exposure);

typedef struct ll_unit_vote {
    int64_t votes, positive; /* live votes change by these */
    bool may_be_first;       /* of a unit that has none: then these say what it was */
    bool helpful;
    int32_t rating;
    int64_t sequence, now_us;
} ll_unit_vote;

void ll_unit_vote_on(ll_unit *unit, const ll_unit_vote *vote);

#endif
