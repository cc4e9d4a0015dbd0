/* score.h - two rates by the score test: the interval of their difference, and whether one is no
 * worse than a margin allows. Miettinen & Nurminen 1985, Statistics in Medicine 4:213.
 *
 * A difference d below the observed one is judged by the variance that the likeliest rates have
 * among those that differ by d. They are the control's moved up by x and the variant's moved down
 * by y, x + y = w = observed - d, and Lagrange's condition for them is
 *
 *   n1 t x = (p1 + x)(q1 - x)      n2 t y = (p2 - y)(q2 + y)
 *
 * for one t. Each is a quadratic equation for given t, and the variance, the sum of both right
 * sides over n1 and n2, squared, is simply t w. So
 *
 *   z^2 = w^2 / (t w N/(N-1)) = (w / t) (N-1)/N
 *
 * and everything asked here is one t: that of a given w, or the one where w / t is given. x and y
 * are convex and fall with t, so Newton's method from the left cannot overshoot. Nothing is the
 * difference of large numbers, as the roots of the textbooks' cubic are.
 *
 * Uses: stats/interval, stats/limits, stats/normal. */
#ifndef LL_STATS_SCORE_H
#define LL_STATS_SCORE_H

#include "llmlearn.h"
#include "stats/interval.h"

/* Of p2 - p1, with the factor N/(N-1). z > 0 is the confidence's quantile. */
ll_interval ll_score_interval(uint64_t successes_1, uint64_t trials_1, uint64_t successes_2,
                              uint64_t trials_2, double z);

/* Is the variant's rate above the control's less the margin (at least 0, less than 1)? Fills
 * everything but struct_size. z is off by about z^2 1e-16 of itself, where a rate has to move
 * nearly all the way to 0 or 1. Farrington & Manning 1990, Statistics in Medicine 9:1447. */
void ll_score_not_worse(const llmlearn_rate *control, const llmlearn_rate *variant, double margin,
                        double alpha, llmlearn_noninferiority *out);

#endif
