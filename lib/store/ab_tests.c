#include "store/ab_tests.h"

#include "base/err.h"

#include <assert.h>
#include <string.h>

#define TEST_COLUMNS                                                                               \
    "t.id, t.signal, t.status, t.rule, t.salt, t.champion, t.started_us, t.ended_us,"              \
    " t.duration_min_us, t.duration_max_us, t.trials_min, t.alpha, t.effect_min, t.lift_min,"      \
    " t.rate_planned, t.trials_planned, t.previous, t.contaminated, t.mismatches,"                 \
    " t.srm_ln_e, t.srm_ln_e_max"
#define TEST_COLUMN_COUNT 21

static const ll_statement insert_test = {
    "INSERT INTO llm_ab_tests (signal, status, rule, salt, champion, started_us, duration_min_us,"
    " duration_max_us, trials_min, alpha, effect_min, lift_min, rate_planned, trials_planned,"
    " previous, actor)"
    " VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
};
static const ll_statement end_test = {
    "UPDATE llm_ab_tests SET status = ?2, ended_us = ?3 WHERE id = ?1 AND status = 'running'"
};
static const ll_statement write_sums = {
    "UPDATE llm_ab_tests SET contaminated = ?2, mismatches = ?3, srm_ln_e = ?4,"
    " srm_ln_e_max = ?5 WHERE id = ?1"
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
static const ll_statement list_tests = {
    "SELECT " TEST_COLUMNS ", " LL_AB_ARM_COLUMNS ", n.name, c.version, t.actor, d.id, v.version,"
    " v.status, a.arm, s.receipt, v.hypothesis FROM (SELECT * FROM llm_ab_tests WHERE ?1 = 0 OR "
    "signal = ?1"
    " ORDER BY id DESC LIMIT ?2) t JOIN llm_names n ON n.id = t.signal"
    " JOIN llm_variants c ON c.id = t.champion"
    " LEFT JOIN llm_decisions d ON d.test = t.id AND d.kind = 'verdict'"
    " LEFT JOIN llm_decisions s ON s.signal = t.signal AND s.test = t.id AND s.kind = 'start'"
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

static const char *const rule_names[] = {
    [LLMLEARN_RULE_CLASSIC] = "classic",
    [LLMLEARN_RULE_GROUP_SEQUENTIAL] = "group_sequential",
    [LLMLEARN_RULE_ALWAYS_VALID] = "always_valid",
};

const char *ll_ab_rule_name(int32_t rule)
{
    assert(rule >= LLMLEARN_RULE_CLASSIC && rule <= LLMLEARN_RULE_ALWAYS_VALID);
    return rule_names[rule];
}

/* The place of the name in names[1..last]; 0: nowhere. */
static uint32_t place_of(const char *const *names, uint32_t last, const char *name)
{
    for (uint32_t i = last; i > 0; i--) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    return 0;
}

static llmlearn_err insert_arms(ll_connection *connection, uint64_t test, const ll_ab_arm *arms,
                                uint32_t arm_count)
{
    llmlearn_err err = LLMLEARN_OK;

    for (uint32_t i = 0; i < arm_count && err == LLMLEARN_OK; i++)
        err = ll_ab_arms_insert(connection, test, i, &arms[i]);
    return err;
}

llmlearn_err ll_ab_tests_insert(ll_connection *connection, const ll_ab_test *test,
                                const ll_ab_arm *arms, uint32_t arm_count, const char *actor,
                                uint64_t *out_id)
{
    const ll_value row[] = {
        ll_int(test->signal),
        ll_string(ll_ab_rule_name(test->rule)),
        ll_blob(test->salt, sizeof test->salt),
        ll_int(test->champion),
        ll_int(test->started_us),
        ll_int(test->duration_min_us),
        ll_int(test->duration_max_us),
        ll_int(test->trials_min),
        ll_real(test->alpha),
        ll_real(test->effect_min),
        ll_real(test->lift_min),
        ll_real(test->rate_planned),
        ll_int(test->trials_planned),
        test->previous != 0 ? ll_int(test->previous) : ll_null(),
        ll_string(actor),
    };
    ll_ab_test running;

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

llmlearn_err ll_ab_tests_write_sums(ll_connection *connection, const ll_ab_test *test)
{
    const ll_value arguments[] = { ll_int((int64_t)test->id), ll_int(test->contaminated),
                                   ll_int(test->mismatches), ll_real(test->srm_ln_e),
                                   ll_real(test->srm_ln_e_max) };

    return ll_connection_run(connection, &write_sums, arguments, LL_ARRAY_COUNT(arguments), NULL,
                             NULL);
}

static llmlearn_err read_test(void *context, const ll_row *row)
{
    ll_ab_test *test = context;
    size_t bytes = 0;
    uint32_t status = place_of(status_names, LL_AB_STOPPED, ll_row_text(row, 2, &bytes));
    uint32_t rule = place_of(rule_names, LLMLEARN_RULE_ALWAYS_VALID, ll_row_text(row, 3, &bytes));
    const void *salt = ll_row_blob(row, 4, &bytes);

    if (bytes != sizeof test->salt || status == 0 || rule == 0)
        return ll_fail(LLMLEARN_ECORRUPT,
                       "llm_ab_tests: test %lld has an impossible status, rule or salt",
                       (long long)ll_row_int(row, 0));
    *test = (ll_ab_test){
        .id = (uint64_t)ll_row_int(row, 0),
        .signal = ll_row_int(row, 1),
        .status = (ll_ab_status)status,
        .rule = (int32_t)rule,
        .champion = ll_row_int(row, 5),
        .started_us = ll_row_int(row, 6),
        .ended_us = ll_row_int(row, 7),
        .duration_min_us = ll_row_int(row, 8),
        .duration_max_us = ll_row_int(row, 9),
        .trials_min = ll_row_int(row, 10),
        .alpha = ll_row_real(row, 11),
        .effect_min = ll_row_real(row, 12),
        .lift_min = ll_row_real(row, 13),
        .rate_planned = ll_row_real(row, 14),
        .trials_planned = ll_row_int(row, 15),
        .previous = ll_row_int(row, 16),
        .contaminated = ll_row_int(row, 17),
        .mismatches = ll_row_int(row, 18),
        .srm_ln_e = ll_row_real(row, 19),
        .srm_ln_e_max = ll_row_real(row, 20),
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

typedef struct listing {
    ll_ab_listed_fn each;
    void *context;
} listing;

static llmlearn_err read_listed(void *context, const ll_row *row)
{
    const listing *l = context;
    const int names = TEST_COLUMN_COUNT + LL_AB_ARM_COLUMN_COUNT;
    size_t bytes = 0;
    ll_ab_listed listed = {
        .signal = ll_row_text(row, names, &bytes),
        .champion = ll_row_text(row, names + 1, &bytes),
        .actor = ll_row_text(row, names + 2, &bytes),
        .decision = (uint64_t)ll_row_int(row, names + 3),
        .version = ll_row_text(row, names + 4, &bytes),
        .status = ll_row_text(row, names + 5, &bytes),
        .arm = (uint32_t)ll_row_int(row, names + 6),
        .plan = ll_row_text(row, names + 7, &bytes),
        .hypothesis = ll_row_text(row, names + 8, &bytes),
    };
    llmlearn_err err = read_test(&listed.test, row);

    if (err == LLMLEARN_OK)
        err = ll_ab_arms_of_row(row, TEST_COLUMN_COUNT, &listed.sums);
    return err == LLMLEARN_OK ? l->each(l->context, &listed) : err;
}

llmlearn_err ll_ab_tests_list(ll_connection *connection, int64_t signal, uint32_t limit,
                              ll_ab_listed_fn each, void *context)
{
    return ll_connection_run(connection, &list_tests, (ll_value[]){ ll_int(signal), ll_int(limit) },
                             2, read_listed, &(listing){ each, context });
}
