#include "base/thread.h"

#include "base/err.h"

#include <assert.h>
#include <signal.h>
#include <time.h>

/* Enough for SQLite's deepest call and our 64 KiB of buffers; the default of 8 MiB
 * would be charged to the host's address-space limit. */
#define STACK_BYTES (512 * 1024)

llmlearn_err ll_thread_start(pthread_t *out_thread, const char *name, void *(*run)(void *),
                             void *argument)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    int status;

    assert(run != NULL);
    status = pthread_attr_init(&attributes);
    if (status != 0)
        return ll_fail_errno(status, "starting the thread %s", name);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread inherits it */
    status = pthread_create(out_thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (status != 0)
        return ll_fail_errno(status, "starting the thread %s", name);
    pthread_setname_np(*out_thread, name);
    return LLMLEARN_OK;
}

llmlearn_err ll_thread_condition_init(pthread_cond_t *out_condition)
{
    pthread_condattr_t attributes;
    int status = pthread_condattr_init(&attributes);

    if (status == 0) {
        status = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        if (status == 0)
            status = pthread_cond_init(out_condition, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    return status == 0 ? LLMLEARN_OK : ll_fail_errno(status, "making a condition variable");
}
