/* The header's section "tests": a test's own traffic, drawn again. */
#include "api/handle.h"
#include "base/err.h"
#include "experiment/look.h"
#include "experiment/self_check.h"
#include "store/names.h"

#include <stdlib.h>

#define RUNS_DEFAULT 1000u
#define RUNS_MAX 10000u

/* What is read of a test before it is drawn. */
typedef struct material {
    ll_decide_input in;
    char signal[LL_NAME_BYTES_MAX + 1];
    ll_ab_vote *votes;
    uint32_t vote_count;
} material;

static llmlearn_err read_material(ll_connection *connection, uint64_t test_id, int64_t now_us,
                                  material *m)
{
    ll_ab_test test = { .id = 0 };
    llmlearn_err err = LLMLEARN_OK;

    if (test_id <= INT64_MAX)
        err = ll_ab_tests_get(connection, test_id, &test);
    if (err == LLMLEARN_OK && test.id == 0)
        err = ll_fail(LLMLEARN_ENOTFOUND, "test_id: there is no test %llu",
                      (unsigned long long)test_id);
    if (err == LLMLEARN_OK)
        err = ll_look_read(connection, &test, now_us, 0, &m->in);
    if (err == LLMLEARN_OK)
        err = ll_names_get(connection, test.signal, m->signal);
    if (err == LLMLEARN_OK)
        err = ll_ab_votes_read(connection, test_id, LL_SELF_CHECK_VOTES_MAX, &m->votes,
                               &m->vote_count);
    if (err == LLMLEARN_OK && m->vote_count == 0)
        err = ll_fail(LLMLEARN_ESTATE, "test_id: nobody has voted in test %llu yet",
                      (unsigned long long)test_id);
    return err;
}

static llmlearn_err check(const material *m, uint32_t runs, ll_deadline deadline, char **out_json)
{
    ll_self_check found;
    llmlearn_err err = ll_self_check_run(&m->in, m->votes, m->vote_count, runs, deadline, &found);

    if (err == LLMLEARN_OK && found.runs == 0)
        err = ll_fail(LLMLEARN_ETIMEDOUT, "deadline_ms: it passed before one run was made");
    return err == LLMLEARN_OK
               ? ll_self_check_write(&m->in, m->signal, m->vote_count, &found, out_json)
               : err;
}

llmlearn_err llmlearn_self_check(llmlearn *learner, uint64_t test_id, uint32_t runs,
                                 uint32_t deadline_ms, char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_connection *connection = NULL;
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(learner, deadline, &core);

    if (err != LLMLEARN_OK)
        return err;
    if (runs > RUNS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "runs: %u; at most 10,000 are allowed, and 0 for 1,000",
                       runs);
    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    material *m = calloc(1, sizeof *m);
    if (m == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "out of memory to draw a test again");
    err = ll_store_read_begin(core->store, deadline, &connection);
    if (err == LLMLEARN_OK) {
        err = read_material(connection, test_id,
                            ll_clock_now_us(&ll_handle_settings(learner)->clock), m);
        ll_store_read_end(core->store);
    }
    if (err == LLMLEARN_OK)
        err = check(m, runs == 0 ? RUNS_DEFAULT : runs, deadline, out_json);
    free(m->votes);
    free(m);
    return err;
}
