#include "api/generate_store.h"

#include "api/arguments.h"
#include "base/err.h"
#include "store/lineage.h"
#include "store/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ll_generate_version(int64_t generation, size_t place, char out[LL_GENERATED_VERSION_BYTES])
{
    snprintf(out, LL_GENERATED_VERSION_BYTES, "g%lld.%zu", (long long)generation, place + 1);
}

llmlearn_err ll_generate_find_place(ll_connection *connection, int64_t signal, int64_t generation,
                                    size_t count, size_t *out_place)
{
    size_t first = 0;

    for (size_t place = 0; place < first + count; place++) {
        char version[LL_GENERATED_VERSION_BYTES];
        ll_variant found = { .id = 0 };

        ll_generate_version(generation, place, version);
        llmlearn_err err = ll_variants_find(connection, signal, version, strlen(version), &found);
        if (err != LLMLEARN_OK)
            return err;
        if (found.id != 0)
            first = place + 1;
    }
    *out_place = first;
    return LLMLEARN_OK;
}

static llmlearn_err intern_model(ll_connection *connection, const char *model, int64_t *out_id)
{
    return ll_names_intern(connection, LL_NAME_MODEL, model, strlen(model), out_id);
}

/* Submits and lets go of the job, which has a result only if that is LLMLEARN_OK. */
static llmlearn_err submit(llmlearn *learner, ll_job *job, bool no_memory, ll_deadline deadline)
{
    if (job == NULL || no_memory)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for what a model wrote");
    return ll_handle_submit(learner, job, deadline);
}

/* ---- the ledger -------------------------------------------------------- */

typedef struct reserve_job {
    ll_job job;
    ll_paid_call call;
    char *run, *model, *comments;
    ll_ledger_limits limits;
    int64_t id;
} reserve_job;

static void destroy_reserve(ll_job *job)
{
    reserve_job *r = (reserve_job *)job;

    free(r->run);
    free(r->model);
    free(r->comments);
    free(r);
}

static llmlearn_err run_reserve(ll_job *job, const ll_write *write)
{
    reserve_job *r = (reserve_job *)job;
    ll_ledger_call call = { .kind = r->call.kind,
                            .signal = r->call.signal,
                            .parent = r->call.parent,
                            .run = r->run,
                            .comments = r->comments,
                            .ceiling_nanousd = r->call.ceiling_nanousd };
    llmlearn_err err = intern_model(write->connection, r->model, &call.model);

    if (err == LLMLEARN_OK)
        err = ll_ledger_reserve(write->connection, &call, &r->limits, write->now_us, &r->id);
    return err;
}

llmlearn_err ll_generate_reserve(llmlearn *learner, const ll_paid_call *call, ll_deadline deadline,
                                 int64_t *out_id)
{
    reserve_job *r = (reserve_job *)ll_job_new(sizeof *r, run_reserve, destroy_reserve);
    bool no_memory = false;
    llmlearn_err err;

    if (r != NULL) {
        r->call = *call;
        r->run = ll_argument_copy(call->run, &no_memory);
        r->model = ll_argument_copy(call->model, &no_memory);
        r->comments = ll_argument_copy(call->comments, &no_memory);
        r->limits = ll_handle_budget(learner);
    }
    err = submit(learner, r != NULL ? &r->job : NULL, no_memory, deadline);
    if (err == LLMLEARN_OK)
        *out_id = r->id;
    if (r != NULL)
        ll_job_release(&r->job);
    return err;
}

typedef struct release_job {
    ll_job job;
    char *run;
} release_job;

static void destroy_release(ll_job *job)
{
    release_job *r = (release_job *)job;

    free(r->run);
    free(r);
}

static llmlearn_err run_release(ll_job *job, const ll_write *write)
{
    return ll_ledger_release(write->connection, ((const release_job *)job)->run, write->now_us);
}

llmlearn_err ll_generate_release(llmlearn *learner, const char *run, ll_deadline deadline)
{
    release_job *r = (release_job *)ll_job_new(sizeof *r, run_release, destroy_release);
    bool no_memory = false;
    llmlearn_err err;

    if (r != NULL)
        r->run = ll_argument_copy(run, &no_memory);
    err = submit(learner, r != NULL ? &r->job : NULL, no_memory, deadline);
    if (r != NULL)
        ll_job_release(&r->job);
    return err;
}

typedef struct settle_job {
    ll_job job;
    int64_t id;
    ll_ledger_result result;
    char *error;
} settle_job;

static void destroy_settle(ll_job *job)
{
    settle_job *s = (settle_job *)job;

    free(s->error);
    free(s);
}

static llmlearn_err run_settle(ll_job *job, const ll_write *write)
{
    const settle_job *s = (const settle_job *)job;
    ll_ledger_result result = s->result;

    result.error = s->error;
    return ll_ledger_settle(write->connection, s->id, &result, write->now_us);
}

llmlearn_err ll_generate_settle(llmlearn *learner, int64_t id, const ll_ledger_result *result,
                                ll_deadline deadline)
{
    settle_job *s = (settle_job *)ll_job_new(sizeof *s, run_settle, destroy_settle);
    bool no_memory = false;
    llmlearn_err err;

    if (s != NULL) {
        s->id = id;
        s->result = *result;
        s->error = ll_argument_copy(result->error, &no_memory);
    }
    err = submit(learner, s != NULL ? &s->job : NULL, no_memory, deadline);
    if (s != NULL)
        ll_job_release(&s->job);
    return err;
}

/* ---- variants ---------------------------------------------------------- */

typedef struct store_job {
    ll_job job;
    int64_t signal, parent, generation;
    size_t first_place;
    char *model;
    char *texts[LL_CANDIDATES_MAX], *reasons[LL_CANDIDATES_MAX], *hypotheses[LL_CANDIDATES_MAX];
    size_t count;
    int64_t prompt_tokens, completion_tokens, cost_nanousd; /* of each */
    ll_generate_note_fn note;
    void *note_data;
} store_job;

static void destroy_store(ll_job *job)
{
    store_job *s = (store_job *)job;

    for (size_t i = 0; i < s->count; i++) {
        free(s->texts[i]);
        free(s->reasons[i]);
        free(s->hypotheses[i]);
    }
    free(s->note_data);
    free(s->model);
    free(s);
}

static llmlearn_err add_variant(const store_job *s, const ll_write *write, int64_t model, size_t i)
{
    char version[LL_GENERATED_VERSION_BYTES];
    int64_t id = 0;

    ll_generate_version(s->generation, s->first_place + i, version);
    const ll_lineage_candidate candidate = {
        .variant = { .signal = s->signal,
                     .version = version,
                     .version_bytes = strlen(version),
                     .text = s->texts[i],
                     .text_bytes = strlen(s->texts[i]),
                     .parent = s->parent },
        .generation = s->generation,
        .model = model,
        .prompt_tokens = s->prompt_tokens,
        .completion_tokens = s->completion_tokens,
        .cost_nanousd = s->cost_nanousd,
        .reason = s->reasons[i],
        .hypothesis = s->hypotheses[i],
    };
    return ll_lineage_add(write->connection, &candidate, write->now_us, &id);
}

static llmlearn_err run_store(ll_job *job, const ll_write *write)
{
    const store_job *s = (const store_job *)job;
    int64_t model = 0;
    llmlearn_err err = intern_model(write->connection, s->model, &model);

    if (err == LLMLEARN_OK && s->note != NULL)
        err = s->note(s->note_data, write->connection, write->now_us);
    for (size_t i = 0; i < s->count && err == LLMLEARN_OK; i++)
        err = add_variant(s, write, model, i);
    return err;
}

/* A call's numbers are shared out among its variants. */
static int64_t share(int64_t of_all, size_t count)
{
    return of_all < 0 || count == 0 ? LL_LINEAGE_UNKNOWN : of_all / (int64_t)count;
}

static void copy_generated(store_job *s, const ll_generated *g, bool *no_memory)
{
    size_t count = g->candidates->count;

    assert(count <= LL_CANDIDATES_MAX);
    s->signal = g->signal;
    s->parent = g->parent;
    s->generation = g->generation;
    s->first_place = g->first_place;
    s->model = ll_argument_copy(g->model, no_memory);
    s->count = count;
    s->prompt_tokens = share(g->prompt_tokens, count);
    s->completion_tokens = share(g->completion_tokens, count);
    s->cost_nanousd = share(g->cost_nanousd, count);
    for (size_t i = 0; i < count; i++) {
        const ll_candidate *candidate = &g->candidates->items[i];
        s->texts[i] = ll_argument_copy(candidate->prompt, no_memory);
        s->reasons[i] = ll_argument_copy(g->reasons[i], no_memory);
        if (candidate->hypothesis[0] != '\0')
            s->hypotheses[i] = ll_argument_copy(candidate->hypothesis, no_memory);
    }
    s->note = g->note->write;
    if (s->note == NULL || g->note->bytes == 0)
        return;
    s->note_data = malloc(g->note->bytes);
    if (s->note_data != NULL)
        memcpy(s->note_data, g->note->data, g->note->bytes);
    *no_memory = *no_memory || s->note_data == NULL;
}

llmlearn_err ll_generate_store(llmlearn *learner, const ll_generated *generated,
                               ll_deadline deadline)
{
    store_job *s = (store_job *)ll_job_new(sizeof *s, run_store, destroy_store);
    bool no_memory = false;
    llmlearn_err err;

    if (s != NULL)
        copy_generated(s, generated, &no_memory);
    err = submit(learner, s != NULL ? &s->job : NULL, no_memory, deadline);
    if (s != NULL)
        ll_job_release(&s->job);
    return err;
}
