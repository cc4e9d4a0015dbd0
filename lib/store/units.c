#include "store/units.h"

#include "store/ab_moments.h"

#include <assert.h>
#include <math.h>

#define COLUMNS                                                                                    \
    "arm, contaminated, votes, positive, first_vote, first_rating, sequence, voted_us, exposures," \
    " failures, latency_us, latency_known, cost_nanousd, cost_known"

static const ll_statement read_unit = { "SELECT " COLUMNS
                                        " FROM llm_ab_units WHERE test = ?1 AND unit = ?2" };
static const ll_statement insert_unit = {
    "INSERT INTO llm_ab_units (test, unit, " COLUMNS ") VALUES"
    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
};
static const ll_statement update_unit = {
    "UPDATE llm_ab_units SET arm = ?3, contaminated = ?4, votes = ?5, positive = ?6,"
    " first_vote = ?7, first_rating = ?8, sequence = ?9, voted_us = ?10, exposures = ?11,"
    " failures = ?12, latency_us = ?13, latency_known = ?14, cost_nanousd = ?15, cost_known = ?16"
    " WHERE test = ?1 AND unit = ?2"
};

static llmlearn_err take_unit(void *context, const ll_row *row)
{
    *(ll_unit *)context = (ll_unit){
        .found = true,
        .arm = (uint32_t)ll_row_int(row, 0),
        .contaminated = ll_row_int(row, 1) != 0,
        .votes = ll_row_int(row, 2),
        .positive = ll_row_int(row, 3),
        .voted = !ll_row_is_null(row, 4),
        .first_positive = ll_row_int(row, 4) != 0,
        .first_rating = (int32_t)ll_row_int(row, 5),
        .sequence = ll_row_int(row, 6),
        .voted_us = ll_row_int(row, 7),
        .exposures = ll_row_int(row, 8),
        .failures = ll_row_int(row, 9),
        .latency_us = ll_row_int(row, 10),
        .latency_known = ll_row_int(row, 11),
        .cost_nanousd = ll_row_int(row, 12),
        .cost_known = ll_row_int(row, 13),
    };
    return LLMLEARN_OK;
}

llmlearn_err ll_units_read(ll_connection *connection, uint64_t test, int64_t unit,
                           ll_unit *out_unit)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(unit) };

    *out_unit = (ll_unit){ .found = false };
    return ll_connection_run(connection, &read_unit, arguments, 2, take_unit, out_unit);
}

static ll_value known(bool is_known, int64_t value)
{
    return is_known ? ll_int(value) : ll_null();
}

llmlearn_err ll_units_write(ll_connection *connection, uint64_t test, int64_t unit,
                            const ll_unit *state)
{
    const ll_value arguments[] = {
        ll_int((int64_t)test),
        ll_int(unit),
        ll_int(state->arm),
        ll_int(state->contaminated),
        ll_int(state->votes),
        ll_int(state->positive),
        known(state->voted, state->first_positive),
        known(state->first_rating != 0, state->first_rating),
        known(state->voted, state->sequence),
        known(state->voted_us != 0, state->voted_us), /* not of those before there was a column */
        ll_int(state->exposures),
        ll_int(state->failures),
        ll_int(state->latency_us),
        ll_int(state->latency_known),
        ll_int(state->cost_nanousd),
        ll_int(state->cost_known),
    };

    assert(test != 0);
    return ll_connection_run(connection, state->found ? &update_unit : &insert_unit, arguments,
                             LL_ARRAY_COUNT(arguments), NULL, NULL);
}

/* ---- what happens to a unit -------------------------------------------- */

/* A sum that many large values brought to the largest number stops there. */
static void add(int64_t *sum, int64_t value)
{
    if (value < 0)
        value = 0;
    if (value > LL_AB_VALUE_MAX)
        value = LL_AB_VALUE_MAX;
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = INT64_MAX;
}

void ll_unit_expose(ll_unit *unit, const ll_unit_exposure *exposure)
{
    unit->exposures++;
    unit->failures += exposure->failed;
    if (exposure->has_latency) {
        add(&unit->latency_us, llround(exposure->latency_ms * 1e3));
        unit->latency_known++;
    }
    if (exposure->has_cost) {
        add(&unit->cost_nanousd, exposure->cost_nanousd);
        unit->cost_known++;
    }
}

void ll_unit_vote_on(ll_unit *unit, const ll_unit_vote *vote)
{
    unit->votes += vote->votes;
    unit->positive += vote->positive;
    if (unit->voted || !vote->may_be_first)
        return;
    unit->voted = true;
    unit->first_positive = vote->helpful;
    unit->first_rating = vote->rating;
    unit->sequence = vote->sequence;
    unit->voted_us = vote->now_us;
}
