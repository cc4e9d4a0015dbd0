#include "store/ab_tests.h"

#include "base/err.h"

#include <assert.h>
#include <string.h>

#define TEST_COLUMNS                                                                               \
    "t.id, t.signal, t.status, t.rule, t.salt, t.champion, t.started_us, t.ended_us,"              \
    " t.duration_min_us, t.duration_max_us, t.trials_min, t.alpha, t.effect_min, t.contaminated,"  \
    " t.mismatches"
#define TEST_COLUMN_COUNT 15
#define ARM_COLUMNS                                                                                \
    "a.arm, a.variant, a.weight, a.explanations, a.cached, a.fallback, a.rerouted, a.units,"       \
    " a.first_votes, a.first_positive, a.votes, a.positive, a.rating_count, a.rating_sum,"         \
    " a.cost_nanousd, a.cost_known"
#define ARM_COLUMN_COUNT 16

static const ll_statement insert_test = {
    "INSERT INTO llm_ab_tests (signal, status, rule, salt, champion, started_us, duration_min_us,"
    " duration_max_us, trials_min, alpha, effect_min, actor)"
    " VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
};
static const ll_statement insert_arm = {
    "INSERT INTO llm_ab_arms (test, arm, variant, weight) VALUES (?1, ?2, ?3, ?4)"
};
static const ll_statement end_test = {
    "UPDATE llm_ab_tests SET status = ?2, ended_us = ?3 WHERE id = ?1 AND status = 'running'"
};
static const ll_statement get_test = { "SELECT " TEST_COLUMNS
                                       " FROM llm_ab_tests t WHERE t.id = ?1" };
static const ll_statement get_running = {
    "SELECT " TEST_COLUMNS " FROM llm_ab_tests t WHERE t.signal = ?1 AND t.status = 'running'"
};
static const ll_statement get_last = {
    "SELECT " TEST_COLUMNS " FROM llm_ab_tests t WHERE t.signal = ?1 ORDER BY t.id DESC LIMIT 1"
};
static const ll_statement get_newest = { "SELECT max(id) FROM llm_ab_tests" };
static const ll_statement get_arms = { "SELECT " ARM_COLUMNS
                                       " FROM llm_ab_arms a WHERE a.test = ?1 ORDER BY a.arm" };
static const ll_statement list_tests = {
    "SELECT " TEST_COLUMNS ", " ARM_COLUMNS ", n.name, c.version, t.actor, d.id, v.version,"
    " v.status FROM (SELECT * FROM llm_ab_tests WHERE ?1 = 0 OR signal = ?1"
    " ORDER BY id DESC LIMIT ?2) t JOIN llm_names n ON n.id = t.signal"
    " JOIN llm_variants c ON c.id = t.champion"
    " LEFT JOIN llm_decisions d ON d.test = t.id AND d.kind = 'verdict'"
    " JOIN llm_ab_arms a ON a.test = t.id JOIN llm_variants v ON v.id = a.variant"
    " ORDER BY t.id DESC, a.arm"
};

static const char *const status_names[] = {
    [LL_AB_RUNNING] = "running", [LL_AB_DECIDED] = "decided", [LL_AB_STOPPED] = "stopped"
};

const char *ll_ab_status_name(ll_ab_status status)
{
    assert(status >= LL_AB_RUNNING && status <= LL_AB_STOPPED);
    return status_names[status];
}

static ll_ab_status status_of_name(const char *name)
{
    for (uint32_t i = LL_AB_RUNNING; i < LL_AB_STOPPED; i++) {
        if (strcmp(name, status_names[i]) == 0)
            return (ll_ab_status)i;
    }
    return LL_AB_STOPPED;
}

static llmlearn_err insert_arms(ll_connection *connection, uint64_t test, const ll_ab_arm *arms,
                                uint32_t arm_count)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++) {
        const ll_value arguments[] = { ll_int((int64_t)test), ll_int(i), ll_int(arms[i].variant),
                                       ll_real(arms[i].weight) };
        err = ll_connection_run(connection, &insert_arm, arguments, 4, NULL, NULL);
    }
    return err;
}

llmlearn_err ll_ab_tests_insert(ll_connection *connection, const ll_ab_test *test,
                                const ll_ab_arm *arms, uint32_t arm_count, const char *actor,
                                uint64_t *out_id)
{
    const ll_value row[] = {
        ll_int(test->signal),
        ll_string("classic"),
        ll_blob(test->salt, sizeof test->salt),
        ll_int(test->champion),
        ll_int(test->started_us),
        ll_int(test->duration_min_us),
        ll_int(test->duration_max_us),
        ll_int(test->trials_min),
        ll_real(test->alpha),
        ll_real(test->effect_min),
        ll_string(actor),
    };
    ll_ab_test running;

    assert(test->rule == LLMLEARN_RULE_CLASSIC);
    assert(arm_count >= 2 && arm_count <= LLMLEARN_ARMS_MAX);
    llmlearn_err err = ll_ab_tests_running(connection, test->signal, &running);
    if (err == LLMLEARN_OK && running.id != 0)
        err = ll_fail(LLMLEARN_EEXIST,
                      "signal: test %llu is running for it; select its winner or stop it first",
                      (unsigned long long)running.id);
    if (err == LLMLEARN_OK)
        err = ll_connection_run(connection, &insert_test, row, LL_ARRAY_COUNT(row), NULL, NULL);
    if (err != LLMLEARN_OK)
        return err;

    uint64_t id = (uint64_t)ll_connection_last_row(connection);
    err = insert_arms(connection, id, arms, arm_count);
    if (err == LLMLEARN_OK)
        *out_id = id;
    return err;
}

llmlearn_err ll_ab_tests_end(ll_connection *connection, uint64_t test, ll_ab_status status,
                             int64_t now_us)
{
    const ll_value arguments[] = { ll_int((int64_t)test), ll_string(ll_ab_status_name(status)),
                                   ll_int(now_us) };

    assert(status != LL_AB_RUNNING);
    llmlearn_err err = ll_connection_run(connection, &end_test, arguments, 3, NULL, NULL);
    assert(err != LLMLEARN_OK || ll_connection_changes(connection) == 1);
    return err;
}

static llmlearn_err read_test(void *context, const ll_row *row)
{
    ll_ab_test *test = context;
    size_t bytes = 0;
    const void *salt = ll_row_blob(row, 4, &bytes);

    if (bytes != sizeof test->salt)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_tests: a salt of %zu bytes", bytes);
    *test = (ll_ab_test){
        .id = (uint64_t)ll_row_int(row, 0),
        .signal = ll_row_int(row, 1),
        .status = status_of_name(ll_row_text(row, 2, &bytes)),
        .rule = LLMLEARN_RULE_CLASSIC, /* the only word this release writes */
        .champion = ll_row_int(row, 5),
        .started_us = ll_row_int(row, 6),
        .ended_us = ll_row_int(row, 7),
        .duration_min_us = ll_row_int(row, 8),
        .duration_max_us = ll_row_int(row, 9),
        .trials_min = ll_row_int(row, 10),
        .alpha = ll_row_real(row, 11),
        .effect_min = ll_row_real(row, 12),
        .contaminated = ll_row_int(row, 13),
        .mismatches = ll_row_int(row, 14),
    };
    memcpy(test->salt, salt, sizeof test->salt);
    return LLMLEARN_OK;
}

static llmlearn_err read_one(ll_connection *connection, const ll_statement *statement, int64_t key,
                             ll_ab_test *out)
{
    *out = (ll_ab_test){ .id = 0 };
    return ll_connection_run(connection, statement, (ll_value[]){ ll_int(key) }, 1, read_test, out);
}

llmlearn_err ll_ab_tests_get(ll_connection *connection, uint64_t id, ll_ab_test *out_test)
{
    return read_one(connection, &get_test, (int64_t)id, out_test);
}

llmlearn_err ll_ab_tests_last(ll_connection *connection, int64_t signal, ll_ab_test *out_test)
{
    return read_one(connection, &get_last, signal, out_test);
}

llmlearn_err ll_ab_tests_running(ll_connection *connection, int64_t signal, ll_ab_test *out_test)
{
    return read_one(connection, &get_running, signal, out_test);
}

llmlearn_err ll_ab_tests_newest(ll_connection *connection, uint64_t *out_id)
{
    int64_t id = 0;
    llmlearn_err err = ll_connection_int(connection, &get_newest, NULL, 0, NULL, &id);

    if (err == LLMLEARN_OK)
        *out_id = (uint64_t)id;
    return err;
}

typedef struct arm_list {
    ll_ab_arm *arms;
    uint32_t count;
} arm_list;

static ll_ab_arm arm_of_row(const ll_row *row, int first)
{
    return (ll_ab_arm){
        .variant = ll_row_int(row, first + 1),
        .weight = ll_row_real(row, first + 2),
        .explanations = ll_row_int(row, first + 3),
        .cached = ll_row_int(row, first + 4),
        .fallback = ll_row_int(row, first + 5),
        .rerouted = ll_row_int(row, first + 6),
        .units = ll_row_int(row, first + 7),
        .first_votes = ll_row_int(row, first + 8),
        .first_positive = ll_row_int(row, first + 9),
        .votes = ll_row_int(row, first + 10),
        .positive = ll_row_int(row, first + 11),
        .rating_count = ll_row_int(row, first + 12),
        .rating_sum = ll_row_int(row, first + 13),
        .cost_nanousd = ll_row_int(row, first + 14),
        .cost_known = ll_row_int(row, first + 15),
    };
}

static llmlearn_err read_arm(void *context, const ll_row *row)
{
    arm_list *list = context;

    if (list->count == LLMLEARN_ARMS_MAX || ll_row_int(row, 0) != list->count)
        return ll_fail(LLMLEARN_ECORRUPT, "llm_ab_arms: arm %lld stands at place %u",
                       (long long)ll_row_int(row, 0), list->count);
    list->arms[list->count++] = arm_of_row(row, 0);
    return LLMLEARN_OK;
}

llmlearn_err ll_ab_arms_read(ll_connection *connection, uint64_t test, ll_ab_arm *out_arms,
                             uint32_t *out_count)
{
    arm_list list = { .arms = out_arms };
    llmlearn_err err = ll_connection_run(connection, &get_arms,
                                         (ll_value[]){ ll_int((int64_t)test) }, 1, read_arm, &list);

    if (err == LLMLEARN_OK)
        *out_count = list.count;
    return err;
}

typedef struct listing {
    ll_ab_listed_fn each;
    void *context;
} listing;

static llmlearn_err read_listed(void *context, const ll_row *row)
{
    const listing *l = context;
    const int names = TEST_COLUMN_COUNT + ARM_COLUMN_COUNT;
    size_t bytes = 0;
    ll_ab_listed listed = {
        .signal = ll_row_text(row, names, &bytes),
        .champion = ll_row_text(row, names + 1, &bytes),
        .actor = ll_row_text(row, names + 2, &bytes),
        .decision = (uint64_t)ll_row_int(row, names + 3),
        .arm = (uint32_t)ll_row_int(row, TEST_COLUMN_COUNT),
        .sums = arm_of_row(row, TEST_COLUMN_COUNT),
        .version = ll_row_text(row, names + 4, &bytes),
        .status = ll_row_text(row, names + 5, &bytes),
    };
    llmlearn_err err = read_test(&listed.test, row);

    return err == LLMLEARN_OK ? l->each(l->context, &listed) : err;
}

llmlearn_err ll_ab_tests_list(ll_connection *connection, int64_t signal, uint32_t limit,
                              ll_ab_listed_fn each, void *context)
{
    return ll_connection_run(connection, &list_tests, (ll_value[]){ ll_int(signal), ll_int(limit) },
                             2, read_listed, &(listing){ each, context });
}
