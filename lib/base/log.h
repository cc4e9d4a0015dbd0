/* log.h - lines for the caller's log callback; silent without one.
 *
 * Uses: nothing. */
#ifndef LL_BASE_LOG_H
#define LL_BASE_LOG_H

#include "llmlearn.h"

typedef struct ll_log {
    llmlearn_log_fn write; /* NULL: silent */
    void *user;
} ll_log;

/* message_id is stable for ever: people search and document it. */
void ll_log_write(const ll_log *log, llmlearn_log_level level, const char *message_id,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
