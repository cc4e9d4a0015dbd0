/* thread.h - worker threads that never take a signal meant for the host.
 *
 * Uses: err. */
#ifndef LL_BASE_THREAD_H
#define LL_BASE_THREAD_H

#include "llmlearn.h"

#include <pthread.h>

/* Starts run(argument) in a joinable thread with every signal blocked and the given
 * name (<= 15 characters). */
llmlearn_err ll_thread_start(pthread_t *out_thread, const char *name, void *(*run)(void *),
                             void *argument);

/* A condition that waits on the monotonic clock, for ll_deadline_timespec. */
llmlearn_err ll_thread_condition_init(pthread_cond_t *out_condition);

#endif
