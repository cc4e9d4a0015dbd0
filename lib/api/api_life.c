/* api_life.c - versions, counters and freeing; opening and closing are in handle.c. */
#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"

#include <stdlib.h>

#define TEXT_OF(value) #value
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *llmlearn_version(void)
{
    return VERSION_TEXT(LLMLEARN_VERSION_MAJOR, LLMLEARN_VERSION_MINOR, LLMLEARN_VERSION_PATCH);
}

void llmlearn_free(void *text)
{
    free(text);
}

static void count_ingest(ll_core *core, const ll_journal_state *journal,
                         llmlearn_counters *counters)
{
    ll_ingest_state state;

    if (!atomic_load_explicit(&core->draining, memory_order_acquire))
        return; /* no ingest, or it is just being made */
    ll_ingest_get_state(core->ingest, &state);
    counters->drained = state.drained;
    counters->duplicates = state.duplicates;
    counters->rejected = state.rejected;
    counters->votes = state.votes;
    counters->batches = state.batches;
    counters->store_errors = state.store_errors;
    if (journal->tail != journal->drained)
        counters->lag_ms = state.lag_ms;
}

llmlearn_err llmlearn_get_counters(llmlearn *learner, llmlearn_counters *out_counters)
{
    llmlearn_counters counters = { .struct_size = 0 };
    ll_journal_state journal;
    ll_core *core = NULL;
    llmlearn_err err = ll_arguments_check_out("out_counters", out_counters, sizeof *out_counters);

    if (err == LLMLEARN_OK)
        err = ll_handle_enter_journal(learner, &core);
    if (err != LLMLEARN_OK)
        return err;
    ll_journal_get_state(core->journal, &journal);
    counters.logged = journal.appended;
    counters.full = journal.refused;
    counters.holes = journal.holes;
    counters.foreign_segments = journal.foreign_segments;
    counters.queued_bytes = journal.tail - journal.drained;
    counters.journal_bytes = journal.bytes_max;
    count_ingest(core, &journal, &counters);
    ll_arguments_write(out_counters, &counters, sizeof counters);
    return LLMLEARN_OK;
}
