#include "store/units.h"

#include <assert.h>

/* A cost that a single row can bring near the largest number stops there, as in llm_metrics. */
static const ll_statement add_to_arm = {
    "UPDATE llm_ab_arms SET explanations = explanations + ?3, cached = cached + ?4,"
    " fallback = fallback + ?5, rerouted = rerouted + ?6, units = units + ?7,"
    " first_votes = first_votes + ?8, first_positive = first_positive + ?9,"
    " votes = votes + ?10, positive = positive + ?11, rating_count = rating_count + ?12,"
    " rating_sum = rating_sum + ?13, cost_nanousd = CASE"
    " WHEN cost_nanousd > 9223372036854775807 - ?14 THEN 9223372036854775807"
    " ELSE cost_nanousd + ?14 END,"
    " cost_known = cost_known + ?15 WHERE test = ?1 AND arm = ?2"
};
static const ll_statement count_mismatch = {
    "UPDATE llm_ab_tests SET mismatches = mismatches + ?2 WHERE id = ?1"
};
static const ll_statement count_contaminated = {
    "UPDATE llm_ab_tests SET contaminated = contaminated + 1 WHERE id = ?1"
};
static const ll_statement find_unit = {
    "SELECT arm, contaminated, first_vote FROM llm_ab_units WHERE test = ?1 AND unit = ?2"
};
static const ll_statement add_unit = {
    "INSERT INTO llm_ab_units (test, unit, arm) VALUES (?1, ?2, ?3)"
};
static const ll_statement mark_contaminated = {
    "UPDATE llm_ab_units SET contaminated = 1 WHERE test = ?1 AND unit = ?2"
};
static const ll_statement is_running = {
    "SELECT 1 FROM llm_ab_tests WHERE id = ?1 AND status = 'running'"
};
static const ll_statement add_votes = {
    "UPDATE llm_ab_units SET votes = votes + ?3, positive = positive + ?4"
    " WHERE test = ?1 AND unit = ?2"
};
static const ll_statement set_first_vote = {
    "UPDATE llm_ab_units SET first_vote = ?3, sequence = ?4 WHERE test = ?1 AND unit = ?2"
};

llmlearn_err ll_arms_add(ll_connection *connection, uint64_t test, uint32_t arm,
                         const ll_arm_delta *delta)
{
    const ll_value arguments[] = {
        ll_int((int64_t)test),         ll_int(arm),
        ll_int(delta->explanations),   ll_int(delta->cached),
        ll_int(delta->fallback),       ll_int(delta->rerouted),
        ll_int(delta->units),          ll_int(delta->first_votes),
        ll_int(delta->first_positive), ll_int(delta->votes),
        ll_int(delta->positive),       ll_int(delta->rating_count),
        ll_int(delta->rating_sum),     ll_int(delta->cost_nanousd),
        ll_int(delta->cost_known),
    };

    assert(test != 0);
    return ll_connection_run(connection, &add_to_arm, arguments, LL_ARRAY_COUNT(arguments), NULL,
                             NULL);
}

llmlearn_err ll_tests_count_mismatch(ll_connection *connection, uint64_t test, int64_t count)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(count) };

    return ll_connection_run(connection, &count_mismatch, arguments, 2, NULL, NULL);
}

typedef struct unit_state {
    bool found;
    uint32_t arm;
    bool contaminated;
    bool voted;
} unit_state;

static llmlearn_err read_unit(void *context, const ll_row *row)
{
    unit_state *state = context;

    *state = (unit_state){ .found = true,
                           .arm = (uint32_t)ll_row_int(row, 0),
                           .contaminated = ll_row_int(row, 1) != 0,
                           .voted = !ll_row_is_null(row, 2) };
    return LLMLEARN_OK;
}

static llmlearn_err get_unit(ll_connection *connection, uint64_t test, int64_t unit,
                             unit_state *out_state)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(unit) };

    *out_state = (unit_state){ .found = false };
    return ll_connection_run(connection, &find_unit, arguments, 2, read_unit, out_state);
}

static llmlearn_err new_unit(ll_connection *connection, uint64_t test, int64_t unit, uint32_t arm)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(unit), ll_int(arm) };

    return ll_connection_run(connection, &add_unit, arguments, 3, NULL, NULL);
}

static llmlearn_err contaminate(ll_connection *connection, uint64_t test, int64_t unit)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(unit) };
    llmlearn_err err = ll_connection_run(connection, &mark_contaminated, arguments, 2, NULL, NULL);

    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &count_contaminated, arguments, 1, NULL, NULL);
    return err;
}

llmlearn_err ll_units_arrive(ll_connection *connection, uint64_t test, int64_t unit, uint32_t arm,
                             ll_unit_arrival *out_arrival)
{
    unit_state state;
    llmlearn_err err = get_unit(connection, test, unit, &state);

    if (err != LLMLEARN_OK)
        return err;
    if (!state.found) {
        *out_arrival = LL_UNIT_NEW;
        return new_unit(connection, test, unit, arm);
    }
    if (state.arm == arm) {
        *out_arrival = LL_UNIT_KNOWN;
        return LLMLEARN_OK;
    }
    *out_arrival = LL_UNIT_CONTAMINATED;
    return state.contaminated ? LLMLEARN_OK : contaminate(connection, test, unit);
}

static llmlearn_err take_first_vote(ll_connection *connection, uint64_t test, int64_t unit,
                                    int first, int64_t sequence, bool *out_taken)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_int(unit), ll_int(first),
                                   ll_int(sequence) };
    bool running = false;
    int64_t one;
    llmlearn_err err = ll_connection_int(connection, &is_running, arguments, 1, &running, &one);

    if (err == LLMLEARN_OK && running)
        err = ll_connection_run(connection, &set_first_vote, arguments, 4, NULL, NULL);
    *out_taken = err == LLMLEARN_OK && running;
    return err;
}

llmlearn_err ll_units_vote(ll_connection *connection, uint64_t test, int64_t unit, uint32_t arm,
                           int64_t votes, int64_t positive, int first, int64_t sequence,
                           bool *out_first_taken, bool *out_counts)
{
    const ll_value change[] = { ll_int((int64_t)test), ll_int(unit), ll_int(votes),
                                ll_int(positive) };
    unit_state state;
    llmlearn_err err = get_unit(connection, test, unit, &state);

    *out_first_taken = false;
    *out_counts = err == LLMLEARN_OK && (!state.found || state.arm == arm);
    if (err == LLMLEARN_OK && !state.found)
        err = new_unit(connection, test, unit, arm);
    if (err != LLMLEARN_OK || !*out_counts)
        return err;
    err = ll_connection_run(connection, &add_votes, change, 4, NULL, NULL);
    if (err == LLMLEARN_OK && first >= 0 && !state.voted)
        err = take_first_vote(connection, test, unit, first, sequence, out_first_taken);
    return err;
}
