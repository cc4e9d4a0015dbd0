#include "api/fork.h"

#include "api/handle.h"
#include "base/err.h"

#include <pthread.h>

/* A fork waits at most this long for our threads. A child forked later than that keeps
 * away from the store: SQLite's state may have been caught half-way. */
#define PATIENCE_MS 100u
#define STEP_US 200u

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static llmlearn *open_handles;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered_status;

/* A core that is being made is let finish; false: it was not in time. */
static bool wait_until_made(llmlearn *learner, ll_deadline deadline)
{
    while (atomic_load(learner->state) == LL_HANDLE_BUSY) {
        if (ll_deadline_passed(deadline))
            return false;
        ll_clock_sleep_us(STEP_US);
    }
    return atomic_load(learner->state) != LL_HANDLE_FORKED;
}

/* Stops what writes, from the callers' side to the disk's. */
static bool pause_core(ll_core *core, ll_deadline deadline)
{
    bool in_time = ll_journal_pause(core->journal, deadline);

    if (core->store == NULL)
        return in_time;
    in_time &= ll_ingest_pause(core->ingest, deadline);
    return in_time && ll_store_pause(core->store, deadline);
}

static void resume_core(ll_core *core, bool store_paused)
{
    if (core->store != NULL) {
        if (store_paused)
            ll_store_resume(core->store);
        ll_ingest_resume(core->ingest);
    }
    ll_journal_resume(core->journal);
}

static void before_fork(void)
{
    ll_deadline deadline = ll_deadline_in_ms(PATIENCE_MS);

    pthread_mutex_lock(&list_mutex);
    for (llmlearn *learner = open_handles; learner != NULL; learner = learner->next) {
        learner->paused = wait_until_made(learner, deadline);
        if (learner->paused)
            learner->store_forbidden = !pause_core(atomic_load(&learner->core), deadline);
    }
}

static void after_fork_in_parent(void)
{
    for (llmlearn *learner = open_handles; learner != NULL; learner = learner->next) {
        if (learner->paused)
            resume_core(atomic_load(&learner->core), !learner->store_forbidden);
        learner->store_forbidden = false;
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
            if (core->store != NULL)
                ll_store_after_fork_in_child(core->store);
        }
        learner->paused = false;
        learner->next_attach = 0;
    }
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
