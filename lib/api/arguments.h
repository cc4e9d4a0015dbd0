/* arguments.h - the border of the ABI: reads callers' structs of any age, checks their texts.
 *
 * Uses: base. */
#ifndef LL_API_ARGUMENTS_H
#define LL_API_ARGUMENTS_H

#include "llmlearn.h"

#include <stdbool.h>

/* Copies the caller's struct into one of today's size: fields it lacks read 0; a
 * non-zero tail that this library does not know is LLMLEARN_EUNSUPPORTED; a size below
 * bytes_min (the struct of its first release) or absurd is LLMLEARN_EINVAL. */
llmlearn_err ll_arguments_read(const char *what, const void *theirs, uint32_t bytes_min,
                               void *out_ours, uint32_t our_bytes);
/* For structs that are written: checks struct_size, and copies out as much as theirs holds. */
llmlearn_err ll_arguments_check_out(const char *what, const void *theirs, uint32_t bytes_min);
void ll_arguments_write(void *theirs, const void *ours, uint32_t our_bytes);

/* Each returns the length, or SIZE_MAX with the detail set ("ticker: ..."). `required` false
 * makes NULL fine: length 0. */
size_t ll_argument_name(const char *what, const char *text, bool required); /* a "name" */
size_t ll_argument_signal(const char *what, const char *text);
size_t ll_argument_text(const char *what, const char *text, bool required, size_t bytes_min,
                        size_t bytes_max);

/* A copy for a job: strdup that keeps NULL as NULL. *failed is set when memory ran out. */
char *ll_argument_copy(const char *text, bool *failed);

#endif
