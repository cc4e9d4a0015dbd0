/* stats_arguments.h - what the statistical calls refuse: each check returns LLMLEARN_OK, or
 * LLMLEARN_EINVAL with a detail line that names the argument.
 *
 * Uses: base. */
#ifndef LL_API_STATS_ARGUMENTS_H
#define LL_API_STATS_ARGUMENTS_H

#include "llmlearn.h"

/* Arms given: 1 to LLMLEARN_ARMS_MAX, none NULL, successes <= trials <= LLMLEARN_COUNT_MAX. */
llmlearn_err ll_stats_check_arms(const char *what, const llmlearn_rate *arms, uint32_t arm_count);
llmlearn_err ll_stats_check_rate(const char *what, const llmlearn_rate *arm);

/* The least alpha, confidence or true rate. Below it halves and shares of them, as of an alpha
 * over many arms, would lose digits and then be 0. */
#define LL_STATS_RATIO_MIN 1e-300

/* From LL_STATS_RATIO_MIN to 1, but not 1. */
llmlearn_err ll_stats_check_open_ratio(const char *what, double value);
/* From low to high, both allowed. NaN is refused. */
llmlearn_err ll_stats_check_range(const char *what, double value, double low, double high);

/* For a pointer to what is read or written. */
llmlearn_err ll_stats_check_pointer(const char *what, const void *pointer);

#endif
