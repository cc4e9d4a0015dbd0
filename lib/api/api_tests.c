/* The header's section "tests". */
#include "api/arguments.h"
#include "api/change.h"
#include "api/test_plan.h"
#include "base/err.h"
#include "experiment/start.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ACTOR_BYTES_MAX 256u
#define ACTOR_DEFAULT "api"
#define WEIGHTS_SLACK 1e-6
#define FLAGS_KNOWN (LLMLEARN_AB_NO_MINIMUM_DURATION | LLMLEARN_AB_KEEP_PREVIOUS)
/* The struct as it was first released, without lift_min. */
#define TEST_BYTES_MIN offsetof(llmlearn_ab_test, lift_min)

/* ---- start: what is allowed -------------------------------------------- */

static llmlearn_err check_arm(const llmlearn_ab_test *t, uint32_t i)
{
    if (ll_argument_name("arms[].version", t->arms[i].version, true) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (!(t->arms[i].weight > 0)) /* NaN too */
        return ll_fail(LLMLEARN_EINVAL, "arms[%u].weight: %g; each must be more than 0", i,
                       t->arms[i].weight);
    for (uint32_t j = 0; j < i; j++) {
        if (strcmp(t->arms[i].version, t->arms[j].version) == 0)
            return ll_fail(LLMLEARN_EINVAL, "arms[%u].version: %s is arm %u already", i,
                           t->arms[i].version, j);
    }
    return LLMLEARN_OK;
}

static llmlearn_err check_arms(const llmlearn_ab_test *t)
{
    double sum = 0;

    if (t->arms == NULL || t->arm_count < 2 || t->arm_count > LLMLEARN_ARMS_MAX)
        return ll_fail(LLMLEARN_EINVAL, "arms: %u; 2 to %d are required",
                       t->arms == NULL ? 0 : t->arm_count, LLMLEARN_ARMS_MAX);
    for (uint32_t i = 0; i < t->arm_count; i++) {
        llmlearn_err err = check_arm(t, i);
        if (err != LLMLEARN_OK)
            return err;
        sum += t->arms[i].weight;
    }
    if (!(fabs(sum - 1) <= WEIGHTS_SLACK))
        return ll_fail(LLMLEARN_EINVAL,
                       "arms[].weight: they sum to %.9g; 1 within 1e-6 is required", sum);
    return LLMLEARN_OK;
}

static llmlearn_err check_test(const llmlearn_ab_test *t)
{
    llmlearn_err err = LLMLEARN_OK;

    if ((t->flags & ~FLAGS_KNOWN) != 0 || t->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL,
                       "flags, reserved: 0x%x and %u; only LLMLEARN_AB_NO_MINIMUM_DURATION and"
                       " LLMLEARN_AB_KEEP_PREVIOUS are allowed, and 0",
                       t->flags, t->reserved);
    if (ll_argument_signal("signal", t->signal) == SIZE_MAX ||
        ll_argument_text("actor", t->actor, false, 1, ACTOR_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    err = check_arms(t);
    return err == LLMLEARN_OK ? ll_test_plan_check(t) : err;
}

/* ---- start: the job ---------------------------------------------------- */

typedef struct start_job {
    ll_job job;
    ll_start start;
    char *signal, *actor, *baseline;
    char *versions[LLMLEARN_ARMS_MAX];
    double weights[LLMLEARN_ARMS_MAX];
    uint64_t test_id; /* the result */
} start_job;

static void destroy_start(ll_job *job)
{
    start_job *s = (start_job *)job;

    for (uint32_t i = 0; i < LLMLEARN_ARMS_MAX; i++)
        free(s->versions[i]);
    free(s->signal);
    free(s->actor);
    free(s->baseline);
    free(s);
}

static llmlearn_err run_start(ll_job *job, const ll_write *write)
{
    start_job *s = (start_job *)job;
    ll_start start = s->start;

    start.signal = s->signal;
    start.actor = s->actor;
    start.baseline = s->baseline;
    start.versions = (const char *const *)s->versions;
    start.weights = s->weights;
    start.now_us = write->now_us;
    job->changes_config = true;
    return ll_start_test(write->connection, &start, &s->test_id);
}

static start_job *copy_test(const llmlearn_ab_test *t, const char *baseline)
{
    start_job *s = (start_job *)ll_job_new(sizeof *s, run_start, destroy_start);
    bool failed = false;

    if (s == NULL)
        return NULL;
    s->signal = ll_argument_copy(t->signal, &failed);
    s->actor = ll_argument_copy(t->actor == NULL ? ACTOR_DEFAULT : t->actor, &failed);
    s->baseline = ll_argument_copy(baseline, &failed);
    for (uint32_t i = 0; i < t->arm_count; i++) {
        s->versions[i] = ll_argument_copy(t->arms[i].version, &failed);
        s->weights[i] = t->arms[i].weight;
    }
    s->start.arm_count = t->arm_count;
    s->start.keep_previous = (t->flags & LLMLEARN_AB_KEEP_PREVIOUS) != 0;
    if (!failed)
        return s;
    ll_job_release(&s->job);
    return NULL;
}

llmlearn_err llmlearn_start_ab_test(llmlearn *learner, const llmlearn_ab_test *test,
                                    uint64_t *out_test_id)
{
    llmlearn_ab_test t;
    ll_core *core = NULL;
    ll_deadline deadline;
    llmlearn_err err = ll_arguments_read("test", test, TEST_BYTES_MIN, &t, sizeof t);

    if (err != LLMLEARN_OK)
        return err;
    deadline = ll_handle_deadline(t.deadline_ms);
    err = ll_handle_enter(learner, deadline, &core);
    if (err == LLMLEARN_OK)
        err = check_test(&t);
    if (err != LLMLEARN_OK)
        return err;
    start_job *s = copy_test(&t, ll_handle_settings(learner)->baseline);
    if (s == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the test");
    err = ll_test_plan_make(&t, &s->start.test);
    if (err == LLMLEARN_OK)
        err = ll_handle_submit(learner, &s->job, deadline);
    if (err == LLMLEARN_OK && out_test_id != NULL)
        *out_test_id = s->test_id;
    ll_job_release(&s->job);
    return err;
}

/* ---- by hand ----------------------------------------------------------- */

static llmlearn_err stop(const ll_change *change, const ll_change_request *request)
{
    return ll_promote_stop(change, request->test);
}

llmlearn_err llmlearn_stop_ab_test(llmlearn *learner, uint64_t test_id, const char *actor,
                                   const char *reason, uint32_t deadline_ms)
{
    const ll_change_request request = { .actor = actor, .reason = reason, .test = test_id };

    return ll_change_submit(learner, &request, deadline_ms, stop);
}

static llmlearn_err promote(const ll_change *change, const ll_change_request *request)
{
    return ll_promote_by_hand(change, request->version);
}

llmlearn_err llmlearn_promote_variant(llmlearn *learner, const char *signal, const char *version,
                                      const char *actor, const char *reason, uint32_t deadline_ms)
{
    const ll_change_request request = {
        .signal = signal, .version = version, .actor = actor, .reason = reason
    };

    if (ll_argument_signal("signal", signal) == SIZE_MAX ||
        ll_argument_name("version", version, true) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return ll_change_submit(learner, &request, deadline_ms, promote);
}

static llmlearn_err roll_back(const ll_change *change, const ll_change_request *request)
{
    (void)request;
    return ll_promote_rollback(change);
}

llmlearn_err llmlearn_rollback(llmlearn *learner, const char *signal, const char *actor,
                               const char *reason, uint32_t deadline_ms)
{
    const ll_change_request request = { .signal = signal, .actor = actor, .reason = reason };

    if (ll_argument_signal("signal", signal) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    return ll_change_submit(learner, &request, deadline_ms, roll_back);
}
