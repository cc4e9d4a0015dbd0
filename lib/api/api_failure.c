/* The header's section "tests": failures of which no explanation is logged. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "ingest/failure.h"

#include <stdlib.h>
#include <string.h>

#define UNIT_BYTES_MAX 256u

typedef struct failure_job {
    ll_job job;
    ll_experiment *experiment;
    ll_failure failure;
    char *unit;
} failure_job;

static void destroy(ll_job *job)
{
    failure_job *f = (failure_job *)job;

    free(f->unit);
    free(f);
}

/* Is the unit one of the arm's? Tests and arms that there are not are failure.h's to refuse. */
static llmlearn_err check_unit(const failure_job *f, ll_connection *connection)
{
    const char *unit = f->unit;
    uint32_t arm = 0;
    bool known = false;

    if (unit == NULL)
        return LLMLEARN_OK;
    llmlearn_err err = ll_experiment_arm_of_unit(f->experiment, connection, f->failure.test, unit,
                                                 strlen(unit), &known, &arm);
    if (err != LLMLEARN_OK || !known || arm == f->failure.arm)
        return err;
    return ll_fail(LLMLEARN_EINVAL, "unit: it belongs to arm %u of test %llu, not to arm %u", arm,
                   (unsigned long long)f->failure.test, f->failure.arm);
}

/* That there is such an arm of a running test is checked first: it is the graver mistake. */
static llmlearn_err run(ll_job *job, const ll_write *write)
{
    const failure_job *f = (const failure_job *)job;
    llmlearn_err err = ll_failure_check(write, &f->failure);

    if (err == LLMLEARN_OK)
        err = check_unit(f, write->connection);
    return err == LLMLEARN_OK ? ll_failure_count(write, &f->failure) : err;
}

static failure_job *new_failure(ll_experiment *experiment, const ll_failure *failure)
{
    failure_job *f = (failure_job *)ll_job_new(sizeof *f, run, destroy);
    bool failed = false;

    if (f == NULL)
        return NULL;
    f->unit = ll_argument_copy(failure->unit, &failed);
    f->experiment = experiment;
    f->failure = *failure;
    f->failure.unit = f->unit;
    f->job.checks_first = f->job.through_sums = true;
    if (!failed)
        return f;
    ll_job_release(&f->job);
    return NULL;
}

llmlearn_err llmlearn_report_failure(llmlearn *learner, uint64_t test_id, uint32_t arm,
                                     const char *unit, uint32_t deadline_ms)
{
    const ll_failure failure = { .test = test_id, .arm = arm, .unit = unit };
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(learner, deadline, &core);

    if (err != LLMLEARN_OK)
        return err;
    if (ll_argument_text("unit", unit, false, 1, UNIT_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (test_id == 0 || test_id > INT64_MAX)
        return ll_fail(LLMLEARN_ENOTFOUND, "test_id: there is no test %llu",
                       (unsigned long long)test_id);
    failure_job *f = new_failure(core->experiment, &failure);
    if (f == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the call");
    err = ll_handle_submit(learner, &f->job, deadline);
    ll_job_release(&f->job);
    return err;
}
