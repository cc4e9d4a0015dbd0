/* random.h - bytes nobody can guess, from the operating system.
 *
 * Uses: err. */
#ifndef LL_BASE_RANDOM_H
#define LL_BASE_RANDOM_H

#include "llmlearn.h"

llmlearn_err ll_random_bytes(void *out, size_t bytes);

#endif
