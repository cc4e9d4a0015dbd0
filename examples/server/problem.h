/* problem.h - errors of one shape, RFC 9457, written for people. */
#ifndef SERVER_PROBLEM_H
#define SERVER_PROBLEM_H

#include "request.h"

/* field: what is wrong, NULL if it is no one field. The format is the detail. */
__attribute__((format(printf, 4, 5))) void problem(request *r, unsigned status, const char *field,
                                                   const char *format, ...);

/* 429 or 503 with Retry-After. */
__attribute__((format(printf, 4, 5))) void
problem_later(request *r, unsigned status, uint32_t retry_after_s, const char *format, ...);
void problem_busy(request *r);

/* What the library's error means to a client; called at once in the thread of the failed call. */
void problem_of_library(request *r, llmlearn_err err);

#endif
