/* intern.h - texts kept once each, until the end.
 *
 * Threads: any, under a lock of its own.
 * Uses:    base. */
#ifndef LL_EXPERIMENT_INTERN_H
#define LL_EXPERIMENT_INTERN_H

#include "llmlearn.h"

typedef struct ll_intern ll_intern;

llmlearn_err ll_intern_new(ll_intern **out);
/* Frees every text too. NULL is fine. */
void ll_intern_free(ll_intern *intern);

/* The kept copy, NUL-terminated: equal texts give the same pointer. */
llmlearn_err ll_intern_text(ll_intern *intern, const char *text, size_t bytes,
                            const char **out_text);

#endif
