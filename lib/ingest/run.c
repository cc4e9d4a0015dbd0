#include "ingest/run.h"

#include "base/err.h"

/* Runs one job. A failure of the disk, or of memory, is one of the whole transaction. */
static llmlearn_err run_unmarked(ll_job *job, const ll_write *write)
{
    int64_t vote_sequence = *write->vote_sequence;
    llmlearn_err outcome = job->run(job, write);

    if (outcome != LLMLEARN_OK)
        *write->vote_sequence = vote_sequence; /* what is undone is no vote */
    if (outcome > 0)
        job->report.err = outcome;
    else
        ll_err_capture(outcome, &job->report);
    if (outcome == LLMLEARN_ENOMEM || outcome == LLMLEARN_EIO || outcome == LLMLEARN_EFULL)
        return outcome;
    return LLMLEARN_OK;
}

static llmlearn_err run_marked(ll_job *job, const ll_write *write)
{
    llmlearn_err err = ll_connection_mark(write->connection);

    if (err == LLMLEARN_OK)
        err = run_unmarked(job, write);
    if (err != LLMLEARN_OK)
        return err;
    return job->report.err == LLMLEARN_OK ? ll_connection_keep(write->connection)
                                          : ll_connection_undo(write->connection);
}

llmlearn_err ll_run_job(ll_job *job, const ll_write *write, bool with_mark, bool *out_torn)
{
    int64_t changes = ll_connection_all_changes(write->connection);
    llmlearn_err err;

    if (with_mark || !job->checks_first)
        return run_marked(job, write);
    err = run_unmarked(job, write);
    *out_torn =
        job->report.err != LLMLEARN_OK && ll_connection_all_changes(write->connection) != changes;
    return err;
}
