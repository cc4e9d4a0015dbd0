#define _GNU_SOURCE /* MADV_WIPEONFORK */
#include "api/handle.h"

#include "api/arguments.h"
#include "api/fork.h"
#include "base/err.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_DEADLINE_MS 1000u
#define OPEN_PATIENCE_MS 5000u
/* A first call waits this long for another thread that is making the core. */
#define BUSY_PATIENCE_MS 10000u
#define BUSY_STEP_US 200u
/* Between tries to reach the store that calls which only log make. */
#define ATTACH_INTERVAL_MS 1000u
#define ATTACH_PATIENCE_LOGGING_MS 20u
/* The keeper is let finish what it does; one whose disk is stuck is not waited for. */
#define KEEPER_PATIENCE_MS 300u

/* What models may cost as long as nobody says: a dollar, ten dollars. */
#define RUN_NANOUSD INT64_C(1000000000)
#define MONTH_NANOUSD INT64_C(10000000000)

#define MIB (UINT64_C(1) << 20)
#define JOURNAL_BYTES_DEFAULT (256 * MIB)
#define JOURNAL_BYTES_MIN MIB
#define JOURNAL_BYTES_MAX (MIB << 20)
#define SEGMENT_BYTES_DEFAULT (16 * MIB)
#define SEGMENT_BYTES_MIN (UINT64_C(64) << 10)
#define SEGMENT_BYTES_MAX (64 * MIB)
#define SEGMENTS_MIN 4u
#define SEGMENTS_MAX 16384u
#define BATCH_INTERVAL_DEFAULT_MS 100u
#define BATCH_INTERVAL_MAX_MS 60000u
#define BATCH_ROWS_DEFAULT 10000u
#define FEEDBACK_PER_HOUR_DEFAULT 10u
#define ANALYTICS_TTL_DEFAULT_MS 300000u
#define PATH_SUFFIX_BYTES 16u

ll_deadline ll_handle_deadline(uint32_t deadline_ms)
{
    return ll_deadline_in_ms(deadline_ms != 0 ? deadline_ms : DEFAULT_DEADLINE_MS);
}

const ll_settings *ll_handle_settings(const llmlearn *learner)
{
    return &learner->settings;
}

const ll_models *ll_handle_models(const llmlearn *learner)
{
    return &learner->models;
}

static int64_t limit_of(int64_t nanousd, int64_t by_default)
{
    return nanousd == 0 ? by_default : nanousd < 0 ? LL_LEDGER_UNLIMITED : nanousd;
}

ll_ledger_limits ll_handle_budget(const llmlearn *learner)
{
    return (ll_ledger_limits){
        .per_run_nanousd = limit_of(atomic_load(&learner->budget_run_nanousd), RUN_NANOUSD),
        .per_month_nanousd = limit_of(atomic_load(&learner->budget_month_nanousd), MONTH_NANOUSD),
    };
}

/* ---- options ----------------------------------------------------------- */

static uint64_t default_segment(uint64_t journal_bytes)
{
    uint64_t most = journal_bytes / SEGMENTS_MIN;
    uint64_t least = journal_bytes / SEGMENTS_MAX;

    if (most < SEGMENT_BYTES_DEFAULT)
        return most;
    return least > SEGMENT_BYTES_DEFAULT ? SEGMENT_BYTES_MAX : SEGMENT_BYTES_DEFAULT;
}

static llmlearn_err read_sizes(const llmlearn_options *options, ll_settings *settings)
{
    uint64_t bytes = options->journal_bytes_max;
    uint64_t segment = options->segment_bytes;

    if (bytes == 0)
        bytes = JOURNAL_BYTES_DEFAULT;
    if (bytes < JOURNAL_BYTES_MIN || bytes > JOURNAL_BYTES_MAX)
        return ll_fail(LLMLEARN_EINVAL, "journal_bytes_max: must be 1 MiB to 1 TiB, or 0");
    if (segment == 0)
        segment = default_segment(bytes);
    if (segment < SEGMENT_BYTES_MIN || segment > SEGMENT_BYTES_MAX ||
        segment > bytes / SEGMENTS_MIN || segment < bytes / SEGMENTS_MAX)
        return ll_fail(LLMLEARN_EINVAL,
                       "segment_bytes: must be 64 KiB to 64 MiB, at most a "
                       "quarter of journal_bytes_max and at least 1/%u, or 0",
                       SEGMENTS_MAX);
    settings->segment_bytes = segment - segment % SEGMENT_BYTES_MIN;
    settings->journal_bytes_max = bytes - bytes % settings->segment_bytes;
    return LLMLEARN_OK;
}

static uint32_t or_default(uint32_t value, uint32_t by_default)
{
    return value != 0 ? value : by_default;
}

static llmlearn_err read_options(const llmlearn_options *theirs, ll_settings *settings)
{
    llmlearn_options options;
    bool failed = false;
    llmlearn_err err =
        ll_arguments_read("options", theirs, sizeof options, &options, sizeof options);

    if (err != LLMLEARN_OK)
        return err;
    if (options.path == NULL || options.path[0] == '\0' ||
        strnlen(options.path, PATH_MAX) + PATH_SUFFIX_BYTES > PATH_MAX)
        return ll_fail(LLMLEARN_EINVAL,
                       "path: the name of the database file is required, "
                       "of at most %u bytes",
                       PATH_MAX - PATH_SUFFIX_BYTES);
    if (options.flags != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: none are known; must be 0");
    if (ll_argument_name("baseline", options.baseline, false) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    if (options.batch_interval_ms > BATCH_INTERVAL_MAX_MS)
        return ll_fail(LLMLEARN_EINVAL, "batch_interval_ms: must be at most 60,000");
    settings->batch_interval_ms = or_default(options.batch_interval_ms, BATCH_INTERVAL_DEFAULT_MS);
    settings->batch_rows_max = or_default(options.batch_rows_max, BATCH_ROWS_DEFAULT);
    settings->feedback_per_hour = or_default(options.feedback_per_hour, FEEDBACK_PER_HOUR_DEFAULT);
    settings->analytics_ttl_ms = or_default(options.analytics_ttl_ms, ANALYTICS_TTL_DEFAULT_MS);
    settings->log = (ll_log){ .write = options.log, .user = options.log_user };
    settings->clock = (ll_clock){ .now = options.clock, .user = options.clock_user };
    settings->path = ll_argument_copy(options.path, &failed);
    settings->baseline =
        ll_argument_copy(options.baseline != NULL ? options.baseline : "v1.0", &failed);
    if (failed)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the options");
    return read_sizes(&options, settings);
}

void llmlearn_options_init(llmlearn_options *options, uint32_t struct_size)
{
    if (options == NULL || struct_size < sizeof options->struct_size)
        return;
    memset(options, 0, struct_size);
    options->struct_size = struct_size;
}

/* ---- the word that a fork wipes ---------------------------------------- */

static llmlearn_err make_state(llmlearn *learner)
{
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a learner");
    learner->state = page;
    if (madvise(page, bytes, MADV_WIPEONFORK) != 0)
        return ll_fail(LLMLEARN_EUNSUPPORTED, "this kernel has no MADV_WIPEONFORK (needs 4.14)");
    atomic_init(learner->state, LL_HANDLE_FORKED);
    return LLMLEARN_OK;
}

/* ---- entering ---------------------------------------------------------- */

/* In a child: a core of its own. Nothing inherited is touched or freed. */
static llmlearn_err renew_core(llmlearn *learner)
{
    ll_core *core = NULL;
    llmlearn_err err = ll_core_open(&learner->settings, &core);

    if (err == LLMLEARN_OK)
        atomic_store(&learner->core, core);
    return err;
}

/* Who only logs is not kept waiting: the journal takes the record meanwhile. */
static llmlearn_err attach(llmlearn *learner, ll_core *core, bool needs_store, ll_deadline deadline)
{
    llmlearn_err err = LLMLEARN_OK;

    if (core->store != NULL)
        return LLMLEARN_OK;
    err = ll_fork_check_store();
    if (err == LLMLEARN_OK)
        err = ll_core_attach_store(core, &learner->settings,
                                   needs_store ? deadline
                                               : ll_deadline_in_ms(ATTACH_PATIENCE_LOGGING_MS));
    learner->next_attach = ll_deadline_in_ms(ATTACH_INTERVAL_MS);
    return err;
}

/* With the turn taken. Sets the state to leave it in. */
static llmlearn_err become_ready(llmlearn *learner, ll_handle_state from, bool needs_store,
                                 ll_deadline deadline, ll_handle_state *out_to)
{
    llmlearn_err err = LLMLEARN_OK;
    ll_core *core;

    *out_to = from;
    if (from == LL_HANDLE_FORKED)
        err = renew_core(learner);
    if (err != LLMLEARN_OK)
        return err;
    core = atomic_load(&learner->core);
    *out_to = LL_HANDLE_JOURNALING;
    atomic_store_explicit(learner->state, LL_HANDLE_ATTACHING, memory_order_release);
    err = attach(learner, core, needs_store, deadline);
    if (err == LLMLEARN_OK)
        err = ll_ingest_start(core->ingest);
    if (err == LLMLEARN_OK)
        *out_to = LL_HANDLE_RUNNING;
    return err;
}

/* Leaves *state, if nobody else does just now; says where to. */
static bool take_turn(llmlearn *learner, bool needs_store, ll_deadline deadline, unsigned *state,
                      llmlearn_err *out_err)
{
    ll_handle_state to = LL_HANDLE_FORKED;
    bool ours;

    ll_fork_hold();
    ours = atomic_compare_exchange_strong(learner->state, state,
                                          *state == LL_HANDLE_JOURNALING ? LL_HANDLE_ATTACHING
                                                                         : LL_HANDLE_BUSY);
    if (ours) {
        *out_err = become_ready(learner, (ll_handle_state)*state, needs_store, deadline, &to);
        atomic_store_explicit(learner->state, to, memory_order_release);
        *state = to;
    }
    ll_fork_release();
    return ours;
}

/* Is there a core that will do? */
static bool is_enough(const llmlearn *learner, unsigned state, bool needs_store)
{
    if (state == LL_HANDLE_RUNNING)
        return true;
    if (needs_store)
        return false;
    return state == LL_HANDLE_ATTACHING ||
           (state == LL_HANDLE_JOURNALING && !ll_deadline_passed(learner->next_attach));
}

llmlearn_err ll_handle_enter_slowly(llmlearn *learner, bool needs_store, ll_deadline deadline,
                                    ll_core **out_core)
{
    ll_deadline patience = needs_store ? deadline : ll_deadline_in_ms(BUSY_PATIENCE_MS);
    llmlearn_err err = LLMLEARN_OK;
    unsigned state;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    for (;;) {
        state = atomic_load_explicit(learner->state, memory_order_acquire);
        if (is_enough(learner, state, needs_store))
            break;
        if (state != LL_HANDLE_BUSY && state != LL_HANDLE_ATTACHING &&
            take_turn(learner, needs_store, deadline, &state, &err))
            break;
        if (ll_deadline_passed(patience))
            return ll_fail(LLMLEARN_ETIMEDOUT, "another thread is still opening the learner");
        ll_clock_sleep_us(BUSY_STEP_US);
    }
    if (state == LL_HANDLE_FORKED || (needs_store && state != LL_HANDLE_RUNNING))
        return err != LLMLEARN_OK ? err : ll_fail(LLMLEARN_EIO, "the database is out of reach");
    *out_core = atomic_load(&learner->core);
    return LLMLEARN_OK;
}

llmlearn_err ll_handle_submit(llmlearn *learner, ll_job *job, ll_deadline deadline)
{
    ll_core *core = NULL;
    llmlearn_err err;

    if (job == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the call");
    err = ll_handle_enter(learner, deadline, &core);
    return err == LLMLEARN_OK ? ll_ingest_submit(core->ingest, job, deadline) : err;
}

/* ---- open -------------------------------------------------------------- */

static void free_learner(llmlearn *learner)
{
    if (learner->state != NULL)
        munmap(learner->state, (size_t)sysconf(_SC_PAGESIZE));
    free(learner->settings.path);
    free(learner->settings.journal_directory);
    free(learner->settings.baseline);
    ll_models_free(&learner->models);
    ll_weekly_plans_free(&learner->plans);
    ll_channels_free(&learner->channels);
    learner->magic = 0;
    free(learner);
}

static llmlearn_err name_journal(ll_settings *settings)
{
    size_t bytes = strlen(settings->path) + PATH_SUFFIX_BYTES;

    settings->journal_directory = calloc(1, bytes);
    if (settings->journal_directory == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a path");
    strcpy(settings->journal_directory, settings->path);
    strcat(settings->journal_directory, ".journal");
    return LLMLEARN_OK;
}

/* The store tells the resolved path and the id that the journal's segments carry. */
static llmlearn_err learn_from_store(ll_settings *settings)
{
    const ll_store_options options = { .path = settings->path, .log = &settings->log };
    ll_store *store = NULL;
    llmlearn_err err = ll_store_open(&options, ll_deadline_in_ms(OPEN_PATIENCE_MS), &store);
    bool failed = false;
    char *path;

    if (err != LLMLEARN_OK)
        return err;
    memcpy(settings->store_id, ll_store_id(store), sizeof settings->store_id);
    path = ll_argument_copy(ll_store_path(store), &failed);
    ll_store_close(store);
    if (failed)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a path");
    free(settings->path);
    settings->path = path;
    return name_journal(settings);
}

static llmlearn_err open_core(llmlearn *learner)
{
    ll_core *core = NULL;
    llmlearn_err err = ll_core_open(&learner->settings, &core);

    if (err == LLMLEARN_OK)
        err = ll_core_attach_store(core, &learner->settings, ll_deadline_in_ms(OPEN_PATIENCE_MS));
    if (err != LLMLEARN_OK) {
        ll_core_close(core);
        return err;
    }
    atomic_init(&learner->core, core);
    return LLMLEARN_OK;
}

static llmlearn_err open_learner(const llmlearn_options *options, llmlearn *learner)
{
    llmlearn_err err = read_options(options, &learner->settings);

    if (err == LLMLEARN_OK)
        err = make_state(learner);
    if (err == LLMLEARN_OK)
        err = ll_fork_prepare_process();
    if (err == LLMLEARN_OK)
        err = ll_fork_check_store();
    if (err != LLMLEARN_OK)
        return err;
    ll_fork_hold();
    err = learn_from_store(&learner->settings);
    if (err == LLMLEARN_OK)
        err = open_core(learner);
    if (err == LLMLEARN_OK) {
        learner->magic = LL_HANDLE_MAGIC;
        atomic_store(learner->state, LL_HANDLE_OPENED);
        ll_fork_add(learner);
    }
    ll_fork_release();
    return err;
}

llmlearn_err llmlearn_open(const llmlearn_options *options, llmlearn **out_learner)
{
    llmlearn *learner;
    llmlearn_err err;

    if (out_learner == NULL)
        return ll_fail(LLMLEARN_EINVAL, "out_learner: NULL; a place for the handle is required");
    learner = calloc(1, sizeof *learner);
    if (learner == NULL)
        return ll_fail(LLMLEARN_ENOMEM, "no memory for a learner");
    err = open_learner(options, learner);
    if (err != LLMLEARN_OK) {
        free_learner(learner);
        return err;
    }
    *out_learner = learner;
    return LLMLEARN_OK;
}

/* ---- flush and close --------------------------------------------------- */

llmlearn_err llmlearn_flush(llmlearn *learner, uint32_t deadline_ms)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    ll_core *core = NULL;
    llmlearn_err err = ll_handle_enter(learner, deadline, &core);

    return err == LLMLEARN_OK ? ll_ingest_drain(core->ingest, false, deadline) : err;
}

/* Everything of ours into the store, if there is anything. */
static llmlearn_err settle(llmlearn *learner, ll_core *core, ll_deadline deadline)
{
    ll_journal_state state;

    ll_journal_get_state(core->journal, &state);
    if (state.tail == state.drained)
        return LLMLEARN_OK;
    if (core->store == NULL || ll_handle_enter(learner, deadline, &core) != LLMLEARN_OK)
        return ll_fail(LLMLEARN_EIO, "records stay in the journal: the database is out of reach");
    return ll_ingest_drain(core->ingest, false, deadline);
}

static void close_core(ll_core *core, ll_deadline deadline)
{
    if (core->store != NULL) {
        ll_core_stop_waking(core);
        (void)ll_journal_pause(core->journal, ll_deadline_in_ms(KEEPER_PATIENCE_MS));
        ll_ingest_close(core->ingest);
        core->ingest = NULL;
        ll_journal_unlink_drained(core->journal);
        ll_store_tidy(core->store, deadline);
    }
    ll_core_close(core);
}

llmlearn_err llmlearn_close(llmlearn *learner, uint32_t deadline_ms)
{
    ll_deadline deadline = ll_handle_deadline(deadline_ms);
    llmlearn_err err = LLMLEARN_OK;
    ll_err_report report;

    if (learner == NULL)
        return LLMLEARN_OK;
    if (learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: closed already, or not a learner");
    ll_scheduler_end(learner);
    /* In a child that never used it, the core is the parent's: leave it alone. */
    if (atomic_load(learner->state) != LL_HANDLE_FORKED)
        err = settle(learner, atomic_load(&learner->core), deadline);
    ll_err_capture(err, &report); /* closing must not change the line */
    ll_fork_hold();
    ll_fork_remove(learner);
    if (atomic_load(learner->state) != LL_HANDLE_FORKED)
        close_core(atomic_load(&learner->core), deadline);
    ll_fork_release();
    free_learner(learner);
    return ll_err_restore(&report);
}
