/* The header's section "tests": how they are decided, and decided again. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "experiment/replay.h"
#include "experiment/select.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The struct as it was first released. */
#define DECISION_BYTES_MIN offsetof(llmlearn_decision, ln_e_value)

typedef struct select_job {
    ll_job job;
    ll_experiment *experiment;
    char *signal;
    bool promote;
    ll_selection selection;
    llmlearn_decision decision; /* the result; its receipt is still the selection's */
} select_job;

static void destroy_select(ll_job *job)
{
    select_job *s = (select_job *)job;

    free(s->selection.receipt_json);
    free(s->signal);
    free(s);
}

/* The selection as the caller's struct. Before the commit: after it nothing may fail. */
static llmlearn_err tell(select_job *s)
{
    const ll_receipt *told = &s->selection.told;
    const char *status = NULL, *winner = NULL;
    llmlearn_err err =
        ll_experiment_intern(s->experiment, told->status, strlen(told->status), &status);

    if (err == LLMLEARN_OK && told->verdict == LLMLEARN_WINNER)
        err = ll_experiment_intern(s->experiment, told->winner, strlen(told->winner), &winner);
    s->decision = (llmlearn_decision){
        .verdict = (int32_t)told->verdict, /* an enumeration is unsigned for clang */
        .winner = winner,
        .status = status,
        .receipt_json = s->selection.receipt_json,
        .decision_id = s->selection.decision,
        .p_value = told->p_value,
        .effect = told->cramers_v,
        .promotable = told->promotable,
        .promoted = told->promoted,
        .ln_e_value = told->ln_e_value,
        .days_left = told->days_left,
        .cannot_finish = told->cannot_finish,
        .looks = told->looks,
    };
    return err;
}

static llmlearn_err run_select(ll_job *job, const ll_write *write)
{
    select_job *s = (select_job *)job;
    bool open = false;

    if (!job->drained) {
        llmlearn_err found = ll_select_is_open(write->connection, s->signal, &open);
        if (found != LLMLEARN_OK || open)
            return found != LLMLEARN_OK ? found : LL_JOB_AGAIN_AFTER_DRAIN;
    }
    free(s->selection.receipt_json);
    s->selection = (ll_selection){ .decision = 0 };
    llmlearn_err err = ll_select_winner(write->connection, s->signal, s->promote, write->now_us,
                                        *write->vote_sequence, &s->selection);
    job->changes_config = s->selection.changed;
    return err == LLMLEARN_OK ? tell(s) : err;
}

static select_job *new_select(ll_experiment *experiment, const char *signal, bool promote)
{
    select_job *s = (select_job *)ll_job_new(sizeof *s, run_select, destroy_select);
    bool failed = false;

    if (s == NULL)
        return NULL;
    s->signal = ll_argument_copy(signal, &failed);
    s->experiment = experiment;
    s->promote = promote;
    if (!failed)
        return s;
    ll_job_release(&s->job);
    return NULL;
}

llmlearn_err llmlearn_select_winner(llmlearn *learner, const char *signal, uint32_t flags,
                                    uint32_t deadline_ms, llmlearn_decision *out_decision)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    llmlearn_err err = ll_arguments_check_out("out_decision", out_decision, DECISION_BYTES_MIN);

    if (err == LLMLEARN_OK)
        err = ll_handle_enter(learner, deadline, &core);
    if (err != LLMLEARN_OK)
        return err;
    if (ll_argument_signal("signal", signal) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if ((flags & ~LLMLEARN_PROMOTE) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: 0x%x has unknown bits; allowed is LLMLEARN_PROMOTE",
                       flags);
    select_job *s = new_select(core->experiment, signal, (flags & LLMLEARN_PROMOTE) != 0);
    if (s == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the call");
    err = ll_handle_submit(learner, &s->job, deadline);
    if (err == LLMLEARN_OK) {
        ll_arguments_write(out_decision, &s->decision, sizeof s->decision);
        s->selection.receipt_json = NULL; /* the caller's now */
    }
    ll_job_release(&s->job);
    return err;
}

/* ---- replay ------------------------------------------------------------ */

llmlearn_err llmlearn_replay_decision(llmlearn *learner, uint64_t decision_id, uint32_t deadline_ms,
                                      char **out_json)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    ll_connection *connection = NULL;
    llmlearn_err err = ll_handle_enter(learner, deadline, &core);

    if (err != LLMLEARN_OK)
        return err;
    if (out_json == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_json: NULL; where to put the report is required");
    err = ll_store_read_begin(core->store, deadline, &connection);
    if (err != LLMLEARN_OK)
        return err;
    err = ll_replay_decision(connection, decision_id, out_json);
    ll_store_read_end(core->store);
    return err;
}
