/* err.h - error codes with one line of detail per thread.
 *
 * Uses: nothing. */
#ifndef LL_BASE_ERR_H
#define LL_BASE_ERR_H

#include "llmlearn.h"

#define LL_ERR_DETAIL_BYTES 512

/* Stores the detail line for this thread and returns err, so that a failing
 * function ends with `return ll_fail(LLMLEARN_EINVAL, "ticker: ...")`. */
llmlearn_err ll_fail(llmlearn_err err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for an errno: a full disk or quota is EFULL, no memory ENOMEM, the rest EIO.
 * The line reads "<what>: <strerror>". */
llmlearn_err ll_fail_errno(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ERATE with the seconds to wait. */
llmlearn_err ll_fail_rate(uint32_t retry_after_s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An error carried from one thread to another. */
typedef struct ll_err_report {
    llmlearn_err err;
    uint32_t retry_after_s;
    char detail[LL_ERR_DETAIL_BYTES];
} ll_err_report;

/* Takes this thread's line along with err; for LLMLEARN_OK an empty one. */
void ll_err_capture(llmlearn_err err, ll_err_report *out);
/* Makes it this thread's own again and returns its code. */
llmlearn_err ll_err_restore(const ll_err_report *report);

#endif
