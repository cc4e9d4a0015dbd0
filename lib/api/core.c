#include "api/handle.h"

#include "experiment/breaker.h"
#include "experiment/evidence.h"
#include "store/variants.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Answers of models that are kept: some 2 KB each, with their prompts. */
#define ANSWERS_MAX 4096u
#define ANSWERS_BYTES_MAX ((size_t)16 << 20)
#define ANSWERS_TTL_MS 600000u
/* How long a reload waits for a report to let go of the reader. */
#define RELOAD_PATIENCE_MS 100u

static void wake_ingest(void *argument)
{
    ll_core *core = argument;

    pthread_mutex_lock(&core->waking);
    if (atomic_load_explicit(&core->draining, memory_order_acquire))
        ll_ingest_wake(core->ingest);
    pthread_mutex_unlock(&core->waking);
}

void ll_core_stop_waking(ll_core *core)
{
    pthread_mutex_lock(&core->waking);
    atomic_store_explicit(&core->draining, false, memory_order_release);
    pthread_mutex_unlock(&core->waking);
}

void ll_core_close_lock_in_child(const ll_core *core)
{
    int fd = atomic_load(&core->lock_fd);

    if (fd >= 0)
        close(fd);
}

llmlearn_err ll_core_open(ll_settings *settings, ll_core **out_core)
{
    ll_core *core = calloc(1, sizeof *core);
    ll_journal_options options = {
        .directory = settings->journal_directory,
        .bytes_max = settings->journal_bytes_max,
        .segment_bytes = settings->segment_bytes,
        .log = &settings->log,
        .wake = wake_ingest,
        .wake_user = core,
    };
    llmlearn_err err;

    if (core == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a learner");
    core->log = &settings->log;
    pthread_mutex_init(&core->waking, NULL);
    atomic_init(&core->lock_fd, -1);
    memcpy(options.store_id, settings->store_id, sizeof options.store_id);
    err = ll_journal_open(&options, &core->journal);
    if (err == LLMLEARN_OK)
        err = ll_experiment_open(settings->baseline, &settings->log, &core->experiment);
    if (err == LLMLEARN_OK)
        err = ll_response_cache_new(ANSWERS_MAX, ANSWERS_BYTES_MAX, ANSWERS_TTL_MS,
                                    &settings->clock, &core->answers);
    if (err != LLMLEARN_OK) {
        ll_core_close(core);
        return err;
    }
    *out_core = core;
    return LLMLEARN_OK;
}

/* ---- what ingest and analytics ask for --------------------------------- */

static llmlearn_err check_exposure(void *user, ll_connection *connection,
                                   const ll_exposure_claim *claim, ll_exposure *out_exposure)
{
    ll_core *core = user;

    return ll_experiment_check_exposure(core->experiment, connection, claim, out_exposure);
}

static llmlearn_err intern_variant(void *user, ll_connection *connection, int64_t signal,
                                   const char *version, size_t version_bytes, int64_t now_us,
                                   int64_t *out_variant)
{
    (void)user;
    return ll_variants_intern(connection, signal, version, version_bytes, now_us, out_variant);
}

static llmlearn_err check_breaker(void *user, ll_connection *connection, ll_ab_open *test,
                                  int64_t now_us, bool *out_switched)
{
    ll_core *core = user;

    return ll_breaker_check(connection, test, now_us, core->log, out_switched);
}

/* A first vote takes the e-process of its test one step on, a new unit that of the split. */
static const ll_ab_stepper stepper = {
    .read = llmlearn_eprocess_read,
    .add = llmlearn_eprocess_add,
    .write = llmlearn_eprocess_write,
    .split_gain = ll_evidence_srm_gain,
};

static llmlearn_err load_config(ll_core *core, ll_deadline deadline)
{
    ll_connection *connection = NULL;
    llmlearn_err err = ll_store_read_begin(core->store, deadline, &connection);

    if (err != LLMLEARN_OK)
        return err;
    err = ll_experiment_load(core->experiment, connection);
    ll_store_read_end(core->store);
    return err;
}

/* A failure leaves what is served as it is; the next try is soon. */
static void reload_config(void *user)
{
    ll_core *core = user;

    (void)load_config(core, ll_deadline_in_ms(RELOAD_PATIENCE_MS));
}

/* The bytes are known, the number is by their average size. */
uint64_t ll_core_pending_records(const ll_core *core)
{
    ll_journal_state state;

    ll_journal_get_state(core->journal, &state);
    if (state.tail == state.drained || state.appended == 0)
        return 0;
    return 1 + (state.tail - state.drained) / (state.tail / state.appended + 1);
}

static llmlearn_err drain_for_report(void *user, ll_deadline deadline, uint64_t *out_pending)
{
    ll_core *core = user;
    llmlearn_err err = ll_ingest_drain(core->ingest, true, deadline);

    *out_pending = ll_core_pending_records(core);
    return err;
}

static llmlearn_err open_ingest(ll_core *core, ll_settings *settings)
{
    const ll_ingest_options options = {
        .journal = core->journal,
        .store = core->store,
        .clock = &settings->clock,
        .log = &settings->log,
        .batch_interval_ms = settings->batch_interval_ms,
        .batch_rows_max = settings->batch_rows_max,
        .check_exposure = check_exposure,
        .intern_variant = intern_variant,
        .check_breaker = check_breaker,
        .stepper = &stepper,
        .reload_config = reload_config,
        .user = core,
    };

    return ll_ingest_open(&options, &core->ingest);
}

static llmlearn_err open_analytics(ll_core *core, ll_settings *settings)
{
    const ll_analytics_options options = {
        .store = core->store,
        .clock = &settings->clock,
        .ttl_ms = settings->analytics_ttl_ms,
        .drain = drain_for_report,
        .user = core,
    };

    return ll_analytics_open(&options, &core->analytics);
}

static void detach_store(ll_core *core)
{
    ll_core_stop_waking(core);
    ll_analytics_close(core->analytics);
    ll_ingest_close(core->ingest);
    ll_store_close(core->store);
    core->analytics = NULL;
    core->ingest = NULL;
    core->store = NULL;
}

llmlearn_err ll_core_attach_store(ll_core *core, ll_settings *settings, ll_deadline deadline)
{
    const ll_store_options options = {
        .path = settings->path,
        .log = &settings->log,
        .lock_fd = &core->lock_fd,
    };
    llmlearn_err err = ll_store_open(&options, deadline, &core->store);

    if (err == LLMLEARN_OK)
        err = open_ingest(core, settings);
    if (err == LLMLEARN_OK)
        err = open_analytics(core, settings);
    if (err == LLMLEARN_OK)
        err = load_config(core, deadline);
    if (err != LLMLEARN_OK) {
        detach_store(core);
        return err;
    }
    atomic_store_explicit(&core->draining, true, memory_order_release);
    return LLMLEARN_OK;
}

void ll_core_close(ll_core *core)
{
    if (core == NULL)
        return;
    ll_core_stop_waking(core); /* the journal's keeper would do it until it is joined */
    ll_journal_close(core->journal);
    detach_store(core);
    ll_experiment_close(core->experiment);
    ll_response_cache_free(core->answers);
    pthread_mutex_destroy(&core->waking);
    free(core);
}
