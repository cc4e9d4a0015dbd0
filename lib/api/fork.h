/* fork.h - what happens to open handles when the host forks.
 *
 *   before         every handle's threads stop between two transactions, SQLite is closed
 *   in the parent  they go on; SQLite is opened again at its next use
 *   in the child   descriptors are closed, never unlocked; the first call makes a new core
 *
 * The list of open handles, and who is about to change it, are among the few globals of
 * the library: atfork handlers take no argument.
 *
 * Uses: handle. */
#ifndef LL_API_FORK_H
#define LL_API_FORK_H

#include "llmlearn.h"

/* Registers the handlers, once in a process. */
llmlearn_err ll_fork_prepare_process(void);
/* Around making and unmaking a core: a fork waits for it, within limits. */
void ll_fork_hold(void);
void ll_fork_release(void);
/* LLMLEARN_ESTATE in a process that must not touch SQLite, because the fork that made it
 * could not wait for the parent's threads any longer. */
llmlearn_err ll_fork_check_store(void);

void ll_fork_add(llmlearn *learner);
void ll_fork_remove(llmlearn *learner);

#endif
