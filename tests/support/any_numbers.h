/* any_numbers.h - inputs for tests that must hold for all of them, drawn so that they are often at
 * an end of what is allowed or next to it. */
#ifndef TESTS_ANY_NUMBERS_H
#define TESTS_ANY_NUMBERS_H

#include "llmlearn.h"
#include "support/draw.h"

/* 0 to 2^53, of any size. */
uint64_t any_count(draw *s);
uint64_t any_successes(draw *s, uint64_t trials);
llmlearn_rate any_rate(draw *s);

/* Mostly two, up to twelve, now and then as many as are allowed; returns how many. In half
 * of the cases they have one number of trials. */
uint32_t any_arm_count(draw *s);
uint32_t any_arms(draw *s, llmlearn_rate arms[LLMLEARN_ARMS_MAX]);

/* Between 0 and 1, neither of them; from 1e-300 to the double next to 1. */
double any_open_ratio(draw *s);
/* 0 to 1, both among them. */
double any_ratio(draw *s);
/* Above 0, of any size from 5e-324 to 1.8e308. */
double any_positive(draw *s);
/* Positive, negative, or 0. */
double any_finite(draw *s);
/* 0, which means the default, or something from low to high. */
double any_option(draw *s, double low, double high);

/* ---- inputs of one call, all within what llmlearn.h allows */

llmlearn_plan any_plan(draw *s);
/* Not all of them 0; none of them if they must be positive. */
void any_weights(draw *s, double *weights, uint32_t count, bool positive);
/* Rising; returns what was planned for the end: the last, more, or less but not before it. */
double any_looks(draw *s, double *information, uint32_t count);
void any_stars(draw *s, uint64_t stars[5]);
llmlearn_mean any_mean(draw *s);
/* The sums of some units, or of so many alike that they come near the limit. */
llmlearn_cluster any_cluster(draw *s);
/* Its arms are written to the array. */
llmlearn_comparison any_comparison(draw *s, llmlearn_rate arms[LLMLEARN_ARMS_MAX]);

#endif
