#include "api/fork.h"

#include "api/handle.h"
#include "base/err.h"

#include <pthread.h>

/* A fork waits at most this long for our threads. A child forked later than that keeps
 * away from every store: SQLite's state, process-wide locks too, may have been caught
 * half-way. So do that child's children. */
#define PATIENCE_MS 100u
#define STEP_US 200u

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static llmlearn *open_handles;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered_status;
static unsigned holders; /* threads that make or unmake a core just now */
static bool caught;      /* by the fork at hand: SQLite in the middle of something */
static bool store_lost;  /* in this process, which such a fork made */

/* Nobody is making or unmaking a core: SQLite's process-wide locks are free. Comes back with
 * the list locked either way. */
static bool wait_for_holders(ll_deadline deadline)
{
    pthread_mutex_lock(&list_mutex);
    while (holders > 0 && !ll_deadline_passed(deadline)) {
        pthread_mutex_unlock(&list_mutex);
        ll_clock_sleep_us(STEP_US);
        pthread_mutex_lock(&list_mutex);
    }
    return holders == 0;
}

/* Stops what writes, from the callers' side to the disk's. A store that is just being attached
 * by a holder who was too slow is not looked at. */
static bool pause_core(ll_core *core, bool with_store, ll_deadline deadline)
{
    bool in_time = ll_journal_pause(core->journal, deadline);

    if (!with_store)
        return in_time;
    in_time &= ll_ingest_pause(core->ingest, deadline);
    return in_time && ll_store_pause(core->store, deadline);
}

static void resume_core(ll_core *core, bool with_store, bool store_paused)
{
    if (with_store) {
        if (store_paused)
            ll_store_resume(core->store);
        ll_ingest_resume(core->ingest);
    }
    ll_journal_resume(core->journal);
}

static void pause_learner(llmlearn *learner, ll_deadline deadline)
{
    unsigned state = atomic_load(learner->state); /* BUSY only if a holder was too slow */
    ll_core *core = atomic_load(&learner->core);

    learner->paused = state != LL_HANDLE_BUSY && state != LL_HANDLE_FORKED;
    learner->store_seen = learner->paused && state != LL_HANDLE_ATTACHING && core->store != NULL;
    learner->all_paused = learner->paused && pause_core(core, learner->store_seen, deadline);
    caught |= learner->paused && !learner->all_paused;
}

static void before_fork(void)
{
    ll_deadline deadline = ll_deadline_in_ms(PATIENCE_MS);

    caught = !wait_for_holders(deadline);
    for (llmlearn *learner = open_handles; learner != NULL; learner = learner->next)
        pause_learner(learner, deadline);
}

static void after_fork_in_parent(void)
{
    for (llmlearn *learner = open_handles; learner != NULL; learner = learner->next) {
        if (learner->paused)
            resume_core(atomic_load(&learner->core), learner->store_seen, learner->all_paused);
        learner->paused = false;
    }
    pthread_mutex_unlock(&list_mutex);
}

/* Only closes descriptors: everything else of the inherited cores is left as it is. */
static void after_fork_in_child(void)
{
    for (llmlearn *learner = open_handles; learner != NULL; learner = learner->next) {
        if (learner->paused) {
            ll_core *core = atomic_load(&learner->core);

            ll_journal_after_fork_in_child(core->journal);
            if (learner->store_seen)
                ll_store_after_fork_in_child(core->store);
            else
                ll_core_close_lock_in_child(core);
        }
        ll_scheduler_forget(learner);
        learner->paused = false;
        learner->next_attach = 0;
    }
    holders = 0; /* those threads are not in this process */
    store_lost |= caught;
    pthread_mutex_unlock(&list_mutex);
}

static void register_handlers(void)
{
    registered_status = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

llmlearn_err ll_fork_prepare_process(void)
{
    pthread_once(&once, register_handlers);
    if (registered_status != 0)
        return ll_fail_errno(registered_status, "registering fork handlers");
    return LLMLEARN_OK;
}

void ll_fork_hold(void)
{
    pthread_mutex_lock(&list_mutex);
    holders++;
    pthread_mutex_unlock(&list_mutex);
}

void ll_fork_release(void)
{
    pthread_mutex_lock(&list_mutex);
    holders--;
    pthread_mutex_unlock(&list_mutex);
}

llmlearn_err ll_fork_check_store(void)
{
    bool lost;

    pthread_mutex_lock(&list_mutex);
    lost = store_lost;
    pthread_mutex_unlock(&list_mutex);
    if (!lost)
        return LLMLEARN_OK;
    return ll_fail(LLMLEARN_ESTATE, "this process was forked while its parent waited for the disk: "
                                    "it can log, but not open, read or vote");
}

void ll_fork_add(llmlearn *learner)
{
    pthread_mutex_lock(&list_mutex);
    learner->next = open_handles;
    open_handles = learner;
    pthread_mutex_unlock(&list_mutex);
}

void ll_fork_remove(llmlearn *learner)
{
    pthread_mutex_lock(&list_mutex);
    for (llmlearn **at = &open_handles; *at != NULL; at = &(*at)->next)
        if (*at == learner) {
            *at = learner->next;
            break;
        }
    pthread_mutex_unlock(&list_mutex);
}
