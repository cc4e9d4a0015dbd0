/* logit.h - rates on the scale of their log-odds, ln(x/y) with y = 1 - x, where both ends are
 * infinitely far away and nothing near them is lost.
 *
 * x and y are > 0 and come together, each with its own digits.
 *
 * Uses: nothing. */
#ifndef LL_STATS_LOGIT_H
#define LL_STATS_LOGIT_H

typedef struct ll_logit_point {
    double x, y; /* x + y = 1 */
} ll_logit_point;

/* The point whose log-odds are `step` more. */
ll_logit_point ll_logit_move(double x, double y, double step);

/* ln(y + x e^step) - x step >= 0: Kullback & Leibler's divergence of a coin that falls x from
 * the one whose log-odds are `step` more. Relative error below 1e-13. */
double ll_logit_divergence(double x, double y, double step);

/* The step of the sign of `direction` that has that divergence > 0. */
double ll_logit_step_to(double x, double y, double divergence, double direction);

#endif
