/* student_t.h - Student's t distribution with real degrees of freedom, from
 * LL_STUDENT_T_DEGREES_MIN up to LL_STUDENT_T_DEGREES_MAX; more are taken for as many.
 *
 * Uses: stats/beta. */
#ifndef LL_STATS_STUDENT_T_H
#define LL_STATS_STUDENT_T_H

#define LL_STUDENT_T_DEGREES_MIN 0.01
#define LL_STUDENT_T_DEGREES_MAX 0x1p54

/* P(T > t) for any finite t; relative error below 1e-12. Abramowitz & Stegun 26.7.1. */
double ll_student_t_sf(double t, double degrees);

/* The t with P(T > t) = p, 0 < p < 1; and that with P(|T| <= t) = confidence. The largest
 * double where it is larger than that; 0 where its square is below all doubles. */
double ll_student_t_isf(double p, double degrees);
double ll_student_t_two_sided(double confidence, double degrees);

#endif
