/* lock.h - the one write lock of a database, between all its processes and handles.
 *
 * A flock on <database>.lock, polled, because flock itself knows no deadline. The file
 * holds two marks, each {whose, when}, written by pwrite and read by pread:
 *
 *    0  what this file is    16  the latest holder    32  the latest that had to wait
 *
 * From them a holder learns that others want their turn, keeps its transactions short
 * and, after a time slice, lets them go first. They are hints: losing one costs some
 * milliseconds, never safety. A file that holds something else is locked and not written.
 *
 * Threads: take and give from one thread at a time; is_contended from any.
 * Uses:    base. */
#ifndef LL_STORE_LOCK_H
#define LL_STORE_LOCK_H

#include "base/clock.h"
#include "llmlearn.h"

#include <stdbool.h>

typedef struct ll_lock ll_lock;

/* Makes the file if absent, mode 0600, and never removes it. LLMLEARN_EIO, LLMLEARN_EFULL. */
llmlearn_err ll_lock_open(const char *path, ll_lock **out_lock);
void ll_lock_close(ll_lock *lock);
/* The same number as long as the lock is open. */
int ll_lock_fd(const ll_lock *lock);

/* LLMLEARN_ETIMEDOUT once the deadline has passed; at least one try is made. Not recursive. */
llmlearn_err ll_lock_take(ll_lock *lock, ll_deadline deadline);
void ll_lock_give(ll_lock *lock);

/* Did somebody else hold or want the lock within the last second? */
bool ll_lock_is_contended(const ll_lock *lock);

/* Closes the inherited descriptor without unlocking: the lock is the parent's.
 * Async-signal-safe; nothing else may be called on the lock after it. */
void ll_lock_close_in_child(ll_lock *lock);

#endif
